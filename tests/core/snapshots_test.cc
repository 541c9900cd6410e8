// Tables that are read anew: what a run corrects, what it takes back, what it heals, and what it
// must not touch.
#include "server/core/snapshots.h"

#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/core/gaps.h"
#include "tests/core/check_world.h"
#include "tests/core/world.h"

namespace fundgate::core::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const SourceName kLedger("ledger");

// The tables of "ledger" are named as the kinds that their rows are.
void WithTables(Policy& policy) {
  SourceDefinition& source = policy.sources.front();
  for (const MovementKind& kind : source.emits) {
    source.tables.push_back({kind.value(), {kind.value()}});
  }
}

class SnapshotWorld : public World {
 public:
  explicit SnapshotWorld(const std::function<void(Policy&)>& adjust = nullptr)
      : World([&adjust](Policy& policy) {
          WithTables(policy);
          if (adjust) adjust(policy);
        }) {}

  const SnapshotRun& run() const { return state().resident().of<core::SnapshotRuns>().at(kLedger); }
  size_t gaps() const { return state().resident().of<core::Gaps>().size(); }

  SnapshotAnswer Want(std::vector<std::string> tables = {}, bool history = false) {
    return Get<SnapshotAnswer>(
        ResnapshotInput{kLedger, std::move(tables), history, false, "ann", "to heal"});
  }

  IngestInput NewStep() {
    const Source& source = state().resident().of<core::Sources>().at(kLedger);
    IngestInput input;
    input.source = kLedger;
    input.epoch = source.epoch;
    input.mapping_version = source.mapping_version;
    input.previous = input.position = source.position;
    input.snapshot.emplace().run = run().run;
    return input;
  }

  // Rows of a table as they stand: number and contents.
  void Read(const std::string& table, const std::vector<std::pair<int, Row>>& rows,
            bool is_last = true) {
    Advance(absl::Milliseconds(1));
    IngestInput input = NewStep();
    input.snapshot->table = table;
    input.snapshot->is_last = is_last;
    input.snapshot->rows = rows.size();
    input.snapshot->cursor = rows.empty() ? "" : absl::StrCat(rows.back().first);
    for (const auto& [number, row] : rows) {
      Event event = NewEvent(table, number, std::nullopt, row.ToContribution());
      event.id = absl::StrCat("snapshot-", run().run, "/", table, number, "-", ++steps_);
      event.snapshot = true;
      input.events.push_back(std::move(event));
    }
    Get<IngestAnswer>(std::move(input));
  }
  void ReadNothingOf(const std::vector<std::string>& tables) {
    for (const std::string& table : tables) Read(table, {});
  }

  // Until the run is over; how many steps that took.
  int Sweep() {
    int steps = 0;
    while (run().is_active() && steps < 1000) {
      Advance(absl::Milliseconds(1));
      IngestInput input = NewStep();
      input.snapshot->sweeps = true;
      Get<IngestAnswer>(std::move(input));
      ++steps;
    }
    return steps;
  }

  void Unreadable(const std::string& kind, const std::string& account = "",
                  const std::string& order = "") {
    Event event;
    event.id = absl::StrCat("gap/", ++steps_);
    event.body =
        GapEvent{{MovementKind(kind), AccountId(account), OrderId(order)}, kind, "TRUNCATE"};
    Feed({event});
  }

 private:
  int steps_ = 0;
};

const std::vector<std::string> kOthers = {"cash_out", "chargeback", "late_refund", "settlement"};

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
