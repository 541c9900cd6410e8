#include "server/core/freshness.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/world.h"

namespace fundgate::core::testing {
namespace {

using ::testing::ElementsAre;

CheckpointDefinition& Checkpoint(Policy& policy, const char* kind) {
  return const_cast<CheckpointDefinition&>(*policy.FindCheckpoint(MovementKind(kind)));
}

class Freshness : public ::testing::Test {
 protected:
  void Pay(World& world) {
    world.Insert("payment", 1, {.key = "p1"});
    world.Prove();
  }
};

TEST_F(Freshness, ASourceProvenWithinTheLimitIsFresh) {
  World world;
  Pay(world);
  world.Advance(absl::Seconds(5));
  EXPECT_EQ(world.Check("refund", "r1", "CNY 1.00").verdict, Verdict::kAllow);
}

TEST_F(Freshness, ASilentSourceIsHeld) {
  World world;
  Pay(world);
  world.Advance(absl::Seconds(5) + absl::Nanoseconds(1));
  const Decision decision = world.Check("refund", "r1", "CNY 1.00");
  EXPECT_EQ(decision.verdict, Verdict::kHold);
  EXPECT_THAT(Codes(decision), ElementsAre("STALE_SOURCE"));
  EXPECT_EQ(decision.reasons.front().name, "ledger");
  EXPECT_TRUE(decision.retry_after.has_value());
}

TEST_F(Freshness, InTheMiddleOfATransactionNothingOfItsSourceIsProven) {
  World world;
  Pay(world);
  world.FeedPart(true);
  const Decision decision = world.Check("refund", "r1", "CNY 1.00");
  EXPECT_EQ(decision.verdict, Verdict::kHold);
  EXPECT_THAT(Codes(decision), ElementsAre("UNPROVEN"));
  // Neither by a probe, before all of it is there.
  world.FeedPart(true);
  EXPECT_EQ(world.Check("refund", "r2", "CNY 1.00").verdict, Verdict::kHold);
  world.FeedPart(false);
  EXPECT_EQ(world.Check("refund", "r3", "CNY 1.00").verdict, Verdict::kAllow);
}

TEST_F(Freshness, TheStricterOfPolicyAndCallerCounts) {
  World world;
  Pay(world);
  world.Advance(absl::Seconds(2));
  CheckInput check = world.NewCheck("refund", "r1", "CNY 1.00");
  check.max_staleness = absl::Seconds(1);
  EXPECT_THAT(Codes(world.Check(check)), ElementsAre("STALE_SOURCE"));
  check.max_staleness = absl::Hours(1);
  EXPECT_EQ(world.Check(check).verdict, Verdict::kAllow);
  world.Advance(absl::Seconds(10));
  check = world.NewCheck("refund", "r2", "CNY 1.00");
  check.max_staleness = absl::Hours(1);
  EXPECT_THAT(Codes(world.Check(check)), ElementsAre("STALE_SOURCE"));
}

TEST_F(Freshness, ACheckWaitsForProofAsLongAsItsPatienceLasts) {
  World world;
  Pay(world);
  world.Advance(absl::Seconds(10));
  CheckInput check = world.NewCheck("refund", "r1", "CNY 1.00");
  check.may_wait = true;
  const Wait wait = world.Get<Wait>(check);
  EXPECT_THAT(wait.sources, ElementsAre(SourceName("ledger")));
  EXPECT_EQ(wait.proven_past, world.now());
  EXPECT_EQ(wait.give_up_at, world.now() + absl::Milliseconds(200));
  world.Advance(absl::Milliseconds(200));
  EXPECT_EQ(world.Check(check).verdict, Verdict::kHold);
}

TEST_F(Freshness, AWaitChangesAndRecordsNothing) {
  World world;
  Pay(world);
  world.Advance(absl::Seconds(10));
  const Sequence before = world.state().resident().clock.sequence;
  CheckInput check = world.NewCheck("refund", "r1", "CNY 1.00");
  check.may_wait = true;
  world.Get<Wait>(check);
  EXPECT_EQ(world.state().resident().clock.sequence, before);
  EXPECT_EQ(world.state().of<core::Keys>().count(check.key), 0U);
}

TEST_F(Freshness, NothingIsWaitedForThatADenialStandsAgainstAnyway) {
  World world;
  Pay(world);
  world.Advance(absl::Seconds(10));
  world.Get<BreakerAnswer>(TripBreakerInput{"*", Verdict::kHold, "ann", "", {}});
  CheckInput check = world.NewCheck("refund", "r1", "CNY 1.00");
  check.may_wait = true;
  EXPECT_THAT(Codes(world.Check(check)), ElementsAre("BREAKER", "STALE_SOURCE"));
}

TEST_F(Freshness, ABrokenInvariantThatAnUnprovenSourceMayCureIsNeverABlock) {
  World world;
  world.Advance(absl::Seconds(1));  // proven recently, but not past the check's arrival
  CheckInput check = world.NewCheck("refund", "r1", "CNY 1.00");
  check.may_wait = true;
  world.Get<Wait>(check);
  check.may_wait = false;
  const Decision decision = world.Check(check);
  EXPECT_EQ(decision.verdict, Verdict::kHold);
  EXPECT_THAT(Codes(decision), ElementsAre("UNPROVEN", "UNPROVEN"));
  world.Prove();
  EXPECT_EQ(world.Check("refund", "r1", "CNY 1.00").verdict, Verdict::kBlock);
}

TEST_F(Freshness, ACallersPositionMustBeAppliedFirst) {
  World world;
  Pay(world);
  CheckInput check = world.NewCheck("refund", "r1", "CNY 1.00");
  check.after_positions[SourceName("ledger")] = Position::Parse("ledger:9").value();
  check.may_wait = true;
  EXPECT_EQ(world.Get<Wait>(check).after_positions, check.after_positions);
  check.may_wait = false;
  EXPECT_THAT(Codes(world.Check(check)), ElementsAre("UNPROVEN"));
  check.after_positions[SourceName("ledger")] = Position::Parse("ledger:1").value();
  EXPECT_EQ(world.Check(check).verdict, Verdict::kAllow);
}

TEST_F(Freshness, AGapHoldsWhatItTouchesAndNothingElse) {
  World world;
  for (const char* order : {"o1", "o2"}) {
    world.Insert("payment", order[1], {.key = order, .order = order});
  }
  world.Feed({Event{"ledger:3/0", world.now(),
                    GapEvent{{MovementKind("refund"), AccountId("m1"), OrderId("o1")},
                             "pay.refund",
                             "the amount is no number"}}});
  world.Prove();
  const Decision decision = world.Check("refund", "r1", "CNY 1.00", "o1");
  EXPECT_THAT(Codes(decision), ElementsAre("UNPROVEN"));
  EXPECT_EQ(decision.reasons.front().name, "gap:refund");
  EXPECT_EQ(world.Check("refund", "r2", "CNY 1.00", "o2").verdict, Verdict::kAllow);
}

TEST_F(Freshness, AnUnmappableRowIsAGapOfItsKind) {
  World world;
  Pay(world);
  Row row{.key = "", .amount = "CNY 1.00"};
  world.Insert("refund", 7, row);
  world.Prove();
  EXPECT_THAT(Codes(world.Check("refund", "r1", "CNY 1.00")), ElementsAre("UNPROVEN"));
}

TEST_F(Freshness, ADeclaredAllowReservesSaysItsReasonAndSpendsABudget) {
  World world([](Policy& policy) {
    Checkpoint(policy, "refund").when_stale = Verdict::kAllow;
    Checkpoint(policy, "refund").blind_budget = Budget{2, M("CNY 15.00")};
  });
  Pay(world);
  world.Advance(absl::Seconds(10));
  const Decision first = world.Check("refund", "r1", "CNY 10.00");
  EXPECT_EQ(first.verdict, Verdict::kAllow);
  EXPECT_EQ(first.reasons.front().code, ReasonCode::kStaleSource);
  EXPECT_EQ(world.OrderCounter("refunded").pending_up, 1000);
  EXPECT_EQ(world.Check("refund", "r2", "CNY 10.00").verdict, Verdict::kHold);  // money
  EXPECT_EQ(world.Check("refund", "r3", "CNY 1.00").verdict, Verdict::kAllow);
  EXPECT_EQ(world.Check("refund", "r4", "CNY 1.00").verdict, Verdict::kHold);  // calls
  world.Prove();
  world.Check("refund", "r5", "CNY 1.00");
  world.Advance(absl::Seconds(10));
  EXPECT_EQ(world.Check("refund", "r6", "CNY 1.00").verdict, Verdict::kAllow);  // granted anew
}

TEST_F(Freshness, ADeclaredAllowNeverCoversABrokenInvariant) {
  World world([](Policy& policy) {
    Checkpoint(policy, "refund").when_stale = Verdict::kAllow;
    Checkpoint(policy, "refund").blind_budget = Budget{2, M("CNY 1000.00")};
  });
  Pay(world);
  world.Advance(absl::Seconds(10));
  EXPECT_EQ(world.Check("refund", "r1", "CNY 100.01").verdict, Verdict::kHold);
}

TEST_F(Freshness, AClockThatRanAwayMakesEverythingStaleUntilAnOperatorAcceptsIt) {
  World world;
  Pay(world);
  const Decision allowed = world.Check("refund", "r0", "CNY 1.00");
  world.Get<Done>(ClockDriftInput{absl::Hours(24)});
  const Decision decision = world.Check("refund", "r1", "CNY 1.00");
  EXPECT_THAT(Codes(decision), ElementsAre("STALE_SOURCE"));
  EXPECT_EQ(decision.reasons.front().name, "clock");
  EXPECT_THAT(Codes(world.Check("refund", "r0", "CNY 1.00")), ElementsAre("STALE_SOURCE"));
  world.Get<Done>(AcceptTimeInput{"ann", "the time server was wrong"});
  EXPECT_EQ(world.Check("refund", "r1", "CNY 1.00").verdict, Verdict::kAllow);
  EXPECT_EQ(world.Check("refund", "r0", "CNY 1.00").id, allowed.id);
}

TEST_F(Freshness, ATimeInStepNeedsNoAcceptance) {
  World world;
  Pay(world);
  EXPECT_EQ(world.Get<Refusal>(AcceptTimeInput{"ann", "to be sure"}).status.code(),
            absl::StatusCode::kFailedPrecondition);
}

// What a gap hides may be the payment that makes the difference.
TEST_F(Freshness, ABrokenInvariantThatAGapMayCureIsNeverABlock) {
  World world;
  Pay(world);
  const auto lose = [&world](const char* position, const char* kind, const char* order) {
    world.Feed(
        {Event{position, world.now(),
               GapEvent{{MovementKind(kind), AccountId("m1"), OrderId(order)}, "", "lost"}}});
    world.Prove();
  };
  lose("ledger:2/0", "settlement", "o2");
  EXPECT_EQ(world.Check("refund", "r1", "CNY 100.01").verdict, Verdict::kBlock);
  lose("ledger:3/0", "payment", "o1");
  const Decision decision = world.Check("refund", "r1", "CNY 100.01");
  EXPECT_EQ(decision.verdict, Verdict::kHold);
  for (const std::string& code : Codes(decision)) EXPECT_EQ(code, "UNPROVEN");
}

TEST_F(Freshness, ABudgetForAllowingOverAGapIsNotRefilledByWhatTheGapDoesNotTouch) {
  World world([](Policy& policy) {
    Checkpoint(policy, "refund").when_unproven = Verdict::kAllow;
    Checkpoint(policy, "refund").blind_budget = Budget{1, M("CNY 100.00")};
  });
  Pay(world);
  world.Insert("payment", 2, {.key = "p2", .order = "o2"});
  world.Feed(
      {Event{"ledger:3/0", world.now(),
             GapEvent{{MovementKind("refund"), AccountId("m1"), OrderId("o1")}, "", "lost"}}});
  world.Prove();
  EXPECT_EQ(world.Check("refund", "r1", "CNY 1.00", "o1").verdict, Verdict::kAllow);
  EXPECT_EQ(world.Check("refund", "r2", "CNY 1.00", "o2").verdict, Verdict::kAllow);
  EXPECT_EQ(world.Check("refund", "r3", "CNY 1.00", "o1").verdict, Verdict::kHold);
}

TEST_F(Freshness, ARowThatCantBePostedAnyMoreLeavesItsOldPlaceUnprovenToo) {
  World world;
  Pay(world);
  world.Update("payment", 1, {.key = "p1"}, {.key = "", .account = "m2", .order = "o2"});
  world.Prove();
  EXPECT_THAT(Codes(world.Check("refund", "r1", "CNY 1.00")), ElementsAre("UNPROVEN"));
}

}  // namespace
}  // namespace fundgate::core::testing
