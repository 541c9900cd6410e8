// What a column is to an expression.
#include "gtest/gtest.h"
#include "server/sidecar/mapping/row_frame.h"
#include "tests/mapping/rows.h"

namespace fundgate::mapping {
namespace {

using Kind = binlog::Value::Kind;

TEST(Values, WholeNumbersAreIntAsLongAsTheyFit) {
  EXPECT_EQ(ToExpression(testing::Int(-3)).int_value(), -3);
  EXPECT_TRUE(ToExpression(testing::Uint(INT64_MAX)).is_int());
  const expression::Value large = ToExpression(testing::Uint(UINT64_MAX));
  ASSERT_EQ(large.kind(), expression::ValueKind::kUint);
  EXPECT_EQ(large.uint_value(), UINT64_MAX);
}

TEST(Values, AllThatIsWrittenAsTextIsText) {
  for (const Kind kind : {Kind::kDecimal, Kind::kText, Kind::kEnum, Kind::kSet, Kind::kDate,
                          Kind::kTime, Kind::kDateTime, Kind::kTimestamp}) {
    binlog::Value value;
    value.kind = kind;
    value.text = "x";
    value.integer = 5;
    const expression::Value converted = ToExpression(value);
    ASSERT_TRUE(converted.is_string());
    EXPECT_EQ(converted.string_value(), "x");
  }
}

TEST(Values, FloatingNumbersStayFloating) {
  EXPECT_EQ(ToExpression(testing::Double(1.5)).double_value(), 1.5);
}

TEST(Values, NullAndAbsentAreTwoThings) {
  EXPECT_TRUE(ToExpression(testing::Null()).is_null());
  EXPECT_TRUE(ToExpression(testing::Absent()).is_absent());
}

TEST(Values, BytesAreAnErrorThatSaysSo) {
  const expression::Value value = ToExpression(testing::Bytes("\x01"));
  ASSERT_TRUE(value.is_error());
  EXPECT_NE(value.error_text().find("bytes"), std::string_view::npos);
}

}  // namespace
}  // namespace fundgate::mapping
