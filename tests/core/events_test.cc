// What events post, and every violation they can raise.
#include <functional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/core/event_violations.h"
#include "tests/core/world.h"

namespace fundgate::core::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

struct EventRow {
  std::string name;
  std::function<void(World&)> story;
  std::vector<std::string> violations;
  int64_t refunded;  // posted to o1 in the end, minor units
};

class Events : public ::testing::TestWithParam<EventRow> {};

const Row kRefund{.key = "r1", .amount = "CNY 10.00"};

Decision Allow(World& world) { return world.Check("refund", "r1", "CNY 10.00"); }

TEST_P(Events, PostWhatHappenedAndNameWhatDoesNotFit) {
  World world;
  world.Insert("payment", 1, {.key = "p1"});
  world.Prove();
  GetParam().story(world);
  EXPECT_EQ(world.Violations(), GetParam().violations);
  EXPECT_EQ(world.OrderCounter("refunded").posted, GetParam().refunded);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, Events,
    ::testing::Values(
        EventRow{"AllowedAndMoved_Fits",
                 [](World& w) {
                   Allow(w);
                   w.Insert("refund", 1, kRefund);
                 },
                 {},
                 1000},
        EventRow{"NeverAsked_IsUngated",
                 [](World& w) { w.Insert("refund", 1, kRefund); },
                 {"ungated"},
                 1000},
        EventRow{"OnlyHeld_IsUngated",
                 [](World& w) {
                   w.Get<BreakerAnswer>(TripBreakerInput{"*", Verdict::kHold, "ann", "", {}});
                   Allow(w);
                   w.Insert("refund", 1, kRefund);
                 },
                 {"ungated"},
                 1000},
        EventRow{"Blocked_IsAfterBlock",
                 [](World& w) {
                   w.Check("refund", "r1", "CNY 1000.00");
                   w.Insert("refund", 1, kRefund);
                 },
                 {"after_block"},
                 1000},
        EventRow{"Released_IsAfterRelease",
                 [](World& w) {
                   const Decision d = Allow(w);
                   w.Get<ReservationAnswer>(ReleaseInput{d.account, d.key, d.id, ""});
                   w.Insert("refund", 1, kRefund);
                 },
                 {"after_release"},
                 1000},
        EventRow{"ReleasedWhileUnknown_IsAfterRelease",
                 [](World& w) {
                   w.Get<ReservationAnswer>(ReleaseInput{
                       AccountId("m1"), {MovementKind("refund"), IdempotencyKey("r1")}, "", ""});
                   w.Insert("refund", 1, kRefund);
                 },
                 {"after_release"},
                 1000},
        EventRow{"SecondRow_IsADuplicate",
                 [](World& w) {
                   Allow(w);
                   w.Insert("refund", 1, kRefund);
                   w.Insert("refund", 2, kRefund);
                 },
                 {"duplicate_movement"},
                 2000},
        EventRow{"SameRowInsertedAgain_IsADuplicate",
                 [](World& w) {
                   Allow(w);
                   w.Insert("refund", 1, kRefund);
                   w.Insert("refund", 1, kRefund);
                 },
                 {"duplicate_movement"},
                 2000},
        EventRow{"OtherAmount_IsAMismatch",
                 [](World& w) {
                   Allow(w);
                   w.Insert("refund", 1, {.key = "r1", .amount = "CNY 9.99"});
                 },
                 {"amount_mismatch"},
                 999},
        EventRow{"CentsForYuan_IsAUnitMismatch",
                 [](World& w) {
                   w.Check("refund", "r1", "CNY 0.10");
                   w.Insert("refund", 1, kRefund);
                 },
                 {"unit_mismatch"},
                 1000},
        EventRow{"OtherAccount",
                 [](World& w) {
                   Allow(w);
                   w.Insert("refund", 1, {.key = "r1", .account = "m2", .amount = "CNY 10.00"});
                 },
                 {"other_account"},
                 0},
        EventRow{"OtherOrder",
                 [](World& w) {
                   Allow(w);
                   w.Insert("refund", 1, {.key = "r1", .order = "o2", .amount = "CNY 10.00"});
                 },
                 {"other_order"},
                 0},
        EventRow{"OtherCurrency",
                 [](World& w) {
                   Allow(w);
                   w.Insert("refund", 1, {.key = "r1", .amount = "USD 10.00"});
                 },
                 {"other_currency"},
                 0},
        EventRow{"DeletedAfterwards_IsUndone",
                 [](World& w) {
                   Allow(w);
                   w.Insert("refund", 1, kRefund);
                   w.Delete("refund", 1, kRefund);
                 },
                 {"movement_undone"},
                 0},
        EventRow{"EditedDown_IsUndoneAndMismatches",
                 [](World& w) {
                   Allow(w);
                   w.Insert("refund", 1, kRefund);
                   w.Update("refund", 1, kRefund, {.key = "r1", .amount = "CNY 4.00"});
                 },
                 {"movement_undone", "amount_mismatch"},
                 400},
        EventRow{"EditedUp_PostsTheDifferenceAndMismatches",
                 [](World& w) {
                   Allow(w);
                   w.Insert("refund", 1, kRefund);
                   w.Update("refund", 1, kRefund, {.key = "r1", .amount = "CNY 12.00"});
                 },
                 {"amount_mismatch"},
                 1200},
        EventRow{"ReportOfProgressThatSuccessOvertook_SaysNothing",
                 [](World& w) {
                   Allow(w);
                   w.Insert("refund", 1, kRefund);
                   w.Insert(
                       "refund", 1,
                       {.key = "r1", .amount = "CNY 10.00", .status = MovementStatus::kInProgress});
                 },
                 {},
                 1000},
        EventRow{"FailedAfterSuccess_IsUndone",
                 [](World& w) {
                   Allow(w);
                   w.Insert("refund", 1, kRefund);
                   w.Update(
                       "refund", 1, kRefund,
                       {.key = "r1", .amount = "CNY 10.00", .status = MovementStatus::kFailed});
                 },
                 {"movement_undone"},
                 0},
        EventRow{"KeyChanged_MovesTheContribution",
                 [](World& w) {
                   Allow(w);
                   w.Insert("refund", 1, kRefund);
                   w.Update("refund", 1, kRefund, {.key = "r2", .amount = "CNY 10.00"});
                 },
                 {"movement_undone", "ungated"},
                 1000},
        EventRow{"InProgressThenSuccess_PostsOnce",
                 [](World& w) {
                   Allow(w);
                   const Row pending{
                       .key = "r1", .amount = "CNY 10.00", .status = MovementStatus::kInProgress};
                   w.Insert("refund", 1, pending);
                   w.Update("refund", 1, pending, kRefund);
                 },
                 {},
                 1000},
        EventRow{
            "HistoryEditedDown_ReversesNothing",
            [](World& w) { w.Update("refund", 1, kRefund, {.key = "r1", .amount = "CNY 4.00"}); },
            {},
            0},
        EventRow{
            "HistoryEditedUp_PostsTheGrowth",
            [](World& w) { w.Update("refund", 1, kRefund, {.key = "r1", .amount = "CNY 12.00"}); },
            {},
            200},
        EventRow{"HistoryDeleted_ReversesNothing",
                 [](World& w) { w.Delete("refund", 1, kRefund); },
                 {},
                 0}),
    [](const auto& row) { return row.param.name; });

