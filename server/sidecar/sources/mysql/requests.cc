#include "server/sidecar/sources/mysql/requests.h"

#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "fundgate/types/status_macros.h"
#include "fundgate/types/text.h"

namespace fundgate::sources {
namespace {

// A binlog begins with four bytes of magic; the server wants to hear so even where GTIDs decide.
constexpr uint64_t kFirstOffset = 4;
constexpr size_t kUuidBytes = 16;
constexpr uint64_t kNonBlock = 1;  // a flag of a dump

// The least significant byte first.
void Append(uint64_t number, int bytes, std::string& out) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(number >> (8 * i) & 0xff));
}

absl::Status NoSet(absl::string_view text) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text, "\" is no GTID set; expected UUID:1-5:7"));
}

absl::Status AppendUuid(absl::string_view text, std::string& out) {
  const std::string hex = absl::StrReplaceAll(text, {{"-", ""}});
  if (hex.size() != 2 * kUuidBytes) return NoSet(text);
  for (const char digit : hex) {
    if (!absl::ascii_isxdigit(static_cast<unsigned char>(digit))) return NoSet(text);
  }
  out += absl::HexStringToBytes(hex);
  return absl::OkStatus();
}

// One server's intervals; in the protocol they end behind their last number.
absl::Status AppendEntry(absl::string_view entry, std::string& out) {
  const std::vector<absl::string_view> parts = absl::StrSplit(entry, ':');
  FUNDGATE_RETURN_IF_ERROR(AppendUuid(parts[0], out));
  if (parts.size() < 2) return NoSet(entry);
  Append(parts.size() - 1, 8, out);
  for (size_t i = 1; i < parts.size(); ++i) {
    const std::pair<absl::string_view, absl::string_view> ends =
        absl::StrSplit(parts[i], absl::MaxSplits('-', 1));
    uint64_t first = 0;
    uint64_t last = 0;
    const bool read = absl::SimpleAtoi(ends.first, &first) &&
                      absl::SimpleAtoi(ends.second.empty() ? ends.first : ends.second, &last);
    if (!read || first == 0 || last < first) return NoSet(entry);
    Append(first, 8, out);
    Append(last + 1, 8, out);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> DumpRequest(uint32_t server_id, std::string_view executed,
                                        bool stops_at_end) {
  std::string set;
  uint64_t servers = 0;
  for (const absl::string_view entry :
       absl::StrSplit(ToAbsl(executed), ',', absl::SkipWhitespace())) {
    FUNDGATE_RETURN_IF_ERROR(AppendEntry(absl::StripAsciiWhitespace(entry), set));
    ++servers;
  }
  std::string request;
  Append(stops_at_end ? kNonBlock : 0, 2, request);
  Append(server_id, 4, request);
  Append(0, 4, request);  // length of a file's name: the server finds it
  Append(kFirstOffset, 8, request);
  Append(set.size() + 8, 4, request);
  Append(servers, 8, request);
  return request + set;
}

std::string RegisterRequest(uint32_t server_id, std::string_view host) {
  std::string request;
  Append(server_id, 4, request);
  Append(host.size(), 1, request);
  request += host;
  Append(0, 2, request);  // lengths of user and password, which nobody asks for
  Append(0, 2, request);  // port
  Append(0, 8, request);  // rank and the server's id, which servers fill in
  return request;
}

}  // namespace fundgate::sources
