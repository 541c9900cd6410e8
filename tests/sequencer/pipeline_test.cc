// Order, groups, answers after the sync, observers, deadlines, ticks and clocks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/sequencer/bench.h"

namespace fundgate::sequencer {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Pipeline, JudgesInTheOrderOfSubmission) {
  Bench bench;
  std::vector<Answer> answers;
  std::vector<std::string> keys;
  for (int i = 0; i < 500; ++i) {
    keys.push_back(absl::StrCat("k", i));
    answers.push_back(bench.Check(keys.back()));
  }
  for (Answer& answer : answers) EXPECT_EQ(VerdictOf(std::move(answer)), core::Verdict::kAllow);
  EXPECT_EQ(bench.Journal(), keys);
}

TEST(Pipeline, AnswersOnlyAfterTheSync) {
  Bench bench;
  bench.store.BlockSyncs();
  Answer answer = bench.Check("k");
  bench.store.AwaitBlockedSync();
  EXPECT_THAT(bench.Journal(), ElementsAre("k"));
  EXPECT_FALSE(IsThere(answer));
  bench.store.UnblockSyncs();
  EXPECT_EQ(VerdictOf(std::move(answer)), core::Verdict::kAllow);
  EXPECT_EQ(bench.store.synced_group(), 1u);
}

TEST(Pipeline, AnUnrecordedAnswerWaitsForTheSyncOfWhatItRestsOn) {
  Bench bench;
  bench.store.BlockSyncs();
  Answer first = bench.Check("k");
  bench.store.AwaitBlockedSync();
  Answer replay = bench.Check("replay");
  Answer later = bench.Check("later");
  bench.store.AwaitEnds(2);  // the group of "later", and so the replay is judged
  EXPECT_FALSE(IsThere(replay));
  bench.store.UnblockSyncs();
  EXPECT_EQ(VerdictOf(std::move(replay)), core::Verdict::kAllow);
  EXPECT_EQ(VerdictOf(std::move(later)), core::Verdict::kAllow);
  EXPECT_THAT(bench.Journal(), ElementsAre("k", "later"));
}

TEST(Pipeline, AnUnrecordedAnswerOverSyncedStateNeedsNoSync) {
  Bench bench;
  bench.Check("k").wait();
  bench.Check("replay").wait();
  EXPECT_EQ(bench.store.sync_calls(), 1);
}

TEST(Pipeline, JudgesTheNextGroupWhileThePreviousOneSyncs) {
  Bench bench;
  bench.store.BlockSyncs();
  Answer first = bench.Check("first");
  bench.store.AwaitBlockedSync();
  Answer second = bench.Check("second");
  bench.store.AwaitEnds(2);
  EXPECT_EQ(bench.store.synced_group(), 0u);
  bench.store.UnblockSyncs();
  EXPECT_EQ(VerdictOf(std::move(first)), core::Verdict::kAllow);
  EXPECT_EQ(VerdictOf(std::move(second)), core::Verdict::kAllow);
}

TEST(Pipeline, WhatComesWhileNoMoreGroupsMayFlyFormsOneGroup) {
  Bench bench({.groups_in_flight = 1});
  bench.store.BlockSyncs();
  std::vector<Answer> answers;
  answers.push_back(bench.Check("first"));
  bench.store.AwaitBlockedSync();
  for (int i = 0; i < 100; ++i) answers.push_back(bench.Check(absl::StrCat("k", i)));
  bench.store.UnblockSyncs();
  for (Answer& answer : answers) answer.wait();
  const auto journal = bench.store.journal();
  ASSERT_EQ(journal.size(), 101u);
  for (size_t i = 1; i < journal.size(); ++i) EXPECT_EQ(journal[i].group, 2u);
  EXPECT_EQ(bench.store.sync_calls(), 2);
}

TEST(Pipeline, AGroupIsNeverLargerThanItsCapacity) {
  Bench bench({.group_capacity = 10, .groups_in_flight = 1});
  bench.store.BlockSyncs();
  std::vector<Answer> answers;
  answers.push_back(bench.Check("first"));
  bench.store.AwaitBlockedSync();
  for (int i = 0; i < 25; ++i) answers.push_back(bench.Check(absl::StrCat("k", i)));
  bench.store.UnblockSyncs();
  for (Answer& answer : answers) answer.wait();
  EXPECT_EQ(bench.store.journal().back().group, 4u);  // 1 + 10 + 10 + 5
}

