// The sections breakers and plans, and the matrix of checkpoints, as documents declare them.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/policy/loader.h"
#include "server/policy/tester.h"

namespace fundgate::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kStructure[] = R"yaml(
books:
  order: {key: [account_id, order_id], counters: [paid, refunded]}
movements:
  payment: {effects: [+order.paid]}
  refund: {effects: [+order.refunded], gated: true}
invariants:
  refunds_within_paid: {book: order, holds: refunded <= paid}
sources:
  ledger: {report: {emits: [payment, refund]}}
)yaml";
constexpr char kCheckpoints[] = "checkpoints: {refund: {}}\n";

LoadedPolicy Load(const std::string& rest) {
  LoadResult result = LoadPolicy(absl::StrCat(kStructure, rest), "test.yaml");
  EXPECT_TRUE(result.ok()) << Render(result.problems);
  return *std::move(result.loaded);
}

// The messages of the document's tests that fail.
std::vector<std::string> Failures(const std::string& rest) {
  std::vector<std::string> messages;
  for (const TestResult& test : RunTests(Load(absl::StrCat(kCheckpoints, rest)))) {
    if (!test.passed) messages.push_back(absl::StrCat(test.name, ": ", test.message));
  }
  return messages;
}

TEST(BreakersDocument, AnAmountOfViolationsTripsItAndTheNextCheckMeetsIt) {
  EXPECT_THAT(Failures(R"yaml(
breakers:
  auto: [{scope: "refund/account:{account_id}",
          trip_when: "violated_amount('10m', 'CNY') > money('CNY 50.00')"}]
tests:
  - name: fifty yuan are not too much
    given:
      - payment: {order_id: o1, account_id: m1, amount: CNY 100.00}
      - refund: {order_id: o1, account_id: m1, amount: CNY 50.00}
    check: {checkpoint: refund, idempotency_key: r, order_id: o1, account_id: m1,
          amount: CNY 1.00}
    expect: {verdict: ALLOW}
  - name: a fen more is
    given:
      - payment: {order_id: o1, account_id: m1, amount: CNY 100.00}
      - refund: {order_id: o1, account_id: m1, amount: CNY 50.01}
    check: {checkpoint: refund, idempotency_key: r, order_id: o1, account_id: m1,
          amount: CNY 1.00}
    expect: {verdict: HOLD, reason: BREAKER, violation: breaker_tripped}
  - name: another account is not concerned
    given:
      - payment: {order_id: o2, account_id: m2, amount: CNY 100.00}
      - payment: {order_id: o1, account_id: m1, amount: CNY 100.00}
      - refund: {order_id: o1, account_id: m1, amount: CNY 50.01}
    check: {checkpoint: refund, idempotency_key: r, order_id: o2, account_id: m2,
          amount: CNY 1.00}
    expect: {verdict: ALLOW}
)yaml"),
              IsEmpty());
}

TEST(BreakersDocument, AShareOfRefusalsIsUnknownAndSoFalseBeforeThereIsAnAnswer) {
  EXPECT_THAT(Failures(R"yaml(
breakers:
  auto: [{scope: refund, trip_when: "refused_share('10m') > rate('0.5') && answers('10m') >= 2"}]
tests:
  - name: the first check meets nothing
    given: [{payment: {order_id: o1, account_id: m1, amount: CNY 100.00}}]
    check: {checkpoint: refund, idempotency_key: r, order_id: o1, account_id: m1,
          amount: CNY 1.00}
    expect: {verdict: ALLOW}
  - name: one of two is no more than a half
    given:
      - payment: {order_id: o1, account_id: m1, amount: CNY 100.00}
      - check: {checkpoint: refund, idempotency_key: a, order_id: o1, account_id: m1,
          amount: CNY 1.00}
      - check: {checkpoint: refund, idempotency_key: b, order_id: o1, account_id: m1,
          amount: CNY 900.00}
    check: {checkpoint: refund, idempotency_key: r, order_id: o1, account_id: m1,
          amount: CNY 1.00}
    expect: {verdict: ALLOW}
  - name: two of two are
    given:
      - payment: {order_id: o1, account_id: m1, amount: CNY 100.00}
      - check: {checkpoint: refund, idempotency_key: a, order_id: o1, account_id: m1,
          amount: CNY 800.00}
      - check: {checkpoint: refund, idempotency_key: b, order_id: o1, account_id: m1,
          amount: CNY 900.00}
    check: {checkpoint: refund, idempotency_key: r, order_id: o1, account_id: m1,
          amount: CNY 1.00}
    expect: {verdict: HOLD, reason: BREAKER}
)yaml"),
              IsEmpty());
}

