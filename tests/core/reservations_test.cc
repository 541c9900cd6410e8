#include "server/core/reservations.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/world.h"

namespace fundgate::core::testing {
namespace {

class Reservations : public ::testing::Test {
 protected:
  Reservations() {
    world_.Insert("payment", 1, {.key = "p1"});
    world_.Prove();
    allowed_ = world_.Check("refund", "r1", "CNY 60.00");
  }

  ConfirmInput ConfirmOf(std::optional<Money> amount = std::nullopt) const {
    return {allowed_.account, allowed_.key, allowed_.id, amount};
  }
  ReleaseInput ReleaseOf() const { return {allowed_.account, allowed_.key, allowed_.id, "no"}; }

  World world_;
  Decision allowed_;
};

TEST_F(Reservations, AnAllowReservesAndSaysUntilWhen) {
  EXPECT_EQ(world_.OrderCounter("refunded"), (Counter{0, 6000, 0}));
  EXPECT_EQ(*allowed_.valid_until, world_.now() + absl::Minutes(2));
  EXPECT_EQ(*allowed_.overdue_at, world_.now() + absl::Minutes(10));
}

TEST_F(Reservations, AConfirmPinsAndPostsNothingWhereASourceReports) {
  const Reservation confirmed = world_.Get<ReservationAnswer>(ConfirmOf()).reservation;
  EXPECT_EQ(confirmed.state, ReservationState::kConfirmed);
  EXPECT_TRUE(confirmed.pinned);
  EXPECT_EQ(world_.OrderCounter("refunded"), (Counter{0, 6000, 0}));
}

TEST_F(Reservations, ASmallerConfirmReturnsTheRest) {
  world_.Get<ReservationAnswer>(ConfirmOf(M("CNY 20.00")));
  EXPECT_EQ(world_.OrderCounter("refunded"), (Counter{0, 2000, 0}));
  EXPECT_EQ(world_.Check("refund", "r2", "CNY 80.00").verdict, Verdict::kAllow);
}

TEST_F(Reservations, ALargerOrForeignConfirmIsRefused) {
  for (const char* amount : {"CNY 60.01", "USD 60.00", "CNY 0.00", "CNY -1.00"}) {
    EXPECT_EQ(world_.RefusalOf(ConfirmOf(M(amount))), absl::StatusCode::kFailedPrecondition)
        << amount;
  }
}

TEST_F(Reservations, RepeatedIdenticalConfirmsAreNoOpsAndOthersAreRefused) {
  world_.Get<ReservationAnswer>(ConfirmOf(M("CNY 20.00")));
  const KeyRecord before = world_.Key("refund", "r1");
  world_.Get<ReservationAnswer>(ConfirmOf(M("CNY 20.00")));
  world_.Get<ReservationAnswer>(ConfirmOf());
  EXPECT_EQ(world_.RefusalOf(ConfirmOf(M("CNY 30.00"))), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(world_.Key("refund", "r1"), before);
}

TEST_F(Reservations, ACheckpointWithoutASourcePostsAtConfirm) {
  const Decision decision = world_.Check("payout", "x1", "CNY 30.00");
  const ReservationAnswer answer = world_.Get<ReservationAnswer>(
      ConfirmInput{decision.account, decision.key, decision.id, M("CNY 20.00")});
  EXPECT_EQ(answer.reservation.state, ReservationState::kPosted);
  const BookId payee{"payee", AccountId("m1"), OrderId(), M("CNY 1").currency};
  EXPECT_EQ(world_.state().of<core::Books>().at(payee).counters.front(), (Counter{2000, 0, 0}));
  EXPECT_EQ(world_.Check("payout", "x1", "CNY 30.00").reasons.front().code,
            ReasonCode::kAlreadyMoved);
}

TEST_F(Reservations, AReleaseReturnsEverything) {
  world_.Get<ReservationAnswer>(ReleaseOf());
  EXPECT_EQ(world_.OrderCounter("refunded"), (Counter{0, 0, 0}));
}

TEST_F(Reservations, RepeatedReleasesAreNoOps) {
  world_.Get<ReservationAnswer>(ReleaseOf());
  EXPECT_EQ(world_.Get<ReservationAnswer>(ReleaseOf()).reservation.state,
            ReservationState::kReleased);
}

TEST_F(Reservations, ConfirmAndReleaseExcludeEachOther) {
  world_.Get<ReservationAnswer>(ConfirmOf());
  EXPECT_EQ(world_.RefusalOf(ReleaseOf()), absl::StatusCode::kFailedPrecondition);

  const Decision other = world_.Check("refund", "r2", "CNY 1.00");
  world_.Get<ReservationAnswer>(ReleaseInput{other.account, other.key, other.id, ""});
  EXPECT_EQ(world_.RefusalOf(ConfirmInput{other.account, other.key, other.id, {}}),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(Reservations, BothActOnlyOnTheGenerationTheyName) {
  world_.Get<ReservationAnswer>(ReleaseOf());
  world_.Check("refund", "r1", "CNY 60.00");
  EXPECT_EQ(world_.RefusalOf(ConfirmOf()), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(world_.Get<ReservationAnswer>(ReleaseOf()).reservation.state,
            ReservationState::kReleased);
  EXPECT_EQ(world_.OrderCounter("refunded").pending_up, 6000);  // the new one stands
  EXPECT_EQ(world_.RefusalOf(ReleaseInput{allowed_.account, allowed_.key, "d0", ""}),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(Reservations, OnlyTheAccountThatAskedMayActOnIt) {
  ConfirmInput confirm = ConfirmOf();
  confirm.account = AccountId("m2");
  EXPECT_EQ(world_.RefusalOf(confirm), absl::StatusCode::kFailedPrecondition);
  ReleaseInput release = ReleaseOf();
  release.account = AccountId("m2");
  EXPECT_EQ(world_.RefusalOf(release), absl::StatusCode::kFailedPrecondition);
}

TEST_F(Reservations, AnUnknownKeyCanBeClosedButNotConfirmed) {
  const KeyId unknown{MovementKind("refund"), IdempotencyKey("never")};
  EXPECT_EQ(world_.RefusalOf(ConfirmInput{AccountId("m1"), unknown, "d1", {}}),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(world_.Get<ReservationAnswer>(ReleaseInput{AccountId("m1"), unknown, "", ""})
                .reservation.state,
            ReservationState::kReleased);
}

// Closing a key of a checkpoint that is only mistyped would leave the real one open.
TEST_F(Reservations, AnUnknownKeyOfNoCheckpointIsNotClosed) {
  ReleaseInput release;
  release.key = {MovementKind("refnd"), IdempotencyKey("r9")};
  release.account = AccountId("m1");
  EXPECT_EQ(world_.RefusalOf(release), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(world_.state().keys().count(release.key), 0U);
}

TEST_F(Reservations, WhatIsUnderWayCannotBeReleased) {
  world_.Insert("refund", 1,
                {.key = "r1", .amount = "CNY 60.00", .status = MovementStatus::kInProgress});
  EXPECT_TRUE(world_.Key("refund", "r1").reservation->pinned);
  EXPECT_EQ(world_.RefusalOf(ReleaseOf()), absl::StatusCode::kFailedPrecondition);
}

TEST_F(Reservations, AHoldOrBlockReservesNothing) {
  const Decision blocked = world_.Check("refund", "r2", "CNY 500.00");
  EXPECT_EQ(world_.RefusalOf(ReleaseInput{blocked.account, blocked.key, blocked.id, ""}),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(world_.OrderCounter("refunded").pending_up, 6000);
}

TEST_F(Reservations, OnlyAKeyThatIsStillHeldCanBeRejected) {
  EXPECT_EQ(
      world_.RefusalOf(RejectHoldInput{allowed_.account, allowed_.key, allowed_.id, "ann", ""}),
      absl::StatusCode::kFailedPrecondition);
}

TEST_F(Reservations, ManyLinesAreConfirmedWhole) {
  CheckInput settle = world_.NewCheck("settlement", "s1", "CNY 10.00");
  settle.lines = {{OrderId("o1"), 1000, {{"fee", 100}, {"net", 900}}}};
  const Decision decision = world_.Check(settle);
  ASSERT_EQ(decision.verdict, Verdict::kAllow);
  EXPECT_EQ(
      world_.RefusalOf(ConfirmInput{decision.account, decision.key, decision.id, M("CNY 5.00")}),
      absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace fundgate::core::testing