TEST(Events, AKeyOfWhichOnlyTheGrowthIsKnownHasMoved) {
  World world;
  world.Update("refund", 1, kRefund, {.key = "r1", .amount = "CNY 12.00"});
  EXPECT_EQ(world.Key("refund", "r1").state, KeyState::kMoved);
  EXPECT_EQ(world.Check("refund", "r1", "CNY 12.00").reasons.front().code,
            ReasonCode::kAlreadyMoved);
}

TEST(Events, WhatDidNotFitIsNotTakenBackLater) {
  World world;
  const Row most{.key = "p1", .amount = "CNY 92233720368547758.07"};
  const Row more{.key = "p2", .amount = "CNY 1.64"};
  world.Insert("payment", 1, most);
  world.Insert("payment", 2, more);
  world.Delete("payment", 2, more);
  EXPECT_EQ(world.OrderCounter("paid").posted, INT64_MAX);
}

TEST(Events, ARedeliveredFailureReleasesNothing) {
  World world;
  world.Insert("payment", 1, {.key = "p1"});
  const Event failed = world.NewEvent(
      "refund", 1, std::nullopt,
      Row{.key = "r1", .amount = "CNY 10.00", .status = MovementStatus::kFailed}.ToContribution());
  world.Feed({failed});
  world.Prove();
  ASSERT_EQ(Allow(world).verdict, Verdict::kAllow);
  world.Feed({failed});
  EXPECT_EQ(world.OrderCounter("refunded").pending_up, 1000);
}

