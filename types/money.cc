#include "fundgate/types/money.h"

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "fundgate/types/checked.h"
#include "fundgate/types/text.h"

namespace fundgate {
namespace {

// Appends a decimal digit to a non-positive number: negative numbers reach one further than
// positive ones, so the lowest amount parses too.
std::optional<int64_t> AppendDigit(int64_t negative, char digit) {
  std::optional<int64_t> shifted = CheckedMultiply(negative, 10);
  return shifted.has_value() ? CheckedSubtract(*shifted, digit - '0') : std::nullopt;
}

absl::Status NotAnAmount(std::string_view digits, std::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", ToAbsl(digits), "\" is not an amount: ", ToAbsl(why)));
}

}  // namespace

absl::StatusOr<Money> Money::FromMajor(std::string_view digits, Currency currency) {
  const int exponent = currency.exponent();
  const bool is_negative = !digits.empty() && digits.front() == '-';
  int64_t negative = 0;
  int whole_digits = 0;
  int decimals = -1;  // -1 until the point was seen
  for (const char c : digits.substr(is_negative ? 1 : 0)) {
    if (c == '.' && decimals < 0 && whole_digits > 0) {
      decimals = 0;
      continue;
    }
    if (c < '0' || c > '9') return NotAnAmount(digits, "expected digits like 12.34");
    ++(decimals < 0 ? whole_digits : decimals);
    if (decimals > exponent) {
      return NotAnAmount(digits, absl::StrCat(ToAbsl(currency.code()), " has ", exponent,
                                              " decimals, and amounts are never rounded"));
    }
    const std::optional<int64_t> next = AppendDigit(negative, c);
    if (!next.has_value()) return NotAnAmount(digits, "it does not fit in 64 bits of minor units");
    negative = *next;
  }
  if (whole_digits == 0 || decimals == 0) {
    return NotAnAmount(digits, "expected digits like 12.34");
  }
  for (int i = decimals < 0 ? 0 : decimals; i < exponent; ++i) {
    const std::optional<int64_t> next = AppendDigit(negative, '0');
    if (!next.has_value()) return NotAnAmount(digits, "it does not fit in 64 bits of minor units");
    negative = *next;
  }
  const std::optional<int64_t> units = is_negative ? negative : CheckedNegate(negative);
  if (!units.has_value()) return NotAnAmount(digits, "it does not fit in 64 bits of minor units");
  return Money{currency, *units};
}

absl::StatusOr<Money> Money::Parse(std::string_view text) {
  const size_t space = text.find(' ');
  if (space == std::string_view::npos) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", ToAbsl(text), "\" is not money: expected a currency and an amount, \"CNY 12.34\""));
  }
  absl::StatusOr<Currency> currency = Currency::FromCode(text.substr(0, space));
  if (!currency.ok()) return currency.status();
  return FromMajor(text.substr(space + 1), *currency);
}

std::string Money::ToString() const {
  // The magnitude as unsigned, because the lowest 64-bit number has no positive counterpart.
  const uint64_t magnitude = minor_units < 0 ? 0U - static_cast<uint64_t>(minor_units)
                                             : static_cast<uint64_t>(minor_units);
  std::string digits = absl::StrCat(magnitude);
  const size_t exponent = static_cast<size_t>(currency.exponent());
  if (exponent > 0) {
    if (digits.size() <= exponent) digits.insert(0, exponent + 1 - digits.size(), '0');
    digits.insert(digits.size() - exponent, ".");
  }
  return absl::StrCat(ToAbsl(currency.code()), " ", minor_units < 0 ? "-" : "", digits);
}

absl::StatusOr<Money> Money::Plus(const Money& other) const {
  if (currency != other.currency) {
    return absl::InvalidArgumentError(absl::StrCat(ToString(), " and ", other.ToString(),
                                                   " are in two currencies and can't be added"));
  }
  const std::optional<int64_t> sum = CheckedAdd(minor_units, other.minor_units);
  if (!sum.has_value()) {
    return absl::OutOfRangeError(absl::StrCat(ToString(), " + ", other.ToString(), " overflows"));
  }
  return Money{currency, *sum};
}

absl::StatusOr<Money> Money::Minus(const Money& other) const {
  if (currency != other.currency) {
    return absl::InvalidArgumentError(absl::StrCat(
        ToString(), " and ", other.ToString(), " are in two currencies and can't be subtracted"));
  }
  const std::optional<int64_t> difference = CheckedSubtract(minor_units, other.minor_units);
  if (!difference.has_value()) {
    return absl::OutOfRangeError(absl::StrCat(ToString(), " - ", other.ToString(), " overflows"));
  }
  return Money{currency, *difference};
}

}  // namespace fundgate
