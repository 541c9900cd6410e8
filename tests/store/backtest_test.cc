#include "server/store/backtest.h"

#include <memory>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/worked_policy.h"
#include "tests/store/store_world.h"

namespace fundgate::store {
namespace {

using core::Verdict;
using core::testing::WorkedPolicy;
using testing::OptionsFor;
using testing::StoreWorld;
using testing::TemporaryFolder;

// A past: an order paid with CNY 1000.00 and what was asked of it, and its judgement by another
// policy.
class Past {
 public:
  Past() { world_.Begin(); }

  StoreWorld& world() { return world_; }

  core::Decision Ask(const std::string& key, int64_t amount = 100) {
    core::CheckInput check = world_.NewCheck(key);
    check.amount.minor_units = amount;
    check.lines.front().amount = amount;
    return std::get<core::Decision>(world_.Put(check));
  }

  absl::StatusOr<BacktestReport> JudgeBy(std::shared_ptr<const core::Policy> candidate,
                                         absl::Time from = absl::InfinitePast()) {
    BacktestOptions options;
    options.compile_policy = OptionsFor(folder_.path()).compile_policy;
    options.candidate = std::move(candidate);
    options.from = from;
    Backtest backtest(std::move(options));
    absl::Status status;
    const absl::Status scanned =
        world_.store().view()->ScanJournal(1, [&](const JournalEntry& entry) {
          status = backtest.Apply(entry);
          return status.ok();
        });
    EXPECT_TRUE(scanned.ok()) << scanned;
    if (!status.ok()) return status;
    return backtest.Finish();
  }

 private:
  TemporaryFolder folder_;
  StoreWorld world_{OptionsFor(folder_.path())};
};

// Refunds only up to CNY 2.00 an order in all.
std::shared_ptr<const core::Policy> Stricter() {
  return WorkedPolicy([](core::Policy& policy) {
    for (core::InvariantDefinition& invariant : policy.invariants) {
      if (invariant.name != "refunds_within_paid") continue;
      expression::Environment environment;
      for (const std::string& counter : policy.books[invariant.book].counters) {
        (void)environment.AddVariable(counter, expression::Type::Int());
      }
      invariant.holds =
          *expression::Compile(environment, "refunded <= 200", expression::Type::Bool()).program;
    }
  });
}

TEST(Backtest, TheSamePolicyTurnsNothing) {
  Past past;
  EXPECT_EQ(past.Ask("r1").verdict, Verdict::kAllow);
  EXPECT_NE(past.Ask("r2", 10'000'000).verdict, Verdict::kAllow);
  const absl::StatusOr<BacktestReport> report = past.JudgeBy(WorkedPolicy());
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->judged.movements, 2);
  EXPECT_EQ(report->judged.minor_units.begin()->second, 10'000'100);
  EXPECT_TRUE(report->turned.empty());
  for (const auto& [name, reason] : report->reasons) EXPECT_EQ(reason.before, reason.after);
}

TEST(Backtest, TellsHowMuchMoneyAStricterPolicyWouldHaveHeldBack) {
  Past past;
  for (const char* key : {"r1", "r2", "r3", "r4"}) {
    EXPECT_EQ(past.Ask(key).verdict, Verdict::kAllow) << key;
  }
  const absl::StatusOr<BacktestReport> report = past.JudgeBy(Stricter());
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_EQ(report->turned.size(), 1U);
  const auto& [turn, turned] = *report->turned.begin();
  EXPECT_EQ(turn.checkpoint, MovementKind("refund"));
  EXPECT_EQ(turn.before, Verdict::kAllow);
  EXPECT_NE(turn.after, Verdict::kAllow);
  EXPECT_EQ(turned.sum.movements, 2);
  EXPECT_EQ(turned.sum.minor_units.begin()->second, 200);
  EXPECT_EQ(turned.decision_ids.size(), 2U);
}

TEST(Backtest, AKeyAskedManyTimesIsOneMovement) {
  Past past;
  for (int i = 0; i < 5; ++i) past.Ask("r1");
  const absl::StatusOr<BacktestReport> report = past.JudgeBy(WorkedPolicy());
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->judged.movements, 1);
}

TEST(Backtest, JudgesOnlyWhatCameAfterItsBeginning) {
  Past past;
  for (const char* key : {"r1", "r2", "r3"}) past.Ask(key);
  past.world().Advance(absl::Seconds(1));
  const absl::Time from = absl::FromUnixSeconds(1'800'000'001);
  past.Ask("r4");
  const absl::StatusOr<BacktestReport> report = past.JudgeBy(Stricter(), from);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->judged.movements, 1);
  EXPECT_EQ(report->turned.begin()->second.sum.movements, 1);
}

// A Release names the decision of the past, whatever the candidate made of its check.
TEST(Backtest, WhatFollowedADecisionFollowsItsName) {
  Past past;
  const core::Decision first = past.Ask("r1");
  const core::Decision second = past.Ask("r2");
  for (const core::Decision& decision : {first, second}) {
    past.world().Put(
        core::ReleaseInput{AccountId("m1"), decision.key, decision.id, "the bank refused"});
  }
  EXPECT_EQ(past.Ask("r3", 200).verdict, Verdict::kAllow);
  const absl::StatusOr<BacktestReport> report = past.JudgeBy(Stricter());
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_TRUE(report->turned.empty());  // released, their room is free again
}

TEST(Backtest, ACandidateThatCouldNotHaveFollowedIsRefused) {
  Past past;
  past.Ask("r1");
  const absl::StatusOr<BacktestReport> report = past.JudgeBy(
      WorkedPolicy([](core::Policy& policy) { policy.books[0].counters.push_back("new"); }));
  EXPECT_EQ(report.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(report.status().message()),
              ::testing::HasSubstr("could not have followed policy 1"));
}

}  // namespace
}  // namespace fundgate::store
