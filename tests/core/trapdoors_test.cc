// Stories in which a careless gate loses money or angers a customer.
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/world.h"

namespace fundgate::core::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Row kMoved{.key = "r1", .amount = "CNY 60.00"};

class Trapdoors : public ::testing::Test {
 protected:
  Trapdoors() {
    world_.Insert("payment", 1, {.key = "p1"});
    world_.Prove();
  }
  Decision Ask() { return world_.Check("refund", "r1", "CNY 60.00"); }
  void Release(const Decision& d) {
    world_.Get<ReservationAnswer>(ReleaseInput{d.account, d.key, d.id, ""});
  }
  void Confirm(const Decision& d) {
    world_.Get<ReservationAnswer>(ConfirmInput{d.account, d.key, d.id, std::nullopt});
  }
  Counter refunded() const { return world_.OrderCounter("refunded"); }

  World world_;
};

TEST_F(Trapdoors, EventBeforeItsCheck) {
  world_.Insert("refund", 1, kMoved);
  EXPECT_THAT(Codes(Ask()), ElementsAre("ALREADY_MOVED"));
  EXPECT_EQ(refunded(), (Counter{6000, 0, 0}));
}

TEST_F(Trapdoors, ReleaseThenLateSuccess) {
  Release(Ask());
  world_.Insert("refund", 1, kMoved);
  EXPECT_THAT(world_.Violations(), ElementsAre("after_release"));
  EXPECT_EQ(refunded(), (Counter{6000, 0, 0}));
  EXPECT_THAT(Codes(Ask()), ElementsAre("ALREADY_MOVED"));
}

TEST_F(Trapdoors, RetriedReleaseOfAnOlderGeneration) {
  const Decision first = Ask();
  Release(first);
  const Decision second = Ask();
  Release(first);
  EXPECT_EQ(refunded(), (Counter{0, 6000, 0}));
  EXPECT_EQ(Ask().id, second.id);
}

TEST_F(Trapdoors, ConfirmThenEvent) {
  Confirm(Ask());
  world_.Insert("refund", 1, kMoved);
  EXPECT_EQ(refunded(), (Counter{6000, 0, 0}));
  EXPECT_EQ(world_.Key("refund", "r1").reservation->state, ReservationState::kPosted);
  EXPECT_THAT(world_.Violations(), IsEmpty());
}

TEST_F(Trapdoors, EventThenConfirm) {
  const Decision decision = Ask();
  world_.Insert("refund", 1, kMoved);
  Confirm(decision);
  EXPECT_EQ(refunded(), (Counter{6000, 0, 0}));
  EXPECT_EQ(world_.Key("refund", "r1").reservation->state, ReservationState::kPosted);
}

TEST_F(Trapdoors, ASmallerAmountMoved) {
  Ask();
  world_.Insert("refund", 1, {.key = "r1", .amount = "CNY 50.00"});
  EXPECT_EQ(refunded(), (Counter{5000, 0, 0}));
  EXPECT_THAT(world_.Violations(), ElementsAre("amount_mismatch"));
}

TEST_F(Trapdoors, ASmallerAmountConfirmedThenMoved) {
  const Decision d = Ask();
  world_.Get<ReservationAnswer>(ConfirmInput{d.account, d.key, d.id, M("CNY 50.00")});
  world_.Insert("refund", 1, {.key = "r1", .amount = "CNY 50.00"});
  EXPECT_THAT(world_.Violations(), IsEmpty());
  EXPECT_EQ(refunded(), (Counter{5000, 0, 0}));
}

TEST_F(Trapdoors, ALargerAmountMoved) {
  Ask();
  world_.Insert("refund", 1, {.key = "r1", .amount = "CNY 160.00"});
  world_.Advance(absl::Seconds(1));
  world_.Prove();
  EXPECT_EQ(refunded(), (Counter{16000, 0, 0}));
  EXPECT_THAT(world_.Violations(),
              ElementsAre("amount_mismatch", "escrow_covers", "refunds_within_paid"));
}

TEST_F(Trapdoors, ARowEditedAfterSuccess) {
  Ask();
  world_.Insert("refund", 1, kMoved);
  world_.Update("refund", 1, kMoved, {.key = "r1", .amount = "CNY 6.00"});
  EXPECT_THAT(world_.Violations(), ElementsAre("movement_undone", "unit_mismatch"));
  EXPECT_EQ(refunded().posted, 600);
}

