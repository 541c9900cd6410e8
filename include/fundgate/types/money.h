// Amounts of money in one currency, in integer minor units.
#ifndef FUNDGATE_TYPES_MONEY_H_
#define FUNDGATE_TYPES_MONEY_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "fundgate/types/currency.h"

namespace fundgate {

// An amount in minor units (cents, fen; whole units for JPY). Never a fraction, never a floating
// point number. Values in two currencies are never added, subtracted or ordered.
struct Money {
  Currency currency;
  int64_t minor_units = 0;

  // Reads what people type: "CNY 12.34", "JPY 1200", "KWD 0.005", "CNY -3". Fewer decimals than
  // the currency has are filled with zeros; more are refused, as are thousands separators.
  // INVALID_ARGUMENT with a sentence that says what was expected.
  static absl::StatusOr<Money> Parse(std::string_view text);

  // The amount alone in major units of `currency`, with the same rules: ("12.34", CNY) is 1234.
  static absl::StatusOr<Money> FromMajor(std::string_view digits, Currency currency);

  // "CNY 12.34": parses back to the same value.
  std::string ToString() const;

  // OUT_OF_RANGE past 64 bits, INVALID_ARGUMENT for two currencies.
  absl::StatusOr<Money> Plus(const Money& other) const;
  absl::StatusOr<Money> Minus(const Money& other) const;

  friend bool operator==(const Money&, const Money&) = default;
};

}  // namespace fundgate

#endif  // FUNDGATE_TYPES_MONEY_H_
