// When a rule stands out.
#include "server/gate/rule_list.h"

#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/expression/program.h"

namespace fundgate::gate {
namespace {

using ::testing::HasSubstr;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);  // 08:00 UTC

core::RuleDefinition Always() {
  expression::Environment environment;
  expression::Compiled compiled =
      expression::Compile(environment, "true", expression::Type::Bool());
  core::RuleDefinition rule{"always", *std::move(compiled.program)};
  rule.violation = core::Severity::kLow;
  rule.action = "alert";
  return rule;
}

core::RuleStatistics SinceDays(int days) {
  core::RuleStatistics statistics;
  statistics.added_version = 1;
  statistics.changed_version = 1;
  statistics.added_at = kNow - absl::Hours(24 * days);
  statistics.changed_at = statistics.added_at;
  return statistics;
}

v1::Rule Listed(const core::RuleStatistics& statistics) {
  return ToProto("check", Always(), statistics, {kNow});
}

TEST(RuleList, ARuleThatWasNeverTrueIsStaleAMonthAfterItCame) {
  EXPECT_EQ(Listed(SinceDays(29)).condition(), v1::RULE_CONDITION_FINE);
  const v1::Rule stale = Listed(SinceDays(31));
  EXPECT_EQ(stale.condition(), v1::RULE_CONDITION_STALE);
  EXPECT_THAT(stale.condition_reason(), HasSubstr("since 2026-12-15T08:00:00Z"));
  core::RuleStatistics hit = SinceDays(31);
  hit.last_hit = kNow - absl::Hours(24 * 29);
  EXPECT_EQ(Listed(hit).condition(), v1::RULE_CONDITION_FINE);
}

TEST(RuleList, ARuleIsBrokenUntilItIsChanged) {
  core::RuleStatistics statistics = SinceDays(5);
  statistics.errors = 1;
  statistics.error = "no such field";
  statistics.last_error = kNow - absl::Hours(24 * 4);
  EXPECT_EQ(Listed(statistics).condition(), v1::RULE_CONDITION_BROKEN);
  EXPECT_THAT(Listed(statistics).condition_reason(), HasSubstr("no such field"));
  statistics.changed_at = kNow - absl::Hours(24 * 3);
  EXPECT_EQ(Listed(statistics).condition(), v1::RULE_CONDITION_FINE);
  EXPECT_EQ(Listed(statistics).errors(), 1);
}

TEST(RuleList, HitsOfAnotherDayAreNoneOfToday) {
  core::RuleStatistics statistics = SinceDays(5);
  statistics.hits_of_day = 9;
  statistics.day = kNow - absl::Hours(8);  // today's midnight
  EXPECT_EQ(Listed(statistics).hits_today(), 9);
  statistics.day = kNow - absl::Hours(32);
  EXPECT_EQ(Listed(statistics).hits_today(), 0);
}

TEST(RuleList, WhatIsNotKnownIsLeftOut) {
  const v1::Rule rule = ToProto("check", Always(), core::RuleStatistics{}, {kNow});
  EXPECT_FALSE(rule.has_added_at());
  EXPECT_FALSE(rule.has_last_hit());
  EXPECT_FALSE(rule.has_drilled_at());
  EXPECT_EQ(rule.verdict(), v1::VERDICT_UNSPECIFIED);
  EXPECT_EQ(rule.violation(), "low");
  EXPECT_EQ(rule.severity(), "");
}

}  // namespace
}  // namespace fundgate::gate