TEST_F(Trapdoors, ARowDeleted) {
  Ask();
  world_.Insert("refund", 1, kMoved);
  world_.Delete("refund", 1, kMoved);
  EXPECT_THAT(world_.Violations(), ElementsAre("movement_undone"));
  EXPECT_EQ(refunded().posted, 0);
  EXPECT_THAT(Codes(Ask()), ElementsAre("ALREADY_MOVED"));
}

TEST_F(Trapdoors, ASecondRowWithTheSameKey) {
  Ask();
  world_.Insert("refund", 1, kMoved);
  world_.Insert("refund", 2, kMoved);
  EXPECT_THAT(world_.Violations(), ElementsAre("duplicate_movement"));
  EXPECT_EQ(refunded().posted, 12000);
}

TEST_F(Trapdoors, ASecondAccountUnderOneKey) {
  Ask();
  CheckInput other = world_.NewCheck("refund", "r1", "CNY 60.00");
  other.account = AccountId("m2");
  EXPECT_THAT(Codes(world_.Check(other)), ElementsAre("IDEMPOTENCY_CONFLICT"));
  EXPECT_EQ(world_.OrderCounter("refunded", "o1", "m2").pending_up, 0);
}

TEST(TrapdoorsOfSettlement, OneOverFiveHundredOrdersIsAllOrNothing) {
  constexpr int kOrders = 500;
  World world;
  CheckInput settle = world.NewCheck("settlement", "s1", "CNY 5000.00");
  settle.lines.clear();
  for (int i = 0; i < kOrders; ++i) {
    const std::string order = "o" + std::to_string(1000 + i);
    settle.lines.push_back({OrderId(order), 1000, {{"fee", 10}, {"net", 990}}});
    const bool last = i + 1 == kOrders;
    world.Insert("payment", i,
                 {.key = "p" + order, .order = order, .amount = last ? "CNY 9.99" : "CNY 10.00"});
  }
  world.Prove();
  const Decision blocked = world.Check(settle);
  EXPECT_EQ(blocked.verdict, Verdict::kBlock);
  EXPECT_THAT(Codes(blocked), ElementsAre("INVARIANT"));  // one line of five hundred
  EXPECT_EQ(world.MerchantCounter("settled"), (Counter{0, 0, 0}));
  EXPECT_EQ(world.OrderCounter("settled", "o1000"), (Counter{0, 0, 0}));

  world.Insert("payment", kOrders, {.key = "rest", .order = "o1499", .amount = "CNY 0.01"});
  world.Prove();
  ASSERT_EQ(world.Check(settle).verdict, Verdict::kAllow);
  EXPECT_EQ(world.MerchantCounter("settled"), (Counter{0, 495000, 0}));

  for (int i = 0; i < kOrders; ++i) {
    world.Insert("settlement", i,
                 {.key = "s1",
                  .order = settle.lines[static_cast<size_t>(i)].order.value(),
                  .amount = "CNY 10.00",
                  .net = "CNY 9.90",
                  .fee = "CNY 0.10"});
    if (i == 0) {
      EXPECT_EQ(world.MerchantCounter("settled"), (Counter{990, 494010, 0}));
      EXPECT_THAT(Codes(world.Check(settle)), ElementsAre("ALREADY_MOVED"));
    }
  }
  EXPECT_EQ(world.MerchantCounter("settled"), (Counter{495000, 0, 0}));
  EXPECT_EQ(world.Key("settlement", "s1").reservation->state, ReservationState::kPosted);
  EXPECT_THAT(world.Violations(), IsEmpty());
}

TEST(TrapdoorsOfSettlement, TheSamePartTwiceIsADuplicate) {
  World world;
  const Row part{.key = "s1", .amount = "CNY 10.00", .net = "CNY 9.90", .fee = "CNY 0.10"};
  world.Insert("payment", 1, {.key = "p1"});
  world.Prove();
  CheckInput settle = world.NewCheck("settlement", "s1", "CNY 10.00");
  settle.lines = {{OrderId("o1"), 1000, {{"fee", 10}, {"net", 990}}}};
  ASSERT_EQ(world.Check(settle).verdict, Verdict::kAllow);
  world.Insert("settlement", 1, part);
  world.Insert("settlement", 2, part);
  EXPECT_THAT(world.Violations(), ElementsAre("duplicate_movement"));
}

