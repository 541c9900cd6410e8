#include "server/core/rate.h"

#include <algorithm>
#include <utility>

#include "fundgate/types/checked.h"

namespace fundgate::core {
namespace {

// Two factors of 63 bits and their sign fit, so that no product here can overflow.
__extension__ typedef __int128 Wide;

Wide PowerOfTen(int exponent) {
  Wide power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}

// mantissa / 10^scale in lowest terms, if that fits.
std::optional<Rate> Reduced(Wide mantissa, int scale) {
  for (; scale > 0 && mantissa % 10 == 0; --scale) mantissa /= 10;
  const auto narrow = static_cast<int64_t>(mantissa);
  return narrow == mantissa ? std::optional(Rate{narrow, scale}) : std::nullopt;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Whether a quotient with this remainder, which is not 0, is rounded away from zero.
bool RoundsAway(Rounding rounding, bool negative, bool odd, std::strong_ordering half) {
  switch (rounding) {
    case Rounding::kHalfEven:
      return half > 0 || (half == 0 && odd);
    case Rounding::kHalfUp:
      return half >= 0;
    case Rounding::kDown:
      return false;
    case Rounding::kUp:
      return true;
    case Rounding::kFloor:
      return negative;
    case Rounding::kCeiling:
      return !negative;
  }
  return false;
}

}  // namespace

std::strong_ordering Compare(const Rate& a, const Rate& b) {
  const Wide left = a.mantissa * PowerOfTen(b.scale);
  const Wide right = b.mantissa * PowerOfTen(a.scale);
  return left <=> right;
}

std::optional<Rate> Plus(const Rate& a, const Rate& b) {
  const int scale = std::max(a.scale, b.scale);
  return Reduced(
      a.mantissa * PowerOfTen(scale - a.scale) + b.mantissa * PowerOfTen(scale - b.scale), scale);
}

std::optional<Rate> Minus(const Rate& a, const Rate& b) {
  const int scale = std::max(a.scale, b.scale);
  return Reduced(
      a.mantissa * PowerOfTen(scale - a.scale) - b.mantissa * PowerOfTen(scale - b.scale), scale);
}

Rate ShareOf(int64_t part, int64_t whole) {
  // At most 10^kShareScale, so that it always fits.
  return *Reduced(part * PowerOfTen(kShareScale) / whole, kShareScale);
}

std::string ToString(const Rate& rate) {
  std::string digits = std::to_string(rate.mantissa);
  const bool negative = rate.mantissa < 0;
  if (negative) digits.erase(0, 1);
  const auto scale = static_cast<size_t>(rate.scale);
  if (digits.size() <= scale) digits.insert(0, scale + 1 - digits.size(), '0');
  if (scale > 0) digits.insert(digits.size() - scale, ".");
  return negative ? "-" + digits : digits;
}

std::optional<Rate> ReadRate(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const size_t point = std::min(text.find('.'), text.size());
  const std::string_view whole = text.substr(0, point);
  std::string_view fraction = point < text.size() ? text.substr(point + 1) : std::string_view();
  if (whole.empty() || (point < text.size() && fraction.empty())) return std::nullopt;
  if (!std::all_of(whole.begin(), whole.end(), IsDigit) ||
      !std::all_of(fraction.begin(), fraction.end(), IsDigit)) {
    return std::nullopt;
  }
  while (!fraction.empty() && fraction.back() == '0') fraction.remove_suffix(1);
  if (fraction.size() > static_cast<size_t>(Rate::kScaleMax)) return std::nullopt;
  std::optional<int64_t> mantissa = 0;
  for (const std::string_view digits : {whole, fraction}) {
    for (const char c : digits) {
      if (mantissa.has_value()) mantissa = CheckedMultiply(*mantissa, 10);
      if (mantissa.has_value()) mantissa = CheckedAdd(*mantissa, negative ? '0' - c : c - '0');
    }
  }
  if (!mantissa.has_value()) return std::nullopt;
  return Rate{*mantissa, static_cast<int>(fraction.size())};
}

std::optional<Rounding> ReadRounding(std::string_view name) {
  static constexpr std::pair<std::string_view, Rounding> kNames[] = {
      {"half_even", Rounding::kHalfEven}, {"half_up", Rounding::kHalfUp},
      {"down", Rounding::kDown},          {"up", Rounding::kUp},
      {"floor", Rounding::kFloor},        {"ceiling", Rounding::kCeiling}};
  for (const auto& [known, rounding] : kNames) {
    if (known == name) return rounding;
  }
  return std::nullopt;
}

std::optional<int64_t> Times(int64_t number, const Rate& rate, Rounding rounding) {
  const Wide product = static_cast<Wide>(number) * rate.mantissa;
  const Wide divisor = PowerOfTen(rate.scale);
  Wide quotient = product / divisor;  // toward zero
  const Wide remainder = product % divisor;
  if (remainder != 0) {
    const bool negative = product < 0;
    const Wide size = negative ? -remainder : remainder;
    const bool odd = quotient % 2 != 0;
    if (RoundsAway(rounding, negative, odd, size * 2 <=> divisor)) quotient += negative ? -1 : 1;
  }
  const auto narrow = static_cast<int64_t>(quotient);
  return narrow == quotient ? std::optional(narrow) : std::nullopt;
}

expression::Type RateType() { return expression::Type::Opaque("rate", kRateId); }

expression::Value ToValue(const Rate& rate) {
  return expression::Value::Opaque(kRateId, rate.mantissa, static_cast<uint64_t>(rate.scale));
}

Rate ToRate(const expression::Value& value) {
  return {value.opaque_first(), static_cast<int>(value.opaque_second())};
}

}  // namespace fundgate::core
