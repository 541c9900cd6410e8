// Runs that read tables anew: what they refuse, what they heal, and how a source begins with one.
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/core/gaps.h"
#include "server/core/snapshots.h"
#include "tests/core/snapshot_world.h"

namespace fundgate::core::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::vector<std::string> kOthers = {"cash_out", "chargeback", "late_refund", "settlement"};

// ---- Gaps ----

TEST(SnapshotGaps, ThoseThatComeWhileATableIsReadStay) {
  SnapshotWorld world;
  world.Unreadable("payment", "m1", "o1");
  world.Want({"payment"});
  world.Read("payment", {}, false);
  world.Unreadable("payment", "m1", "o1");
  world.Read("payment", {});
  world.Sweep();
  EXPECT_EQ(world.run().gaps_healed, 0U);
  EXPECT_EQ(world.gaps(), 1U);
}

// Of a source that may repeat itself: a row that is in doubt is known again once it is met, and its
// doubt isn't taken off a gap that others leave there later.
TEST(SnapshotGaps, OfARowInDoubtEndWhereItIsMet) {
  SnapshotWorld world;
  const Row first{.key = "p1", .amount = "CNY 100.00"};
  const Row lost{.key = "p1", .amount = "CNY 120.00"};
  const Row next{.key = "p1", .amount = "CNY 130.00"};
  world.Insert("payment", 1, first);
  world.BeginAgain();
  world.Update("payment", 1, lost, next);
  ASSERT_EQ(world.gaps(), 1U);
  world.Want({"payment"});
  world.Read("payment", {{1, next}});
  world.Sweep();
  EXPECT_EQ(world.gaps(), 0U);
  EXPECT_EQ(world.OrderCounter("paid").posted, 13000);
  EXPECT_THAT(world.Key("payment", "p1").rows.front().doubts, IsEmpty());
  world.Unreadable("payment", "m1", "o1");
  world.Update("payment", 1, next, first);
  EXPECT_EQ(world.OrderCounter("paid").posted, 10000);
  EXPECT_EQ(world.gaps(), 1U);
}

TEST(SnapshotGaps, OfARowInDoubtEndWhereItIsGone) {
  SnapshotWorld world;
  world.Insert("payment", 1, {.key = "p1"});
  world.BeginAgain();
  world.Update("payment", 1, {.key = "p1", .amount = "CNY 120.00"},
               {.key = "p1", .amount = "CNY 130.00"});
  world.Want({"payment"});
  world.ReadNothingOf({"payment"});
  world.Sweep();
  EXPECT_EQ(world.gaps(), 0U);
  EXPECT_EQ(world.OrderCounter("paid").posted, 0);
  EXPECT_THAT(world.Key("payment", "p1").rows.front().doubts, IsEmpty());
}

// What is posted of a row is what it says, though it had said otherwise: that is forgotten, or its
// next change would look like an old one.
TEST(SnapshotRows, WhatARowHadSaidIsForgottenWhereItIsMet) {
  SnapshotWorld world;
  const Row first{.key = "p1", .amount = "CNY 100.00"};
  const Row second{.key = "p1", .amount = "CNY 150.00"};
  const Row now{.key = "p1", .amount = "CNY 50.00"};
  world.Update("payment", 1, first, second);
  ASSERT_EQ(world.OrderCounter("paid").posted, 5000);
  world.Want({"payment"});
  world.Read("payment", {{1, now}});
  world.Sweep();
  world.BeginAgain();
  world.Update("payment", 1, now, first);
  EXPECT_EQ(world.OrderCounter("paid").posted, 10000);
  EXPECT_EQ(world.gaps(), 0U);
}

TEST(SnapshotGaps, OfOtherKindsStay) {
  SnapshotWorld world;
  world.Unreadable("payment");
  world.Unreadable("refund");
  world.Want({"payment"});
  world.Read("payment", {});
  world.Sweep();
  EXPECT_EQ(world.run().gaps_healed, 1U);
  EXPECT_EQ(world.gaps(), 1U);
}