// A settlement of CNY 10.00 of each of two paid orders, allowed.
class TrapdoorsOfParts : public ::testing::Test {
 protected:
  TrapdoorsOfParts() {
    world_.Insert("payment", 1, {.key = "p1", .amount = "CNY 10.00"});
    world_.Insert("payment", 2, {.key = "p2", .order = "o2", .amount = "CNY 10.00"});
    world_.Prove();
    EXPECT_EQ(Ask().verdict, Verdict::kAllow);
  }
  Decision Ask() {
    CheckInput settle = world_.NewCheck("settlement", "s1", "CNY 20.00");
    settle.lines = {{OrderId("o1"), 1000, {{"fee", 10}, {"net", 990}}},
                    {OrderId("o2"), 1000, {{"fee", 10}, {"net", 990}}}};
    return world_.Check(settle);
  }
  void Report(int row, MovementStatus status) {
    world_.Insert("settlement", row,
                  {.key = "s1",
                   .order = "o" + std::to_string(row),
                   .amount = "CNY 10.00",
                   .net = "CNY 9.90",
                   .fee = "CNY 0.10",
                   .status = status});
  }

  World world_;
};

TEST_F(TrapdoorsOfParts, OneFailureGivesBackItsOwnLineAlone) {
  Report(1, MovementStatus::kFailed);
  EXPECT_EQ(world_.OrderCounter("settled", "o1"), (Counter{0, 0, 0}));
  EXPECT_EQ(world_.OrderCounter("settled", "o2"), (Counter{0, 1000, 0}));
  EXPECT_EQ(world_.MerchantCounter("settled"), (Counter{0, 990, 0}));
  world_.Prove();
  EXPECT_EQ(world_.Check("refund", "r1", "CNY 1.00", "o2").verdict, Verdict::kBlock);
  Report(2, MovementStatus::kHappened);
  EXPECT_THAT(world_.Violations(), IsEmpty());
  EXPECT_EQ(world_.Key("settlement", "s1").reservation->state, ReservationState::kPosted);
}

// A feeder need not name the parts: they are told apart by their orders.
TEST_F(TrapdoorsOfParts, RowsWithoutPartKeysAreNoDuplicates) {
  for (const char* order : {"o1", "o2"}) {
    Contribution row = Row{.key = "s1",
                           .order = order,
                           .amount = "CNY 10.00",
                           .net = "CNY 9.90",
                           .fee = "CNY 0.10"}
                           .ToContribution();
    row.part_key.clear();
    world_.Feed({world_.NewEvent("settlement", order[1], std::nullopt, row)});
  }
  EXPECT_THAT(world_.Violations(), IsEmpty());
  EXPECT_EQ(world_.Key("settlement", "s1").reservation->state, ReservationState::kPosted);
}

TEST_F(TrapdoorsOfParts, SeveralRowsOfOneOrderSettleTheirSharesOfIt) {
  Row row{
      .key = "s1", .amount = "CNY 6.00", .net = "CNY 5.94", .fee = "CNY 0.06", .part_key = "o1/a"};
  world_.Insert("settlement", 1, row);
  EXPECT_EQ(world_.OrderCounter("settled", "o1"), (Counter{600, 400, 0}));
  EXPECT_EQ(world_.MerchantCounter("settled"), (Counter{594, 1386, 0}));
  row.amount = "CNY 4.00";
  row.net = "CNY 3.96";
  row.fee = "CNY 0.04";
  row.part_key = "o1/b";
  world_.Insert("settlement", 2, row);
  EXPECT_EQ(world_.OrderCounter("settled", "o1"), (Counter{1000, 0, 0}));
  EXPECT_EQ(world_.MerchantCounter("settled"), (Counter{990, 990, 0}));
  EXPECT_THAT(world_.Violations(), IsEmpty());
  row.part_key = "o1/c";
  world_.Insert("settlement", 3, row);
  EXPECT_THAT(world_.Violations(), ElementsAre("amount_mismatch"));
}

// The order's amount is right, but the platform keeps another share of it than it had said.
TEST_F(TrapdoorsOfParts, PartsThatWereNotAllowedAreSaid) {
  Row row{.key = "s1", .amount = "CNY 10.00", .net = "CNY 9.94", .fee = "CNY 0.06"};
  world_.Insert("settlement", 1, row);
  EXPECT_EQ(world_.MerchantCounter("settled"), (Counter{994, 990, 0}));
  EXPECT_THAT(world_.Violations(), ElementsAre("amount_mismatch"));
}

