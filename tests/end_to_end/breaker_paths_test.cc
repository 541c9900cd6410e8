// Each way of a breaker to open, last and end, with the gate killed in the middle: by every measure
// and in every mode; forced, for a time, by a plan, over an attribute, and while a trial is proven.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tests/end_to_end/breaker_life.h"
#include "tests/end_to_end/processes.h"
#include "tests/gate/test_feeder.h"

namespace fundgate::end_to_end {
namespace {

using gate::testing::TestFeeder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// CNY 10,000.00 are paid of o1, and nothing of o9.
constexpr char kStructure[] = R"yaml(
books:
  order: {key: [account_id, order_id], counters: [paid, refunded]}
movements:
  payment: {effects: [+order.paid]}
  refund: {effects: [+order.refunded], gated: true}
checkpoints:
  refund: {max_staleness: 1h}
invariants:
  refunds_within_paid: {book: order, holds: "refunded <= paid"}
attributes: {channel: string}
sources:
  ledger: {report: {emits: [payment, refund]}}
)yaml";

struct Measure {
  const char* name;
  const char* trip_when;
  // Makes it true. The feeder has proven the source.
  std::function<void(BreakerLife&, TestFeeder&)> trip;
};

void Refused(BreakerLife& life, TestFeeder& /*feeder*/) {
  EXPECT_EQ(life.Check("allowed", 1).verdict(), v1::VERDICT_ALLOW);
  for (const char* key : {"refused-1", "refused-2"}) {
    EXPECT_EQ(life.Check(key, 1, "o9").verdict(), v1::VERDICT_BLOCK);
  }
}

void AtRisk(BreakerLife& life, TestFeeder& /*feeder*/) {
  EXPECT_EQ(life.Check("allowed-1", 299).verdict(), v1::VERDICT_ALLOW);
  EXPECT_EQ(life.Get("refund").state(), v1::BREAKER_STATE_CLOSED);
  EXPECT_EQ(life.Check("allowed-2", 1).verdict(), v1::VERDICT_ALLOW) << "the next one meets it";
}

// Nobody proves the source any more.
void Lags(BreakerLife& life, TestFeeder& feeder) {
  feeder.AnswerProbes(false);
  life.Await("refund", v1::BREAKER_STATE_OPEN);
}

void Ungated(BreakerLife& /*life*/, TestFeeder& feeder) {
  for (const char* key : {"by-hand-1", "by-hand-2"}) feeder.Happened("refund", key, "o1", 100);
}

const Measure kMeasures[] = {
    {"refused_share", "answers('1h') >= 3 && refused_share('1h') > rate('0.5')", Refused},
    {"at_risk", "at_risk('1h', 'CNY') >= money('CNY 3.00')", AtRisk},
    {"lag", "source('ledger').lag > duration('1s')", Lags},
    {"violations", "violations('1h') >= 2", Ungated},
    {"violated_amount", "violated_amount('1h', 'CNY') >= money('CNY 2.00')", Ungated},
};

struct Mode {
  const char* name;
  v1::Verdict mode;
};
constexpr Mode kModes[] = {
    {"BLOCK", v1::VERDICT_BLOCK}, {"HOLD", v1::VERDICT_HOLD}, {"WATCH", v1::VERDICT_ALLOW}};

std::string Auto(const std::string& scope, const std::string& trip_when, const std::string& more) {
  return absl::StrCat(kStructure, "breakers:\n  auto:\n    - {name: tried, scope: \"", scope,
                      "\", trip_when: \"", trip_when, "\", ", more, "}\n");
}

bool Names(const v1::Decision& decision, const std::string& breaker) {
  for (const v1::Reason& reason : decision.reasons()) {
    if (reason.code() == v1::REASON_CODE_BREAKER && reason.name() == breaker) return true;
  }
  return false;
}

class EveryMeasure : public ::testing::TestWithParam<std::tuple<Measure, Mode>> {};

TEST_P(EveryMeasure, OpensInItsModeAndStaysOpenThroughAKill) {
  const auto& [measure, mode] = GetParam();
  const TemporaryFolder folder;
  const std::string policy = Auto("refund", measure.trip_when, absl::StrCat("mode: ", mode.name));
  std::string reason;
  {
    BreakerLife life(folder.path(), policy);
    const auto feeder = life.Feed();
    feeder->Happened("payment", "p1", "o1", 1'000'000);
    feeder->Probe();
    measure.trip(life, *feeder);
    const v1::Breaker open = life.Get("refund");
    EXPECT_EQ(open.state(), v1::BREAKER_STATE_OPEN);
    EXPECT_EQ(open.mode(), mode.mode);
    EXPECT_EQ(open.rule(), "tried");
    EXPECT_THAT(open.reason(), HasSubstr(measure.name));
    reason = open.reason();
    life.Kill();
  }
  BreakerLife life(folder.path(), policy);
  EXPECT_EQ(life.Get("refund").state(), v1::BREAKER_STATE_OPEN);
  EXPECT_EQ(life.Get("refund").reason(), reason);
  const auto feeder = life.Feed();
  const v1::Decision met = life.Check("met", 1);
  EXPECT_EQ(met.verdict(), mode.mode);
  EXPECT_TRUE(Names(met, "refund"));
  const auto [status, closed] = life.Reset("refund", "ann");
  EXPECT_EQ(Status(status), "ok");
  EXPECT_EQ(closed.state(), v1::BREAKER_STATE_CLOSED);
  life.Kill();
  EXPECT_EQ(Verify(folder.path() + "/data"), 0);
}

INSTANTIATE_TEST_SUITE_P(Breakers, EveryMeasure,
                         ::testing::Combine(::testing::ValuesIn(kMeasures),
                                            ::testing::ValuesIn(kModes)),
                         [](const auto& one) {
                           return absl::StrCat(std::get<0>(one.param).name, "_",
                                               std::get<1>(one.param).name);
                         });

const std::string& ByViolations() {
  static const std::string policy = Auto("refund", "violations('1h') >= 2", "mode: HOLD") +
                                    "plans:\n"
                                    "  stop: {about: it all, owner: ann,\n"
                                    "         toggles: [{scope: refund, mode: BLOCK}]}\n";
  return policy;
}

// Two lives of one gate, with a kill between them.
class BreakerPaths : public ::testing::Test {
 protected:
  void Begin(const std::string& policy) {
    policy_ = policy;
    life_ = std::make_unique<BreakerLife>(folder_.path(), policy_);
    feeder_ = life_->Feed();
    feeder_->Happened("payment", "p1", "o1", 1'000'000);
    feeder_->Probe();
  }
  void KillAndBeginAgain() {
    life_->Kill();
    feeder_.reset();
    life_ = std::make_unique<BreakerLife>(folder_.path(), policy_);
    feeder_ = life_->Feed();
  }
  void TearDown() override {
    life_->Kill();
    feeder_.reset();
    EXPECT_EQ(Verify(folder_.path() + "/data"), 0);
  }

