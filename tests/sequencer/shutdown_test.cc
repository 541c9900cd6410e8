// The end: everything taken is answered, nothing more is taken.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/sequencer/bench.h"

namespace fundgate::sequencer {
namespace {

using ::testing::ElementsAre;

TEST(Shutdown, AnswersWhatIsQueuedAndTakesNoMore) {
  Bench bench;
  bench.store.BlockSyncs();
  std::vector<Answer> answers;
  for (int i = 0; i < 20; ++i) answers.push_back(bench.Check(absl::StrCat("k", i)));
  std::thread shutdown([&bench] { bench.sequencer->Shutdown(); });
  bench.store.UnblockSyncs();
  shutdown.join();
  for (Answer& answer : answers) {
    ASSERT_TRUE(IsThere(answer));
    EXPECT_EQ(VerdictOf(std::move(answer)), core::Verdict::kAllow);
  }
  EXPECT_EQ(bench.store.synced_group(), bench.store.journal().back().group);
  EXPECT_TRUE(absl::IsUnavailable(bench.Check("late").get().status()));
}

TEST(Shutdown, AnswersParkedChecksAsIfTheirPatienceHadEnded) {
  Bench bench;
  Answer parked = bench.WaitingCheck("parked");
  bench.Settle();
  bench.sequencer->Shutdown();
  ASSERT_TRUE(IsThere(parked));
  EXPECT_EQ(VerdictOf(std::move(parked)), core::Verdict::kHold);
  EXPECT_THAT(bench.Journal(), ElementsAre("parked"));
}

TEST(Shutdown, AQueuedProofStillHelpsAParkedCheck) {
  Bench bench;
  Answer parked = bench.WaitingCheck("parked");
  bench.Settle();
  bench.machine.StopAt("stop");
  Answer stop = bench.Check("stop");
  bench.machine.AwaitStop();
  Answer proof = bench.Prove();
  std::thread shutdown([&bench] { bench.sequencer->Shutdown(); });
  bench.machine.GoOn();
  shutdown.join();
  EXPECT_EQ(VerdictOf(std::move(parked)), core::Verdict::kAllow);
}

TEST(Shutdown, TwiceIsOnce) {
  Bench bench;
  std::thread other([&bench] { bench.sequencer->Shutdown(); });
  bench.sequencer->Shutdown();
  other.join();
}

// What is counted as accepted from eight threads is answered, once each, and journaled.
TEST(Shutdown, UnderLoadLosesNothing) {
  Bench bench({.queue_capacity = 1000, .group_capacity = 16});
  constexpr int kThreads = 8;
  std::atomic<int> accepted{0};
  std::atomic<int> answered{0};
  std::latch loaded(kThreads);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0;; ++i) {
        if (i == 200) loaded.count_down();
        const absl::Status status = bench.sequencer->Submit(
            {.time = {}, .body = CheckOf(absl::StrCat("k", thread, "-", i))}, std::nullopt,
            [&answered](const absl::StatusOr<core::Answer>& answer) {
              EXPECT_TRUE(answer.ok()) << answer.status();
              ++answered;
            });
        if (absl::IsUnavailable(status)) return;
        if (status.ok()) {
          ++accepted;
        } else {
          EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
          std::this_thread::yield();
        }
      }
    });
  }
  loaded.wait();
  bench.sequencer->Shutdown();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(answered, accepted);
  EXPECT_EQ(bench.store.journal().size(), static_cast<size_t>(accepted));
  EXPECT_EQ(bench.store.synced_group(), bench.store.journal().back().group);
}

}  // namespace
}  // namespace fundgate::sequencer
