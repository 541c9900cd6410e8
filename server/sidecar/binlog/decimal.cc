#include "server/sidecar/binlog/decimal.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace fundgate::binlog {
namespace {

constexpr int kGroupDigits = 9;
constexpr size_t kGroupBytes = 4;
// Bytes of a group of fewer digits, by their number.
constexpr std::array<size_t, kGroupDigits> kPartBytes = {0, 1, 1, 2, 2, 3, 3, 4, 4};
constexpr std::array<uint32_t, kGroupDigits + 1> kLimits = {
    1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000};

// Writes exactly `count` digits.
char* PutDigits(char* out, uint32_t value, int count) {
  for (int i = count - 1; i >= 0; --i) {
    out[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  return out + count;
}

// The bytes of one number: the sign is the first bit, set for what isn't negative, and a negative
// number has all its bits turned.
class Groups {
 public:
  explicit Groups(std::span<const uint8_t> bytes)
      : bytes_(bytes), negative_((bytes[0] & 0x80) == 0) {}

  bool negative() const { return negative_; }
  bool ok() const { return ok_; }

  // The next group, of that many digits.
  uint32_t Next(int digits) {
    const size_t size =
        digits == kGroupDigits ? kGroupBytes : kPartBytes[static_cast<size_t>(digits)];
    uint32_t value = 0;
    for (size_t i = 0; i < size; ++i, ++at_) {
      uint8_t byte = negative_ ? static_cast<uint8_t>(~bytes_[at_]) : bytes_[at_];
      if (at_ == 0) byte ^= 0x80;
      value = value << 8 | byte;
    }
    if (value >= kLimits[static_cast<size_t>(digits)]) ok_ = false;
    return value;
  }

 private:
  std::span<const uint8_t> bytes_;
  size_t at_ = 0;
  bool negative_;
  bool ok_ = true;
};

size_t PartSize(int digits) {
  return static_cast<size_t>(digits / kGroupDigits) * kGroupBytes +
         kPartBytes[static_cast<size_t>(digits % kGroupDigits)];
}

}  // namespace

size_t DecimalSize(int digits, int scale) { return PartSize(digits - scale) + PartSize(scale); }

bool ReadDecimal(Bytes& in, int digits, int scale, Arena& arena, std::string_view& text) {
  const std::span<const uint8_t> bytes = in.Take(DecimalSize(digits, scale));
  if (bytes.empty()) return false;
  Groups groups(bytes);
  char* const begin = arena.Reserve(static_cast<size_t>(digits) + 3);
  char* out = begin;
  if (groups.negative()) *out++ = '-';
  char* const whole = out;
  // The short group comes first before the point, and last behind it.
  const int integers = digits - scale;
  if (integers % kGroupDigits != 0)
    out = PutDigits(out, groups.Next(integers % kGroupDigits), integers % kGroupDigits);
  for (int i = 0; i < integers / kGroupDigits; ++i)
    out = PutDigits(out, groups.Next(kGroupDigits), kGroupDigits);
  const char* first = whole;
  while (first < out && *first == '0') ++first;
  char* end = std::copy(first, static_cast<const char*>(out), whole);
  if (end == whole) *end++ = '0';
  if (scale > 0) {
    *end++ = '.';
    for (int i = 0; i < scale / kGroupDigits; ++i)
      end = PutDigits(end, groups.Next(kGroupDigits), kGroupDigits);
    if (scale % kGroupDigits != 0)
      end = PutDigits(end, groups.Next(scale % kGroupDigits), scale % kGroupDigits);
  }
  text = arena.Finish(end);
  return groups.ok();
}

}  // namespace fundgate::binlog
