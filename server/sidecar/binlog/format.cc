#include "server/sidecar/binlog/format.h"

#include <array>
#include <charconv>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/sidecar/binlog/bytes.h"

namespace fundgate::binlog {
namespace {

constexpr size_t kVersionSize = 50;
constexpr uint16_t kBinlogVersion = 4;  // since MySQL 5.0
constexpr uint8_t kChecksumNone = 0;
constexpr uint8_t kChecksumCrc32 = 1;

using Version = std::array<int, 3>;

// The three numbers at the beginning of a server's version; zeros where they are missing.
Version NumbersOf(std::string_view text) {
  Version numbers = {};
  const char* at = text.data();
  const char* end = at + text.size();
  for (int& number : numbers) {
    const auto [next, error] = std::from_chars(at, end, number);
    if (error != std::errc() || next == end || *next != '.') break;
    at = next + 1;
  }
  return numbers;
}

// Since when a format description itself ends with an algorithm and a CRC32.
bool WritesChecksums(const Format& format) {
  constexpr Version kMariaDb = {5, 3, 0};
  constexpr Version kMySql = {5, 6, 1};
  return NumbersOf(format.server_version) >= (format.mariadb ? kMariaDb : kMySql);
}

}  // namespace

size_t Format::PostHeaderSize(EventType type, size_t usual) const {
  const size_t index = static_cast<size_t>(type) - 1;
  return index < post_header_sizes.size() ? post_header_sizes[index] : usual;
}

absl::StatusOr<Format> ReadFormat(std::span<const uint8_t> event) {
  Bytes in(event.subspan(EventHeader::kSize));
  const uint64_t version = in.Little(2);
  const std::string_view server = in.Text(kVersionSize);
  in.Little(4);  // when the file was created
  Format format;
  format.server_version = std::string(server.substr(0, server.find('\0')));
  format.mariadb = format.server_version.find("MariaDB") != std::string::npos;
  format.header_size = in.Byte();
  if (!in.ok()) return absl::DataLossError("the format description is too short");
  if (version != kBinlogVersion) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the binlog has version ", version, ", but only version 4 (MySQL 5.0 and later, MariaDB)",
        " can be read; or the file is damaged"));
  }
  if (format.header_size < EventHeader::kSize) {
    return absl::DataLossError(absl::StrCat("event headers of ", format.header_size,
                                            " bytes are announced, at least 19 are needed"));
  }
  std::span<const uint8_t> sizes = in.rest();
  if (WritesChecksums(format)) {
    if (sizes.size() < 1 + kChecksumSize)
      return absl::DataLossError("the format description has no room for its checksum");
    if (!ChecksumHolds(event))
      return absl::DataLossError("the CRC32 of the format description doesn't match its bytes");
    sizes = sizes.first(sizes.size() - kChecksumSize);
    const uint8_t algorithm = sizes.back();
    sizes = sizes.first(sizes.size() - 1);
    if (algorithm != kChecksumNone && algorithm != kChecksumCrc32) {
      return absl::FailedPreconditionError(
          absl::StrCat("checksums of kind ", algorithm, " are not known; expected none or CRC32"));
    }
    format.checksums = algorithm == kChecksumCrc32;
  }
  format.post_header_sizes.assign(sizes.begin(), sizes.end());
  return format;
}

}  // namespace fundgate::binlog
