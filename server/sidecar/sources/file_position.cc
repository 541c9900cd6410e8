#include "server/sidecar/sources/file_position.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "fundgate/types/status_macros.h"
#include "fundgate/types/text.h"

namespace fundgate::sources {
namespace {

// Stored by gates: never change it.
constexpr int kOffsetBits = 32;
constexpr uint64_t kOffsetMask = (uint64_t{1} << kOffsetBits) - 1;

// A binlog begins with four bytes of magic.
constexpr uint64_t kFirstOffset = 4;

}  // namespace

std::string StreamOf(const FilePlace& place, std::string_view server_uuid) {
  return absl::StrCat(place.file.substr(0, place.file.rfind('.')), "@", ToAbsl(server_uuid));
}

absl::StatusOr<uint64_t> NumberOf(const FilePlace& place) {
  const size_t dot = place.file.rfind('.');
  uint64_t file = 0;
  if (dot == std::string::npos || !absl::SimpleAtoi(place.file.substr(dot + 1), &file) ||
      file > kOffsetMask >> 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", place.file, "\" is no name of a binlog file; expected one like mysql-bin.000012"));
  }
  if (place.offset > kOffsetMask) {
    return absl::InvalidArgumentError(
        absl::StrCat(place.file, " is longer than 4 GiB: positions of files don't reach beyond"));
  }
  return file << kOffsetBits | place.offset;
}

absl::StatusOr<std::string> FilePositionOf(const FilePlace& place, std::string_view server_uuid) {
  FUNDGATE_ASSIGN_OR_RETURN(const uint64_t number, NumberOf(place));
  return absl::StrCat(StreamOf(place, server_uuid), ":", number);
}

absl::StatusOr<FilePlace> PlaceOf(std::string_view position) {
  if (position.empty()) return FilePlace{"", kFirstOffset};
  const size_t at = position.find('@');
  const size_t colon = position.rfind(':');
  uint64_t number = 0;
  if (at == std::string_view::npos || colon == std::string_view::npos || colon < at ||
      !absl::SimpleAtoi(ToAbsl(position.substr(colon + 1)), &number)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", ToAbsl(position), "\" is no place in a binlog; expected NAME@UUID:NUMBER"));
  }
  return FilePlace{
      absl::StrFormat("%s.%06d", ToAbsl(position.substr(0, at)), number >> kOffsetBits),
      number & kOffsetMask};
}

}  // namespace fundgate::sources