TEST(SnapshotGaps, OfAKindOfTwoTablesGoWithBothAlone) {
  SnapshotWorld world([](Policy& policy) {
    policy.sources.front().tables.push_back({"old_payment", {"payment"}});
  });
  world.Unreadable("payment");
  world.Want({"payment"});
  world.Read("payment", {});
  world.Sweep();
  EXPECT_EQ(world.gaps(), 1U);
  world.Want({"payment", "old_payment"});
  world.ReadNothingOf({"payment", "old_payment"});
  world.Sweep();
  EXPECT_EQ(world.gaps(), 0U);
}

TEST(SnapshotGaps, OfTwoSourcesGoWithTheLast) {
  SnapshotWorld world;
  Draft draft(world.state(), world.now());
  const GapScope scope{MovementKind("payment"), AccountId(), OrderId()};
  MarkGap(draft, scope, SourceName("a"), "first");
  MarkGap(draft, scope, SourceName("c"), "second");
  MarkGap(draft, scope, SourceName("b"), "third");
  HealGap(draft, scope, SourceName("a"));
  ASSERT_NE(draft.FindGap(scope), nullptr);
  EXPECT_EQ(draft.FindGap(scope)->source, SourceName("b"));
  HealGap(draft, scope, SourceName("c"));
  HealGap(draft, scope, SourceName("b"));
  EXPECT_EQ(draft.FindGap(scope), nullptr);
}

TEST(SnapshotGaps, ARowThatCantBeReadIsNotTakenBackAndItsGapStays) {
  SnapshotWorld world;
  world.Insert("payment", 1, {.key = "p1"});
  world.Want({"payment"});
  IngestInput input = world.NewStep();
  input.snapshot->table = "payment";
  input.snapshot->is_last = true;
  Event event;
  event.id = "snapshot-1/1";
  event.snapshot = true;
  event.body = GapEvent{{MovementKind("payment"), AccountId("m1"), OrderId("o1")},
                        "payment",
                        "amount is NULL",
                        {"payment", "1"}};
  input.events.push_back(event);
  world.Get<IngestAnswer>(std::move(input));
  world.Sweep();
  EXPECT_EQ(world.OrderCounter("paid").posted, 10000);
  EXPECT_EQ(world.run().taken_back, 0U);
  EXPECT_EQ(world.gaps(), 1U);
}

// ---- Runs ----

