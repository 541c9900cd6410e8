// Arithmetic on money and counters: 64-bit, and never past its edges unnoticed.
#ifndef FUNDGATE_TYPES_CHECKED_H_
#define FUNDGATE_TYPES_CHECKED_H_

#include <cstdint>
#include <optional>

namespace fundgate {

// Each returns the exact result, or nothing when it does not fit in 64 bits.
[[nodiscard]] constexpr std::optional<int64_t> CheckedAdd(int64_t a, int64_t b) {
  int64_t result = 0;
  if (__builtin_add_overflow(a, b, &result)) return std::nullopt;
  return result;
}

[[nodiscard]] constexpr std::optional<int64_t> CheckedSubtract(int64_t a, int64_t b) {
  int64_t result = 0;
  if (__builtin_sub_overflow(a, b, &result)) return std::nullopt;
  return result;
}

[[nodiscard]] constexpr std::optional<int64_t> CheckedMultiply(int64_t a, int64_t b) {
  int64_t result = 0;
  if (__builtin_mul_overflow(a, b, &result)) return std::nullopt;
  return result;
}

[[nodiscard]] constexpr std::optional<int64_t> CheckedNegate(int64_t a) {
  return CheckedSubtract(0, a);
}

}  // namespace fundgate

#endif  // FUNDGATE_TYPES_CHECKED_H_