TEST_F(TrapdoorsOfParts, SeveralRowsMustTogetherHaveThePartsThatWereAllowed) {
  Row row{
      .key = "s1", .amount = "CNY 6.00", .net = "CNY 5.90", .fee = "CNY 0.10", .part_key = "o1/a"};
  world_.Insert("settlement", 1, row);
  row = {
      .key = "s1", .amount = "CNY 4.00", .net = "CNY 4.00", .fee = "CNY 0.00", .part_key = "o1/b"};
  world_.Insert("settlement", 2, row);
  EXPECT_THAT(world_.Violations(), IsEmpty());
}

TEST_F(TrapdoorsOfParts, WhatIsLeftIsNoPermissionForTheWholeAnyMore) {
  Report(1, MovementStatus::kFailed);
  EXPECT_THAT(Codes(Ask()), ElementsAre("IN_DOUBT"));
}

TEST_F(TrapdoorsOfParts, OneFailureSaysNothingOfOthersUnderWay) {
  Report(2, MovementStatus::kInProgress);
  Report(1, MovementStatus::kFailed);
  const KeyRecord& record = world_.Key("settlement", "s1");
  EXPECT_EQ(world_.RefusalOf(ReleaseInput{record.decision->account, record.decision->key,
                                          record.decision->id, "failed"}),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(TrapdoorsOfParts, AllFailuresTogetherReleaseIt) {
  Report(2, MovementStatus::kFailed);
  Report(1, MovementStatus::kFailed);
  EXPECT_EQ(world_.MerchantCounter("settled"), (Counter{0, 0, 0}));
  EXPECT_EQ(world_.Key("settlement", "s1").reservation->state, ReservationState::kReleased);
  EXPECT_EQ(Ask().verdict, Verdict::kAllow);
}

TEST_F(TrapdoorsOfParts, AFailureAfterAnotherPartMovedGivesBackItsLine) {
  Report(1, MovementStatus::kHappened);
  Report(2, MovementStatus::kFailed);
  EXPECT_EQ(world_.OrderCounter("settled", "o2"), (Counter{0, 0, 0}));
  EXPECT_EQ(world_.Key("settlement", "s1").reservation->state, ReservationState::kPosted);
}

TEST_F(Trapdoors, TwoCurrenciesOnOneOrder) {
  const Decision decision = world_.Check("refund", "r1", "USD 1.00");
  EXPECT_EQ(decision.verdict, Verdict::kBlock);
  EXPECT_EQ(decision.reasons.front().name, "order.single_currency");
  world_.Insert("payment", 2, {.key = "p2", .amount = "USD 5.00"});
  EXPECT_THAT(world_.Violations(), ElementsAre("other_currency"));
  EXPECT_EQ(world_.OrderCounter("paid", "o1", "m1", "USD").posted, 500);
  EXPECT_EQ(world_.OrderCounter("paid").posted, 10000);
}

TEST(TrapdoorsOfTime, AnOrderPaidJustNowIsAllowedAfterAShortWait) {
  World world;
  world.Advance(absl::Milliseconds(100));
  CheckInput check = world.NewCheck("refund", "r1", "CNY 60.00");
  check.may_wait = true;
  const Wait wait = world.Get<Wait>(check);  // the payment is on its way: no BLOCK yet
  world.Advance(absl::Milliseconds(20));
  world.Insert("payment", 1, {.key = "p1"});
  world.Prove();
  EXPECT_GE(world.state().resident().of<core::Sources>().at(SourceName("ledger")).proven_past,
            wait.proven_past);
  EXPECT_EQ(world.Get<Decision>(check).verdict, Verdict::kAllow);
}

TEST(TrapdoorsOfTime, ASilentSourceIsAHoldAndNeverABlock) {
  World world;
  world.Advance(absl::Minutes(1));
  EXPECT_EQ(world.Check("refund", "r1", "CNY 60.00").verdict, Verdict::kHold);
}

TEST_F(Trapdoors, TheClockADayForwardAndBackExpiresNothing) {
  const Decision decision = Ask();
  for (const absl::Duration drift : {absl::Hours(24), absl::Hours(-24)}) {
    world_.Get<Done>(ClockDriftInput{drift});
    world_.Put(TickInput{});
    EXPECT_THAT(world_.Violations(), IsEmpty());
    EXPECT_EQ(Ask().verdict, Verdict::kHold);
    world_.Get<Done>(AcceptTimeInput{"ann", "checked"});
  }
  EXPECT_EQ(Ask().id, decision.id);
}

}  // namespace
}  // namespace fundgate::core::testing