TEST(Pipeline, WritesNoMoreGroupsThanMayFly) {
  Bench bench({.groups_in_flight = 2});
  bench.store.BlockSyncs();
  Answer first = bench.Check("first");
  bench.store.AwaitBlockedSync();
  Answer second = bench.Check("second");
  bench.store.AwaitEnds(2);
  Answer third = bench.Check("third");
  // The writer can't have gone on: it says so by still having the input in its queue.
  EXPECT_EQ(bench.sequencer->statistics().queue_depth, 1u);
  EXPECT_EQ(bench.machine.judged("third"), 0);
  bench.store.UnblockSyncs();
  EXPECT_EQ(VerdictOf(std::move(third)), core::Verdict::kAllow);
}

TEST(Pipeline, RefusesAtOnceWhatTheQueueCantHold) {
  Bench bench({.queue_capacity = 2});
  bench.machine.StopAt("stop");
  Answer stop = bench.Check("stop");
  bench.machine.AwaitStop();
  Answer second = bench.Check("second");
  Answer third = bench.Check("third");
  Answer fourth = bench.Check("fourth");
  ASSERT_TRUE(IsThere(fourth));
  EXPECT_TRUE(absl::IsResourceExhausted(fourth.get().status()));
  EXPECT_EQ(bench.sequencer->statistics().queue_depth, 2u);
  bench.machine.GoOn();
  EXPECT_EQ(VerdictOf(std::move(third)), core::Verdict::kAllow);
  EXPECT_EQ(VerdictOf(bench.Check("fifth")), core::Verdict::kAllow);
}

TEST(Observers, HearInOrderAfterTheSyncAndBeforeTheCaller) {
  Bench bench;
  std::vector<Sequence> heard;  // the answerer's thread; read after the last answer
  std::atomic<uint64_t> unsynced{0};
  bench.sequencer->AddObserver([&](Sequence sequence, const core::Input&, const core::Outcome&) {
    heard.push_back(sequence);
    if (bench.store.synced_group() < bench.store.journal()[sequence - 1].group) ++unsynced;
  });
  std::vector<Answer> answers;
  for (int i = 0; i < 50; ++i) answers.push_back(bench.Check(absl::StrCat("k", i)));
  for (Answer& answer : answers) answer.wait();
  ASSERT_EQ(heard.size(), 50u);
  for (size_t i = 0; i < heard.size(); ++i) EXPECT_EQ(heard[i], i + 1);
  EXPECT_EQ(unsynced, 0u);
}

TEST(Observers, HearNothingOfUnrecordedOutcomesAndNothingOnceRemoved) {
  Bench bench;
  int heard = 0;
  const uint64_t id = bench.sequencer->AddObserver(
      [&heard](Sequence, const core::Input&, const core::Outcome&) { ++heard; });
  bench.Check("replay").wait();
  EXPECT_EQ(heard, 0);
  bench.Check("k").wait();
  EXPECT_EQ(heard, 1);
  bench.sequencer->RemoveObserver(id);
  bench.Check("l").wait();
  EXPECT_EQ(heard, 1);
}

TEST(Deadline, PassedBeforeTheMachineTookItLeavesNoTrace) {
  Bench bench;
  bench.machine.StopAt("stop");
  Answer stop = bench.Check("stop");
  bench.machine.AwaitStop();
  Answer late = bench.Check("late", absl::Milliseconds(10));
  Answer in_time = bench.Check("in_time", absl::Milliseconds(11));
  bench.clock.Advance(absl::Milliseconds(10));
  bench.machine.GoOn();
  EXPECT_TRUE(absl::IsDeadlineExceeded(late.get().status()));
  EXPECT_EQ(VerdictOf(std::move(in_time)), core::Verdict::kAllow);
  EXPECT_EQ(bench.machine.judged("late"), 0);
  EXPECT_THAT(bench.Journal(), ElementsAre("stop", "in_time"));
}

TEST(Deadline, PassedAfterTheMachineTookItLetsTheDecisionStand) {
  Bench bench;
  bench.store.BlockSyncs();
  Answer answer = bench.Check("k", absl::Milliseconds(10));
  bench.store.AwaitBlockedSync();
  bench.clock.Advance(absl::Milliseconds(20));
  bench.store.UnblockSyncs();
  EXPECT_EQ(VerdictOf(std::move(answer)), core::Verdict::kAllow);
  EXPECT_THAT(bench.Journal(), ElementsAre("k"));
}

