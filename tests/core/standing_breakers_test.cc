// Breakers that trip by themselves where something stands already, and over scopes that only two
// people loosen.
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/automatic_world.h"
#include "tests/core/worked_policy.h"
#include "tests/core/world.h"

namespace fundgate::core::testing {
namespace {

using ::testing::HasSubstr;

TEST_F(Automatic, WaitsForItsTrialUntilAPersonsBreakerOfTheSameModeWouldHaveEnded) {
  Trip(Verdict::kHold, absl::Minutes(30));
  Ungated(3);
  EXPECT_EQ(CountTrips(), 1);
  EXPECT_EQ(Find(kAccount)->rule, "bad_refunds");
  EXPECT_THAT(Find(kAccount)->reason, HasSubstr("ann: incident"));
  Ungated(3);
  EXPECT_EQ(CountTrips(), 1) << "it is open already";
  Pass(absl::Minutes(29));
  EXPECT_EQ(StateOf(kAccount), BreakerState::kOpen);
  Pass(absl::Minutes(1));
  EXPECT_EQ(StateOf(kAccount), BreakerState::kHalfOpen);
}

TEST_F(Automatic, OutlastsAPersonsBreakerThatEndsBeforeItsTrial) {
  Trip(Verdict::kBlock, absl::Minutes(5));
  Ungated(3);
  Pass(absl::Minutes(14));
  EXPECT_EQ(StateOf(kAccount), BreakerState::kOpen);
  EXPECT_EQ(Find(kAccount)->mode, Verdict::kBlock) << "the severer of both";
  Pass(absl::Minutes(1));
  EXPECT_EQ(StateOf(kAccount), BreakerState::kHalfOpen);
}

TEST_F(Automatic, LeavesAPersonsBreakerWithoutAnEnd) {
  Trip(Verdict::kHold);
  Ungated(3);
  EXPECT_EQ(CountTrips(), 0);
  Pass(absl::Hours(1));
  EXPECT_EQ(StateOf(kAccount), BreakerState::kOpen);
  EXPECT_EQ(Find(kAccount)->actor, "ann");
}

TEST_F(Automatic, StandsWhenAPlanIsUndoneUnderWhichItTripped) {
  RunPlan();
  Ungated(3);
  EXPECT_EQ(CountTrips(), 1);
  EXPECT_EQ(Find(kAccount)->plan, "hold_m1");
  Ungated(3);
  EXPECT_EQ(CountTrips(), 1) << "it stands beneath already";
  UndoPlan();
  ASSERT_EQ(StateOf(kAccount), BreakerState::kOpen);
  EXPECT_EQ(Find(kAccount)->rule, "bad_refunds");
  Pass(absl::Minutes(15));
  EXPECT_EQ(StateOf(kAccount), BreakerState::kHalfOpen);
}

TEST_F(Automatic, StandsWhenAPlanEndsByItsTimeUnderWhichItTripped) {
  RunPlan(absl::Minutes(10));
  Ungated(3);
  world_.Advance(absl::Minutes(10));
  world_.Prove();
  // Nobody has looked after breakers yet.
  EXPECT_EQ(world_.Check("refund", "r1", "CNY 1.00").verdict, Verdict::kHold);
  world_.Get<Done>(TickInput{});
  ASSERT_EQ(StateOf(kAccount), BreakerState::kOpen);
  EXPECT_EQ(Find(kAccount)->rule, "bad_refunds");
}

TEST_F(Automatic, ATrialThatFailsUnderAPlanIsOverWhenThePlanIs) {
  Ungated(3);
  Pass(absl::Minutes(15));
  ASSERT_EQ(StateOf(kAccount), BreakerState::kHalfOpen);
  RunPlan();
  Ungated(1);
  UndoPlan();
  ASSERT_EQ(StateOf(kAccount), BreakerState::kOpen);
  EXPECT_EQ(Find(kAccount)->trips, 2U);
}

BreakerRule Blocking() {
  BreakerRule rule = Refunds();
  rule.mode = Verdict::kBlock;
  return rule;
}
class BlockingOnes : public Automatic {
 protected:
  BlockingOnes() : Automatic(Blocking()) {}
};

TEST_F(BlockingOnes, OverAPersonsBreakerWithoutAnEndWaitForAPersonToo) {
  Trip(Verdict::kHold);
  Ungated(3);
  EXPECT_EQ(world_.Check("refund", "r1", "CNY 1.00").verdict, Verdict::kBlock);
  Pass(absl::Hours(24));
  EXPECT_EQ(StateOf(kAccount), BreakerState::kOpen) << "ann has said no end";
}

TEST_F(BlockingOnes, TightenAPlanOfALooserModeAndStandWhenItGoes) {
  RunPlan();
  Ungated(3);
  EXPECT_EQ(world_.Check("refund", "r1", "CNY 1.00").verdict, Verdict::kBlock);
  UndoPlan();
  EXPECT_EQ(world_.Check("refund", "r2", "CNY 1.00").verdict, Verdict::kBlock);
  EXPECT_EQ(Find(kAccount)->rule, "bad_refunds");
}

TEST_F(BlockingOnes, OverAPersonsBreakerThatOnlyReportsAreTriedInTheirOwnTime) {
  Trip(Verdict::kAllow);
  Ungated(3);
  Pass(absl::Minutes(15));
  EXPECT_EQ(StateOf(kAccount), BreakerState::kHalfOpen);
}

class WithTrips : public Automatic {
 protected:
  WithTrips()
      : Automatic(Refunds(), [](Policy& policy) {
          policy.on_violation[ViolationKind::kUngated] = OnEvent::kTrip;
          policy.on_violation[ViolationKind::kDuplicateMovement] = OnEvent::kTrip;
        }) {}
};

TEST_F(WithTrips, WhatAnOperatorMustEndIsNotTriedByItself) {
  Ungated(3);  // the first of them trips the account for good
  Pass(absl::Hours(24));
  EXPECT_EQ(StateOf(kAccount), BreakerState::kOpen);
  EXPECT_EQ(CountTrips(), 0);
}

// Scopes that only two people loosen.

class Named : public Automatic {
 protected:
  Named() : Automatic(Refunds(), [](Policy& policy) { policy.two_person = {"refund/account"}; }) {}
};

TEST_F(Named, AreNotTriedByThemselves) {
  Ungated(3);
  EXPECT_EQ(StateOf(kAccount), BreakerState::kOpen);
  EXPECT_FALSE(Find(kAccount)->half_open_at.has_value());
  Pass(absl::Hours(24));
  EXPECT_EQ(StateOf(kAccount), BreakerState::kOpen);
}

TEST_F(Named, OutlastWhatOnePersonHasForcedToDenyForAWhile) {
  TripBreakerInput forced{kAccount, Verdict::kHold, "ann", "", world_.now() + absl::Hours(1)};
  forced.forced = true;
  world_.Get<BreakerAnswer>(forced);
  Ungated(3);
  Pass(absl::Hours(2));
  EXPECT_EQ(StateOf(kAccount), BreakerState::kOpen);
  EXPECT_EQ(Find(kAccount)->rule, "bad_refunds");
}

TEST_F(Named, CountOnWhenOnePersonResetsWhatIsClosed) {
  Ungated(2);
  world_.Get<BreakerAnswer>(ResetBreakerInput{kAccount, "ann", "begin anew"});
  Ungated(1);
  EXPECT_EQ(StateOf(kAccount), BreakerState::kOpen);
  world_.Get<BreakerAnswer>(ResetBreakerInput{kAccount, "ann", "mended"});
  world_.Get<BreakerAnswer>(ResetBreakerInput{kAccount, "bob", "mended"});
  Ungated(2);
  EXPECT_EQ(StateOf(kAccount), BreakerState::kClosed) << "two have begun anew";
}

class NamedLater : public Automatic {
 protected:
  void Name() {
    ApplyPolicyInput apply;
    apply.policy = WorkedPolicy([](Policy& policy) {
      policy.breaker_rules.push_back(Refunds());
      policy.two_person = {"refund/account"};
    });
    world_.Get<PolicyAnswer>(std::move(apply));
  }
};

TEST_F(NamedLater, AreNeitherTriedNorClosedByThemselvesFromThenOn) {
  world_.Insert("payment", 2, {.key = "p2", .account = "m2", .order = "o-m2"});
  Ungated(3);
  Pass(absl::Minutes(5));
  Ungated(3, "m2");
  Pass(absl::Minutes(10));
  ASSERT_EQ(StateOf(kAccount), BreakerState::kHalfOpen);
  ASSERT_EQ(StateOf("refund/account:m2"), BreakerState::kOpen);
  for (const char* key : {"r1", "r2"}) {
    world_.Check("refund", key, "CNY 1.00");
    world_.Insert("refund", key[1], {.key = key, .amount = "CNY 1.00"});
  }
  ASSERT_TRUE(Find(kAccount)->proving_since.has_value());
  Name();
  Pass(absl::Hours(1));
  EXPECT_EQ(StateOf(kAccount), BreakerState::kHalfOpen);
  EXPECT_EQ(StateOf("refund/account:m2"), BreakerState::kOpen);
}

}  // namespace
}  // namespace fundgate::core::testing
