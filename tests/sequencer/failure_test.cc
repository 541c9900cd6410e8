// Full disks, failed writes, failed reads, failed syncs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/sequencer/bench.h"

namespace fundgate::sequencer {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

absl::Status CodeOf(Answer answer) { return answer.get().status(); }

core::Input Poison() {
  core::ConfirmInput confirm;
  confirm.key = {MovementKind("refund"), IdempotencyKey("poison")};
  return {.time = {}, .body = confirm};
}

class DiskFull : public testing::Test {
 protected:
  void Fill() {
    bench_.store.FailWrites(absl::ResourceExhaustedError("no space left on device"));
    bench_.store.FailReloads(absl::ResourceExhaustedError("no space left on device"));
  }
  void MakeRoom() {
    bench_.store.FailWrites(absl::OkStatus());
    bench_.store.FailReloads(absl::OkStatus());
  }
  Bench bench_;
};

TEST_F(DiskFull, AnswersResourceExhaustedAndRecordsNothing) {
  Fill();
  EXPECT_TRUE(absl::IsResourceExhausted(CodeOf(bench_.Check("k"))));
  EXPECT_TRUE(bench_.sequencer->statistics().disk_full);
  EXPECT_THAT(bench_.Journal(), IsEmpty());
}

TEST_F(DiskFull, IsNotAskedOfTheMachineUntilThereIsRoom) {
  Fill();
  EXPECT_TRUE(absl::IsResourceExhausted(CodeOf(bench_.Check("first"))));
  EXPECT_TRUE(absl::IsResourceExhausted(CodeOf(bench_.Check("second"))));
  EXPECT_EQ(bench_.machine.judged("second"), 0);
}

TEST_F(DiskFull, GoesOnWhenThereIsRoomWithoutAGapInTheJournal) {
  EXPECT_EQ(VerdictOf(bench_.Check("before")), core::Verdict::kAllow);
  Fill();
  EXPECT_TRUE(absl::IsResourceExhausted(CodeOf(bench_.Check("lost"))));
  MakeRoom();
  bench_.clock.Advance(absl::Milliseconds(200));
  EXPECT_EQ(VerdictOf(bench_.Check("after")), core::Verdict::kAllow);
  EXPECT_FALSE(bench_.sequencer->statistics().disk_full);
  EXPECT_THAT(bench_.Journal(), ElementsAre("before", "after"));
  EXPECT_EQ(bench_.store.state().resident().clock.sequence, 2u);
}

TEST_F(DiskFull, TriesToReloadOnceAPeriodHoweverMuchIsAsked) {
  Fill();
  for (int i = 0; i < 20; ++i) bench_.Check(absl::StrCat("k", i)).wait();
  EXPECT_EQ(bench_.sequencer->statistics().reloads, 1u);
  bench_.clock.Advance(absl::Milliseconds(200));
  for (int i = 0; i < 20; ++i) bench_.Check(absl::StrCat("l", i)).wait();
  EXPECT_EQ(bench_.sequencer->statistics().reloads, 2u);
}

TEST_F(DiskFull, WhatWasWrittenBeforeIsAnsweredFirstAndWell) {
  bench_.store.BlockSyncs();
  Answer written = bench_.Check("written");
  bench_.store.AwaitBlockedSync();
  Fill();
  Answer lost = bench_.Check("lost");
  EXPECT_FALSE(IsThere(lost));
  bench_.store.UnblockSyncs();
  EXPECT_TRUE(absl::IsResourceExhausted(CodeOf(std::move(lost))));
  ASSERT_TRUE(IsThere(written));
  EXPECT_EQ(VerdictOf(std::move(written)), core::Verdict::kAllow);
}

TEST_F(DiskFull, ObserversHearNothingOfWhatWasLost) {
  std::atomic<int> heard{0};
  bench_.sequencer->AddObserver(
      [&heard](Sequence, const core::Input&, const core::Outcome&) { ++heard; });
  Fill();
  bench_.Check("lost").wait();
  EXPECT_EQ(heard, 0);
}

TEST_F(DiskFull, AParkedCheckOutlivesIt) {
  Answer parked = bench_.WaitingCheck("parked");
  bench_.Settle();
  Fill();
  bench_.Check("lost").wait();
  EXPECT_FALSE(IsThere(parked));
  MakeRoom();
  bench_.clock.Advance(absl::Milliseconds(199));
  bench_.Settle();  // the sequencer has found that there is room
  bench_.clock.Advance(absl::Milliseconds(1));
  EXPECT_EQ(VerdictOf(std::move(parked)), core::Verdict::kHold);
}

TEST_F(DiskFull, AParkedCheckWhosePatienceEndsMeanwhileIsTold) {
  Answer parked = bench_.WaitingCheck("parked");
  bench_.Settle();
  Fill();
  bench_.Check("lost").wait();
  bench_.clock.Advance(absl::Milliseconds(200));
  EXPECT_TRUE(absl::IsResourceExhausted(CodeOf(std::move(parked))));
}

TEST_F(DiskFull, ShutdownAnswersEverybodyAllTheSame) {
  Answer parked = bench_.WaitingCheck("parked");
  bench_.Settle();
  Fill();
  bench_.Check("lost").wait();
  bench_.sequencer->Shutdown();
  ASSERT_TRUE(IsThere(parked));
  EXPECT_TRUE(absl::IsResourceExhausted(CodeOf(std::move(parked))));
}

TEST(FailedWrite, DropsTheGroupAndGoesOnFromTheStore) {
  Bench bench;
  EXPECT_EQ(VerdictOf(bench.Check("before")), core::Verdict::kAllow);
  bench.store.FailWrites(absl::UnavailableError("the log can't be written"));
  EXPECT_TRUE(absl::IsUnavailable(CodeOf(bench.Check("lost"))));
  bench.store.FailWrites(absl::OkStatus());
  EXPECT_EQ(VerdictOf(bench.Check("after")), core::Verdict::kAllow);
  EXPECT_THAT(bench.Journal(), ElementsAre("before", "after"));
  EXPECT_FALSE(bench.sequencer->statistics().disk_full);
}

TEST(FailedWrite, TakesWithItWhatWasJudgedOnTopOfIt) {
  Bench bench({.group_capacity = 1});
  bench.store.BlockSyncs();
  Answer before = bench.Check("before");
  bench.store.AwaitBlockedSync();
  bench.store.FailWrites(absl::UnavailableError("the log can't be written"));
  // The writer has more to judge, so it leaves the writing to the committer.
  bench.machine.StopAt("lost");
  Answer lost = bench.Check("lost");
  bench.machine.AwaitStop();
  Answer on_top = bench.Check("on top");
  bench.machine.GoOn();
  bench.store.AwaitEnds(3);
  bench.store.UnblockSyncs();
  EXPECT_EQ(VerdictOf(std::move(before)), core::Verdict::kAllow);
  EXPECT_TRUE(absl::IsUnavailable(CodeOf(std::move(lost))));
  EXPECT_TRUE(absl::IsUnavailable(CodeOf(std::move(on_top))));
  bench.store.FailWrites(absl::OkStatus());
  EXPECT_EQ(VerdictOf(bench.Check("after")), core::Verdict::kAllow);
  EXPECT_THAT(bench.Journal(), ElementsAre("before", "after"));
  EXPECT_EQ(bench.sequencer->statistics().reloads, 1u);
}

TEST(AcceptedTime, IsDurableBeforeAnythingIsJudgedBehindIt) {
  Bench bench;
  bench.clock.ShiftWall(absl::Hours(24));
  const absl::Time before = bench.input_clock.Now();
  bench.store.BlockSyncs();
  Answer accepted = bench.Submit({.time = {}, .body = core::AcceptTimeInput{}});
  bench.store.AwaitBlockedSync();
  Answer behind = bench.Check("behind");
  EXPECT_EQ(bench.input_clock.Now(), before);
  EXPECT_EQ(bench.machine.judged("behind"), 0);
  bench.store.UnblockSyncs();
  EXPECT_EQ(VerdictOf(std::move(behind)), core::Verdict::kAllow);
  EXPECT_TRUE(IsThere(accepted));
  EXPECT_EQ(bench.input_clock.Now(), before + absl::Hours(24));
  EXPECT_EQ(bench.store.journal().back().input.time, before + absl::Hours(24));
}

TEST(FailedWrite, AnAcceptedTimeThatIsNotWrittenDoesNotMoveTheClock) {
  Bench bench;
  bench.clock.ShiftWall(absl::Hours(24));
  bench.store.FailWrites(absl::UnavailableError("the log can't be written"));
  const absl::Time before = bench.input_clock.Now();
  EXPECT_TRUE(
      absl::IsUnavailable(CodeOf(bench.Submit({.time = {}, .body = core::AcceptTimeInput{}}))));
  EXPECT_EQ(bench.input_clock.Now(), before);
}

TEST(FailedAppend, WritesNothingOfTheGroup) {
  Bench bench;
  bench.store.FailAppends(absl::InternalError("the journal's chain is broken in memory"));
  EXPECT_TRUE(absl::IsUnavailable(CodeOf(bench.Check("lost"))));
  bench.store.FailAppends(absl::OkStatus());
  EXPECT_EQ(VerdictOf(bench.Check("after")), core::Verdict::kAllow);
  EXPECT_THAT(bench.Journal(), ElementsAre("after"));
}

TEST(FailedMachine, DropsTheInputThatBrokeItAndNoOther) {
  Bench bench;
  bench.machine.StopAt("stop");
  Answer stop = bench.Check("stop");
  bench.machine.AwaitStop();
  Answer before = bench.Check("before");
  Answer poison = bench.Submit(Poison());
  Answer after = bench.Check("after");
  bench.machine.GoOn();
  EXPECT_EQ(VerdictOf(std::move(before)), core::Verdict::kAllow);
  EXPECT_TRUE(absl::IsUnavailable(CodeOf(std::move(poison))));
  EXPECT_EQ(VerdictOf(std::move(after)), core::Verdict::kAllow);
  EXPECT_THAT(bench.Journal(), ElementsAre("stop", "before", "after"));
  EXPECT_EQ(bench.sequencer->statistics().reloads, 1u);
}

TEST(FailedSync, EndsWithoutAnswerAndIsNeverTriedAgain) {
  Bench bench;
  std::atomic<int> answered{0};
  std::atomic<int> observed{0};
  bench.sequencer->AddObserver(
      [&observed](Sequence, const core::Input&, const core::Outcome&) { ++observed; });
  bench.store.BlockSyncs();
  bench.store.FailSyncs(absl::InternalError("input/output error"));
  const auto count = [&answered](const absl::StatusOr<core::Answer>&) { ++answered; };
  ASSERT_TRUE(
      bench.sequencer->Submit({.time = {}, .body = CheckOf("first")}, std::nullopt, count).ok());
  bench.store.AwaitBlockedSync();
  ASSERT_TRUE(
      bench.sequencer->Submit({.time = {}, .body = CheckOf("second")}, std::nullopt, count).ok());
  bench.store.AwaitEnds(2);
  bench.store.UnblockSyncs();
  EXPECT_EQ(bench.AwaitDeath(), absl::InternalError("input/output error"));
  bench.sequencer->Shutdown();
  EXPECT_EQ(answered, 0);
  EXPECT_EQ(observed, 0);
  EXPECT_EQ(bench.store.sync_calls(), 1);
  EXPECT_TRUE(absl::IsUnavailable(CodeOf(bench.Check("third"))));
}

TEST(FailedReload, OfADamagedStoreIsFatal) {
  Bench bench;
  bench.store.FailWrites(absl::UnavailableError("the log can't be written"));
  bench.store.FailReloads(absl::DataLossError("record 7 does not fit the chain"));
  Answer lost = bench.Check("lost");
  EXPECT_EQ(bench.AwaitDeath(), absl::DataLossError("record 7 does not fit the chain"));
  EXPECT_TRUE(absl::IsUnavailable(CodeOf(std::move(lost))));
  EXPECT_TRUE(absl::IsUnavailable(CodeOf(bench.Check("later"))));
}

TEST(FailedSyncDeathTest, ByDefaultEndsTheProcessWithItsOwnStatus) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto fail = [] {
    ManualClock clock;
    FakeStore store;
    InputClock input_clock(clock.sources(), absl::InfinitePast());
    ScriptedMachine machine(store.state());
    const auto sequencer = PipelinedSequencer::Start(
        {}, store, input_clock,
        [&machine](const core::Input& input) { return machine.Apply(input); }, nullptr, nullptr);
    store.FailSyncs(absl::InternalError("input/output error"));
    std::promise<void> never;
    (void)(*sequencer)
        ->Submit({.time = {}, .body = CheckOf("k")}, std::nullopt,
                 [](const absl::StatusOr<core::Answer>&) { std::_Exit(0); });
    never.get_future().wait();
  };
  EXPECT_EXIT(fail(), testing::ExitedWithCode(70), "input/output error");
}

}  // namespace
}  // namespace fundgate::sequencer