TEST(InputTime, IsThatOfArrivalAndThatOfTaking) {
  Bench bench;
  const absl::Time start = bench.clock.wall();
  bench.machine.StopAt("stop");
  Answer stop = bench.Check("stop");
  bench.machine.AwaitStop();
  Answer answer = bench.Check("k");
  bench.clock.Advance(absl::Milliseconds(10));
  bench.machine.GoOn();
  answer.wait();
  const core::Input input = bench.store.journal().back().input;
  EXPECT_EQ(std::get<core::CheckInput>(input.body).arrived_at, start);
  EXPECT_EQ(input.time, start + absl::Milliseconds(10));
}

TEST(Ticks, ComeWithThePeriodAndCostNothingWhenTheyChangeNothing) {
  Bench bench;
  bench.clock.Advance(absl::Milliseconds(250));
  bench.machine.AwaitTicks(1);
  bench.clock.Advance(absl::Milliseconds(250));
  bench.machine.AwaitTicks(2);
  bench.Settle();
  EXPECT_THAT(bench.Journal(), IsEmpty());
  EXPECT_EQ(bench.store.sync_calls(), 1) << "only the check of Settle itself";
}

TEST(ClockDrift, IsReportedOnceAndEndsWhenAnOperatorAcceptsTheTime) {
  for (const absl::Duration jump : {absl::Hours(24), -absl::Hours(24)}) {
    Bench bench;
    const absl::Time before = bench.input_clock.Now();
    bench.clock.ShiftWall(jump);
    for (int tick = 1; tick <= 3; ++tick) {
      bench.clock.Advance(absl::Milliseconds(250));
      bench.machine.AwaitTicks(tick);
    }
    bench.Settle();
    EXPECT_THAT(bench.Journal(), ElementsAre("drift"));
    const core::Input report = bench.store.journal().front().input;
    EXPECT_EQ(std::get<core::ClockDriftInput>(report.body).drift, jump);
    EXPECT_LT(report.time, before + absl::Seconds(1)) << "input time must not jump";

    bench.Submit({.time = {}, .body = core::AcceptTimeInput{}}).wait();
    const absl::Time accepted = bench.input_clock.Now();
    EXPECT_EQ(accepted, std::max(bench.clock.wall(), before + absl::Milliseconds(750)));
    bench.clock.Advance(absl::Milliseconds(250));
    bench.machine.AwaitTicks(4);
    bench.Settle();
    EXPECT_THAT(bench.Journal(), ElementsAre("drift", "accept"));
  }
}

TEST(ClockDrift, WithinTheLimitIsNoNews) {
  Bench bench;
  bench.clock.ShiftWall(absl::Seconds(2));
  bench.clock.Advance(absl::Milliseconds(250));
  bench.machine.AwaitTicks(1);
  bench.Settle();
  EXPECT_THAT(bench.Journal(), IsEmpty());
}

TEST(Start, RefusesOptionsThatCantBe) {
  ManualClock clock;
  InputClock input_clock(clock.sources(), absl::InfinitePast());
  FakeStore store;
  const auto started = PipelinedSequencer::Start({.group_capacity = 0}, store, input_clock, nullptr,
                                                 nullptr, nullptr);
  EXPECT_TRUE(absl::IsInvalidArgument(started.status()));
  EXPECT_THAT(std::string(started.status().message()), testing::HasSubstr("group_capacity"));
}

TEST(Start, RefusesAClockBehindTheJournal) {
  ManualClock clock;
  InputClock input_clock(clock.sources(), absl::InfinitePast());
  FakeStore store;
  core::Outcome outcome;
  outcome.changes.clock = core::ClockRecord{.sequence = 1, .time = clock.wall() + absl::Seconds(1)};
  ASSERT_TRUE(store.Append({}, outcome).ok());
  const auto started = PipelinedSequencer::Start({}, store, input_clock, nullptr, nullptr, nullptr);
  EXPECT_TRUE(absl::IsFailedPrecondition(started.status()));
}

}  // namespace
}  // namespace fundgate::sequencer
