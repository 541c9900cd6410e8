// Reading bytes forward, never past their end.
#ifndef SERVER_SIDECAR_BINLOG_BYTES_H_
#define SERVER_SIDECAR_BINLOG_BYTES_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace fundgate::binlog {

inline std::string_view AsText(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// A position in bytes that somebody else owns. Asking for more than is left gives zeros, moves to
// the end and turns ok() false for good, so that a caller may read a whole structure and ask once.
class Bytes {
 public:
  explicit Bytes(std::span<const uint8_t> bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}

  bool ok() const { return ok_; }
  size_t left() const { return static_cast<size_t>(end_ - at_); }
  std::span<const uint8_t> rest() const { return {at_, left()}; }

  // An integer of `size` bytes (at most 8), least significant byte first.
  uint64_t Little(size_t size) {
    if (!Has(size)) return 0;
    uint64_t value = 0;
    for (size_t i = size; i-- > 0;) value = value << 8 | at_[i];
    at_ += size;
    return value;
  }

  // The same, most significant byte first.
  uint64_t Big(size_t size) {
    if (!Has(size)) return 0;
    uint64_t value = 0;
    for (size_t i = 0; i < size; ++i) value = value << 8 | at_[i];
    at_ += size;
    return value;
  }

  uint8_t Byte() { return static_cast<uint8_t>(Little(1)); }

  // An integer of 1, 3, 4 or 9 bytes, as the protocol packs lengths.
  uint64_t Packed() {
    const uint8_t first = Byte();
    if (first < 0xfb) return first;
    if (first == 0xfc) return Little(2);
    if (first == 0xfd) return Little(3);
    if (first == 0xfe) return Little(8);
    Fail();
    return 0;
  }

  std::span<const uint8_t> Take(uint64_t size) {
    if (!Has(size)) return {};
    const std::span<const uint8_t> taken(at_, static_cast<size_t>(size));
    at_ += size;
    return taken;
  }

  std::string_view Text(uint64_t size) { return AsText(Take(size)); }

  void Fail() {
    ok_ = false;
    at_ = end_;
  }

 private:
  bool Has(uint64_t size) {
    if (size <= left()) [[likely]]
      return true;
    Fail();
    return false;
  }

  const uint8_t* at_;
  const uint8_t* end_;
  bool ok_ = true;
};

}  // namespace fundgate::binlog

#endif  // SERVER_SIDECAR_BINLOG_BYTES_H_