TEST(BreakersDocument, WhatWasAllowedWithinASpanIsAtRisk) {
  EXPECT_THAT(Failures(R"yaml(
breakers:
  auto: [{scope: "*", trip_when: "at_risk('1h', 'CNY') >= money('CNY 20.00')", mode: BLOCK}]
tests:
  - name: the one that makes it too much is allowed and the next one is not
    given:
      - payment: {order_id: o1, account_id: m1, amount: CNY 100.00}
      - check: {checkpoint: refund, idempotency_key: a, order_id: o1, account_id: m1,
          amount: CNY 19.99}
      - check: {checkpoint: refund, idempotency_key: b, order_id: o1, account_id: m1,
          amount: CNY 0.01}
    check: {checkpoint: refund, idempotency_key: r, order_id: o1, account_id: m1,
          amount: CNY 0.01}
    expect: {verdict: BLOCK, reason: BREAKER}
  - name: after an hour it is no more
    given:
      - payment: {order_id: o1, account_id: m1, amount: CNY 100.00}
      - check: {checkpoint: refund, idempotency_key: a, order_id: o1, account_id: m1,
          amount: CNY 19.99}
      - advance: 2h
      - check: {checkpoint: refund, idempotency_key: b, order_id: o1, account_id: m1,
          amount: CNY 0.01}
    check: {checkpoint: refund, idempotency_key: r, order_id: o1, account_id: m1,
          amount: CNY 0.01}
    expect: {verdict: ALLOW}
)yaml"),
              IsEmpty());
}

TEST(BreakersDocument, StepsOfTestsRunPlansAndDoWhatTakesTwoPeople) {
  EXPECT_THAT(Failures(R"yaml(
breakers: {two_person: [refund, "refund/account"]}
plans:
  stop: {about: it all, owner: ann, lasts: 2h, toggles: [{scope: refund, mode: BLOCK}]}
tests:
  - name: a plan stops what it names
    given: [{payment: {order_id: o1, account_id: m1, amount: CNY 100.00}}, {plan: stop}]
    check: {checkpoint: refund, idempotency_key: r, order_id: o1, account_id: m1, amount: CNY 1.00}
    expect: {verdict: BLOCK, reason: refund}
  - name: it is undone
    given:
      - payment: {order_id: o1, account_id: m1, amount: CNY 100.00}
      - plan: stop
      - undo: stop
    check: {checkpoint: refund, idempotency_key: r, order_id: o1, account_id: m1, amount: CNY 1.00}
    expect: {verdict: ALLOW}
  - name: a breaker is closed
    given:
      - payment: {order_id: o1, account_id: m1, amount: CNY 100.00}
      - trip: {scope: "refund/account:m1"}
      - reset: "refund/account:m1"
    check: {checkpoint: refund, idempotency_key: r, order_id: o1, account_id: m1, amount: CNY 1.00}
    expect: {verdict: ALLOW}
  - name: what is half open has a budget
    given:
      - payment: {order_id: o1, account_id: m1, amount: CNY 100.00}
      - trip: {scope: refund}
      - half_open: {scope: refund, mode: BLOCK, budget: {calls: 1, amount: CNY 9.00}}
    check: {checkpoint: refund, idempotency_key: r, order_id: o1, account_id: m1, amount: CNY 10.00}
    expect: {verdict: BLOCK, reason: refund}
  - name: within it all passes
    given:
      - payment: {order_id: o1, account_id: m1, amount: CNY 100.00}
      - trip: {scope: refund}
      - half_open: {scope: refund, mode: BLOCK, budget: {calls: 1, amount: CNY 9.00}}
    check: {checkpoint: refund, idempotency_key: r, order_id: o1, account_id: m1, amount: CNY 9.00}
    expect: {verdict: ALLOW}
)yaml"),
              IsEmpty());
}

