#include "client/fundctl/arguments.h"

#include <string>

#include "gtest/gtest.h"

namespace fundgate::fundctl {
namespace {

TEST(Arguments, MoneyIsReadByItsCurrencysExponent) {
  EXPECT_EQ(ParseMoney("CNY 12.34")->minor_units(), 1234);
  EXPECT_EQ(ParseMoney("JPY 1200")->minor_units(), 1200);
  EXPECT_EQ(ParseMoney("KWD 0.005")->minor_units(), 5);
  for (const char* text : {"12.34", "CNY 12.345", "CNY 1,000.00", "cny 1"}) {
    EXPECT_FALSE(ParseMoney(text).ok()) << text;
  }
}

TEST(Arguments, DurationsAreExactAndNotNegative) {
  EXPECT_EQ(ParseDuration("1h30m")->seconds(), 5400);
  EXPECT_EQ(ParseDuration("1500ms")->seconds(), 1);
  EXPECT_EQ(ParseDuration("1500ms")->nanos(), 500'000'000);
  for (const char* text : {"", "5", "-1s", "soon"}) EXPECT_FALSE(ParseDuration(text).ok()) << text;
}

TEST(Arguments, ATimeIsOneOrHowLongAgo) {
  EXPECT_EQ(ParseTime("2026-11-20T14:00:00Z")->seconds(), 1'795'183'200);
  EXPECT_GT(ParseTime("30m")->seconds(), ParseTime("2h")->seconds());
  for (const char* text : {"", "yesterday", "-30m"}) EXPECT_FALSE(ParseTime(text).ok()) << text;
}

TEST(Arguments, ALineHasAnOrderAnAmountAndParts) {
  const absl::StatusOr<v1::Line> line = ParseLine("order=o1,amount=CNY 1.00,net=CNY 0.90");
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_EQ(line->order_id(), "o1");
  EXPECT_EQ(line->amount().minor_units(), 100);
  EXPECT_EQ(line->parts().at("net").minor_units(), 90);
  EXPECT_FALSE(ParseLine("order").ok());
  EXPECT_FALSE(ParseLine("order=o1,amount=1").ok());
}

TEST(Arguments, ValuesAreOfTheKindTheyLookLikeUnlessToldOtherwise) {
  EXPECT_EQ(ParseValue("app").string_value(), "app");
  EXPECT_EQ(ParseValue("-5").int_value(), -5);
  EXPECT_TRUE(ParseValue("true").bool_value());
  EXPECT_EQ(ParseValue("CNY 0.05").money_value().minor_units(), 5);
  EXPECT_EQ(ParseValue("string:5").string_value(), "5");
}

}  // namespace
}  // namespace fundgate::fundctl
