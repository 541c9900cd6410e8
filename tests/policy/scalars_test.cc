#include "server/policy/scalars.h"

#include "gtest/gtest.h"

namespace fundgate::policy {
namespace {

TEST(Durations, AreAWholeNumberAndAUnit) {
  EXPECT_EQ(*ParseDuration("200ms"), absl::Milliseconds(200));
  EXPECT_EQ(*ParseDuration("5s"), absl::Seconds(5));
  EXPECT_EQ(*ParseDuration("2m"), absl::Minutes(2));
  EXPECT_EQ(*ParseDuration("1h"), absl::Hours(1));
  EXPECT_EQ(*ParseDuration("400d"), absl::Hours(9600));
}

TEST(Durations, EverythingElseIsRefused) {
  for (const char* text :
       {"", "5", "s", "-5s", "1.5s", "5 s", "5S", "1h30m", "36501d", "99999999999999999999s"}) {
    EXPECT_FALSE(ParseDuration(text).ok()) << text;
  }
}

TEST(Durations, ComeBackInTheLargestExactUnit) {
  for (const char* text : {"1500ms", "90s", "2m", "25h", "400d", "0s"}) {
    EXPECT_EQ(DurationText(*ParseDuration(text)), text);
  }
}

TEST(Durations, PassThroughTheirMessage) {
  const absl::Duration duration = absl::Milliseconds(90'200);
  EXPECT_EQ(ToDuration(ToMessage(duration)), duration);
}

TEST(Times, AreRfc3339) {
  EXPECT_EQ(*ParseTimestamp("2026-01-31T00:00:00Z"), absl::FromUnixSeconds(1769817600));
  EXPECT_FALSE(ParseTimestamp("2026-01-31").ok());
  EXPECT_EQ(ToTime(ToMessage(absl::FromUnixMillis(-1500))), absl::FromUnixMillis(-1500));
}

TEST(Names, AreLowerSnakeCase) {
  for (const char* name : {"a", "refund", "late_refund", "a1"}) EXPECT_TRUE(IsEntryName(name));
  for (const char* name : {"", "Refund", "1a", "_a", "a_", "a__b", "a-b", "a.b"}) {
    EXPECT_FALSE(IsEntryName(name)) << name;
  }
  EXPECT_FALSE(IsEntryName(std::string(65, 'a')));
}

}  // namespace
}  // namespace fundgate::policy
