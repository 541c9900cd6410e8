#include "server/policy/tester.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/policy/documents.h"

namespace fundgate::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::MustLoad;
using testing::SmallPolicy;

constexpr char kPaid[] = "{payment: {order_id: o1, account_id: m1, amount: CNY 100.00}}";

// One test over the small policy: a refund of CNY 60.00 on an order paid with CNY 100.00.
TestResult RunTest(const std::string& given, const std::string& expect,
                   const std::string& more = "") {
  const std::vector<TestResult> results = RunTests(MustLoad(
      SmallPolicy() + "tests:\n  - name: t\n    given: [" + given +
      "]\n    check: {checkpoint: "
      "refund, idempotency_key: r9, order_id: o1, account_id: m1, amount: CNY 60.00}\n    expect: "
      "{" +
      expect + "}\n" + more));
  EXPECT_EQ(results.size(), 1u);
  return results.at(0);
}

std::string Step(const std::string& verb, const std::string& key, const std::string& more = "") {
  return ", {" + verb + ": {checkpoint: refund, idempotency_key: " + key + ", account_id: m1" +
         more + "}}";
}

std::string CheckOf(const std::string& key, const std::string& amount) {
  return Step("check", key, ", order_id: o1, amount: " + amount);
}

TEST(Tester, ATestThatComesAsExpectedPasses) {
  const TestResult result = RunTest(kPaid, "verdict: ALLOW");
  EXPECT_TRUE(result.passed) << result.message;
  EXPECT_EQ(result.got, "ALLOW");
  EXPECT_EQ(result.line, 15);
}

TEST(Tester, AnotherVerdictFailsAndSaysWhy) {
  const TestResult result = RunTest("", "verdict: ALLOW");
  EXPECT_FALSE(result.passed);
  EXPECT_EQ(result.expected, "ALLOW");
  EXPECT_EQ(result.got, "BLOCK (INVARIANT refunds_within_paid)");
  EXPECT_THAT(result.fired, ElementsAre("invariants.refunds_within_paid"));
  EXPECT_THAT(result.message, HasSubstr("refunded <= paid"));
}

TEST(Tester, AnotherReasonFails) {
  EXPECT_FALSE(RunTest("", "verdict: BLOCK, reason: escrow_covers").passed);
  EXPECT_TRUE(RunTest("", "verdict: BLOCK, reason: refunds_within_paid").passed);
  EXPECT_TRUE(RunTest("", "verdict: BLOCK, reason: INVARIANT").passed);
}

TEST(Tester, StaleSourcesHold) {
  EXPECT_TRUE(RunTest(kPaid, "verdict: HOLD, reason: STALE_SOURCE", "    sources: stale\n").passed);
}

TEST(Tester, StepsLeaveTheirMark) {
  const std::string paid = kPaid;
  const std::string blocked = "verdict: BLOCK, reason: refunds_within_paid";
  EXPECT_TRUE(RunTest(paid + CheckOf("r1", "CNY 50.00"), blocked).passed);
  EXPECT_TRUE(
      RunTest(paid + CheckOf("r1", "CNY 50.00") + Step("release", "r1"), "verdict: ALLOW").passed);
  EXPECT_TRUE(
      RunTest(paid + CheckOf("r1", "CNY 50.00") + Step("confirm", "r1", ", amount: CNY 40.00"),
              "verdict: ALLOW")
          .passed);
  EXPECT_TRUE(RunTest(paid + CheckOf("r9", "CNY 60.00") + ", {advance: 5m}",
                      "verdict: HOLD, reason: IN_DOUBT")
                  .passed);
  EXPECT_TRUE(
      RunTest(paid + ", {trip: {scope: refund, mode: BLOCK}}", "verdict: BLOCK, reason: BREAKER")
          .passed);
  EXPECT_TRUE(RunTest(paid + ", {refund: {idempotency_key: r9, order_id: o1, account_id: m1, "
                             "amount: CNY 60.00}}",
                      "verdict: BLOCK, reason: ALREADY_MOVED")
                  .passed);
}

TEST(Tester, ARefusedStepFailsTheTestAndIsNamed) {
  const TestResult result =
      RunTest(std::string(kPaid) + Step("confirm", "unknown"), "verdict: ALLOW");
  EXPECT_FALSE(result.passed);
  EXPECT_THAT(result.message, HasSubstr("step 2 at line 16 was refused"));
}

TEST(Tester, AMalformedCheckFailsTheTest) {
  const std::vector<TestResult> results =
      RunTests(MustLoad(SmallPolicy() +
                        "tests:\n  - name: t\n    check: {checkpoint: refund, idempotency_key: r, "
                        "account_id: m1, amount: CNY 1.00}\n    expect: {verdict: BLOCK}\n"));
  EXPECT_FALSE(results.at(0).passed);
  EXPECT_THAT(results[0].message, HasSubstr("order_id"));
  EXPECT_FALSE(AllPassed(results));
}

}  // namespace
}  // namespace fundgate::policy