TEST(Events, PartsAreUndoneByTheEffectsThatShrink) {
  World world;
  const Row small{.key = "s1", .amount = "CNY 10.00", .net = "CNY 0.00", .fee = "CNY 10.00"};
  const Row shifted{.key = "s1", .amount = "CNY 10.00", .net = "CNY 9.00", .fee = "CNY 1.00"};
  const Row emptied{.key = "s1", .amount = "CNY 50.00", .net = "CNY 0.00", .fee = "CNY 50.00"};
  world.Insert("settlement", 1, small);
  world.Update("settlement", 1, small, shifted);
  EXPECT_THAT(world.Violations(), ElementsAre("ungated"));
  EXPECT_EQ(world.MerchantCounter("settled").posted, 900);
  world.Update("settlement", 1, shifted, emptied);
  EXPECT_THAT(world.Violations(), ElementsAre("ungated", "movement_undone"));
  EXPECT_EQ(world.MerchantCounter("settled").posted, 0);
  EXPECT_EQ(world.OrderCounter("settled").posted, 5000);
}

TEST(Events, ARowOlderThanTheGateGivesBackOnlyWhatItGrewBy) {
  World world;
  const Row old{.key = "p1", .amount = "CNY 100.00"};
  const Row grown{.key = "p1", .amount = "CNY 120.00"};
  const Row shrunk{.key = "p1", .amount = "CNY 110.00"};
  world.Update("payment", 1, old, grown);
  EXPECT_EQ(world.OrderCounter("paid").posted, 2000);
  world.Update("payment", 1, grown, shrunk);
  EXPECT_EQ(world.OrderCounter("paid").posted, 1000);
  world.Update("payment", 1, shrunk, {.key = "p1", .amount = "CNY 1.00"});
  EXPECT_EQ(world.OrderCounter("paid").posted, 0);
}

TEST(Events, TheSameEventAgainIsARedeliveryWithoutEffect) {
  World world;
  const Event event = world.NewEvent("payment", 1, std::nullopt, Row{.key = "p1"}.ToContribution());
  world.Feed({event});
  world.Feed({event});
  EXPECT_EQ(world.OrderCounter("paid").posted, 10000);
  EXPECT_THAT(world.Violations(), IsEmpty());
}

TEST(Events, AReversibleKindMayShrinkInSilence) {
  World world;
  world.Insert("payment", 1, {.key = "p1"});
  world.Insert("chargeback", 1, {.key = "b1", .amount = "CNY 30.00"});
  EXPECT_EQ(world.OrderCounter("paid").posted, 7000);
  world.Delete("chargeback", 1, {.key = "b1", .amount = "CNY 30.00"});
  EXPECT_EQ(world.OrderCounter("paid").posted, 10000);
  EXPECT_THAT(world.Violations(), IsEmpty());
}

TEST(Events, AFailedOneReleasesTheFirstGenerationOnly) {
  World world;
  world.Insert("payment", 1, {.key = "p1"});
  world.Prove();
  const Decision first = Allow(world);
  const Row failed{.key = "r1", .amount = "CNY 10.00", .status = MovementStatus::kFailed};
  world.Insert("refund", 1, failed);
  EXPECT_EQ(world.Key("refund", "r1").reservation->state, ReservationState::kReleased);
  const Decision second = Allow(world);
  ASSERT_NE(second.id, first.id);
  world.Insert("refund", 2, failed);
  EXPECT_EQ(world.Key("refund", "r1").reservation->state, ReservationState::kPending);
}

TEST(Events, AFailedRowThatIsTouchedAgainReleasesNothing) {
  World world;
  world.Insert("payment", 1, {.key = "p1"});
  const Row failed{.key = "r1", .amount = "CNY 10.00", .status = MovementStatus::kFailed};
  world.Insert("refund", 1, failed);
  world.Prove();
  ASSERT_EQ(Allow(world).verdict, Verdict::kAllow);
  world.Update("refund", 1, failed, failed);  // another column changed
  EXPECT_EQ(world.Key("refund", "r1").reservation->state, ReservationState::kPending);
}

