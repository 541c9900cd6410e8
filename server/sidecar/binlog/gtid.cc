#include "server/sidecar/binlog/gtid.h"

#include <array>
#include <bit>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "fundgate/types/text.h"
#include "server/sidecar/binlog/bytes.h"

namespace fundgate::binlog {
namespace {

constexpr size_t kUuidSize = 16;

// Fields of a tagged GTID. Written by servers: never renumber.
constexpr uint64_t kUuidField = 1;
constexpr uint64_t kNumberField = 2;
constexpr uint64_t kTagField = 3;
constexpr uint64_t kLastKnownField = 11;  // what is between doesn't matter for a name
constexpr size_t kMaxTag = 32;            // the server's own bound

// 16 bytes as MySQL prints a UUID.
std::string UuidText(std::string_view bytes) {
  std::string text = absl::BytesToHexString(ToAbsl(bytes));
  for (const size_t at : {20, 16, 12, 8}) text.insert(at, 1, '-');
  return text;
}

// An integer of one to nine bytes: as many bits as are set at the low end of the first byte, so
// many bytes follow it.
uint64_t ReadVariable(Bytes& in) {
  const uint8_t first = in.Byte();
  const int more = std::countr_one(first);
  if (more == 8) return in.Little(8);
  const uint64_t high = in.Little(static_cast<size_t>(more));
  return high << (7 - more) | static_cast<uint64_t>(first) >> (more + 1);
}

// The same with the sign in the lowest bit.
int64_t ReadSigned(Bytes& in) {
  const uint64_t bits = ReadVariable(in);
  const auto magnitude = static_cast<int64_t>(bits >> 1);
  return (bits & 1) != 0 ? ~magnitude : magnitude;
}

bool IsTag(std::string_view tag) {
  return tag.size() <= kMaxTag &&
         tag.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

}  // namespace

std::optional<std::string> ReadGtid(std::span<const uint8_t> body) {
  Bytes in(body);
  in.Byte();  // flags
  const std::string_view uuid = in.Text(kUuidSize);
  const uint64_t number = in.Little(8);
  if (!in.ok()) return std::nullopt;
  return absl::StrCat(UuidText(uuid), ":", number);
}

std::optional<std::string> ReadTaggedGtid(std::span<const uint8_t> body) {
  Bytes in(body);
  ReadVariable(in);                                     // the serialization's version
  ReadVariable(in);                                     // the size of all
  const uint64_t last_needed_field = ReadVariable(in);  // up to it nothing may be passed over
  if (last_needed_field > kLastKnownField) return std::nullopt;
  if (ReadVariable(in) == 0) {
    ReadVariable(in);  // flags
  } else {
    in.Fail();
  }
  std::array<char, kUuidSize> uuid = {};
  if (ReadVariable(in) != kUuidField) return std::nullopt;
  for (char& byte : uuid) byte = static_cast<char>(ReadVariable(in));
  if (ReadVariable(in) != kNumberField) return std::nullopt;
  const int64_t number = ReadSigned(in);
  if (ReadVariable(in) != kTagField) return std::nullopt;
  const std::string_view tag = in.Text(ReadVariable(in));
  if (!in.ok() || number < 1 || !IsTag(tag)) return std::nullopt;
  return absl::StrCat(UuidText({uuid.data(), uuid.size()}), ":", ToAbsl(tag),
                      tag.empty() ? "" : ":", number);
}

}  // namespace fundgate::binlog
