#include "server/policy/money_functions.h"

#include <algorithm>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "fundgate/types/checked.h"
#include "fundgate/types/currency.h"
#include "fundgate/types/status_macros.h"

namespace fundgate::policy {
namespace {

using expression::ErrorCode;
using expression::Function;
using expression::LoadIssue;
using expression::Type;
using expression::Value;

constexpr char kNoCurrency[] = "the currency is no code of ISO 4217 in capitals, like CNY";
constexpr char kInexact[] = "the amount is no exact number of minor units of its currency";
constexpr char kTwoCurrencies[] =
    "amounts in two currencies can't be compared, added or subtracted";
constexpr char kNoUnit[] = "the unit must be \"major\" or \"minor\"";
constexpr char kOverflow[] = "the amount does not fit in 64 bits";
constexpr char kNoNumber[] =
    "an amount is read from text or a whole number; floating point and null are no money";
constexpr char kNoRate[] =
    "this is no rate; write a decimal number like rate('0.0060'), with at most 18 decimals and "
    "within 64 bits";
constexpr char kNoRoom[] = "the rate does not fit in 64 bits";
constexpr char kNoRounding[] =
    "the rounding must be the literal \"half_even\", \"half_up\", \"down\", \"up\", \"floor\" or "
    "\"ceiling\"";
constexpr char kNoLiteral[] = "this is no amount of money; write it like money('CNY 100.00')";

Value Fail(const char* sentence) { return Value::Error(ErrorCode::kHost, sentence); }

// None of these allocates, unlike Currency::FromCode and Money::FromMajor when they refuse.
const Currency* FindCurrency(std::string_view code) {
  const std::span<const Currency> all = Currency::All();
  const auto found = std::lower_bound(
      all.begin(), all.end(), code,
      [](const Currency& currency, std::string_view wanted) { return currency.code() < wanted; });
  return found != all.end() && found->code() == code ? &*found : nullptr;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The decimal number `text` times 10^exponent, if that is a whole number of 64 bits. Zeros behind
// the last decimal that counts change nothing: DECIMAL columns pad with them.
std::optional<int64_t> ScaledExactly(std::string_view text, int exponent) {
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  const size_t point = std::min(text.find('.'), text.size());
  std::string_view fraction = point < text.size() ? text.substr(point + 1) : std::string_view();
  if (point == 0 || (point < text.size() && fraction.empty())) return std::nullopt;
  if (!std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(point), IsDigit) ||
      !std::all_of(fraction.begin(), fraction.end(), IsDigit)) {
    return std::nullopt;
  }
  while (fraction.size() > static_cast<size_t>(exponent)) {
    if (fraction.back() != '0') return std::nullopt;
    fraction.remove_suffix(1);
  }
  std::optional<int64_t> number = 0;
  const auto append = [&number, negative](int digit) {
    number = number.has_value() ? CheckedMultiply(*number, 10) : number;
    number = number.has_value() ? CheckedAdd(*number, negative ? -digit : digit) : number;
  };
  for (const char c : text.substr(0, point)) append(c - '0');
  for (int i = 0; i < exponent; ++i) {
    const auto at = static_cast<size_t>(i);
    append(at < fraction.size() ? fraction[at] - '0' : 0);
  }
  return number;
}

// How many decimals of the number make one minor unit, or -1 if the unit is none.
int DecimalsOf(std::string_view unit, const Currency& currency) {
  if (unit == "major") return currency.exponent();
  return unit == "minor" ? 0 : -1;
}

Value FromLiteral(std::span<const Value> arguments) {
  const std::string_view text = arguments[0].string_value();
  if (text.size() < 5 || text[3] != ' ') return Fail(kNoLiteral);
  const Currency* currency = FindCurrency(text.substr(0, 3));
  if (currency == nullptr) return Fail(kNoCurrency);
  const std::optional<int64_t> number = ScaledExactly(text.substr(4), currency->exponent());
  return number.has_value() ? ToValue(Money{*currency, *number}) : Fail(kInexact);
}

// A number with `decimals` decimals less than minor units.
std::optional<int64_t> Scaled(const Value& number, int decimals) {
  if (number.is_string()) return ScaledExactly(number.string_value(), decimals);
  std::optional<int64_t> scaled = number.int_value();
  for (int i = 0; i < decimals && scaled.has_value(); ++i) scaled = CheckedMultiply(*scaled, 10);
  return scaled;
}

Value FromColumn(std::span<const Value> arguments) {
  const Currency* currency = FindCurrency(arguments[1].string_value());
  if (currency == nullptr) return Fail(kNoCurrency);
  const int decimals = DecimalsOf(arguments[2].string_value(), *currency);
  if (decimals < 0) return Fail(kNoUnit);
  const Value& number = arguments[0];
  if (!number.is_string() && !number.is_int()) return Fail(kNoNumber);
  const std::optional<int64_t> scaled = Scaled(number, decimals);
  if (scaled.has_value()) return ToValue(Money{*currency, *scaled});
  return Fail(number.is_int() ? kOverflow : kInexact);
}

std::optional<LoadIssue> CheckLiteral(std::span<const Value* const> arguments) {
  if (arguments[0] != nullptr) return std::nullopt;
  return LoadIssue{0,
                   "money(text) takes a literal like 'CNY 100.00'; for a column write "
                   "money(row.amount, \"CNY\", \"major\")"};
}

std::optional<LoadIssue> CheckUnit(std::span<const Value* const> arguments) {
  if (arguments[1] != nullptr && arguments[1]->is_string() &&
      FindCurrency(arguments[1]->string_value()) == nullptr) {
    return LoadIssue{1, kNoCurrency};
  }
  const Value* unit = arguments[2];
  const bool known = unit != nullptr && unit->is_string() &&
                     (unit->string_value() == "major" || unit->string_value() == "minor");
  if (known) return std::nullopt;
  return LoadIssue{2, "the unit must be the literal \"major\" or \"minor\""};
}

std::optional<uint64_t> UnitOfColumn(std::span<const Value* const> arguments) {
  if (arguments[1] == nullptr || !arguments[1]->is_string()) return std::nullopt;
  const Currency* currency = FindCurrency(arguments[1]->string_value());
  if (currency == nullptr) return std::nullopt;
  return core::ToValue(Money{*currency, 0}).opaque_second();
}

Value Compare(const Value& a, const Value& b) {
  if (a.opaque_second() != b.opaque_second()) return Fail(kTwoCurrencies);
  const int64_t x = a.opaque_first();
  const int64_t y = b.opaque_first();
  return Value::Int(x < y ? -1 : (x > y ? 1 : 0));
}

Value Combine(const Value& a, const Value& b, std::optional<int64_t> (*combine)(int64_t, int64_t)) {
  if (a.opaque_second() != b.opaque_second()) return Fail(kTwoCurrencies);
  const std::optional<int64_t> number = combine(a.opaque_first(), b.opaque_first());
  return number.has_value() ? Value::Opaque(kMoneyId, *number, a.opaque_second()) : Fail(kOverflow);
}

Value Add(std::span<const Value> arguments) {
  return Combine(arguments[0], arguments[1], &CheckedAdd);
}

Value Subtract(std::span<const Value> arguments) {
  return Combine(arguments[0], arguments[1], &CheckedSubtract);
}

// --- rates -------------------------------------------------------------------------------------

Value RateOfText(std::span<const Value> arguments) {
  const std::optional<core::Rate> rate = core::ReadRate(arguments[0].string_value());
  return rate.has_value() ? core::ToValue(*rate) : Fail(kNoRate);
}

Value RateOfInt(std::span<const Value> arguments) {
  return core::ToValue(core::Rate{arguments[0].int_value(), 0});
}

std::optional<LoadIssue> CheckRate(std::span<const Value* const> arguments) {
  const Value* text = arguments[0];
  const bool known = text == nullptr || !text->is_string() || core::ReadRate(text->string_value());
  return known ? std::nullopt : std::optional(LoadIssue{0, kNoRate});
}

Value CompareRates(const Value& a, const Value& b) {
  const std::strong_ordering order = core::Compare(core::ToRate(a), core::ToRate(b));
  return Value::Int(order < 0 ? -1 : (order > 0 ? 1 : 0));
}

Value RateOrFail(const std::optional<core::Rate>& rate) {
  return rate.has_value() ? core::ToValue(*rate) : Fail(kNoRoom);
}

Value AddRates(std::span<const Value> arguments) {
  return RateOrFail(core::Plus(core::ToRate(arguments[0]), core::ToRate(arguments[1])));
}

Value SubtractRates(std::span<const Value> arguments) {
  return RateOrFail(core::Minus(core::ToRate(arguments[0]), core::ToRate(arguments[1])));
}

Value TimesRate(std::span<const Value> arguments) {
  const std::optional<core::Rounding> rounding = core::ReadRounding(arguments[2].string_value());
  if (!rounding.has_value()) return Fail(kNoRounding);
  const Value& amount = arguments[0];
  const std::optional<int64_t> product =
      core::Times(amount.opaque_first(), core::ToRate(arguments[1]), *rounding);
  if (!product.has_value()) return Fail(kOverflow);
  return Value::Opaque(kMoneyId, *product, amount.opaque_second());
}

std::optional<LoadIssue> CheckRounding(std::span<const Value* const> arguments) {
  const Value* name = arguments[2];
  const bool known =
      name != nullptr && name->is_string() && core::ReadRounding(name->string_value());
  return known ? std::nullopt : std::optional(LoadIssue{2, kNoRounding});
}

}  // namespace

absl::Status AddMoney(expression::Environment& environment) {
  FUNDGATE_RETURN_IF_ERROR(environment.AddOpaque({"money", kMoneyId, &Compare, kTwoCurrencies}));
  FUNDGATE_RETURN_IF_ERROR(environment.AddOpaque({"rate", core::kRateId, &CompareRates}));
  const Type money = MoneyType();
  const Type rate = RateType();
  const Type text = Type::String();
  const Function functions[] = {
      {"money", false, {text}, money, &FromLiteral, &CheckLiteral},
      // One overload for both kinds of columns, so that its literals are checked at load although
      // the column's type is known only when it runs.
      {"money",
       false,
       {Type::Dynamic(), text, text},
       money,
       &FromColumn,
       &CheckUnit,
       &UnitOfColumn},
      {"_+_", false, {money, money}, money, &Add, nullptr},
      {"_-_", false, {money, money}, money, &Subtract, nullptr},
      {"_+_", false, {rate, rate}, rate, &AddRates, nullptr},
      {"_-_", false, {rate, rate}, rate, &SubtractRates, nullptr},
      {"rate", false, {text}, rate, &RateOfText, &CheckRate},
      {"rate", false, {Type::Int()}, rate, &RateOfInt, nullptr},
      {"times", true, {money, rate, text}, money, &TimesRate, &CheckRounding},
  };
  for (const Function& function : functions) {
    FUNDGATE_RETURN_IF_ERROR(environment.AddFunction(function));
  }
  return absl::OkStatus();
}

}  // namespace fundgate::policy
