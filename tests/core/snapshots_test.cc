// Rows that are read anew: what they correct, what is taken back, what must not be touched.
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/snapshot_world.h"

namespace fundgate::core::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Snapshot, HealsAGapSoThatChecksAreAnsweredAgain) {
  SnapshotWorld world;
  world.Insert("payment", 1, {.key = "p1"});
  world.Unreadable("refund");
  world.Prove();
  EXPECT_THAT(Codes(world.Check("refund", "r1", "CNY 1.00")), ElementsAre("UNPROVEN"));
  world.Want({"refund"});
  world.Read("refund", {});
  EXPECT_EQ(world.gaps(), 1U);
  world.Sweep();
  EXPECT_EQ(world.run().state, SnapshotState::kDone);
  EXPECT_EQ(world.run().gaps_healed, 1U);
  EXPECT_EQ(world.gaps(), 0U);
  world.Prove();
  EXPECT_EQ(world.Check("refund", "r2", "CNY 1.00").verdict, Verdict::kAllow);
}

TEST(Snapshot, ARowThatIsKnownChangesNothing) {
  SnapshotWorld world;
  world.Insert("payment", 1, {.key = "p1"});
  const absl::Time changed_at = world.Key("payment", "p1").changed_at;
  world.Want({"payment"});
  world.Read("payment", {{1, {.key = "p1"}}});
  world.Sweep();
  EXPECT_EQ(world.OrderCounter("paid").posted, 10000);
  EXPECT_EQ(world.run().corrected, 0U);
  EXPECT_THAT(world.Violations(), IsEmpty());
  EXPECT_EQ(world.Key("payment", "p1").changed_at, changed_at);  // it isn't kept for longer
}

TEST(Snapshot, WhatWasNeverSeenIsPostedOnceHoweverOftenItIsRead) {
  SnapshotWorld world;
  world.Want({"payment"});
  world.Read("payment", {{1, {.key = "p1"}}}, false);
  world.Read("payment", {{1, {.key = "p1"}}, {2, {.key = "p2", .amount = "CNY 1.00"}}});
  world.Sweep();
  EXPECT_EQ(world.OrderCounter("paid").posted, 10100);
  EXPECT_EQ(world.run().corrected, 2U);
}

TEST(Snapshot, ARowThatChangedUnseenCountsForWhatItSaysNow) {
  SnapshotWorld world;
  world.Insert("payment", 1, {.key = "p1"});
  world.Insert("payment", 2, {.key = "p2", .order = "o2"});
  world.Want({"payment"});
  world.Read("payment", {{1, {.key = "p1", .amount = "CNY 70.00"}},
                         {2, {.key = "p2", .order = "o3", .amount = "CNY 5.00"}}});
  world.Sweep();
  EXPECT_EQ(world.OrderCounter("paid").posted, 7000);
  EXPECT_EQ(world.OrderCounter("paid", "o2").posted, 0);
  EXPECT_EQ(world.OrderCounter("paid", "o3").posted, 500);
  EXPECT_THAT(world.Violations(), ElementsAre("movement_undone", "movement_undone"));
}

TEST(Snapshot, ARowThatVanishedUnseenIsTakenBack) {
  SnapshotWorld world;
  world.Insert("payment", 1, {.key = "p1"});
  world.Insert("payment", 2, {.key = "p2", .amount = "CNY 30.00"});
  world.Want({"payment"});
  world.Read("payment", {{2, {.key = "p2", .amount = "CNY 30.00"}}});
  EXPECT_EQ(world.OrderCounter("paid").posted, 13000);  // it may come in a later part
  world.Sweep();
  EXPECT_EQ(world.OrderCounter("paid").posted, 3000);
  EXPECT_EQ(world.run().taken_back, 1U);
  EXPECT_THAT(world.Violations(), ElementsAre("movement_undone"));
}

TEST(Snapshot, ARowWhoseKeyChangedUnseenLeavesTheOldOne) {
  SnapshotWorld world;
  world.Insert("payment", 1, {.key = "p1"});
  world.Want({"payment"});
  world.Read("payment", {{1, {.key = "p9"}}});
  world.Sweep();
  EXPECT_EQ(world.OrderCounter("paid").posted, 10000);
  EXPECT_EQ(world.Key("payment", "p1").rows.front().line.amount, 0);
}

