// Exact decimal rates: fees, commissions, exchange. A rate is an integer and a count of decimals;
// nothing here is a floating point number, and nothing is rounded but where a rounding is named.
#ifndef SERVER_POLICY_RATE_H_
#define SERVER_POLICY_RATE_H_

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

namespace fundgate::policy {

// mantissa / 10^scale, in lowest terms: no zero at the end of a fraction, so that equal rates have
// equal parts. From -(2^63) / 10^0 to (2^63 - 1) / 10^0, in steps down to 10^-18.
struct Rate {
  static constexpr int kScaleMax = 18;

  int64_t mantissa = 0;
  int scale = 0;  // 0 to kScaleMax

  friend bool operator==(const Rate&, const Rate&) = default;
};

std::strong_ordering Compare(const Rate& a, const Rate& b);

// "0.0060", "-1.5", "7": digits, then if need be a point and digits. Nothing for all else, for more
// than kScaleMax decimals that count, and for what does not fit in 64 bits without its point.
std::optional<Rate> ReadRate(std::string_view text);

// What becomes of the fraction of a minor unit.
enum class Rounding : uint8_t {
  kHalfEven,  // to the nearest; halves to the even neighbour
  kHalfUp,    // to the nearest; halves away from zero
  kDown,      // toward zero
  kUp,        // away from zero
  kFloor,     // toward the smaller number
  kCeiling,   // toward the larger number
};

// "half_even", "half_up", "down", "up", "floor", "ceiling".
std::optional<Rounding> ReadRounding(std::string_view name);

// `number` times the rate, exact and then rounded; nothing if that does not fit in 64 bits.
std::optional<int64_t> Times(int64_t number, const Rate& rate, Rounding rounding);

}  // namespace fundgate::policy

#endif  // SERVER_POLICY_RATE_H_
