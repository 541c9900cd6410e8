// From the character sets of columns to UTF-8.
#ifndef SERVER_SIDECAR_BINLOG_CHARSET_H_
#define SERVER_SIDECAR_BINLOG_CHARSET_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "server/sidecar/binlog/arena.h"

namespace fundgate::binlog {

// The collation of bytes, which have no characters.
inline constexpr uint16_t kBinaryCollation = 63;

enum class Encoding : uint8_t {
  kUnknown,  // a collation whose character set isn't known here, or was not logged
  kBinary,
  kUtf8,    // utf8mb3, utf8mb4 and ascii: what they may hold is UTF-8 already
  kLatin1,  // cp1252 with the five holes filled by control characters, as servers do
  kOther,   // by iconv
};

struct Charset {
  const char* name = "";  // the server's: "gbk"
  Encoding encoding = Encoding::kUnknown;
  const char* iconv_name = nullptr;  // of kOther
};

// The character set of a collation's number (MySQL's and MariaDB's numbers, also those above 255).
// Lives for ever.
const Charset& CharsetOf(uint16_t collation);

// The number of some collation of a character set by name, e.g. 45 for "utf8mb4"; 0: not known.
uint16_t CollationOf(std::string_view charset);

// Whether the bytes are UTF-8 as the standard has it: no surrogates, nothing overlong.
bool IsUtf8(std::string_view bytes);

// Converts text. Not for several threads at a time: iconv keeps state.
class Transcoder {
 public:
  Transcoder();
  ~Transcoder();
  Transcoder(const Transcoder&) = delete;
  Transcoder& operator=(const Transcoder&) = delete;

  // `bytes` as UTF-8: themselves if they are, else converted in `arena`. Nothing if a sequence is
  // invalid in that character set or has no UTF-8, or for kUnknown and kBinary.
  std::optional<std::string_view> ToUtf8(const Charset& charset, std::string_view bytes,
                                         Arena& arena);

 private:
  struct Converter;
  std::optional<std::string_view> ByIconv(const Charset& charset, std::string_view bytes,
                                          Arena& arena);

  std::vector<std::unique_ptr<Converter>> converters_;  // opened when first needed
};

}  // namespace fundgate::binlog

#endif  // SERVER_SIDECAR_BINLOG_CHARSET_H_
