// What a document's tests make speak.
#include "server/policy/coverage.h"

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/policy/tester.h"
#include "tests/policy/documents.h"

namespace fundgate::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MustLoad;
using testing::SmallPolicy;

constexpr char kRules[] = R"yaml(
rules:
  large: {on: check, when: "request.amount > money('CNY 50.00')", then: HOLD, mode: MODE}
  never: {on: check, when: "false", then: HOLD}
  of_events: {on: event.payment, when: "event.amount > money('CNY 500.00')",
              then: {violation: low}}
violations: {duplicate_movement: alert, ungated: alert}
tests:
  - name: a large one
    given: [{payment: {order_id: o1, account_id: m1, amount: CNY 100.00}}]
    check: {checkpoint: refund, idempotency_key: r, order_id: o1, account_id: m1, amount: CNY 60.00}
    expect: {fires: large}
  - name: more than was paid
    check: {checkpoint: refund, idempotency_key: r, order_id: o1, account_id: m1, amount: CNY 1.00}
    expect: {verdict: BLOCK, fires: refunds_within_paid}
  - name: a large payment
    given: [{payment: {order_id: o1, account_id: m1, amount: CNY 501.00}}]
    expect: {fires: of_events}
  - name: one that fails covers nothing
    given:
      - payment: {order_id: o1, account_id: m1, idempotency_key: p, amount: CNY 1.00}
      - payment: {order_id: o1, account_id: m1, idempotency_key: p, amount: CNY 1.00}
    expect: {violation: none}
)yaml";

std::string Document(const std::string& mode) {
  std::string rules = kRules;
  rules.replace(rules.find("MODE"), 4, mode);
  return SmallPolicy() + rules;
}

TEST(Coverage, NamesTheTestsThatMakeEachRuleAndCheckSpeak) {
  const LoadedPolicy loaded = MustLoad(Document("shadow"));
  const std::vector<TestResult> results = RunTests(loaded);
  ASSERT_EQ(results.size(), 4U);
  EXPECT_FALSE(results[3].passed);
  std::map<std::string, std::vector<std::string>> tests;
  std::vector<std::string> order;
  for (const Covered& covered : CoverageOf(loaded, results)) {
    EXPECT_GT(covered.line, 0) << covered.path;
    tests[covered.path] = covered.tests;
    order.push_back(covered.path);
  }
  EXPECT_EQ(order.front(), "rules.large");
  EXPECT_THAT(tests["rules.large"], ElementsAre("a large one"));
  EXPECT_THAT(tests["rules.of_events"], ElementsAre("a large payment"));
  EXPECT_THAT(tests["invariants.refunds_within_paid"], ElementsAre("more than was paid"));
  EXPECT_THAT(tests["rules.never"], IsEmpty());
  EXPECT_THAT(tests["violations.ungated"], IsEmpty());
  EXPECT_THAT(tests["violations.duplicate_movement"], IsEmpty());  // its test fails
  EXPECT_THAT(results[3].fired, ElementsAre("violations.duplicate_movement"));
}

TEST(Coverage, WhatIsExpectedToFireDoesSoWhetherItCountsOrNot) {
  for (const char* mode : {"shadow", "enforce"}) {
    const std::vector<TestResult> results = RunTests(MustLoad(Document(mode)));
    EXPECT_TRUE(results[0].passed) << mode << ": " << results[0].message;
    EXPECT_EQ(results[0].expected, "large is true");
  }
  EXPECT_EQ(RunTests(MustLoad(Document("shadow")))[0].got, "ALLOW (in shadow large)");
  EXPECT_EQ(RunTests(MustLoad(Document("enforce")))[0].got, "HOLD (RULE large)");
}

TEST(Coverage, WhatIsExpectedToFireAndDoesNotFailsTheTest) {
  std::string document = Document("shadow");
  document.replace(document.find("fires: large"), 12, "fires: never");
  const TestResult result = RunTests(MustLoad(document))[0];
  EXPECT_FALSE(result.passed);
  EXPECT_THAT(result.message, HasSubstr("expected never to be true"));
  EXPECT_THAT(result.message, HasSubstr("rules.large"));
}

}  // namespace
}  // namespace fundgate::policy
