// The hash by which this project names things for ever: FNV-1a with 64 bits. Parameters after the
// reference by Fowler, Noll and Vo (http://www.isthe.com/chongo/tech/comp/fnv). No defence against
// somebody who wants two things to collide.
#ifndef SERVER_POLICY_FNV1A_H_
#define SERVER_POLICY_FNV1A_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fundgate::policy {

class Fnv1a {
 public:
  void AddByte(uint8_t byte) { hash_ = (hash_ ^ byte) * 0x100000001b3ULL; }

  // The low `bytes` bytes of a number, least significant first.
  void AddNumber(uint64_t number, size_t bytes) {
    for (size_t i = 0; i < bytes; ++i) AddByte(static_cast<uint8_t>(number >> (8 * i)));
  }

  // A text with its length, 4 bytes, before it: no two lists of texts look the same.
  void AddText(std::string_view text) {
    AddNumber(text.size(), 4);
    for (const char c : text) AddByte(static_cast<uint8_t>(c));
  }

  uint64_t value() const { return hash_; }

 private:
  uint64_t hash_ = 0xcbf29ce484222325ULL;
};

}  // namespace fundgate::policy

#endif  // SERVER_POLICY_FNV1A_H_
