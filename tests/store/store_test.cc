#include "server/store/store.h"

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/perf_context.h"
#include "rocksdb/perf_level.h"
#include "server/core/timers.h"
#include "server/store/verify.h"
#include "tests/core/world.h"
#include "tests/store/store_world.h"

namespace fundgate::store::testing {
namespace {

using ::testing::HasSubstr;

core::KeyId Refund(const std::string& key) { return {MovementKind("refund"), IdempotencyKey(key)}; }

class StoreTest : public ::testing::Test {
 protected:
  StoreTest() { world_.Begin(); }

  TemporaryFolder folder_;
  StoreWorld world_{OptionsFor(folder_.path())};
};

TEST_F(StoreTest, WhatWasSyncedIsThereAfterReopening) {
  const auto decision = std::get<core::Decision>(world_.Put(world_.NewCheck("r1")));
  const core::Resident before = world_.store().state().resident();
  world_.Reopen();
  const core::Resident& after = world_.store().state().resident();
  EXPECT_EQ(after.clock, before.clock);
  EXPECT_EQ(after.of<core::Sources>(), before.of<core::Sources>());
  EXPECT_EQ(after.policy_version, 1U);
  ASSERT_NE(after.policy, nullptr);
  const std::optional<core::KeyRecord> key = world_.store().state().Find<core::Keys>(Refund("r1"));
  ASSERT_TRUE(key.has_value());
  EXPECT_EQ(key->decision, decision);
}

TEST_F(StoreTest, TheMachineGoesOnWhereItStopped) {
  const auto first = std::get<core::Decision>(world_.Put(world_.NewCheck("r1")));
  world_.Reopen();
  const auto again = std::get<core::Decision>(world_.Put(world_.NewCheck("r1")));
  EXPECT_TRUE(again.replayed);
  EXPECT_EQ(again.id, first.id);
}

TEST_F(StoreTest, ViewsShowSyncedStateOnly) {
  const std::shared_ptr<const View> before = world_.store().view();
  world_.Append(world_.NewCheck("r1"));
  const absl::StatusOr<uint64_t> group = world_.Write();
  ASSERT_TRUE(group.ok()) << group.status();
  EXPECT_FALSE(world_.store().view()->Find<core::Keys>(Refund("r1"))->has_value());
  ASSERT_TRUE(world_.store().Sync(*group).ok());
  EXPECT_TRUE(world_.store().view()->Find<core::Keys>(Refund("r1"))->has_value());
  EXPECT_FALSE(before->Find<core::Keys>(Refund("r1"))->has_value());
  EXPECT_EQ(world_.store().view()->resident().clock.sequence,
            before->resident().clock.sequence + 1);
}

// However little it may keep in memory: RocksDB doesn't have them yet.
TEST_F(StoreTest, GroupsThatAreNotWrittenYetAreSeenByTheNext) {
  const TemporaryFolder small;
  Options options = OptionsFor(small.path());
  options.kept_record_bytes = 1;
  StoreWorld world(options);
  world.Begin();
  const auto see = [&world](int checks) {
    int found = 0;
    for (int i = 0; i < checks; ++i) {
      found += world.store().state().Find<core::Keys>(Refund(absl::StrCat("r", i))).has_value();
    }
    return found;
  };
  uint64_t newest = 0;
  std::vector<core::Verdict> verdicts;
  std::vector<core::Verdict> of_a_prompt_committer;
  for (int i = 0; i < 20; ++i) {
    core::CheckInput check = world.NewCheck(absl::StrCat("r", i));
    check.amount = core::testing::M("CNY 100.00");
    check.lines.front().amount = 10'000;
    verdicts.push_back(std::get<core::Decision>(world.Append(check)).verdict);
    of_a_prompt_committer.push_back(std::get<core::Decision>(world_.Put(check)).verdict);
    newest = world.store().EndGroup();
    EXPECT_EQ(see(i + 1), i + 1);
    // The oldest few arrive, as from a committer that is behind.
    if (i % 7 == 6) {
      ASSERT_TRUE(world.store().Write(newest - 3).ok());
    }
  }
  EXPECT_LT(world.store().written(), newest);
  EXPECT_EQ(verdicts, of_a_prompt_committer);
  EXPECT_EQ(std::count(verdicts.begin(), verdicts.end(), core::Verdict::kAllow), 10);
  ASSERT_TRUE(world.store().Write(newest).ok());
  ASSERT_TRUE(world.store().Sync(newest).ok());
  world.Reopen();
  EXPECT_EQ(see(20), 20);
}

TEST_F(StoreTest, OneGroupHoldsManyInputsThatSeeEachOther) {
  for (int i = 0; i < 50; ++i) world_.Append(world_.NewCheck(absl::StrCat("r", i % 10)));
  ASSERT_TRUE(world_.Commit().ok());
  int replayed = 0;
  ASSERT_TRUE(world_.store()
                  .view()
                  ->ScanJournal(4,
                                [&](const JournalEntry& entry) {
                                  replayed +=
                                      std::get<core::Decision>(entry.answer).replayed ? 1 : 0;
                                  return true;
                                })
                  .ok());
  EXPECT_EQ(replayed, 40);
}

TEST_F(StoreTest, TheJournalGivesBackInputAndAnswer) {
  const core::CheckInput check = world_.NewCheck("r1");
  const auto decision = std::get<core::Decision>(world_.Put(check));
  const absl::StatusOr<JournalEntry> entry =
      world_.store().view()->GetJournalEntry(decision.id.sequence());
  ASSERT_TRUE(entry.ok()) << entry.status();
  EXPECT_EQ(std::get<core::CheckInput>(entry->input.body), check);
  EXPECT_EQ(std::get<core::Decision>(entry->answer), decision);
  EXPECT_EQ(entry->logic_version, core::kLogicVersion);
  EXPECT_EQ(world_.store().view()->GetJournalEntry(9999).status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(StoreTest, PoliciesAndViolationsCanBeRead) {
  EXPECT_EQ(world_.store().view()->GetPolicy(1)->text, "the worked policy");
  EXPECT_EQ(world_.store().view()->GetPolicy(2).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(world_.store().view()->ListPolicies()->size(), 1U);
  world_.Put(world_.NewCheck("r1"));
  world_.Advance(absl::Minutes(10));
  world_.Put(core::TickInput{});
  const auto violations = world_.store().view()->ListViolations(10);
  ASSERT_TRUE(violations.ok()) << violations.status();
  ASSERT_EQ(violations->size(), 1U);
  EXPECT_EQ(violations->front().kind, core::ViolationKind::kOverdue);
  const auto found = world_.store().view()->Find<core::Violations>(violations->front().id);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(*found, violations->front());
  EXPECT_EQ(*world_.store().view()->Find<core::Violations>("v1-0"), std::nullopt);
}

TEST_F(StoreTest, AReplayOfTheJournalMakesTheStoredState) {
  for (int i = 0; i < 300; ++i) {
    const core::Answer answer = world_.Append(world_.NewCheck(absl::StrCat("r", i % 100)));
    const auto& decision = std::get<core::Decision>(answer);
    if (i % 7 == 0) {
      world_.Append(core::ReleaseInput{decision.account, decision.key, decision.id, "no"});
    }
    if (i % 11 == 0) {
      world_.Append(core::ConfirmInput{decision.account, decision.key, decision.id, {}});
    }
    if (i % 50 == 0) {
      world_.Append(core::TripBreakerInput{
          absl::StrCat("refund/channel:c", i), core::Verdict::kHold, "ann", "test", {}});
      world_.Advance(absl::Minutes(3));
      world_.Append(core::TickInput{});
      ASSERT_TRUE(world_.Commit().ok());
    }
  }
  ASSERT_TRUE(world_.Commit().ok());
  const Sequence last = world_.store().state().resident().clock.sequence;
  world_.Close();
  const absl::StatusOr<VerifyReport> report = VerifyByReplay(OptionsFor(folder_.path()), nullptr);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->difference, "");
  EXPECT_EQ(report->records, last);
  EXPECT_GT(report->compared, 100U);
}

// Two held refunds, one of them approved; a refund that nobody asked for, in a resolved group.
void PutHoldsAndReviews(StoreWorld& world) {
  world.Put(core::TripBreakerInput{"refund", core::Verdict::kHold, "ann", "incident", {}});
  world.Put(world.NewCheck("r1"));
  const auto held = std::get<core::Decision>(world.Put(world.NewCheck("r2")));
  world.Put(core::ApproveHoldInput{AccountId("m1"), Refund("r2"), held.id, "bob", "fine"});
  core::IngestInput batch;
  batch.source = SourceName("ledger");
  batch.epoch = 1;
  batch.previous = Position::Parse("ledger:1").value();
  batch.position = Position::Parse("ledger:2").value();
  core::MovementEvent change;
  change.kind = MovementKind("refund");
  change.row = {"refund", "1"};
  change.after = core::testing::Row{.key = "u1", .amount = "CNY 5.00"}.ToContribution();
  batch.events = {core::Event{"ledger:2/0", absl::InfinitePast(), change}};
  world.Put(batch);
  const std::string violation = world.store().view()->ListViolations(1)->front().id;
  world.Put(core::AcknowledgeInput{violation, "ann", "looking"});
  world.Put(core::ResolveInput{violation, core::Cause::kBadData, "ann", "a wrong import"});
}

TEST_F(StoreTest, HoldsAndReviewsAreThereAfterReopening) {
  PutHoldsAndReviews(world_);
  const core::ResidentTables before(
      static_cast<const core::ResidentTables&>(world_.store().state().resident()));
  EXPECT_EQ(before.of<core::Outbox>().size(), 2U);
  world_.Reopen();
  EXPECT_EQ(static_cast<const core::ResidentTables&>(world_.store().state().resident()), before);
  const std::shared_ptr<const View> view = world_.store().view();
  std::vector<core::HoldEntry> open;
  ASSERT_TRUE(view->ScanHolds(core::HoldState::kOpen, std::nullopt,
                              [&](const auto& entry) {
                                open.push_back(entry);
                                return true;
                              })
                  .ok());
  ASSERT_EQ(open.size(), 1U);
  EXPECT_EQ(open.front().key, Refund("r1"));
  const core::Violation violation = view->ListViolations(1)->front();
  EXPECT_EQ(violation.review.cause, core::Cause::kBadData);
  const core::Group group = view->Find<core::Groups>(violation.group)->value();
  EXPECT_EQ(group.review.state, core::ReviewState::kResolved);
  EXPECT_EQ(view->ListGroups(10)->size(), 2U);
}

TEST_F(StoreTest, AReplayMakesHoldsReviewsGroupsAndAlertsAgain) {
  PutHoldsAndReviews(world_);
  world_.Close();
  const absl::StatusOr<VerifyReport> report = VerifyByReplay(OptionsFor(folder_.path()), nullptr);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->difference, "");
}

TEST_F(StoreTest, ARunningGateIsNotVerifiedButItsCheckpointIs) {
  world_.Put(world_.NewCheck("r1"));
  EXPECT_EQ(VerifyByReplay(OptionsFor(folder_.path()), nullptr).status().code(),
            absl::StatusCode::kFailedPrecondition);
  Options copy = OptionsFor(folder_.path());
  copy.directory = folder_.path() + "/copy";
  ASSERT_TRUE(world_.store().Checkpoint(copy.directory).ok());
  const absl::StatusOr<VerifyReport> report = VerifyByReplay(copy, nullptr);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->difference, "");
  EXPECT_EQ(world_.store().Checkpoint(copy.directory).code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(StoreTest, OnlyOneProcessMayHaveItOpen) {
  const absl::StatusOr<std::unique_ptr<Store>> second = Store::Open(OptionsFor(folder_.path()));
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("in use"));
}

TEST_F(StoreTest, OutcomesOutOfOrderAreRefused) {
  core::Outcome outcome;
  outcome.answer = core::Done{};
  outcome.changes.clock = core::ClockRecord{99, absl::FromUnixSeconds(1'900'000'000)};
  EXPECT_EQ(world_.store().Append({}, outcome).code(), absl::StatusCode::kInternal);
}

TEST_F(StoreTest, DueTimersMergeTheGroupAtHandWithWhatIsStored) {
  world_.Put(world_.NewCheck("r1"));
  world_.Append(world_.NewCheck("r2"));
  const absl::Time due = absl::FromUnixSeconds(1'800'000'000) + absl::Minutes(11);
  EXPECT_EQ(world_.store().state().Due<core::Timers>(due, 10).size(), 2U);
  EXPECT_EQ(world_.store().state().Due<core::Timers>(due, 1).size(), 1U);
  EXPECT_TRUE(world_.store().state().Due<core::Timers>(absl::UnixEpoch(), 10).empty());
}

// Timers are looked at all the time, and those that are over are erased from the beginning.
TEST_F(StoreTest, WhatWasTakenFromAQueueIsNotWalkedOverAgain) {
  for (int i = 0; i < 1000; ++i) world_.Append(world_.NewCheck(absl::StrCat("r", i)));
  ASSERT_TRUE(world_.Commit().ok());
  world_.Advance(absl::Hours(1));
  // Each tick looks at some of them, which then stand elsewhere.
  for (int tick = 0; tick < 4; ++tick) world_.Put(core::TickInput{});
  const core::StateReader& state = world_.store().state();
  const auto skipped_by_a_look = [&] {
    rocksdb::get_perf_context()->Reset();
    EXPECT_TRUE(state.Due<core::Timers>(world_.now(), 10).empty());
    return rocksdb::get_perf_context()->internal_delete_skipped_count;
  };
  rocksdb::SetPerfLevel(rocksdb::PerfLevel::kEnableCount);
  EXPECT_LE(skipped_by_a_look(), core::kMaxTimersPerTick);  // the newest tick's
  EXPECT_EQ(skipped_by_a_look(), 0U);
  const std::vector<core::Timer> later =
      state.Due<core::Timers>(world_.now() + absl::Hours(1), 2000);
  EXPECT_EQ(later.size(), 1000U);
  world_.Reopen();
  EXPECT_EQ(world_.store().state().Due<core::Timers>(world_.now() + absl::Hours(1), 2000), later);
}

TEST_F(StoreTest, WhatIsPutBeforeTheBeginningOfAQueueIsFound) {
  world_.Put(world_.NewCheck("r1"));
  const core::StateReader& state = world_.store().state();
  const absl::Time later = world_.now() + absl::Hours(1);
  const std::vector<core::Timer> alone = state.Due<core::Timers>(later, 10);
  ASSERT_EQ(alone.size(), 1U);
  const core::Timer earlier{alone[0].at - absl::Minutes(5), Refund("r0")};
  core::Outcome outcome;
  outcome.recorded = true;
  outcome.answer = core::Done{};
  outcome.changes.clock =
      core::ClockRecord{state.resident().clock.sequence + 1, world_.now() + absl::Seconds(1)};
  outcome.changes.Put<core::Timers>(earlier, core::Nothing());
  ASSERT_TRUE(world_.store().Append({world_.now(), core::TickInput{}}, outcome).ok());
  const std::vector<core::Timer> both = {earlier, alone[0]};
  EXPECT_EQ(state.Due<core::Timers>(later, 10), both);  // in the group at hand
  ASSERT_TRUE(world_.Commit().ok());
  EXPECT_EQ(state.Due<core::Timers>(later, 10), both);  // and written
}

TEST_F(StoreTest, IndexesAndFiltersStayWithinTheCacheHoweverMuchIsStored) {
  world_.Close();
  Options options = OptionsFor(folder_.path());
  options.ShareMemory(uint64_t{1} << 20);
  StoreWorld world(options);
  world.Advance(absl::Seconds(1));
  // Each flush makes tables.
  for (int i = 0; i < 5000; ++i) {
    world.Append(world.NewCheck(absl::StrCat("r", i)));
    if (i % 100 == 0) {
      ASSERT_TRUE(world.Commit().ok());
    }
  }
  ASSERT_TRUE(world.Commit().ok());
  for (int i = 0; i < 5000; i += 7) {
    ASSERT_TRUE(world.store().view()->Find<core::Keys>(Refund(absl::StrCat("r", i)))->has_value());
  }
  const StorageStatistics statistics = world.store().statistics();
  EXPECT_GT(statistics.block_cache_bytes, 0U);
  EXPECT_LT(statistics.table_reader_bytes, uint64_t{1} << 20);
  EXPECT_LE(statistics.block_cache_bytes, options.block_cache_bytes);
  // Memtables have a least size of their own, above their share of so little; not above that of the
  // least memory that can be set.
  Options least;
  least.ShareMemory(uint64_t{48} << 20);
  EXPECT_LE(statistics.write_buffer_bytes, least.write_buffer_bytes);
}

TEST(StoreOptions, SharesMakeUpTheWholeMemory) {
  Options options;
  options.ShareMemory(uint64_t{384} << 20);
  const Options by_default;
  EXPECT_EQ(options.block_cache_bytes, by_default.block_cache_bytes);
  EXPECT_EQ(options.write_buffer_bytes, by_default.write_buffer_bytes);
  EXPECT_EQ(options.kept_record_bytes, by_default.kept_record_bytes);
  options.ShareMemory(uint64_t{6} << 30);
  EXPECT_EQ(options.write_buffer_bytes, uint64_t{128} << 20);
  EXPECT_EQ(options.block_cache_bytes + options.write_buffer_bytes + options.kept_record_bytes,
            uint64_t{6} << 30);
}

TEST_F(StoreTest, AViewFindsTheBooksOfOneAccountAlone) {
  std::vector<core::BookId> found;
  const auto collect = [&found](const core::BookId& id, const core::Book&) {
    found.push_back(id);
    return true;
  };
  const std::shared_ptr<const View> view = world_.store().view();
  ASSERT_TRUE(view->ScanBooks(AccountId("m1"), collect).ok());
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].order, OrderId("o1"));
  // Not those of accounts whose names merely begin so.
  ASSERT_TRUE(view->ScanBooks(AccountId("m"), collect).ok());
  EXPECT_EQ(found.size(), 1U);
}

TEST_F(StoreTest, AViewTellsWhichKeysMustBeLookedAtByThen) {
  world_.Put(world_.NewCheck("r1"));
  std::vector<core::KeyId> found;
  const auto collect = [&found](const core::Timer& timer) {
    found.push_back(timer.key);
    return true;
  };
  const std::shared_ptr<const View> view = world_.store().view();
  ASSERT_TRUE(view->ScanTimers(world_.now(), collect).ok());
  EXPECT_TRUE(found.empty());
  ASSERT_TRUE(view->ScanTimers(world_.now() + absl::Minutes(11), collect).ok());
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0], Refund("r1"));
}

}  // namespace
}  // namespace fundgate::store::testing
