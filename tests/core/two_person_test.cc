// Breakers that only two people loosen, and plans that switch several at once.
#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/core/breaker_commands.h"
#include "server/core/plans.h"
#include "tests/core/world.h"

namespace fundgate::core::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr absl::StatusCode kPrecondition = absl::StatusCode::kFailedPrecondition;

void Prepare(Policy& policy) {
  policy.two_person = {"*", "cash_out", "refund/account"};
  policy.plans.push_back(
      {"hold_o9", "o9 looks wrong", "payments", "", {}, {{"*/order:o9", Verdict::kHold}}});
  PlanDefinition plan{"ledger_is_wrong", "the ledger tells what did not happen", "payments", ""};
  plan.lasts = absl::Hours(2);
  plan.toggles = {
      {"cash_out", Verdict::kBlock}, {"late_refund", Verdict::kHold}, {"refund", Verdict::kAllow}};
  policy.plans.push_back(std::move(plan));
  policy.plans.push_back(
      {"stop", "everything must stop", "payments", "", {}, {{"*", Verdict::kBlock}}});
}

class Switches : public ::testing::Test {
 protected:
  Switches() : world_(Prepare) {
    world_.Insert("payment", 1, {.key = "p1", .amount = "CNY 1000.00"});
    world_.Prove();
  }

  void Trip(const std::string& scope, Verdict mode = Verdict::kHold) {
    world_.Get<BreakerAnswer>(TripBreakerInput{scope, mode, "ann", "incident", {}});
  }
  Breaker Reset(const std::string& scope, const std::string& actor) {
    return world_.Get<BreakerAnswer>(ResetBreakerInput{scope, actor, "over"}).breaker;
  }
  absl::StatusCode ResetRefusal(const std::string& scope, const std::string& actor) {
    return world_.RefusalOf(ResetBreakerInput{scope, actor, "over"});
  }
  PlanRun Run(const std::string& plan, std::optional<absl::Duration> lasts = {}) {
    return world_.Get<PlanAnswer>(RunPlanInput{plan, "ann", "night", lasts}).run;
  }
  bool Undo(const std::string& plan, const std::string& actor) {
    return !world_.Get<PlanAnswer>(UndoPlanInput{plan, actor, "mended"}).in_force;
  }
  const auto& all() const { return world_.state().resident().of<core::Breakers>(); }

  World world_;
};

TEST_F(Switches, ANamedScopeIsResetByTwoPeople) {
  Trip("refund/account:m1");
  const Breaker waits = Reset("refund/account:m1", "ann");
  EXPECT_EQ(waits.state, BreakerState::kOpen);
  EXPECT_EQ(waits.wanted->actor, "ann");
  EXPECT_EQ(world_.Check("refund", "r1", "CNY 1.00").verdict, Verdict::kHold);
  EXPECT_EQ(ResetRefusal("refund/account:m1", "ann"), kPrecondition);
  const Breaker closed = Reset("refund/account:m1", "bob");
  EXPECT_EQ(closed.state, BreakerState::kClosed);
  EXPECT_THAT(closed.reason, HasSubstr("ann asked for it"));
  EXPECT_EQ(world_.Check("refund", "r2", "CNY 1.00").verdict, Verdict::kAllow);
}

TEST_F(Switches, OtherScopesAreResetByOne) {
  Trip("refund");
  EXPECT_EQ(Reset("refund", "ann").state, BreakerState::kClosed);
}

TEST_F(Switches, AWishThatIsTooOldIsNoWish) {
  Trip("*");
  Reset("*", "ann");
  world_.Advance(kWishLasts);
  EXPECT_EQ(Reset("*", "bob").state, BreakerState::kOpen);
  EXPECT_EQ(Reset("*", "ann").state, BreakerState::kClosed);
}

TEST_F(Switches, TheTwoMustWantTheSame) {
  Trip("cash_out", Verdict::kBlock);
  Reset("cash_out", "ann");
  const HalfOpenBreakerInput half{"cash_out", Verdict::kHold, {3, M("CNY 9.00")}, "bob", "try", {}};
  EXPECT_EQ(world_.Get<BreakerAnswer>(half).breaker.state, BreakerState::kOpen);
  EXPECT_EQ(world_.RefusalOf(half), kPrecondition);
  HalfOpenBreakerInput same = half;
  same.actor = "ann";
  EXPECT_EQ(world_.Get<BreakerAnswer>(same).breaker.state, BreakerState::kHalfOpen);
}

TEST_F(Switches, AHalfOpenOneEndsWithTheLaterOfBothEnds) {
  const absl::Time soon = world_.now() + absl::Seconds(1);
  const absl::Time later = world_.now() + absl::Hours(1);
  using Ends = std::vector<std::optional<absl::Time>>;
  for (const Ends& ends : {Ends{{}, soon, {}}, Ends{soon, {}, {}}, Ends{later, soon, later},
                           Ends{soon, later, later}}) {
    Trip("cash_out", Verdict::kBlock);
    HalfOpenBreakerInput half{"cash_out", Verdict::kHold, {3, M("CNY 9.00")}, "ann", "try"};
    half.until = ends[0];
    world_.Get<BreakerAnswer>(half);
    half.actor = "bob";
    half.until = ends[1];
    const Breaker agreed = world_.Get<BreakerAnswer>(half).breaker;
    EXPECT_EQ(agreed.state, BreakerState::kHalfOpen);
    EXPECT_EQ(agreed.until, ends[2]);
  }
}

