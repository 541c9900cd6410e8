// Exact decimal rates: fees, commissions, exchange. A rate is an integer and a count of decimals;
// nothing here is a floating point number, and nothing is rounded but where a rounding is named.
// Also how rates come into expressions, as money does (money_value.h).
#ifndef SERVER_CORE_RATE_H_
#define SERVER_CORE_RATE_H_

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/expression/type.h"
#include "server/expression/value.h"

namespace fundgate::core {

// mantissa / 10^scale, in lowest terms: no zero at the end of a fraction, so that equal rates have
// equal parts. From -(2^63) / 10^0 to (2^63 - 1) / 10^0, in steps down to 10^-18.
struct Rate {
  static constexpr int kScaleMax = 18;

  int64_t mantissa = 0;
  int scale = 0;  // 0 to kScaleMax

  friend bool operator==(const Rate&, const Rate&) = default;
};

std::strong_ordering Compare(const Rate& a, const Rate& b);

// Exact; nothing if it does not fit.
std::optional<Rate> Plus(const Rate& a, const Rate& b);
std::optional<Rate> Minus(const Rate& a, const Rate& b);

// part / whole, rounded down to kShareScale decimals. 0 <= part <= whole, whole > 0.
inline constexpr int kShareScale = 6;
Rate ShareOf(int64_t part, int64_t whole);

std::string ToString(const Rate& rate);  // "0.006", "-1.5", "7"

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

// ---- In expressions ----

// The rate's opaque number; its words are its mantissa and its scale.
inline constexpr expression::OpaqueId kRateId = 2;
expression::Type RateType();

expression::Value ToValue(const Rate& rate);

// `value` must be a rate (value.is_opaque(kRateId)).
Rate ToRate(const expression::Value& value);

}  // namespace fundgate::core

#endif  // SERVER_CORE_RATE_H_
