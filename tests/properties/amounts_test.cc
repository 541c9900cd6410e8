// Amounts of money: what is reckoned is what 128 bits reckon, or nothing; what is printed is what
// paper says; currencies never mix.
#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/numeric/int128.h"
#include "absl/strings/str_cat.h"
#include "fundgate/types/checked.h"
#include "fundgate/types/currency.h"
#include "fundgate/types/money.h"
#include "fundgate/types/text.h"
#include "gtest/gtest.h"
#include "server/core/rate.h"
#include "tests/properties/numbers.h"

namespace fundgate::testing {
namespace {

std::optional<int64_t> Fitting(absl::int128 number) {
  if (number < kLeast || number > kMost) return std::nullopt;
  return static_cast<int64_t>(number);
}

void ExpectReckoned(int64_t a, int64_t b) {
  const absl::int128 wide_a = a;
  const absl::int128 wide_b = b;
  ASSERT_EQ(CheckedAdd(a, b), Fitting(wide_a + wide_b)) << a << " + " << b;
  ASSERT_EQ(CheckedSubtract(a, b), Fitting(wide_a - wide_b)) << a << " - " << b;
  ASSERT_EQ(CheckedMultiply(a, b), Fitting(wide_a * wide_b)) << a << " * " << b;
  ASSERT_EQ(CheckedNegate(a), Fitting(-wide_a)) << a;
}

TEST(Arithmetic, IsThatOf128BitsOrNothingAtEveryPairOfEdges) {
  for (const int64_t a : Edges()) {
    for (const int64_t b : Edges()) ExpectReckoned(a, b);
  }
}

TEST(Arithmetic, IsThatOf128BitsOrNothingAnywhere) {
  Random random(1);
  for (int i = 0; i < 200'000; ++i) ExpectReckoned(AnyNumber(random), AnyNumber(random));
}

TEST(Amounts, AddAndSubtractAsNumbersDoWithinOneCurrency) {
  Random random(2);
  const auto currencies = Currency::All();
  for (int i = 0; i < 100'000; ++i) {
    const Currency currency = currencies[random() % currencies.size()];
    const Money a{currency, AnyNumber(random)};
    const Money b{currency, AnyNumber(random)};
    const absl::StatusOr<Money> sum = a.Plus(b);
    const absl::StatusOr<Money> difference = a.Minus(b);
    const auto expected_sum = Fitting(absl::int128(a.minor_units) + b.minor_units);
    const auto expected_difference = Fitting(absl::int128(a.minor_units) - b.minor_units);
    ASSERT_EQ(sum.ok(), expected_sum.has_value()) << a.ToString() << " + " << b.ToString();
    ASSERT_EQ(difference.ok(), expected_difference.has_value());
    if (sum.ok()) {
      ASSERT_EQ(*sum, (Money{currency, *expected_sum}));
      // Taking back gives what was there.
      ASSERT_EQ(*sum->Minus(b), a);
    } else {
      ASSERT_EQ(sum.status().code(), absl::StatusCode::kOutOfRange);
    }
    if (difference.ok()) {
      ASSERT_EQ(*difference, (Money{currency, *expected_difference}));
    }
  }
}

TEST(Amounts, OfTwoCurrenciesNeverMeet) {
  for (const Currency& one : Currency::All()) {
    for (const Currency& other : Currency::All()) {
      if (one == other) continue;
      const Money a{one, 5};
      const Money b{other, 5};
      ASSERT_NE(a, b);
      ASSERT_EQ(a.Plus(b).status().code(), absl::StatusCode::kInvalidArgument);
      ASSERT_EQ(a.Minus(b).status().code(), absl::StatusCode::kInvalidArgument);
    }
  }
}

// As one would write it on paper: the digits, with the point where the currency has it.
std::string OnPaper(const Money& money) {
  absl::int128 left = money.minor_units;
  const bool is_negative = left < 0;
  if (is_negative) left = -left;
  std::string digits;
  for (int place = 0; place <= money.currency.exponent() || left > 0; ++place) {
    if (place == money.currency.exponent() && place > 0) digits.push_back('.');
    digits.push_back(static_cast<char>('0' + static_cast<int>(left % 10)));
    left /= 10;
  }
  std::reverse(digits.begin(), digits.end());
  return absl::StrCat(ToAbsl(money.currency.code()), is_negative ? " -" : " ", digits);
}

TEST(Amounts, OfEveryCurrencyAreWrittenAsOnPaperAndReadBack) {
  Random random(3);
  for (const Currency& currency : Currency::All()) {
    for (int i = 0; i < 500; ++i) {
      const Money money{currency, AnyNumber(random)};
      ASSERT_EQ(money.ToString(), OnPaper(money));
      const absl::StatusOr<Money> again = Money::Parse(OnPaper(money));
      ASSERT_TRUE(again.ok()) << again.status();
      ASSERT_EQ(*again, money);
    }
  }
}

TEST(Amounts, WithADecimalTooManyAreRefusedAndWithOneLessAreTenTimesAsMuch) {
  Random random(4);
  for (const Currency& currency : Currency::All()) {
    const int64_t units = 1 + static_cast<int64_t>(random() % 1'000'000'000);
    const std::string text = OnPaper({currency, units});
    const std::string point = currency.exponent() == 0 ? "." : "";
    EXPECT_FALSE(Money::Parse(absl::StrCat(text, point, "0")).ok()) << text;
    if (currency.exponent() < 2) continue;
    const absl::StatusOr<Money> shorter = Money::Parse(text.substr(0, text.size() - 1));
    ASSERT_TRUE(shorter.ok()) << shorter.status();
    EXPECT_EQ(shorter->minor_units, units / 10 * 10);
  }
}

// ISO 4217 knows no others.
TEST(Currencies, HaveNoneTwoThreeOrFourDecimals) {
  std::map<int, int> count;
  for (const Currency& currency : Currency::All()) ++count[currency.exponent()];
  EXPECT_EQ(count.size(), 4U);
  for (const auto& [exponent, currencies] : count) {
    EXPECT_TRUE(exponent == 0 || (exponent >= 2 && exponent <= 4)) << exponent;
    EXPECT_GT(currencies, 0);
  }
  const std::map<std::string, int> known = {{"JPY", 0}, {"KRW", 0}, {"CNY", 2}, {"EUR", 2},
                                            {"KWD", 3}, {"BHD", 3}, {"CLF", 4}, {"UYW", 4}};
  for (const auto& [code, exponent] : known) {
    EXPECT_EQ(Currency::FromCode(code).value().exponent(), exponent) << code;
  }
}

TEST(Rates, NeverWrapAtAnyEdge) {
  Random random(5);
  for (int i = 0; i < 100'000; ++i) {
    const int64_t number = AnyNumber(random);
    core::Rate rate;
    rate.mantissa = AnyNumber(random);
    rate.scale = static_cast<int>(random() % (core::Rate::kScaleMax + 1));
    absl::int128 unit = 1;
    for (int place = 0; place < rate.scale; ++place) unit *= 10;
    const absl::int128 product = absl::int128(number) * rate.mantissa;
    const std::optional<int64_t> down = core::Times(number, rate, core::Rounding::kDown);
    ASSERT_EQ(down, Fitting(product / unit)) << number << " times " << core::ToString(rate);
    const absl::int128 rest = product % unit;
    const absl::int128 floor = product / unit - (rest < 0 ? 1 : 0);
    ASSERT_EQ(core::Times(number, rate, core::Rounding::kFloor), Fitting(floor));
    const absl::int128 ceiling = product / unit + (rest > 0 ? 1 : 0);
    ASSERT_EQ(core::Times(number, rate, core::Rounding::kCeiling), Fitting(ceiling));
  }
}

}  // namespace
}  // namespace fundgate::testing