TEST_F(Switches, ANamedScopeIsForcedByTwoPeopleWhileItIsOpen) {
  TripBreakerInput forced{"cash_out", Verdict::kAllow, "ann", "", world_.now() + absl::Hours(1)};
  forced.forced = true;
  EXPECT_EQ(world_.RefusalOf(forced), kPrecondition) << "there is nothing to keep the wish with";
  Trip("cash_out", Verdict::kAllow);
  const Breaker waits = world_.Get<BreakerAnswer>(forced).breaker;
  EXPECT_FALSE(waits.forced);
  EXPECT_EQ(waits.wanted->actor, "ann");
  EXPECT_EQ(world_.RefusalOf(forced), kPrecondition) << "the same person";
  TripBreakerInput longer = forced;
  longer.actor = "bob";
  longer.until = world_.now() + kForcedLasts;
  const Breaker agreed = world_.Get<BreakerAnswer>(longer).breaker;
  EXPECT_TRUE(agreed.forced);
  EXPECT_EQ(agreed.until, forced.until) << "what lets pass ends with the earlier of both ends";
  EXPECT_THAT(agreed.reason, HasSubstr("ann asked for it"));
}

TEST_F(Switches, AWishWhoseOwnEndHasComeIsNoWish) {
  Trip("cash_out");
  TripBreakerInput forced{"cash_out", Verdict::kAllow, "ann", "", world_.now() + absl::Minutes(1)};
  forced.forced = true;
  world_.Get<BreakerAnswer>(forced);
  world_.Advance(absl::Minutes(1));
  forced.actor = "bob";
  forced.until = world_.now() + absl::Minutes(1);
  EXPECT_FALSE(world_.Get<BreakerAnswer>(forced).breaker.forced);
}

TEST_F(Switches, AWishToForceIsNoWishToReset) {
  Trip("cash_out");
  TripBreakerInput forced{"cash_out", Verdict::kAllow, "ann", "", world_.now() + absl::Hours(1)};
  forced.forced = true;
  world_.Get<BreakerAnswer>(forced);
  EXPECT_EQ(Reset("cash_out", "bob").state, BreakerState::kOpen);
  forced.actor = "ann";
  EXPECT_FALSE(world_.Get<BreakerAnswer>(forced).breaker.forced);
}

TEST_F(Switches, AForcedOneEndsWithinAWeek) {
  TripBreakerInput forced{"refund", Verdict::kAllow, "ann", "",
                          world_.now() + kForcedLasts + absl::Seconds(1)};
  forced.forced = true;
  EXPECT_EQ(world_.RefusalOf(forced), absl::StatusCode::kInvalidArgument);
  *forced.until -= absl::Seconds(1);
  EXPECT_TRUE(world_.Get<BreakerAnswer>(forced).breaker.forced) << "this scope takes one person";
}

TEST_F(Switches, OneIsNotLoosenedByAnEndThatOnlyThePlanUponItHas) {
  world_.Get<BreakerAnswer>(
      HalfOpenBreakerInput{"cash_out", Verdict::kHold, {3, M("CNY 9.00")}, "ann", "try", {}});
  Run("ledger_is_wrong", absl::Hours(1));
  ASSERT_EQ(all().at("cash_out").plan, "ledger_is_wrong");
  TripBreakerInput trip{"cash_out", Verdict::kBlock, "ann", "", world_.now() + absl::Hours(2)};
  EXPECT_EQ(world_.RefusalOf(trip), kPrecondition) << "what the plan stands upon has no end";
  trip.until.reset();
  world_.Get<BreakerAnswer>(trip);
}

TEST_F(Switches, OneIsNotLoosenedByOpeningItInAnotherWay) {
  Trip("cash_out", Verdict::kBlock);
  EXPECT_EQ(world_.RefusalOf(TripBreakerInput{"cash_out", Verdict::kHold, "bob", "", {}}),
            kPrecondition);
  EXPECT_EQ(world_.RefusalOf(TripBreakerInput{"cash_out", Verdict::kBlock, "bob", "",
                                              world_.now() + absl::Seconds(1)}),
            kPrecondition);
  Trip("late_refund");
  world_.Get<BreakerAnswer>(TripBreakerInput{"late_refund", Verdict::kAllow, "bob", "", {}});
}

