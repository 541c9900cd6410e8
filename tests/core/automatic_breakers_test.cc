// Breakers that count: what trips them, how they try again, and what ends that.
#include "server/core/automatic_breakers.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/automatic_world.h"
#include "tests/core/world.h"

namespace fundgate::core::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(Automatic, OpensOverTheAccountWhoseViolationsAreTooManyAndOverNoOther) {
  Ungated(2);
  EXPECT_EQ(world_.Check("refund", "r1", "CNY 1.00").verdict, Verdict::kAllow);
  Ungated(1);
  const Decision held = world_.Check("refund", "r2", "CNY 1.00");
  EXPECT_EQ(held.verdict, Verdict::kHold);
  EXPECT_EQ(held.reasons.front().name, "refund/account:m1");
  EXPECT_THAT(held.reasons.front().message, HasSubstr("violations is 3"));
  EXPECT_EQ(world_.state().resident().of<core::Breakers>().size(), 1U);
  EXPECT_THAT(world_.Violations(), Contains("breaker_tripped"));
}

TEST_F(Automatic, WhatIsOlderThanItsSpanCountsNoMore) {
  Ungated(2);
  Pass(kSpan + absl::Minutes(1));
  Ungated(1);
  EXPECT_EQ(StateOf("refund/account:m1"), BreakerState::kClosed);
}

TEST_F(Automatic, ViolationsOfSeveralAccountsAreNotAddedUp) {
  world_.Insert("payment", 2,
                {.key = "p2", .account = "m2", .order = "o-m2", .amount = "CNY 9.00"});
  Ungated(2, "m1");
  Ungated(2, "m2");
  EXPECT_THAT(world_.state().resident().of<core::Breakers>(), IsEmpty());
}

TEST_F(Automatic, HalfOpensByItselfWithItsBudgetInCallsAndInMoney) {
  Ungated(3);
  Pass(absl::Minutes(14));
  EXPECT_EQ(StateOf("refund/account:m1"), BreakerState::kOpen);
  Pass(absl::Minutes(1));
  ASSERT_EQ(StateOf("refund/account:m1"), BreakerState::kHalfOpen);
  EXPECT_EQ(Find("refund/account:m1")->left->amount, M("CNY 100.00"));
  EXPECT_EQ(world_.Check("refund", "r1", "CNY 60.00").verdict, Verdict::kAllow);
  EXPECT_THAT(Codes(world_.Check("refund", "r2", "CNY 60.00")), ElementsAre("BREAKER"));
  EXPECT_EQ(Find("refund/account:m1")->left->amount, M("CNY 40.00"));
}

TEST_F(Automatic, ClosesOnceEnoughWasAllowedAndProvenToHaveGoneWell) {
  Ungated(3);
  Pass(absl::Minutes(15));
  world_.Check("refund", "r1", "CNY 10.00");
  world_.Insert("refund", 7, {.key = "r1", .amount = "CNY 10.00"});
  Pass(absl::Minutes(5));
  EXPECT_EQ(StateOf("refund/account:m1"), BreakerState::kHalfOpen) << "one call is not enough";
  world_.Check("refund", "r2", "CNY 10.00");
  world_.Insert("refund", 8, {.key = "r2", .amount = "CNY 10.00"});
  world_.Advance(absl::Minutes(5));
  world_.Get<Done>(TickInput{});
  EXPECT_EQ(StateOf("refund/account:m1"), BreakerState::kHalfOpen) << "nothing is proven of it";
  world_.Prove();
  world_.Get<Done>(TickInput{});
  EXPECT_EQ(StateOf("refund/account:m1"), BreakerState::kClosed);
  EXPECT_EQ(world_.Check("refund", "r3", "CNY 500.00").verdict, Verdict::kAllow);
}

TEST_F(Automatic, AMovementOfTheTrialThatNobodyReportsIsAFailure) {
  Ungated(3);
  Pass(absl::Minutes(15));
  world_.Check("refund", "r1", "CNY 10.00");
  Pass(absl::Minutes(11));
  EXPECT_THAT(world_.Violations(), Contains("overdue"));
  EXPECT_EQ(StateOf("refund/account:m1"), BreakerState::kOpen);
}