TEST(BreakersDocument, AStepThatIsRefusedFailsItsTest) {
  const std::vector<std::string> failures = Failures(R"yaml(
plans:
  stop: {about: it all, owner: ann, toggles: [{scope: refund, mode: BLOCK}]}
tests:
  - name: undone before it was run
    given: [{undo: stop}]
    check: {checkpoint: refund, idempotency_key: r, order_id: o1, account_id: m1, amount: CNY 1.00}
    expect: {verdict: BLOCK}
)yaml");
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_THAT(failures.front(), ::testing::HasSubstr("is not in force"));
}

TEST(BreakersDocument, FillsInWhatIsLeftOut) {
  const LoadedPolicy loaded = Load(absl::StrCat(kCheckpoints, R"yaml(
breakers:
  auto:
    - {scope: refund, trip_when: "violations('7s') > violations('10m')", half_open_after: 1m,
       half_open_budget: {calls: 7, amount: CNY 1.00}}
    - {scope: "*/channel:{channel}", trip_when: violations('1h') > 1, mode: WATCH}
  two_person: ["*", "*/account:{account_id}"]
plans:
  stop: {about: it all, owner: ann, toggles: [{scope: refund, mode: BLOCK},
                                              {scope: "*/order:o%31"}]}
)yaml"));
  const core::Policy& policy = *loaded.policy;
  ASSERT_EQ(policy.breaker_rules.size(), 2U);
  const core::BreakerRule* by_channel = policy.FindBreakerRule("everything_by_channel");
  ASSERT_NE(by_channel, nullptr);
  EXPECT_EQ(by_channel->mode, core::Verdict::kAllow);
  EXPECT_FALSE(by_channel->half_open_after.has_value());
  const core::BreakerRule* refund = policy.FindBreakerRule("refund");
  ASSERT_NE(refund, nullptr);
  EXPECT_EQ(refund->mode, core::Verdict::kHold);
  EXPECT_EQ(refund->growth, 2);
  EXPECT_EQ(refund->success_calls, 7);
  ASSERT_EQ(refund->windows.size(), 2U);
  EXPECT_EQ(refund->windows[0].window.resolution, absl::Seconds(1));
  EXPECT_EQ(refund->windows[1].window.resolution, absl::Seconds(10));
  EXPECT_THAT(policy.two_person, ElementsAre("*", "*/account"));
  ASSERT_NE(policy.FindPlan("stop"), nullptr);
  EXPECT_EQ(policy.FindPlan("stop")->toggles.front().scope, "*/order:o1");
  EXPECT_EQ(policy.FindPlan("stop")->toggles.back().mode, core::Verdict::kBlock);
}

TEST(Degradation, ARowLeavesOutWhatIsAsForAllOthers) {
  const LoadedPolicy loaded = Load(R"yaml(
checkpoints:
  refund:
    when_stale: BLOCK
    when_unreachable: HOLD
    by_amount: [{up_to: CNY 20.00, when_unreachable: ALLOW}]
    blind_budget: {calls: 10, amount: CNY 100.00}
    lease: {budget: {calls: 2, amount: CNY 40.00}, report_within: 2h}
)yaml");
  const core::CheckpointDefinition& refund = loaded.policy->checkpoints.front();
  const auto cny = [](int64_t fen) { return Money{*Currency::FromCode("CNY"), fen}; };
  EXPECT_EQ(refund.AnswerTo(core::Condition::kUnreachable, cny(2000)), core::Verdict::kAllow);
  EXPECT_EQ(refund.AnswerTo(core::Condition::kUnreachable, cny(2001)), core::Verdict::kHold);
  EXPECT_EQ(refund.AnswerTo(core::Condition::kStale, cny(2000)), core::Verdict::kBlock);
  EXPECT_EQ(refund.lease->valid_for, absl::Minutes(10));
  EXPECT_EQ(refund.lease->report_within, absl::Hours(2));
}

}  // namespace
}  // namespace fundgate::policy
