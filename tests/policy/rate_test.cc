// Rates against a slow oracle that reckons with decimal digits on paper, as one learns at school.
#include "server/core/rate.h"

#include <algorithm>
#include <random>
#include <string>

#include "gtest/gtest.h"
#include "server/expression/program.h"
#include "server/policy/money_functions.h"

namespace fundgate::policy {
namespace {

using core::Minus;
using core::Plus;
using core::Rate;
using core::ReadRate;
using core::ReadRounding;
using core::Rounding;
using core::ShareOf;
using expression::Type;
using expression::Value;

constexpr uint64_t kSeed = 60606;
constexpr int kRounds = 20000;

// --- the oracle: numbers as text of digits, the sign apart
// ----------------------------------------

struct Paper {
  bool negative = false;
  std::string digits;  // no zeros in front; "" is zero
};

std::string WithoutFront(std::string digits) {
  return digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
}

Paper Write(const std::string& number) {
  const bool negative = number[0] == '-';
  return {negative, WithoutFront(number.substr(negative ? 1 : 0))};
}

std::string Multiply(const std::string& a, const std::string& b) {
  std::string product(a.size() + b.size(), '0');
  for (size_t i = a.size(); i-- > 0;) {
    int carry = 0;
    for (size_t j = b.size(); j-- > 0;) {
      const int sum = (product[i + j + 1] - '0') + (a[i] - '0') * (b[j] - '0') + carry;
      product[i + j + 1] = static_cast<char>('0' + sum % 10);
      carry = sum / 10;
    }
    product[i] = static_cast<char>('0' + carry);
  }
  return WithoutFront(product);
}

std::string PlusOne(std::string digits) {
  for (size_t i = digits.size(); i-- > 0;) {
    if (digits[i] != '9') {
      ++digits[i];
      return digits;
    }
    digits[i] = '0';
  }
  return "1" + digits;
}

// The product with its last `scale` digits cut off, rounded by what they say.
std::string Oracle(const std::string& number, const std::string& mantissa, size_t scale,
                   const std::string& rounding) {
  const Paper a = Write(number);
  const Paper b = Write(mantissa);
  const bool negative = a.negative != b.negative;
  std::string product = Multiply(a.digits, b.digits);
  product.insert(0, scale + 1 - std::min(scale + 1, product.size()), '0');
  std::string whole = product.substr(0, product.size() - scale);
  const std::string rest = product.substr(product.size() - scale);
  const bool exact = rest.find_first_not_of('0') == std::string::npos;
  const std::string half = scale == 0 ? "" : "5" + std::string(scale - 1, '0');
  const bool odd = (whole.back() - '0') % 2 == 1;
  const bool away = rounding == "up" || (rounding == "floor" && negative) ||
                    (rounding == "ceiling" && !negative) ||
                    (rounding == "half_up" && rest >= half) ||
                    (rounding == "half_even" && (rest > half || (rest == half && odd)));
  if (!exact && away) whole = PlusOne(whole);
  whole = WithoutFront(whole);
  if (whole.empty()) return "0";
  const std::string most = negative ? "9223372036854775808" : "9223372036854775807";
  const bool fits = whole.size() < most.size() || (whole.size() == most.size() && whole <= most);
  return fits ? (negative ? "-" : "") + whole : "overflow";
}

constexpr const char* kRoundings[] = {"half_even", "half_up", "down", "up", "floor", "ceiling"};

int64_t AnyNumber(std::mt19937_64& random) {
  static constexpr int64_t kEdges[] = {0, 1, -1, 5, -5, 50, 15, 25, -25, INT64_MAX, INT64_MIN};
  if (random() % 4 == 0) return kEdges[random() % std::size(kEdges)];
  return static_cast<int64_t>(random()) >> (random() % 64);
}

TEST(Rate, TimesAgreesWithReckoningOnPaper) {
  std::mt19937_64 random(kSeed);
  int rounded = 0;
  int overflows = 0;
  for (int i = 0; i < kRounds; ++i) {
    const int64_t number = AnyNumber(random);
    const Rate rate{AnyNumber(random), static_cast<int>(random() % (Rate::kScaleMax + 1))};
    for (const char* name : kRoundings) {
      const std::string wanted = Oracle(std::to_string(number), std::to_string(rate.mantissa),
                                        static_cast<size_t>(rate.scale), name);
      const std::optional<int64_t> got = Times(number, rate, *ReadRounding(name));
      ASSERT_EQ(got.has_value() ? std::to_string(*got) : "overflow", wanted)
          << number << " * " << rate.mantissa << " / 10^" << rate.scale << " " << name;
      overflows += got.has_value() ? 0 : 1;
    }
    rounded += Times(number, rate, Rounding::kUp) != Times(number, rate, Rounding::kDown) ? 1 : 0;
  }
  EXPECT_GT(rounded, kRounds / 10) << "products must have fractions, or rounding is not tested";
  EXPECT_GT(overflows, kRounds / 10) << "products must overflow as well";
}

TEST(Rate, IsReadExactlyAndInLowestTerms) {
  EXPECT_EQ(ReadRate("0.0060"), (Rate{6, 3}));
  EXPECT_EQ(ReadRate("-1.50"), (Rate{-15, 1}));
  EXPECT_EQ(ReadRate("7.000"), (Rate{7, 0}));
  EXPECT_EQ(ReadRate("100"), (Rate{100, 0}));
  EXPECT_EQ(ReadRate("-0.0"), (Rate{0, 0}));
  EXPECT_EQ(ReadRate("0.000000000000000001"), (Rate{1, 18}));
  EXPECT_EQ(ReadRate("-9223372036854775808"), (Rate{INT64_MIN, 0}));
  for (const char* text :
       {"", "-", ".5", "5.", "+1", "1e3", "1,5", " 1", "0x1", "1.2.3", "0.0000000000000000001",
        "9223372036854775808", "9.2233720368547758079"}) {
    EXPECT_FALSE(ReadRate(text).has_value()) << text;
  }
}

TEST(Rate, ComparesBySizeWhateverTheScale) {
  const Rate ordered[] = {{INT64_MIN, 0}, {-1, 0}, {-15, 2},       {-1, 18},
                          {0, 0},         {1, 18}, {6, 3},         {61, 4},
                          {1, 0},         {15, 1}, {INT64_MAX, 1}, {INT64_MAX, 0}};
  for (size_t i = 0; i < std::size(ordered); ++i) {
    for (size_t k = 0; k < std::size(ordered); ++k) {
      EXPECT_EQ(Compare(ordered[i], ordered[k]), i <=> k) << i << " " << k;
    }
  }
}

TEST(Rate, SumsAndDifferencesAreExactOrNothing) {
  EXPECT_EQ(Plus({6, 3}, {4, 3}), (Rate{1, 2}));
  EXPECT_EQ(Plus({-15, 1}, {15, 1}), (Rate{0, 0}));
  EXPECT_EQ(Minus({95, 2}, {5, 2}), (Rate{9, 1}));
  EXPECT_EQ(Minus({0, 0}, {INT64_MIN, 0}), std::nullopt);
  EXPECT_EQ(Plus({INT64_MAX, 0}, {1, 18}), std::nullopt);
  EXPECT_EQ(Plus({INT64_MAX, 0}, {INT64_MIN, 0}), (Rate{-1, 0}));
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < kRounds; ++i) {
    const Rate a{static_cast<int64_t>(random() % 1'000'000), static_cast<int>(random() % 6)};
    const Rate b{static_cast<int64_t>(random() % 1'000'000), static_cast<int>(random() % 6)};
    const Rate sum = *Plus(a, b);
    EXPECT_EQ(Compare(*Minus(sum, b), a), std::strong_ordering::equal);
    EXPECT_TRUE(sum.scale == 0 || sum.mantissa % 10 != 0);
  }
}

TEST(Rate, AShareIsRoundedDownToSixDecimals) {
  EXPECT_EQ(ShareOf(19, 20), (Rate{95, 2}));
  EXPECT_EQ(ShareOf(2, 3), (Rate{666666, 6}));
  EXPECT_EQ(ShareOf(0, 7), (Rate{0, 0}));
  EXPECT_EQ(ShareOf(INT64_MAX, INT64_MAX), (Rate{1, 0}));
  EXPECT_EQ(ShareOf(INT64_MAX - 1, INT64_MAX), (Rate{999999, 6}));
}

TEST(Rate, IsWrittenAsItIsRead) {
  for (const char* text : {"0.006", "-1.5", "7", "0", "-0.000000000000000001",
                           "-9223372036854775808", "922337203685477580.7"}) {
    EXPECT_EQ(ToString(ReadRate(text).value()), text);
  }
}

// --- in expressions
// -------------------------------------------------------------------------------

std::string ResultOf(const std::string& text) {
  expression::Environment environment;
  EXPECT_TRUE(AddMoney(environment).ok());
  EXPECT_TRUE(environment.AddVariable("amount", MoneyType()).ok());
  EXPECT_TRUE(environment.AddVariable("percent", Type::String()).ok());
  const expression::Compiled compiled = expression::Compile(environment, text, Type::Dynamic());
  if (!compiled.ok()) return "at load: " + compiled.issues[0].message;
  const Value frame[] = {ToValue(*Money::Parse("CNY 100.25")), Value::String("0.125")};
  const Value result = compiled.program->Evaluate(frame);
  return result.is_opaque(kMoneyId) ? ToMoney(result).ToString() : expression::ToString(result);
}

TEST(Rates, MultiplyMoneyWithANamedRounding) {
  EXPECT_EQ(ResultOf("amount.times(rate('0.0060'), 'half_even')"), "CNY 0.60");
  EXPECT_EQ(ResultOf("amount.times(rate('0.0060'), 'up')"), "CNY 0.61");
  EXPECT_EQ(ResultOf("amount.times(rate('-0.5'), 'half_even')"), "CNY -50.12");
  EXPECT_EQ(ResultOf("amount.times(rate('-0.5'), 'half_up')"), "CNY -50.13");
  EXPECT_EQ(ResultOf("amount.times(rate('-0.5'), 'ceiling')"), "CNY -50.12");
  EXPECT_EQ(ResultOf("amount.times(rate('-0.5'), 'floor')"), "CNY -50.13");
  EXPECT_EQ(ResultOf("amount.times(rate(percent), 'down')"), "CNY 12.53");
  EXPECT_EQ(ResultOf("amount.times(rate(3), 'down')"), "CNY 300.75");
  EXPECT_EQ(ResultOf("amount - amount.times(rate('0.006'), 'half_up') >= money('CNY 99.65')"),
            "true");
}

TEST(Rates, AreAddedAndSubtracted) {
  EXPECT_EQ(ResultOf("rate('0.9') + rate('0.05') == rate('0.95')"), "true");
  EXPECT_EQ(ResultOf("rate('0.9') - rate(1) == rate('-0.1')"), "true");
  EXPECT_EQ(ResultOf("rate('9223372036854775807') + rate('0.1')"),
            "error: the rate does not fit in 64 bits");
}

TEST(Rates, AreComparedWithEachOtherAlone) {
  EXPECT_EQ(ResultOf("rate('0.0060') == rate('0.006') && rate('0.006') < rate('0.01')"), "true");
  EXPECT_EQ(ResultOf("rate(percent) > rate('0.1249') && rate(percent) <= rate('0.125')"), "true");
  EXPECT_EQ(ResultOf("rate('1') == 1.0"), "at load: '==' can't compare rate with double");
  EXPECT_EQ(ResultOf("amount * rate('2')"), "at load: '*' has no meaning for money and rate");
}

TEST(Rates, WhatIsWrongInTheTextIsSaidAtLoad) {
  const std::string no_rate =
      "at load: this is no rate; write a decimal number like rate('0.0060'), with at most 18 "
      "decimals and within 64 bits";
  EXPECT_EQ(ResultOf("rate('0,6')"), no_rate);
  EXPECT_EQ(ResultOf("amount.times(rate('0.6%'), 'up')"), no_rate);
  EXPECT_EQ(ResultOf("amount.times(rate('0.6'), 'nearest')"),
            "at load: the rounding must be the literal \"half_even\", \"half_up\", \"down\", "
            "\"up\", \"floor\" or \"ceiling\"");
  EXPECT_EQ(ResultOf("amount.times(rate('0.6'), percent)"),
            "at load: the rounding must be the literal \"half_even\", \"half_up\", \"down\", "
            "\"up\", \"floor\" or \"ceiling\"");
  EXPECT_EQ(ResultOf("rate(0.6)"),
            "at load: rate(double) does not exist; there is rate(string), rate(int)");
}

TEST(Rates, WhatDoesNotFitIsAnError) {
  EXPECT_EQ(ResultOf("amount.times(rate('9223372036854775807'), 'down')"),
            "error: the amount does not fit in 64 bits");
}

}  // namespace
}  // namespace fundgate::policy