  const TemporaryFolder folder_;
  std::string policy_;
  std::unique_ptr<BreakerLife> life_;
  std::unique_ptr<TestFeeder> feeder_;
};

TEST_F(BreakerPaths, WhatIsForcedStaysWhateverTrips) {
  Begin(ByViolations());
  life_->Trip("refund", v1::VERDICT_ALLOW, absl::Hours(1), true);
  KillAndBeginAgain();
  EXPECT_TRUE(life_->Get("refund").forced());
  Ungated(*life_, *feeder_);
  EXPECT_EQ(life_->Get("refund").mode(), v1::VERDICT_ALLOW);
  EXPECT_EQ(life_->Check("r1", 1).verdict(), v1::VERDICT_ALLOW);
}

TEST_F(BreakerPaths, OneForATimeEndsByItself) {
  Begin(ByViolations());
  life_->Trip("refund", v1::VERDICT_BLOCK, absl::Hours(1));
  EXPECT_EQ(life_->Check("r1", 1).verdict(), v1::VERDICT_BLOCK);
  life_->Trip("refund", v1::VERDICT_BLOCK, absl::Seconds(5));
  KillAndBeginAgain();  // its time may be over before anybody looks
  life_->Await("refund", v1::BREAKER_STATE_CLOSED);
  EXPECT_EQ(life_->Check("r1", 1).verdict(), v1::VERDICT_ALLOW);
  std::vector<v1::BreakerState> states;
  for (const v1::Breaker& change : life_->History("refund")) states.push_back(change.state());
  EXPECT_THAT(states, ElementsAre(v1::BREAKER_STATE_CLOSED, v1::BREAKER_STATE_OPEN,
                                  v1::BREAKER_STATE_OPEN));
}

TEST_F(BreakerPaths, OneThatTripsOutlastsAPersonsForATime) {
  Begin(ByViolations());
  life_->Trip("refund", v1::VERDICT_BLOCK, absl::Hours(1));
  Ungated(*life_, *feeder_);
  KillAndBeginAgain();
  const v1::Breaker open = life_->Get("refund");
  EXPECT_EQ(open.state(), v1::BREAKER_STATE_OPEN);
  EXPECT_EQ(open.rule(), "tried");
  EXPECT_EQ(open.mode(), v1::VERDICT_BLOCK) << "the severer of both";
  EXPECT_FALSE(open.has_until());
}

TEST_F(BreakerPaths, APlanThatEndsByItsTimeLeavesWhatTrippedBeneathIt) {
  Begin(ByViolations());
  v1::Plan plan;
  ASSERT_EQ(Status(life_->RunPlan("stop", plan, absl::Seconds(5))), "ok");
  Ungated(*life_, *feeder_);
  KillAndBeginAgain();  // with the plan in force, or just over
  while (!life_->Get("refund").plan().empty()) {
  }
  const v1::Breaker open = life_->Get("refund");
  EXPECT_EQ(open.state(), v1::BREAKER_STATE_OPEN);
  EXPECT_EQ(open.rule(), "tried");
  EXPECT_EQ(open.mode(), v1::VERDICT_HOLD);
  EXPECT_EQ(life_->Check("r1", 1).verdict(), v1::VERDICT_HOLD);
}

TEST_F(BreakerPaths, APlanThatEndsByItsTimeLeavesNothingWhereNothingWas) {
  Begin(ByViolations());
  v1::Plan plan;
  ASSERT_EQ(Status(life_->RunPlan("stop", plan, absl::Milliseconds(500))), "ok");
  KillAndBeginAgain();
  life_->Await("refund", v1::BREAKER_STATE_CLOSED);
  EXPECT_EQ(life_->Check("r1", 1).verdict(), v1::VERDICT_ALLOW);
}

TEST_F(BreakerPaths, OneOverAnAttributeStopsThatValueAlone) {
  Begin(
      Auto("refund/channel:{channel}", "at_risk('1h', 'CNY') >= money('CNY 2.00')", "mode: BLOCK"));
  life_->Check("r1", 100, "o1", "app");
  KillAndBeginAgain();  // in the middle of what is counted
  EXPECT_EQ(life_->Check("r2", 100, "o1", "app").verdict(), v1::VERDICT_ALLOW);
  const v1::Decision met = life_->Check("r3", 1, "o1", "app");
  EXPECT_EQ(met.verdict(), v1::VERDICT_BLOCK);
  EXPECT_TRUE(Names(met, "refund/channel:app"));
  EXPECT_EQ(life_->Check("r4", 1, "o1", "web").verdict(), v1::VERDICT_ALLOW);
  KillAndBeginAgain();
  EXPECT_EQ(life_->Check("r5", 1, "o1", "app").verdict(), v1::VERDICT_BLOCK);
}

TEST_F(BreakerPaths, ATrialGoesOnToBeProvenAfterAKill) {
  Begin(Auto("refund", "violations('1h') >= 2",
             "half_open_after: 1s, half_open_budget: {calls: 1, amount: CNY 5.00}, quiet: 1s"));
  Ungated(*life_, *feeder_);
  life_->Await("refund", v1::BREAKER_STATE_HALF_OPEN);
  EXPECT_EQ(life_->Check("r1", 100).verdict(), v1::VERDICT_ALLOW);
  feeder_->Happened("refund", "r1", "o1", 100);
  const v1::Breaker proving = life_->Get("refund");
  ASSERT_TRUE(proving.has_proving_since());
  KillAndBeginAgain();
  // Nothing but a proof past its quiet time closes it.
  life_->Await("refund", v1::BREAKER_STATE_CLOSED, feeder_.get());
  const std::vector<v1::Breaker> history = life_->History("refund");
  ASSERT_EQ(history.size(), 3U);
  EXPECT_THAT(history.front().reason(), HasSubstr("it went well"));
  EXPECT_GE(history.front().changed_at().seconds(), proving.proving_since().seconds() + 1);
  EXPECT_EQ(life_->Check("r2", 1000).verdict(), v1::VERDICT_ALLOW);
}

TEST_F(BreakerPaths, ATrialThatFailsWhileItIsProvenOpensAgainAfterAKill) {
  Begin(Auto("refund", "violations('1h') >= 2",
             "half_open_after: 1s, half_open_budget: {calls: 1, amount: CNY 5.00}, quiet: 1h"));
  Ungated(*life_, *feeder_);
  life_->Await("refund", v1::BREAKER_STATE_HALF_OPEN);
  EXPECT_EQ(life_->Check("r1", 100).verdict(), v1::VERDICT_ALLOW);
  ASSERT_TRUE(life_->Get("refund").has_proving_since());
  KillAndBeginAgain();
  EXPECT_TRUE(life_->Get("refund").has_proving_since());
  feeder_->Happened("refund", "by-hand-3", "o1", 100);
  EXPECT_EQ(life_->History("refund").front().trips(), 2U);
}

}  // namespace
}  // namespace fundgate::end_to_end
