#include "server/sidecar/envelope/values.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "tests/envelope/told.h"

namespace fundgate::envelope {
namespace {

using testing::ToText;

// What it says; a refusal's sentence if it is refused.
std::string Told(const absl::StatusOr<binlog::Value>& value) {
  return value.ok() ? ToText(*value) : std::string(value.status().message());
}

TEST(Numbers, AreExactWhateverTheirSize) {
  binlog::Arena arena;
  const std::pair<const char*, const char*> cases[] = {
      {"0", "int 0"},
      {"-9223372036854775808", "int -9223372036854775808"},
      {"9223372036854775808", "uint 9223372036854775808"},
      {"18446744073709551616", "decimal 18446744073709551616"},
      {"12.30", "decimal 12.30"},
      {"-0.05", "decimal -0.05"},
      {"1.5e3", "decimal 1500"},
      {"1.5E+1", "decimal 15"},
      {"125e-2", "decimal 1.25"},
      {"5e-3", "decimal 0.005"},
      {"0.000", "decimal 0.000"},
      {"123456789012345678901234567890.12", "decimal 123456789012345678901234567890.12"},
  };
  for (const auto& [text, told] : cases) EXPECT_EQ(Told(NumberValue(text, arena)), told) << text;
}

TEST(Numbers, WithHugeExponentsAreRefusedAndNotWorkedOut) {
  binlog::Arena arena;
  for (const char* text : {"1e999999999", "1e-999999999", "1e99999999999999999999", "1e129"}) {
    EXPECT_FALSE(NumberValue(text, arena).ok()) << text;
  }
}

TEST(Decimals, InBase64AreTwosComplementWithAScale) {
  binlog::Arena arena;
  EXPECT_EQ(Told(DecimalValue("BNI=", 2, arena)), "decimal 12.34");
  EXPECT_EQ(Told(DecimalValue("+y4=", 2, arena)), "decimal -12.34");
  EXPECT_EQ(Told(DecimalValue("AA==", 2, arena)), "decimal 0.00");
  EXPECT_EQ(Told(DecimalValue("gA==", 0, arena)), "decimal -128");
  EXPECT_EQ(Told(DecimalValue("AIAAAAAAAAAA", 0, arena)), "decimal 9223372036854775808");
  EXPECT_EQ(Told(DecimalValue("BQ==", 4, arena)), "decimal 0.0005");
  EXPECT_FALSE(DecimalValue("no base64!", 2, arena).ok());
  EXPECT_FALSE(DecimalValue("BNI=", -1, arena).ok());
  EXPECT_FALSE(DecimalValue("BNI=", 65, arena).ok());
}

TEST(Dates, AreWrittenAsSqlPrintsThem) {
  binlog::Arena arena;
  EXPECT_EQ(Told(DateValue(20777, arena)), "date 2026-11-20");
  EXPECT_EQ(Told(DateValue(-1, arena)), "date 1969-12-31");
  EXPECT_FALSE(DateValue(std::numeric_limits<int64_t>::min(), arena).ok());
  EXPECT_EQ(Told(DateTimeValue(1'795'168'800'123, 3, arena)), "datetime 2026-11-20 10:00:00.123");
  EXPECT_EQ(Told(DateTimeValue(1'795'168'800'000'001, 6, arena)),
            "datetime 2026-11-20 10:00:00.000001");
  EXPECT_EQ(Told(DateTimeValue(-1, 9, arena)), "datetime 1969-12-31 23:59:59.999999999");
  EXPECT_FALSE(DateTimeValue(std::numeric_limits<int64_t>::min(), 0, arena).ok());
}

}  // namespace
}  // namespace fundgate::envelope
