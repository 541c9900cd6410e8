#include "fundgate/types/money.h"

#include <cstdint>
#include <limits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fundgate {
namespace {

using ::testing::HasSubstr;

TEST(Currency, EveryCodeFindsItself) {
  for (const Currency& currency : Currency::All()) {
    EXPECT_EQ(Currency::FromCode(currency.code()).value(), currency);
  }
  EXPECT_GT(Currency::All().size(), 150U);
}

TEST(Currency, UnknownCodesAreRefusedByName) {
  for (const char* code : {"", "CN", "cny", "CNYX", "XXX", "ABC"}) {
    EXPECT_THAT(Currency::FromCode(code).status().message(), HasSubstr(code)) << code;
  }
}

TEST(Money, ParsesByTheExponentOfItsCurrency) {
  struct Case {
    const char* text;
    int64_t minor_units;
  };
  for (const Case& c : {Case{"CNY 12.34", 1234},
                        {"CNY 12", 1200},
                        {"CNY 12.3", 1230},
                        {"JPY 1200", 1200},
                        {"KWD 0.005", 5},
                        {"CLF 1.0001", 10001},
                        {"CNY -0.01", -1},
                        {"CNY 92233720368547758.07", 9223372036854775807},
                        {"CNY -92233720368547758.08", std::numeric_limits<int64_t>::min()}}) {
    absl::StatusOr<Money> money = Money::Parse(c.text);
    ASSERT_TRUE(money.ok()) << c.text << ": " << money.status();
    EXPECT_EQ(money->minor_units, c.minor_units) << c.text;
  }
}

TEST(Money, RefusesWhatIsNotExactlyAnAmount) {
  for (const char* text :
       {"CNY", "12.34", "CNY 12.345", "JPY 1.0", "CNY 1,000", "CNY .5", "CNY 5.", "CNY 1e3", "CNY ",
        "CNY  1", "CNY +1", "CNY --1", "cny 1", "CNY 92233720368547758.08", "CNY 1.2.3"}) {
    EXPECT_FALSE(Money::Parse(text).ok()) << text;
  }
}

TEST(Money, WritesWhatItReads) {
  for (const Currency& currency : Currency::All()) {
    for (const int64_t units :
         {int64_t{0}, int64_t{1}, int64_t{-1}, int64_t{99}, int64_t{100}, int64_t{123456789},
          std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min()}) {
      const Money money{currency, units};
      absl::StatusOr<Money> again = Money::Parse(money.ToString());
      ASSERT_TRUE(again.ok()) << money.ToString() << ": " << again.status();
      EXPECT_EQ(*again, money);
    }
  }
}

TEST(Money, AddsOnlyInOneCurrencyAndOnlyWithin64Bits) {
  const Money one = Money::Parse("CNY 0.01").value();
  const Money most{one.currency, std::numeric_limits<int64_t>::max()};
  EXPECT_EQ(one.Plus(one)->minor_units, 2);
  EXPECT_EQ(most.Plus(one).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(one.Plus(Money::Parse("USD 0.01").value()).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(one.Minus(most)->minor_units, 1 - std::numeric_limits<int64_t>::max());
}

}  // namespace
}  // namespace fundgate