TEST_F(Automatic, ABudgetThatNoMoreFitsIntoIsEnoughToProve) {
  Ungated(3);
  Pass(absl::Minutes(15));
  world_.Check("refund", "r1", "CNY 90.00");
  Pass(absl::Minutes(5));
  EXPECT_EQ(StateOf("refund/account:m1"), BreakerState::kHalfOpen);
  EXPECT_EQ(world_.Check("refund", "r2", "CNY 20.00").verdict, Verdict::kHold);
  Pass(absl::Minutes(2));
  EXPECT_EQ(StateOf("refund/account:m1"), BreakerState::kClosed);
}

TEST_F(Automatic, OpensAgainForLongerWithTheFirstViolationOfItsTrial) {
  Ungated(3);
  Pass(absl::Minutes(15));
  Ungated(1);
  ASSERT_EQ(StateOf("refund/account:m1"), BreakerState::kOpen);
  EXPECT_EQ(Find("refund/account:m1")->trips, 2U);
  EXPECT_EQ(WaitOf("refund/account:m1"), absl::Minutes(30));
  Pass(absl::Minutes(30));
  Ungated(1);
  EXPECT_EQ(WaitOf("refund/account:m1"), absl::Minutes(50)) << "never longer than longest_wait";
}

TEST_F(Automatic, WhatOpenedItDoesNotCountAgainstItsTrial) {
  Ungated(4);
  Pass(absl::Minutes(15));
  EXPECT_EQ(StateOf("refund/account:m1"), BreakerState::kHalfOpen);
  EXPECT_EQ(world_.Check("refund", "r1", "CNY 1.00").verdict, Verdict::kAllow);
}

TEST_F(Automatic, AResetBeginsTheCountAnew) {
  Ungated(3);
  world_.Get<BreakerAnswer>(ResetBreakerInput{"refund/account:m1", "ann", "mended"});
  Ungated(2);
  EXPECT_EQ(StateOf("refund/account:m1"), BreakerState::kClosed);
  Ungated(1);
  EXPECT_EQ(StateOf("refund/account:m1"), BreakerState::kOpen);
}

TEST_F(Automatic, LeavesWhatAPersonHasForced) {
  world_.Get<BreakerAnswer>(TripBreakerInput{"refund/account:m1", Verdict::kAllow, "ann", "known",
                                             world_.now() + absl::Hours(1), true});
  Ungated(3);
  EXPECT_EQ(world_.Check("refund", "r1", "CNY 1.00").verdict, Verdict::kAllow);
  Pass(absl::Hours(1));
  Ungated(3);
  EXPECT_EQ(world_.Check("refund", "r2", "CNY 1.00").verdict, Verdict::kHold);
}

TEST_F(Automatic, KeepsTheHistoryOfEachBreaker) {
  Ungated(3);
  Pass(absl::Minutes(15));
  world_.Check("refund", "r1", "CNY 1.00");  // spending is no change
  world_.Get<BreakerAnswer>(ResetBreakerInput{"refund/account:m1", "ann", "over"});
  std::vector<std::pair<BreakerState, std::string>> seen;
  for (Sequence i = 1; i <= world_.state().resident().clock.sequence; ++i) {
    const auto change = world_.state().Find<BreakerChanges>({"refund/account:m1", i});
    if (change.has_value()) seen.emplace_back(change->state, change->actor);
  }
  EXPECT_THAT(seen, ElementsAre(std::pair(BreakerState::kOpen, "fundgate"),
                                std::pair(BreakerState::kHalfOpen, "fundgate"),
                                std::pair(BreakerState::kClosed, "ann")));
}

BreakerRule Watching() {
  BreakerRule rule = Refunds();
  rule.mode = Verdict::kAllow;
  return rule;
}
class WatchingOnly : public Automatic {
 protected:
  WatchingOnly() : Automatic(Watching()) {}
};

TEST_F(WatchingOnly, ReportsAndDeniesNothing) {
  Ungated(3);
  const Decision decision = world_.Check("refund", "r1", "CNY 1.00");
  EXPECT_EQ(decision.verdict, Verdict::kAllow);
  ASSERT_THAT(decision.reasons, ::testing::SizeIs(1));
  EXPECT_EQ(decision.reasons.front().code, ReasonCode::kBreaker);
  EXPECT_THAT(decision.reasons.front().message, HasSubstr("it only reports"));
  EXPECT_TRUE(world_.Check("refund", "r1", "CNY 1.00").replayed);
}