TEST(SnapshotRuns, OneAtATimeUntilItIsOverOrCancelled) {
  SnapshotWorld world;
  world.Want();
  const ResnapshotInput again{kLedger, {}, false, false, "ann", "again"};
  EXPECT_EQ(world.RefusalOf(again), absl::StatusCode::kFailedPrecondition);
  world.Get<SnapshotAnswer>(CancelResnapshotInput{kLedger, "ann", "not now"});
  EXPECT_EQ(world.run().state, SnapshotState::kCancelled);
  EXPECT_EQ(world.RefusalOf(CancelResnapshotInput{kLedger, "ann", "twice"}),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(world.Get<SnapshotAnswer>(again).run.run, 2U);
}

TEST(SnapshotRuns, OnlyOfTablesThatThereAre) {
  SnapshotWorld world;
  const auto of = [](const std::string& source, std::vector<std::string> tables, bool anew) {
    return ResnapshotInput{SourceName(source), std::move(tables), false, anew, "ann", "x"};
  };
  EXPECT_EQ(world.RefusalOf(of("nobody", {}, false)), absl::StatusCode::kNotFound);
  EXPECT_EQ(world.RefusalOf(of("ledger", {"nothing"}, false)), absl::StatusCode::kNotFound);
  EXPECT_EQ(world.RefusalOf(of("ledger", {"payment"}, true)), absl::StatusCode::kInvalidArgument);
  World without_tables;
  EXPECT_EQ(without_tables.RefusalOf(of("ledger", {}, false)),
            absl::StatusCode::kFailedPrecondition);
}

TEST(SnapshotRuns, StepsOfAnotherRunOrInAnotherOrderAreRefused) {
  SnapshotWorld world;
  world.Want({"payment"});
  const auto refusal = [&world](const std::function<void(SnapshotStep&)>& change) {
    IngestInput input = world.NewStep();
    input.snapshot->table = "payment";
    change(*input.snapshot);
    return world.RefusalOf(std::move(input));
  };
  const auto kRefused = absl::StatusCode::kFailedPrecondition;
  EXPECT_EQ(refusal([](SnapshotStep& step) { step.run = 7; }), kRefused);
  EXPECT_EQ(refusal([](SnapshotStep& step) { step.table = "refund"; }), kRefused);
  EXPECT_EQ(refusal([](SnapshotStep& step) { step.sweeps = true; }), kRefused);
  EXPECT_EQ(refusal([](SnapshotStep& step) { step.begins_anew = true; }), kRefused);
  world.Read("payment", {});
  EXPECT_EQ(refusal([](SnapshotStep&) {}), kRefused);
}

TEST(SnapshotRuns, KeepWhereATableGoesOn) {
  SnapshotWorld world;
  world.Want({"payment"});
  world.Read("payment", {{7, {.key = "p7"}}}, false);
  EXPECT_EQ(world.run().tables.front().cursor, "7");
  EXPECT_EQ(world.run().tables.front().rows, 1U);
  EXPECT_FALSE(world.run().tables.front().done);
}

TEST(SnapshotRuns, AStepMustNotMoveThePosition) {
  SnapshotWorld world;
  world.Want({"payment"});
  IngestInput input = world.NewStep();
  input.snapshot->table = "payment";
  input.position = Position::Parse("ledger:999").value();
  EXPECT_EQ(world.RefusalOf(std::move(input)), absl::StatusCode::kInvalidArgument);
}

TEST(SnapshotRuns, AProblemEndsThemAndGapsStay) {
  SnapshotWorld world;
  world.Unreadable("payment");
  world.Want({"payment"});
  IngestInput input = world.NewStep();
  input.snapshot->problem = "GRANT SELECT";
  world.Get<IngestAnswer>(std::move(input));
  EXPECT_EQ(world.run().state, SnapshotState::kFailed);
  EXPECT_EQ(world.gaps(), 1U);
}

TEST(SnapshotRuns, SweepInParts) {
  SnapshotWorld world;
  constexpr int kKeys = 1200;
  for (int i = 0; i < kKeys; ++i) {
    world.Insert("payment", i, {.key = absl::StrCat("p", i), .amount = "CNY 1.00"});
  }
  world.Want({"payment"});
  world.Read("payment", {});
  EXPECT_EQ(world.Sweep(), 3);
  EXPECT_EQ(world.run().taken_back, static_cast<uint64_t>(kKeys));
  EXPECT_EQ(world.OrderCounter("paid").posted, 0);
}

TEST(SnapshotRuns, AStepOfTheSweepThatComesTooLateIsTakenAndDoesNothing) {
  SnapshotWorld world;
  world.Want({"payment"});
  world.Read("payment", {});
  world.Sweep();
  IngestInput input = world.NewStep();
  input.snapshot->sweeps = true;
  world.Get<IngestAnswer>(std::move(input));
  EXPECT_EQ(world.run().state, SnapshotState::kDone);
}

// ---- Beginning ----

TEST(SnapshotBeginning, AJumpLeavesEverythingUnprovenUntilAllIsRead) {
  SnapshotWorld world;
  world.Insert("payment", 1, {.key = "p1"});
  world.Prove();
  world.Get<SnapshotAnswer>(ResnapshotInput{kLedger, {}, false, true, "ann", "purged"});
  IngestInput input = world.NewStep();
  input.snapshot->begins_anew = true;
  input.position = Position::Parse("ledger:0").value();  // of a server that was restored
  world.Get<IngestAnswer>(std::move(input));
  const Source& source = world.state().resident().of<core::Sources>().at(kLedger);
  EXPECT_EQ(source.position.ToString(), "ledger:0");
  EXPECT_EQ(source.proven_past, absl::InfinitePast());
  world.Prove();
  EXPECT_THAT(Codes(world.Check("refund", "r1", "CNY 1.00")), ::testing::Contains("UNPROVEN"));
  EXPECT_EQ(world.run().run, 2U);  // whatever was read before the jump is read again
  world.Read("payment", {{1, {.key = "p1"}}});
  world.Read("refund", {});
  world.ReadNothingOf(kOthers);
  world.Sweep();
  world.Prove();
  EXPECT_EQ(world.gaps(), 0U);
  EXPECT_EQ(world.Check("refund", "r2", "CNY 1.00").verdict, Verdict::kAllow);
}

TEST(SnapshotBeginning, ASourceThatBeginsSoIsOrderedToWhenItsFeederComes) {
  SnapshotWorld world([](Policy& policy) { policy.sources.front().begins_with_snapshot = true; });
  ASSERT_EQ(world.state().resident().of<core::SnapshotRuns>().count(kLedger), 1U);
  EXPECT_TRUE(world.run().history);
  EXPECT_TRUE(world.run().begin_anew);
  EXPECT_TRUE(world.run().is_whole);
}

// ---- History ----

class HistoryWorld : public SnapshotWorld {
 public:
  HistoryWorld()
      : SnapshotWorld([](Policy& policy) {
          policy.on_violation = {{ViolationKind::kDuplicateMovement, OnEvent::kFreeze}};
        }) {}

  std::vector<bool> History() const {
    std::vector<bool> history;
    for (const Violation& violation : state().violations()) history.push_back(violation.history);
    return history;
  }
  size_t breakers() const { return state().resident().of<core::Breakers>().size(); }
};

TEST(SnapshotHistory, WhatWasNeverAskedForBeforeGoLiveIsNotUngated) {
  HistoryWorld world;
  world.Want({}, true);
  world.Read("payment", {{1, {.key = "p1"}}});
  world.Read("refund", {{1, {.key = "r1", .amount = "CNY 10.00"}}});
  world.ReadNothingOf(kOthers);
  world.Sweep();
  EXPECT_THAT(world.Violations(), IsEmpty());
  EXPECT_EQ(world.OrderCounter("refunded").posted, 1000);
}

TEST(SnapshotHistory, BadOldDataIsReportedApartAndFreezesNobody) {
  HistoryWorld world;
  world.Want({}, true);
  // Refunds come before the payments that cover them, and some are covered by none.
  world.Read("refund", {{1, {.key = "r1", .order = "o1", .amount = "CNY 60.00"}},
                        {2, {.key = "r2", .order = "o1", .amount = "CNY 60.00"}},
                        {3, {.key = "r3", .order = "o2", .amount = "CNY 10.00"}},
                        {4, {.key = "r3", .order = "o2", .amount = "CNY 10.00"}}});
  world.Read("payment", {{1, {.key = "p1", .order = "o1"}}, {2, {.key = "p2", .order = "o2"}}});
  world.ReadNothingOf(kOthers);
  world.Sweep();
  world.Prove();
  EXPECT_THAT(world.Violations(),
              ::testing::UnorderedElementsAre("duplicate_movement", "refunds_within_paid",
                                              "escrow_covers"));
  EXPECT_THAT(world.History(), ::testing::Each(true));
  EXPECT_EQ(world.breakers(), 0U);
  ASSERT_EQ(world.state().of<core::Groups>().size(), 1U);
  EXPECT_EQ(world.state().of<core::Groups>().begin()->second.key.name, "history");
}

TEST(SnapshotHistory, WhatHappensMeanwhileIsNone) {
  HistoryWorld world;
  world.Want({}, true);
  world.Read("payment", {{1, {.key = "p1"}}}, false);
  world.Insert("refund", 9, {.key = "r9", .amount = "CNY 1.00"});
  EXPECT_THAT(world.Violations(), ElementsAre("ungated"));
  EXPECT_THAT(world.History(), ElementsAre(false));
}

TEST(SnapshotHistory, AnInvariantIsNotJudgedBeforeWhatMayCureItIsRead) {
  HistoryWorld world;
  world.Want();
  world.Read("refund", {}, false);
  world.Insert("refund", 9, {.key = "r9", .amount = "CNY 1.00"});
  world.Prove();
  EXPECT_THAT(world.Violations(), ElementsAre("ungated"));
  world.Read("refund", {{9, {.key = "r9", .amount = "CNY 1.00"}}});
  world.Read("payment", {{1, {.key = "p1"}}});
  world.ReadNothingOf(kOthers);
  world.Sweep();
  world.Prove();
  EXPECT_THAT(world.Violations(), ElementsAre("ungated"));
}

}  // namespace
}  // namespace fundgate::core::testing