TEST(Snapshot, RowsOfOtherTablesAndOtherSourcesStay) {
  SnapshotWorld world;
  world.Insert("payment", 1, {.key = "p1"});
  world.Insert("chargeback", 1, {.key = "c1", .amount = "CNY 10.00"});
  world.Want({"payment"});
  world.Read("payment", {{1, {.key = "p1"}}});
  world.Sweep();
  EXPECT_EQ(world.OrderCounter("paid").posted, 9000);
}

TEST(Snapshot, AChangeMeanwhileCountsForItsImageAfter) {
  SnapshotWorld world;
  world.Insert("payment", 1, {.key = "p1"});
  // Unseen: it went, and its number was given to another row of the same key.
  world.Want({"payment"});
  world.Read("payment", {}, false);
  world.Insert("payment", 1, {.key = "p1", .amount = "CNY 40.00"});
  EXPECT_EQ(world.OrderCounter("paid").posted, 4000);
  // Unseen: row 2 came with CNY 9.00.
  world.Update("payment", 2, {.key = "p2", .amount = "CNY 9.00"},
               {.key = "p2", .amount = "CNY 8.00"});
  EXPECT_EQ(world.OrderCounter("paid").posted, 4800);
  world.Read("payment",
             {{1, {.key = "p1", .amount = "CNY 40.00"}}, {2, {.key = "p2", .amount = "CNY 8.00"}}});
  world.Sweep();
  EXPECT_EQ(world.OrderCounter("paid").posted, 4800);
  EXPECT_EQ(world.run().taken_back, 0U);
}

TEST(Snapshot, ARowThatCameBehindTheCursorIsNotTakenBack) {
  SnapshotWorld world;
  world.Want({"payment"});
  world.Read("payment", {{5, {.key = "p5"}}}, false);
  world.Insert("payment", 1, {.key = "p1", .amount = "CNY 1.00"});  // no later part has it
  world.Read("payment", {});
  world.Sweep();
  EXPECT_EQ(world.OrderCounter("paid").posted, 10100);
}

TEST(Snapshot, ARowThatCameTwiceBecauseNobodySawItGoCountsOnce) {
  SnapshotWorld world;
  world.Insert("payment", 1, {.key = "p1"});
  world.Insert("payment", 1, {.key = "p1", .amount = "CNY 40.00"});
  EXPECT_EQ(world.OrderCounter("paid").posted, 14000);
  world.Want({"payment"});
  world.Read("payment", {{1, {.key = "p1", .amount = "CNY 40.00"}}});
  world.Sweep();
  EXPECT_EQ(world.OrderCounter("paid").posted, 4000);
}

TEST(Snapshot, WhatTheServiceWasAllowedIsSettledByItsRow) {
  SnapshotWorld world;
  world.Insert("payment", 1, {.key = "p1"});
  world.Prove();
  ASSERT_EQ(world.Check("refund", "r1", "CNY 10.00").verdict, Verdict::kAllow);
  world.Want({"refund"});
  world.Read("refund", {{1, {.key = "r1", .amount = "CNY 10.00"}}});
  world.Sweep();
  EXPECT_EQ(world.OrderCounter("refunded").posted, 1000);
  EXPECT_EQ(world.OrderCounter("refunded").pending_up, 0);
  EXPECT_EQ(world.Key("refund", "r1").reservation->state, ReservationState::kPosted);
  EXPECT_THAT(world.Violations(), IsEmpty());
}

TEST(Snapshot, WhatWentRoundTheGateWhileItWasBlindIsNamed) {
  SnapshotWorld world;
  world.Insert("payment", 1, {.key = "p1"});
  world.Want({"refund"});
  world.Read("refund", {{1, {.key = "r1", .amount = "CNY 10.00"}}});
  world.Sweep();
  EXPECT_THAT(world.Violations(), ElementsAre("ungated"));
}