TEST(Events, HistoryBeforeGatedFromIsNotUngated) {
  World world([](Policy& policy) {
    for (MovementDefinition& movement : policy.movements) {
      movement.gated_from = absl::FromUnixSeconds(1'800'000'060);
    }
  });
  world.Insert("refund", 1, kRefund);
  EXPECT_THAT(world.Violations(), IsEmpty());
  world.Advance(absl::Minutes(2));
  world.Insert("refund", 2, {.key = "r2", .amount = "CNY 10.00"});
  EXPECT_THAT(world.Violations(), ElementsAre("ungated"));
}

TEST(Events, ABrokenInvariantIsOnlyAViolationOnceNothingOnItsWayCanCureIt) {
  World world;
  world.Insert("payment", 1, {.key = "p1", .amount = "CNY 5.00"});
  world.Insert("chargeback", 1, {.key = "b1", .amount = "CNY 5.00"});
  world.Insert("late_refund", 1, {.key = "l1", .amount = "CNY 5.00"});
  EXPECT_THAT(world.Violations(), ElementsAre("ungated"));
  world.Insert("payment", 2, {.key = "p2", .amount = "CNY 5.00"});  // it was only late
  world.Insert(
      "settlement", 1,
      {.key = "s1", .order = "o9", .amount = "CNY 0.01", .net = "CNY 0.01", .fee = "CNY 0.00"});
  world.Advance(absl::Seconds(1));
  world.Prove();
  // o1 is cured; o9 was settled without a payment; m1 gave back more than it was settled.
  EXPECT_THAT(world.Violations(),
              ElementsAre("ungated", "ungated", "cash_out_within_settled", "escrow_covers"));
}

TEST(Events, FreezeHoldsTheOrderAndTripTheCheckpointsOfTheAccount) {
  World world;
  world.Insert("late_refund", 1, {.key = "l1", .amount = "CNY 5.00"});
  world.Advance(absl::Seconds(1));
  world.Prove();
  const auto& breakers = world.state().resident().of<core::Breakers>();
  EXPECT_EQ(breakers.at("*/order:o1").origin, BreakerOrigin::kFreeze);
  EXPECT_EQ(breakers.at("cash_out/account:m1").origin, BreakerOrigin::kTrip);
  EXPECT_EQ(breakers.at("late_refund/account:m1").mode, Verdict::kHold);
  EXPECT_EQ(breakers.count("refund/account:m1"), 0U);
}

TEST(Events, AViolationSaysWhoWroteItsEvent) {
  World world;
  Event event = world.NewEvent("refund", 1, std::nullopt, Row{.key = "r1"}.ToContribution());
  event.origin = {77, "UPDATE refund SET status = 'SUCCESS'", {{"request", "q-1"}}};
  world.Feed({event});
  const auto fields = world.state().violations().front().fields;
  EXPECT_THAT(fields, Contains(Pair("origin.server_id", "77")));
  EXPECT_THAT(fields, Contains(Pair("origin.statement", "UPDATE refund SET status = 'SUCCESS'")));
  EXPECT_THAT(fields, Contains(Pair("origin.marker.request", "q-1")));
}

// A world whose policy reacts to violations of movements.
World Reacting(ViolationKind kind, OnEvent reaction) {
  return World([=](Policy& policy) { policy.on_violation = {{kind, reaction}}; });
}

TEST(Reactions, AnUngatedMovementFreezesItsAccountAtOnce) {
  World world = Reacting(ViolationKind::kUngated, OnEvent::kFreeze);
  world.Insert("payment", 1, {.key = "p1"});
  world.Insert("refund", 1, {.key = "r1", .amount = "CNY 5.00"});
  const Breaker& breaker = world.state().resident().of<core::Breakers>().at("*/account:m1");
  EXPECT_EQ(breaker.origin, BreakerOrigin::kFreeze);
  EXPECT_EQ(breaker.mode, Verdict::kHold);
  EXPECT_FALSE(breaker.until.has_value());
  EXPECT_EQ(breaker.reason, "ungated, refund r1: it moved without having been asked for");
  EXPECT_THAT(Codes(world.Check("refund", "r2", "CNY 1.00")), ElementsAre("BREAKER"));
  EXPECT_THAT(Codes(world.Check("refund", "r3", "CNY 1.00", "o2")), Contains("BREAKER"));
}

TEST(Reactions, AnOperatorEndsTheFreezeAndTheNextViolationFreezesAgain) {
  World world = Reacting(ViolationKind::kUngated, OnEvent::kFreeze);
  world.Insert("payment", 1, {.key = "p1"});
  world.Insert("refund", 1, {.key = "r1", .amount = "CNY 5.00"});
  world.Put(ResetBreakerInput{"*/account:m1", "li", "explained"});
  world.Prove();
  EXPECT_EQ(world.Check("refund", "r2", "CNY 1.00").verdict, Verdict::kAllow);
  world.Insert("refund", 2, {.key = "r3", .amount = "CNY 5.00"});
  EXPECT_EQ(world.Check("refund", "r4", "CNY 1.00").verdict, Verdict::kHold);
}

TEST(Reactions, ATripHoldsTheAccountsChecksOfThatKindAlone) {
  World world = Reacting(ViolationKind::kUngated, OnEvent::kTrip);
  world.Insert("refund", 1, {.key = "r1", .amount = "CNY 5.00"});
  const auto& breakers = world.state().resident().of<core::Breakers>();
  ASSERT_EQ(breakers.size(), 1U);
  EXPECT_EQ(breakers.at("refund/account:m1").origin, BreakerOrigin::kTrip);
}

TEST(Reactions, ATripOfAKindWithoutCheckpointHoldsTheWholeAccount) {
  World world = Reacting(ViolationKind::kDuplicateMovement, OnEvent::kTrip);
  world.Insert("payment", 1, {.key = "p1"});
  world.Insert("payment", 2, {.key = "p1"});
  EXPECT_EQ(world.state().resident().of<core::Breakers>().count("*/account:m1"), 1U);
}

TEST(Reactions, WhatThePolicyDoesntNameOnlyAlerts) {
  World world = Reacting(ViolationKind::kDuplicateMovement, OnEvent::kFreeze);
  world.Insert("payment", 1, {.key = "p1"});
  world.Insert("refund", 1, {.key = "r1", .amount = "CNY 5.00"});
  EXPECT_THAT(world.Violations(), ElementsAre("ungated"));
  EXPECT_TRUE(world.state().resident().of<core::Breakers>().empty());
}

TEST(Reactions, HistoryFromBeforeTheGateFreezesNobody) {
  World world([](Policy& policy) {
    policy.on_violation = {{ViolationKind::kUngated, OnEvent::kFreeze}};
    for (MovementDefinition& movement : policy.movements) {
      if (movement.gated) movement.gated_from = absl::FromUnixSeconds(1'800'000'000);
    }
  });
  Event event = world.NewEvent("refund", 1, std::nullopt, Row{.key = "r1"}.ToContribution());
  event.occurred_at = absl::FromUnixSeconds(1'700'000'000);
  world.Feed({event});
  EXPECT_TRUE(world.state().resident().of<core::Breakers>().empty());
}

TEST(Events, AnAmountThatDoesNotFitLeavesTheBookUnproven) {
  World world;
  const std::string most = "CNY 92233720368547758.07";
  world.Insert("payment", 1, {.key = "p1", .amount = most});
  world.Insert("payment", 2, {.key = "p2", .amount = most});
  EXPECT_EQ(world.OrderCounter("paid").posted, INT64_MAX);
  world.Prove();
  EXPECT_THAT(Codes(world.Check("refund", "r1", "CNY 1.00")), ElementsAre("UNPROVEN"));
}

TEST(Events, AKindTheSourceDoesNotReportIsAGap) {
  World world;
  world.Insert("payout", 1, {.key = "x1", .order = ""});
  EXPECT_EQ(world.state().resident().of<core::Gaps>().size(), 1U);
  EXPECT_TRUE(world.state().of<core::Books>().empty());
}

TEST(PowerOfTen, IsFoundBetweenAmountsThatDifferByUnitsAlone) {
  EXPECT_EQ(PowerOfTenBetween(1234, 123400), 2);
  EXPECT_EQ(PowerOfTenBetween(123400, 1234), 2);
  EXPECT_EQ(PowerOfTenBetween(100, 1000), 1);
  EXPECT_EQ(PowerOfTenBetween(100, 100), 0);
  EXPECT_EQ(PowerOfTenBetween(100, 300), 0);
  EXPECT_EQ(PowerOfTenBetween(0, 100), 0);
  EXPECT_EQ(PowerOfTenBetween(1234, 12340000), 4);
}

}  // namespace
}  // namespace fundgate::core::testing