TEST_F(Switches, AForcedOneNeedsAnEnd) {
  EXPECT_EQ(world_.RefusalOf(TripBreakerInput{"refund", Verdict::kAllow, "ann", "", {}, true}),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(Switches, APlanSwitchesAllItNamesAndUndoingTakesItBack) {
  Trip("late_refund", Verdict::kBlock);
  const PlanRun run = Run("ledger_is_wrong");
  EXPECT_THAT(run.scopes, ElementsAre("cash_out", "refund")) << "late_refund was severer already";
  EXPECT_EQ(*run.until, world_.now() + absl::Hours(2));
  EXPECT_EQ(all().at("cash_out").mode, Verdict::kBlock);
  EXPECT_EQ(all().at("cash_out").plan, "ledger_is_wrong");
  EXPECT_EQ(world_.Check("refund", "r1", "CNY 1.00").verdict, Verdict::kAllow) << "only watched";
  EXPECT_EQ(world_.RefusalOf(RunPlanInput{"ledger_is_wrong", "bob", "", {}}), kPrecondition);
  EXPECT_FALSE(Undo("ledger_is_wrong", "ann")) << "cash_out takes two people";
  EXPECT_TRUE(Undo("ledger_is_wrong", "bob"));
  EXPECT_THAT(all(), ElementsAre(::testing::Key("late_refund")));
  EXPECT_EQ(world_.RefusalOf(UndoPlanInput{"ledger_is_wrong", "bob", ""}), kPrecondition);
}

TEST_F(Switches, APlanEndsByItsTime) {
  Run("ledger_is_wrong", absl::Minutes(30));
  world_.Advance(absl::Minutes(30));
  world_.Get<Done>(TickInput{});
  EXPECT_THAT(all(), IsEmpty());
  EXPECT_THAT(world_.state().resident().of<core::PlanRuns>(), IsEmpty());
}

TEST_F(Switches, WhatAPlanStoodUponComesBackWithoutAGap) {
  world_.Get<BreakerAnswer>(TripBreakerInput{"late_refund", Verdict::kAllow, "ann", "watch", {}});
  Run("ledger_is_wrong", absl::Minutes(30));
  EXPECT_EQ(all().at("late_refund").mode, Verdict::kHold);
  world_.Advance(absl::Minutes(30));
  world_.Get<Done>(TickInput{});
  EXPECT_EQ(all().at("late_refund").mode, Verdict::kAllow);
  EXPECT_EQ(all().at("late_refund").actor, "ann");
}

TEST_F(Switches, BetweenAPlansEndAndTheNextTickCountsWhatItStoodUpon) {
  world_.Get<BreakerAnswer>(
      HalfOpenBreakerInput{"late_refund", Verdict::kHold, {1, M("CNY 9.00")}, "ann", "try", {}});
  Run("ledger_is_wrong", absl::Minutes(30));
  world_.Advance(absl::Minutes(30));
  world_.Prove();
  // Nobody has looked after breakers yet.
  EXPECT_THAT(Codes(world_.Check("late_refund", "l1", "CNY 10.00")), Contains("BREAKER"));
  world_.Get<Done>(TickInput{});
  EXPECT_EQ(all().at("late_refund").state, BreakerState::kHalfOpen);
}

TEST_F(Switches, UndoneInAnyOrderTwoPlansLeaveNothing) {
  Run("stop", absl::Hours(1));
  world_.Get<BreakerAnswer>(TripBreakerInput{"refund", Verdict::kHold, "ann", "", {}});
  Run("ledger_is_wrong");
  Undo("stop", "ann");
  EXPECT_TRUE(Undo("stop", "bob"));
  Undo("ledger_is_wrong", "ann");
  EXPECT_TRUE(Undo("ledger_is_wrong", "bob"));
  EXPECT_THAT(all(), ElementsAre(::testing::Key("refund")));
}

TEST_F(Switches, AFreezeOverThePlansOwnScopeOutlivesIt) {
  Run("hold_o9");
  world_.Insert("refund", 9, {.key = "r9", .order = "o9", .amount = "CNY 1.00"});
  world_.Prove();  // nobody has paid o9
  EXPECT_EQ(all().at("*/order:o9").plan, "hold_o9");
  EXPECT_TRUE(Undo("hold_o9", "ann"));
  EXPECT_EQ(all().at("*/order:o9").origin, BreakerOrigin::kFreeze);
  EXPECT_EQ(all().at("*/order:o9").state, BreakerState::kOpen);
}

TEST_F(Switches, AFreezeThatComesDuringAPlanOutlivesIt) {
  Run("stop", absl::Minutes(30));
  world_.Insert("refund", 9, {.key = "r9", .order = "o9", .amount = "CNY 1.00"});
  world_.Prove();
  world_.Advance(absl::Minutes(31));
  world_.Get<Done>(TickInput{});
  EXPECT_THAT(all(), ElementsAre(::testing::Key("*/order:o9")));
}

TEST_F(Switches, AnUnknownPlanIsNotFoundAndNamesThoseThereAre) {
  const Answer answer = world_.Put(RunPlanInput{"nothing", "ann", "", {}});
  ASSERT_TRUE(std::holds_alternative<Refusal>(answer));
  EXPECT_THAT(std::string(std::get<Refusal>(answer).status.message()),
              HasSubstr("hold_o9, ledger_is_wrong, stop"));
}

}  // namespace
}  // namespace fundgate::core::testing