TEST(Snapshot, AKeyThatWasForgottenIsNotPostedAgain) {
  SnapshotWorld world([](Policy& policy) { policy.key_retention = absl::Hours(1); });
  world.Insert("payment", 1, {.key = "p1"});
  world.Advance(absl::Hours(3));
  world.Put(TickInput());
  ASSERT_EQ(world.state().of<core::Keys>().count({MovementKind("payment"), IdempotencyKey("p1")}),
            0U);
  world.Want({"payment"});
  world.Read("payment", {{1, {.key = "p1"}}});
  world.Sweep();
  EXPECT_EQ(world.OrderCounter("paid").posted, 10000);
  // Nor is a change of it that comes while its table is read.
  world.Want({"payment"});
  world.Read("payment", {}, false);
  world.Update("payment", 1, {.key = "p1"}, {.key = "p1", .amount = "CNY 101.00"});
  EXPECT_EQ(world.OrderCounter("paid").posted, 10100);
  world.Read("payment", {{1, {.key = "p1", .amount = "CNY 101.00"}}});
  world.Sweep();
  EXPECT_EQ(world.OrderCounter("paid").posted, 10100);
}

// ---- Whatever happened while the gate was blind, and whatever happens meanwhile ----

// A database with one table of payments, and a gate that doesn't see all that happens in it.
class LossyWorld {
 public:
  explicit LossyWorld(uint32_t seed) : random_(seed) {
    world_.Want({"payment"});
    world_.Get<SnapshotAnswer>(CancelResnapshotInput{kLedger, "ann", "not yet"});
  }

  void Change(bool seen) {
    const int number = Below(40);
    const auto known = rows_.find(number);
    const int what = Below(3);
    if (known == rows_.end()) {
      const Row row = NewRow(number);
      rows_[number] = row;
      if (seen) world_.Insert("payment", number, row);
    } else if (what == 0) {
      const Row before = known->second;
      rows_.erase(known);
      if (seen) world_.Delete("payment", number, before);
    } else {
      const Row before = known->second;
      Row after = NewRow(number);
      if (what == 1) after.key = before.key;
      rows_[number] = after;
      if (seen) world_.Update("payment", number, before, after);
    }
  }

  void ReadAll() {
    world_.Want({"payment"});
    for (int next = 0; next >= 0;) {
      for (int i = Below(6); i > 0; --i) Change(true);
      std::vector<std::pair<int, Row>> part;
      auto row = rows_.lower_bound(next);
      for (int left = 1 + Below(7); left > 0 && row != rows_.end(); --left, ++row) {
        part.emplace_back(row->first, row->second);
      }
      const bool is_last = row == rows_.end();
      next = is_last ? -1 : part.back().first + 1;
      world_.Read("payment", part, is_last);
    }
    for (int i = Below(6); i > 0; --i) Change(true);
    world_.Sweep();
  }

  // What is posted is what the table says, order by order.
  void ExpectTruth(uint32_t seed) {
    std::map<std::string, int64_t> sums = {{"o0", 0}, {"o1", 0}, {"o2", 0}};
    for (const auto& [number, row] : rows_) {
      if (row.status == MovementStatus::kHappened) sums[row.order] += M(row.amount).minor_units;
    }
    for (const auto& [order, sum] : sums) {
      EXPECT_EQ(world_.OrderCounter("paid", order).posted, sum) << order << ", seed " << seed;
    }
  }

  SnapshotWorld& world() { return world_; }
  int Below(int bound) { return static_cast<int>(random_() % static_cast<uint32_t>(bound)); }

 private:
  Row NewRow(int number) {
    Row row;
    row.key = absl::StrCat("p", number, "-", Below(3));
    row.order = absl::StrCat("o", Below(3));
    row.amount = absl::StrCat("CNY ", 1 + Below(50), ".00");
    row.status = Below(4) == 0 ? MovementStatus::kInProgress : MovementStatus::kHappened;
    return row;
  }

  std::mt19937 random_;
  SnapshotWorld world_;
  std::map<int, Row> rows_;
};

TEST(Snapshot, MakesTheBooksAgreeWithTheTableWhateverWasMissed) {
  for (uint32_t seed = 1; seed <= 300; ++seed) {
    LossyWorld lossy(seed);
    for (int i = 0; i < 60; ++i) lossy.Change(lossy.Below(3) > 0);
    lossy.ReadAll();
    lossy.ExpectTruth(seed);
    // And so they stay, and so they are again after the next time.
    for (int i = 0; i < 20; ++i) lossy.Change(true);
    lossy.ExpectTruth(seed);
    for (int i = 0; i < 20; ++i) lossy.Change(false);
    lossy.ReadAll();
    lossy.ExpectTruth(seed);
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace fundgate::core::testing