class OfAnswers : public Automatic {
 protected:
  OfAnswers() : Automatic(Rule("refusals", "refund", "", kRefused, " >= 2")) {}
};

TEST_F(OfAnswers, EachKeyThatIsBlockedCountsOnce) {
  for (int i = 0; i < 5; ++i) world_.Check("refund", "r1", "CNY 5000.00");
  EXPECT_EQ(StateOf("refund"), BreakerState::kClosed);
  world_.Check("refund", "r2", "CNY 5000.00");
  EXPECT_EQ(StateOf("refund"), BreakerState::kOpen);
}

TEST_F(OfAnswers, WhatABreakerBlocksIsNotRefused) {
  world_.Get<BreakerAnswer>(TripBreakerInput{"*", Verdict::kBlock, "ann", "stop", {}});
  for (const char* key : {"r1", "r2", "r3"}) world_.Check("refund", key, "CNY 1.00");
  EXPECT_EQ(StateOf("refund"), BreakerState::kClosed);
}

class ByAttribute : public Automatic {
 protected:
  ByAttribute() : Automatic(Rule("busy", "*", "channel", kAnswers, " > 1")) {}
};

TEST_F(ByAttribute, CountsByAnAttributeOfTheCheck) {
  const auto check = [this](const std::string& key, const std::string& channel) {
    CheckInput input = world_.NewCheck("refund", key, "CNY 1.00");
    input.attributes["channel"] = channel;
    return world_.Check(input).verdict;
  };
  EXPECT_EQ(check("r1", "app"), Verdict::kAllow);
  EXPECT_EQ(check("r2", "web"), Verdict::kAllow);
  EXPECT_EQ(check("r3", "app"), Verdict::kAllow);  // the one that trips it
  EXPECT_EQ(check("r4", "app"), Verdict::kHold);
  EXPECT_EQ(check("r5", "web"), Verdict::kAllow);
}

class OfViolationsByAttribute : public Automatic {
 protected:
  OfViolationsByAttribute()
      : Automatic(Rule("bad_channel", "refund", "channel", kViolations, " >= 2")) {}

  void Ungated(int row, const std::string& channel) {
    Contribution refund =
        Row{.key = "u" + std::to_string(row), .amount = "CNY 1.00"}.ToContribution();
    if (!channel.empty()) refund.attributes["channel"] = channel;
    world_.Feed({world_.NewEvent("refund", row, std::nullopt, std::move(refund))});
  }
};

TEST_F(OfViolationsByAttribute, OpensOverTheValueThatItsViolationsName) {
  Ungated(11, "app store");
  Ungated(12, "");
  Ungated(13, "web");
  EXPECT_THAT(world_.state().resident().of<core::Breakers>(), IsEmpty());
  Ungated(14, "app store");
  ASSERT_EQ(StateOf("refund/channel:app%20store"), BreakerState::kOpen);
  EXPECT_EQ(world_.state().resident().of<core::Breakers>().size(), 1U);
  world_.Prove();
  CheckInput check = world_.NewCheck("refund", "r1", "CNY 1.00");
  check.attributes["channel"] = "app store";
  EXPECT_EQ(world_.Check(check).verdict, Verdict::kHold);
  EXPECT_EQ(world_.Check("refund", "r2", "CNY 1.00").verdict, Verdict::kAllow);
}

class OfLag : public Automatic {
 protected:
  OfLag() : Automatic(Rule("blind", "refund", "", kLag, " > duration('60s')")) {}
};

TEST_F(OfLag, OpensWhenASourceLagsAndNobodyAsks) {
  world_.Get<Done>(TickInput{});
  EXPECT_EQ(StateOf("refund"), BreakerState::kClosed);
  world_.Advance(absl::Seconds(61));
  world_.Get<Done>(TickInput{});
  EXPECT_EQ(StateOf("refund"), BreakerState::kOpen);
}

}  // namespace
}  // namespace fundgate::core::testing
