// Currencies by their ISO 4217 alphabetic code.
#ifndef FUNDGATE_TYPES_CURRENCY_H_
#define FUNDGATE_TYPES_CURRENCY_H_

#include <array>
#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace fundgate {

// One currency of ISO 4217. A value type of four bytes; the default value is "no currency" and
// belongs to no Money that was built by Money's own functions.
class Currency {
 public:
  constexpr Currency() = default;

  // Accepts the three upper-case letters of a currency in the table of `All()`.
  // INVALID_ARGUMENT otherwise, naming the code.
  static absl::StatusOr<Currency> FromCode(std::string_view code);

  // A view into this object; empty for the default value.
  std::string_view code() const { return {code_.data(), empty() ? 0U : 3U}; }

  // Decimal digits of the minor unit: 2 for CNY, 0 for JPY, 3 for KWD (ISO 4217, "minor unit").
  // 0 for the default value.
  int exponent() const { return exponent_; }

  constexpr bool empty() const { return code_[0] == '\0'; }

  // Every active currency that has a minor unit, in order of code.
  static std::span<const Currency> All();

  friend constexpr auto operator<=>(const Currency&, const Currency&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const Currency& c) {
    return H::combine(std::move(h), c.code_[0], c.code_[1], c.code_[2]);
  }

 private:
  friend struct CurrencyTable;
  constexpr Currency(const char* code, int8_t exponent)
      : code_{code[0], code[1], code[2]}, exponent_(exponent) {}

  std::array<char, 3> code_{};
  int8_t exponent_ = 0;
};

}  // namespace fundgate

#endif  // FUNDGATE_TYPES_CURRENCY_H_
