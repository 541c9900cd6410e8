#include "server/core/timers.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/world.h"

namespace fundgate::core::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

void AutoRelease(Policy& policy) {
  for (CheckpointDefinition& checkpoint : policy.checkpoints) checkpoint.auto_release = true;
}

Decision PayAndAllow(World& world) {
  world.Insert("payment", 1, {.key = "p1"});
  world.Prove();
  return world.Check("refund", "r1", "CNY 60.00");
}

void TickAfter(World& world, absl::Duration duration) {
  world.Advance(duration);
  world.Put(TickInput{});
}

TEST(Timers, AnIdleTickIsNotRecorded) {
  World world;
  const Sequence before = world.state().resident().clock.sequence;
  TickAfter(world, absl::Seconds(1));
  EXPECT_EQ(world.state().resident().clock.sequence, before);
}

TEST(Timers, OverdueAlertsOnceAndReleasesNothing) {
  World world;
  PayAndAllow(world);
  TickAfter(world, absl::Minutes(10) - absl::Nanoseconds(1));
  EXPECT_THAT(world.Violations(), IsEmpty());
  TickAfter(world, absl::Nanoseconds(1));
  TickAfter(world, absl::Hours(5));
  TickAfter(world, absl::Hours(24 * 500));
  EXPECT_THAT(world.Violations(), ElementsAre("overdue"));
  EXPECT_EQ(world.OrderCounter("refunded").pending_up, 6000);
  EXPECT_TRUE(world.Key("refund", "r1").reservation->overdue);
}

TEST(Timers, ConfirmedButNeverReportedIsOverdueToo) {
  World world;
  const Decision decision = PayAndAllow(world);
  world.Get<ReservationAnswer>(ConfirmInput{decision.account, decision.key, decision.id, {}});
  TickAfter(world, absl::Minutes(10));
  EXPECT_THAT(world.Violations(), ElementsAre("overdue"));
}

TEST(Timers, AutoReleaseOnlyWhenProvenNotToHaveMoved) {
  World world(AutoRelease);
  PayAndAllow(world);
  TickAfter(world, absl::Minutes(10));  // the source is not proven past valid_until + grace
  EXPECT_THAT(world.Violations(), ElementsAre("overdue"));
  world.Prove();
  TickAfter(world, absl::Minutes(1));
  EXPECT_EQ(world.Key("refund", "r1").reservation->state, ReservationState::kReleased);
  EXPECT_EQ(world.OrderCounter("refunded").pending_up, 0);
}

TEST(Timers, AnythingHeardOfItPreventsAutoRelease) {
  const Row progress{.key = "r1", .amount = "CNY 60.00", .status = MovementStatus::kInProgress};
  World seen(AutoRelease);
  PayAndAllow(seen);
  seen.Insert("refund", 1, progress);
  seen.Advance(absl::Minutes(11));
  seen.Prove();
  TickAfter(seen, absl::ZeroDuration());
  EXPECT_EQ(seen.Key("refund", "r1").reservation->state, ReservationState::kPending);

  World gap(AutoRelease);
  PayAndAllow(gap);
  gap.Feed({Event{"ledger:9/0", gap.now(), GapEvent{{MovementKind("refund"), {}, {}}, "t", "x"}}});
  gap.Advance(absl::Minutes(11));
  gap.Prove();
  TickAfter(gap, absl::ZeroDuration());
  EXPECT_EQ(gap.Key("refund", "r1").reservation->state, ReservationState::kPending);
}

TEST(Timers, FinishedKeysExpireAndCloseTheirOrder) {
  World world;
  PayAndAllow(world);
  world.Insert("refund", 1, {.key = "r1", .amount = "CNY 60.00"});
  TickAfter(world, absl::Minutes(10));
  TickAfter(world, absl::Hours(24 * 400));
  EXPECT_EQ(world.state().of<core::Keys>().count({MovementKind("refund"), IdempotencyKey("r1")}),
            0U);
  world.Prove();
  const Decision decision = world.Check("refund", "r1", "CNY 1.00");
  EXPECT_EQ(decision.verdict, Verdict::kHold);
  EXPECT_EQ(decision.reasons.front().name, "key_retention");
  EXPECT_EQ(world.Check("refund", "r2", "CNY 1.00", "o2").verdict, Verdict::kBlock);
}

