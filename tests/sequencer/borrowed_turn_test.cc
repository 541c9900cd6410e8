// Inputs that come one by one: whoever brings one does what there is to be done with it.
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/sequencer/bench.h"

namespace fundgate::sequencer {
namespace {

struct Answered {
  core::Verdict verdict = core::Verdict::kBlock;
  std::thread::id by;  // who called back
};

std::future<Answered> SubmitHere(Bench& bench, core::CheckInput check) {
  auto promise = std::make_shared<std::promise<Answered>>();
  std::future<Answered> answered = promise->get_future();
  const absl::Status submitted = bench.sequencer->SubmitHere(
      {.time = {}, .body = std::move(check)}, std::nullopt,
      [promise](absl::StatusOr<core::Answer> got) {
        EXPECT_TRUE(got.ok()) << got.status();
        promise->set_value(
            {got.ok() ? std::get<core::Decision>(*got).verdict : core::Verdict::kBlock,
             std::this_thread::get_id()});
      });
  EXPECT_TRUE(submitted.ok()) << submitted;
  return answered;
}

core::CheckInput WaitingCheck(const std::string& key) {
  core::CheckInput check = CheckOf(key);
  check.attributes["wait_for"] = std::string("till");
  return check;
}

// Brings inputs one by one until the writer lends its turn: when it sleeps is up to the system.
void UntilTheTurnIsLent(Bench& bench) {
  for (int i = 0;; ++i) {
    std::future<Answered> answered = SubmitHere(bench, CheckOf(absl::StrCat("one by one ", i)));
    if (answered.get().by == std::this_thread::get_id()) return;
  }
}

TEST(BorrowedTurn, WhoBringsALoneInputDoesItAll) {
  Bench bench;
  UntilTheTurnIsLent(bench);
  std::future<Answered> answered = SubmitHere(bench, CheckOf("next"));
  const Answered next = answered.get();
  EXPECT_EQ(next.verdict, core::Verdict::kAllow);
  EXPECT_EQ(next.by, std::this_thread::get_id());
  EXPECT_EQ(bench.Journal().back(), "next");
}

TEST(BorrowedTurn, IsNotLentForWhatIsOnlySubmitted) {
  Bench bench;
  UntilTheTurnIsLent(bench);
  std::promise<std::thread::id> by;
  EXPECT_TRUE(bench.sequencer
                  ->Submit({.time = {}, .body = CheckOf("submitted")}, std::nullopt,
                           [&by](const absl::StatusOr<core::Answer>&) {
                             by.set_value(std::this_thread::get_id());
                           })
                  .ok());
  EXPECT_NE(by.get_future().get(), std::this_thread::get_id());
}

// Borrows a turn that takes some time.
void BorrowForLong(Bench& bench, const std::string& key) {
  bench.machine.StopAt(key);
  std::future<Answered> slow;
  std::thread::id borrowed_by;
  std::thread borrower([&] {
    borrowed_by = std::this_thread::get_id();
    slow = SubmitHere(bench, CheckOf(key));
  });
  bench.machine.AwaitStop();
  bench.clock.Advance(absl::Milliseconds(80));
  bench.machine.GoOn();
  borrower.join();
  EXPECT_EQ(slow.get().by, borrowed_by);
}

TEST(BorrowedTurn, IsLentLessToWhoHadTheNextInputAtHandAndEverLess) {
  Bench bench;
  int key = 0;
  for (const int not_lent : {6, 20, 70, 200, 200}) {
    UntilTheTurnIsLent(bench);
    BorrowForLong(bench, absl::StrCat("slow ", ++key));
    // No time has passed since: it waited while the turn before it was made.
    for (int i = 0; i < not_lent; ++i) {
      EXPECT_NE(SubmitHere(bench, CheckOf(absl::StrCat("at hand ", ++key))).get().by,
                std::this_thread::get_id())
          << i << " of " << not_lent;
    }
  }
}

TEST(BorrowedTurn, WhatComesMeanwhileIsLeftToTheWriter) {
  Bench bench;
  UntilTheTurnIsLent(bench);
  bench.machine.StopAt("slow");
  std::future<Answered> slow;
  std::thread borrower([&] { slow = SubmitHere(bench, CheckOf("slow")); });
  bench.machine.AwaitStop();
  std::future<Answered> meanwhile = SubmitHere(bench, CheckOf("meanwhile"));
  EXPECT_EQ(bench.machine.judged("meanwhile"), 0);
  bench.machine.GoOn();
  borrower.join();
  EXPECT_EQ(slow.get().verdict, core::Verdict::kAllow);
  EXPECT_NE(meanwhile.get().by, std::this_thread::get_id());
}

TEST(BorrowedTurn, TheWriterKeepsItsTimeForWhatWasParkedInOne) {
  Bench bench;
  UntilTheTurnIsLent(bench);
  std::future<Answered> parked = SubmitHere(bench, WaitingCheck("parked"));
  bench.Settle();
  EXPECT_EQ(bench.sequencer->statistics().parked, 1u);
  bench.clock.Advance(absl::Milliseconds(200));
  EXPECT_EQ(parked.get().verdict, core::Verdict::kHold);
}

TEST(BorrowedTurn, TicksGoOn) {
  Bench bench;
  UntilTheTurnIsLent(bench);
  for (int i = 1; i < 5; ++i) {
    bench.clock.Advance(absl::Milliseconds(250));
    bench.machine.AwaitTicks(i);
    SubmitHere(bench, CheckOf(absl::StrCat("between ", i))).wait();
  }
}

TEST(BorrowedTurn, ManyThreadsLoseNothingAndDoNothingTwice) {
  constexpr int kThreads = 4;
  constexpr int kEach = 500;
  Bench bench;
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&bench, thread] {
      for (int i = 0; i < kEach; ++i) {
        SubmitHere(bench, CheckOf(absl::StrCat(thread, "/", i))).wait();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::map<std::string, int> times;
  for (const std::string& key : bench.Journal()) ++times[key];
  EXPECT_EQ(times.size(), size_t{kThreads * kEach});
  for (const auto& [key, count] : times) EXPECT_EQ(count, 1) << key;
}

// Whoever answers: the answerer's thread where many wait, the committer's, the writer's, the
// caller's.
TEST(BorrowedTurn, CrowdsAndLoneCallersAreToldInOrder) {
  constexpr int kThreads = 8;
  constexpr int kRounds = 50;
  constexpr int kCrowd = 8;
  constexpr int kLone = 4;
  Bench bench;
  std::atomic<bool> telling = false;
  Sequence newest = 0;  // whoever tells
  bench.sequencer->AddObserver([&](Sequence sequence, const core::Input&, const core::Outcome&) {
    EXPECT_FALSE(telling.exchange(true)) << "two are told at a time";
    EXPECT_EQ(sequence, newest + 1);
    newest = sequence;
    telling = false;
  });
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&bench, thread] {
      for (int round = 0; round < kRounds; ++round) {
        std::vector<Answer> crowd;
        for (int i = 0; i < kCrowd; ++i) {
          crowd.push_back(bench.Check(absl::StrCat("crowd ", thread, "/", round, "/", i)));
        }
        for (Answer& answer : crowd) EXPECT_TRUE(answer.get().ok());
        for (int i = 0; i < kLone; ++i) {
          SubmitHere(bench, CheckOf(absl::StrCat("lone ", thread, "/", round, "/", i))).wait();
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  UntilTheTurnIsLent(bench);
  bench.sequencer->Shutdown();
  EXPECT_GE(newest, static_cast<Sequence>(kThreads * kRounds * (kCrowd + kLone)));
}

TEST(BorrowedTurn, AShutdownWaitsForIt) {
  Bench bench;
  UntilTheTurnIsLent(bench);
  bench.machine.StopAt("slow");
  std::future<Answered> slow;
  std::thread borrower([&] { slow = SubmitHere(bench, CheckOf("slow")); });
  bench.machine.AwaitStop();
  std::thread closer([&bench] { bench.sequencer->Shutdown(); });
  bench.machine.GoOn();
  closer.join();
  borrower.join();
  EXPECT_EQ(slow.get().verdict, core::Verdict::kAllow);
}

TEST(BorrowedTurn, AFailedWriteIsAnsweredAndTheTurnGivenBack) {
  Bench bench;
  UntilTheTurnIsLent(bench);
  bench.store.FailWrites(absl::UnavailableError("the disk is away"));
  std::promise<absl::Status> failed;
  EXPECT_TRUE(bench.sequencer
                  ->SubmitHere({.time = {}, .body = CheckOf("lost")}, std::nullopt,
                               [&failed](const absl::StatusOr<core::Answer>& got) {
                                 failed.set_value(OwnCopy(got.status()));
                               })
                  .ok());
  EXPECT_TRUE(absl::IsUnavailable(failed.get_future().get()));
  bench.store.FailWrites(absl::OkStatus());
  // The writer loads the state anew by itself; until then it answers with the failure.
  for (bool again = true; again;) {
    bench.clock.Advance(absl::Milliseconds(200));
    again = !bench.Check("again").get().ok();
  }
}

}  // namespace
}  // namespace fundgate::sequencer
