// Breakers, their trials, second persons and plans, through real processes that are killed
// meanwhile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/end_to_end/breaker_life.h"
#include "tests/end_to_end/processes.h"

namespace fundgate::end_to_end {
namespace {

using ::testing::ElementsAre;

constexpr char kPolicy[] = R"yaml(
books:
  order: {key: [account_id, order_id], counters: [paid, refunded]}
movements:
  payment: {effects: [+order.paid]}
  refund: {effects: [+order.refunded], gated: true}
checkpoints:
  refund: {max_staleness: 1h}
sources:
  ledger: {report: {emits: [payment, refund]}}
breakers:
  auto:
    - name: bad_refunds
      scope: "refund/account:{account_id}"
      trip_when: "violations('1h') >= 2 && violated_amount('1h', 'CNY') >= money('CNY 2.00')"
      half_open_after: 1s
      half_open_budget: {calls: 5, amount: CNY 50.00}
      quiet: 0s
  two_person: ["*"]
plans:
  ledger_is_wrong:
    about: the ledger tells what did not happen
    owner: payments-oncall
    lasts: 2h
    toggles: [{scope: refund, mode: BLOCK}, {scope: "*", mode: HOLD}]
)yaml";

// A life of a gate with that policy.
struct Life : BreakerLife {
  explicit Life(const std::string& folder) : BreakerLife(folder, kPolicy) {}

  grpc::Status RunPlan(v1::Plan& plan) { return BreakerLife::RunPlan("ledger_is_wrong", plan); }
  grpc::Status UndoPlan(const std::string& actor, v1::Plan& plan) {
    return BreakerLife::UndoPlan("ledger_is_wrong", actor, plan);
  }
};

constexpr char kScope[] = "refund/account:m1";

TEST(Breakers, TripTryAndCloseByThemselvesThroughKillsOfTheGate) {
  const TemporaryFolder folder;
  {
    Life life(folder.path());
    const auto feeder = life.Feed();
    feeder->Happened("payment", "p1", "o1", 1'000'000);
    feeder->Happened("refund", "by-hand-1", "o1", 100);
    EXPECT_EQ(life.Check("r1", 100).verdict(), v1::VERDICT_ALLOW);
    feeder->Happened("refund", "by-hand-2", "o1", 100);
    const v1::Breaker open = life.Get(kScope);
    EXPECT_EQ(open.state(), v1::BREAKER_STATE_OPEN);
    EXPECT_EQ(open.rule(), "bad_refunds");
    EXPECT_EQ(life.Check("r2", 100).verdict(), v1::VERDICT_HOLD);
    life.Kill();
  }
  ASSERT_EQ(Verify(folder.path() + "/data"), 0);
  {
    Life life(folder.path());
    life.Await(kScope, v1::BREAKER_STATE_HALF_OPEN);  // it was tripped in the life before
    EXPECT_EQ(life.Check("r3", 4000).verdict(), v1::VERDICT_ALLOW);
    EXPECT_EQ(life.Get(kScope).budget_left().amount().minor_units(), 1000);
    life.Kill();
  }
  Life life(folder.path());
  EXPECT_EQ(life.Get(kScope).budget_left().amount().minor_units(), 1000) << "spent is spent";
  EXPECT_EQ(life.Get(kScope).budget_left().calls(), 4);
  EXPECT_EQ(life.Check("r4", 1001).verdict(), v1::VERDICT_HOLD) << "the budget in money is spent";
  const auto feeder = life.Feed();
  life.Await(kScope, v1::BREAKER_STATE_CLOSED, feeder.get());
  EXPECT_EQ(life.Check("r5", 10'000).verdict(), v1::VERDICT_ALLOW);
  std::vector<v1::BreakerState> states;
  for (const v1::Breaker& change : life.History(kScope)) states.push_back(change.state());
  EXPECT_THAT(states, ElementsAre(v1::BREAKER_STATE_CLOSED, v1::BREAKER_STATE_HALF_OPEN,
                                  v1::BREAKER_STATE_OPEN));
  life.Kill();
  EXPECT_EQ(Verify(folder.path() + "/data"), 0);
}

TEST(Breakers, OneThatIsTriedAndFailsOpensAgain) {
  const TemporaryFolder folder;
  Life life(folder.path());
  const auto feeder = life.Feed();
  feeder->Happened("payment", "p1", "o1", 1'000'000);
  feeder->Happened("refund", "by-hand-1", "o1", 100);
  feeder->Happened("refund", "by-hand-2", "o1", 100);
  life.Await(kScope, v1::BREAKER_STATE_HALF_OPEN);
  feeder->Happened("refund", "by-hand-3", "o1", 100);
  const v1::Breaker again = life.Get(kScope);
  EXPECT_EQ(again.state(), v1::BREAKER_STATE_OPEN);
  EXPECT_EQ(again.trips(), 2U);
  EXPECT_EQ(again.half_open_at().seconds() - again.changed_at().seconds(), 2);
}

TEST(Breakers, TheKillSwitchIsReleasedByTwoPeopleAlsoAcrossAKill) {
  const TemporaryFolder folder;
  {
    Life life(folder.path());
    life.Trip("*", v1::VERDICT_BLOCK);
    EXPECT_EQ(life.Check("r1", 1).verdict(), v1::VERDICT_BLOCK);
    const auto [status, breaker] = life.Reset("*", "ann");
    EXPECT_EQ(Status(status), "ok");
    EXPECT_EQ(breaker.state(), v1::BREAKER_STATE_OPEN);
    EXPECT_EQ(breaker.wanted().actor(), "ann");
    EXPECT_EQ(life.Reset("*", "ann").first.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
    life.Kill();
  }
  Life life(folder.path());
  EXPECT_EQ(life.Check("r2", 1).verdict(), v1::VERDICT_BLOCK);
  const auto [status, breaker] = life.Reset("*", "bob");
  EXPECT_EQ(Status(status), "ok");
  EXPECT_EQ(breaker.state(), v1::BREAKER_STATE_CLOSED);
  EXPECT_THAT(breaker.reason(), ::testing::HasSubstr("ann asked for it"));
  EXPECT_EQ(life.History("").size(), 3U);
}

TEST(Plans, SwitchAllTheyNameSurviveAKillAndAreUndoneByTwoPeople) {
  const TemporaryFolder folder;
  v1::Plan plan;
  {
    Life life(folder.path());
    EXPECT_EQ(Status(life.RunPlan(plan)), "ok");
    EXPECT_THAT(plan.run().switched(), ElementsAre("*", "refund"));
    EXPECT_TRUE(plan.run().has_until());
    EXPECT_EQ(life.RunPlan(plan).error_code(), grpc::StatusCode::FAILED_PRECONDITION);
    life.Kill();
  }
  Life life(folder.path());
  EXPECT_EQ(life.Check("r1", 1).verdict(), v1::VERDICT_BLOCK);
  EXPECT_EQ(Status(life.UndoPlan("ann", plan)), "ok");
  EXPECT_EQ(plan.run().undo_wanted().actor(), "ann");
  EXPECT_EQ(Status(life.UndoPlan("bob", plan)), "ok");
  EXPECT_FALSE(plan.has_run());
  EXPECT_EQ(life.Get("refund").state(), v1::BREAKER_STATE_CLOSED);
  EXPECT_EQ(life.Get("*").state(), v1::BREAKER_STATE_CLOSED);
  life.Kill();
  EXPECT_EQ(Verify(folder.path() + "/data"), 0);
}

}  // namespace
}  // namespace fundgate::end_to_end