TEST(Timers, AForgottenKeyThatOnlyEventsKnewClosesItsOrderToo) {
  World world;
  world.Insert("payment", 1, {.key = "p1"});
  world.Insert("refund", 1, {.key = "r1", .amount = "CNY 60.00"});
  world.Get<BreakerAnswer>(ResetBreakerInput{"*/order:o1", "ann", "looked at"});
  TickAfter(world, absl::Hours(24 * 401));
  world.Prove();
  EXPECT_EQ(world.Check("refund", "r1", "CNY 1.00").reasons.front().name, "key_retention");
}

TEST(Timers, AForgottenRowThatComesToAnotherOrderIsPostedToSharedBooksOnlyByItsGrowth) {
  World world;
  const Row before{.key = "s1", .amount = "CNY 50.00", .net = "CNY 49.00", .fee = "CNY 1.00"};
  world.Insert("settlement", 1, before);
  TickAfter(world, absl::Hours(24 * 401));
  Row after{
      .key = "s1", .order = "o2", .amount = "CNY 60.00", .net = "CNY 58.00", .fee = "CNY 2.00"};
  world.Update("settlement", 1, before, after);
  EXPECT_EQ(world.OrderCounter("settled", "o2").posted, 6000);
  EXPECT_EQ(world.MerchantCounter("settled").posted, 5800);
  world.Delete("settlement", 1, after);  // and at most what is known to be posted is taken back
  EXPECT_EQ(world.OrderCounter("settled", "o2").posted, 0);
  EXPECT_EQ(world.MerchantCounter("settled").posted, 4900);
}

TEST(Timers, AnEditOfAForgottenRowEndsWhatItsKeyHasReservedSince) {
  World world;
  world.Insert("payment", 1, {.key = "p1", .order = "o2"});
  const Row before{.key = "r1", .order = "o1", .amount = "CNY 1.00"};
  world.Insert("refund", 1, before);
  world.Get<BreakerAnswer>(ResetBreakerInput{"*/order:o1", "ann", "looked at"});
  TickAfter(world, absl::Hours(24 * 401));
  world.Prove();
  ASSERT_EQ(world.Check("refund", "r1", "CNY 5.00", "o2").verdict, Verdict::kAllow);
  world.Update("refund", 1, before, before);
  EXPECT_EQ(world.Key("refund", "r1").reservation->state, ReservationState::kPosted);
  EXPECT_EQ(world.OrderCounter("refunded", "o2").pending_up, 0);
}

TEST(Timers, WhatIsUnderWayIsNeverForgotten) {
  World world;
  world.Insert("refund", 1, {.key = "r1", .status = MovementStatus::kInProgress});
  for (int i = 0; i < 3; ++i) TickAfter(world, absl::Hours(24 * 401));
  EXPECT_TRUE(world.Key("refund", "r1").in_progress);
}

TEST(Timers, UnfinishedKeysNeverExpire) {
  World world;
  PayAndAllow(world);
  for (int i = 0; i < 5; ++i) TickAfter(world, absl::Hours(24 * 401));
  EXPECT_EQ(world.Key("refund", "r1").state, KeyState::kAllowed);
}

TEST(Timers, NothingHappensByTimeWhileTheClockIsInDoubt) {
  World world;
  PayAndAllow(world);
  world.Get<Done>(ClockDriftInput{absl::Hours(24)});
  TickAfter(world, absl::Hours(24));
  EXPECT_THAT(world.Violations(), IsEmpty());
  world.Get<Done>(AcceptTimeInput{"ann", "ok"});
  TickAfter(world, absl::ZeroDuration());
  EXPECT_THAT(world.Violations(), ElementsAre("overdue"));
}

TEST(Timers, AForgottenRejectedKeyClosesItsOrder) {
  World world;
  world.Insert("payment", 1, {.key = "p1"});
  world.Advance(absl::Minutes(1));
  const Decision held = world.Check("refund", "r1", "CNY 1.00");
  ASSERT_EQ(held.verdict, Verdict::kHold);
  world.Get<Done>(RejectHoldInput{held.account, held.key, held.id, "ann", "fraud"});
  TickAfter(world, absl::Hours(24 * 400));
  ASSERT_EQ(world.state().keys().count(held.key), 0U);
  world.Prove();
  EXPECT_NE(world.Check("refund", "r1", "CNY 1.00").verdict, Verdict::kAllow);
}

}  // namespace
}  // namespace fundgate::core::testing
