// Who may still join those that wait. Time is a number that the test says.
#include "server/sequencer/admission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <vector>

#include "tests/sequencer/bench.h"

namespace fundgate::sequencer {
namespace {

using Cause = TurnedAway::Cause;

constexpr absl::Duration kLongestWait = absl::Milliseconds(300);

// A queue before a machine that takes 1 ms for each input, ten in a turn.
class Queue {
 public:
  explicit Queue(absl::Duration longest_wait = kLongestWait, size_t capacity = 16'000)
      : admission(longest_wait, capacity) {}

  // Turns of which each leaves something behind.
  void Work(int turns) {
    for (int i = 0; i < turns; ++i) {
      now += absl::Milliseconds(10);
      admission.Progress({.inputs = 10, .left = true, .waiting = true}, now);
    }
    since = now;
  }
  std::optional<TurnedAway> Ask(size_t length, const Newcomer& newcomer) {
    return admission.TurnAway(newcomer, {length, since}, now);
  }
  bool Takes(size_t length, Priority priority) {
    return !Ask(length, {.priority = priority}).has_value();
  }
  std::optional<Cause> CauseFor(size_t length, const Newcomer& newcomer) {
    const std::optional<TurnedAway> turned_away = Ask(length, newcomer);
    return turned_away.has_value() ? std::optional(turned_away->cause) : std::nullopt;
  }

  Admission admission;
  absl::Duration now = absl::Hours(7);
  absl::Duration since = now;
};

TEST(Admission, TheWaitIsTheLengthOfTheQueueTimesWhatOneTakes) {
  Queue queue;
  queue.Work(3);
  EXPECT_EQ(queue.admission.WaitAt({200, queue.since}, queue.now), absl::Milliseconds(200));
  EXPECT_TRUE(queue.Takes(300, Priority::kHigh));
  const std::optional<TurnedAway> turned_away = queue.Ask(301, {.priority = Priority::kHigh});
  ASSERT_TRUE(turned_away.has_value());
  EXPECT_EQ(turned_away->cause, Cause::kWait);
  EXPECT_EQ(turned_away->wait, absl::Milliseconds(301));
  EXPECT_EQ(turned_away->retry_after, absl::Milliseconds(301));
}

TEST(Admission, ALowerPriorityIsRefusedSoonerAndAskedToComeBackLater) {
  Queue queue;
  queue.Work(3);
  EXPECT_TRUE(queue.Takes(100, Priority::kLow));
  EXPECT_FALSE(queue.Takes(101, Priority::kLow));
  EXPECT_TRUE(queue.Takes(200, Priority::kNormal));
  EXPECT_FALSE(queue.Takes(201, Priority::kNormal));
  EXPECT_TRUE(queue.Takes(300, Priority::kHigh));
  EXPECT_EQ(queue.Ask(250, {.priority = Priority::kNormal})->retry_after, absl::Milliseconds(500));
  EXPECT_EQ(queue.Ask(250, {.priority = Priority::kLow})->retry_after, absl::Milliseconds(750));
}

TEST(Admission, AHintIsNeverTooShortNorTooLong) {
  Queue queue;
  queue.Work(3);
  EXPECT_EQ(queue.Ask(50, {.time_left = absl::Milliseconds(50)})->retry_after,
            2 * Admission::kShortestRetry);
  EXPECT_EQ(queue.Ask(13'000, {.priority = Priority::kLow})->retry_after, Admission::kLongestRetry);
}

TEST(Admission, ACrowdOfHigherOnesLeavesEachLowerPriorityItsShare) {
  Queue queue;
  queue.Work(3);
  std::map<Priority, int> taken;
  for (int i = 0; i < 3000; ++i) {
    for (const Priority priority : {Priority::kHigh, Priority::kNormal, Priority::kLow}) {
      taken[priority] += queue.Takes(250, priority) ? 1 : 0;
    }
  }
  EXPECT_EQ(taken[Priority::kHigh], 3000);
  EXPECT_NEAR(taken[Priority::kNormal], 3000 / Admission::kShare, 20);
  EXPECT_NEAR(taken[Priority::kLow], 3000 / Admission::kShare, 20);
}

TEST(Admission, NoShareGoesBeyondTheLongestWait) {
  Queue queue;
  queue.Work(3);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(queue.Takes(300, Priority::kHigh));
  EXPECT_FALSE(queue.Takes(301, Priority::kLow));
  EXPECT_TRUE(queue.Takes(300, Priority::kLow)) << "it is due";
}

TEST(Admission, WhoseCallerDoesNotWaitSoLongIsRefusedAtOnce) {
  Queue queue;
  queue.Work(3);
  EXPECT_EQ(queue.CauseFor(80, {.time_left = absl::Milliseconds(80)}), Cause::kDeadline);
  EXPECT_EQ(queue.CauseFor(80, {.time_left = absl::Milliseconds(81)}), std::nullopt);
  EXPECT_EQ(queue.CauseFor(80, {}), std::nullopt);
}

TEST(Admission, OfManyThatComeTogetherTheLastMustBeInTimeForTheirCaller) {
  Queue queue;
  queue.Work(3);
  EXPECT_EQ(queue.CauseFor(50, {.checks = 100, .time_left = absl::Milliseconds(149)}),
            Cause::kDeadline);
  EXPECT_EQ(queue.CauseFor(50, {.checks = 100, .time_left = absl::Milliseconds(150)}),
            std::nullopt);
}

TEST(Admission, WhoFindsNobodyIsTaken) {
  Queue queue;
  queue.Work(3);
  EXPECT_TRUE(queue.Takes(0, Priority::kLow));
  EXPECT_EQ(queue.CauseFor(0, {.checks = 1000, .time_left = absl::Milliseconds(1)}), std::nullopt);
}

TEST(Admission, ChecksLeaveAnEighthOfTheQueueToOthers) {
  Queue queue(absl::InfiniteDuration(), 800);
  EXPECT_EQ(queue.CauseFor(699, {}), std::nullopt);
  EXPECT_EQ(queue.CauseFor(700, {}), Cause::kQueue);
  EXPECT_EQ(queue.CauseFor(601, {.checks = 100}), Cause::kQueue);
}

TEST(Admission, WithoutABoundOnlyDeadlinesAndTheQueueRefuse) {
  Queue queue(absl::InfiniteDuration());
  queue.Work(3);
  EXPECT_TRUE(queue.Takes(13'999, Priority::kLow));
  EXPECT_EQ(queue.CauseFor(2000, {.time_left = absl::Seconds(1)}), Cause::kDeadline);
}

TEST(Admission, WhileTheMachineStandsStillTheWaitGrows) {
  Queue queue;
  queue.admission.Progress({.inputs = 10, .left = false, .waiting = false}, queue.now);
  queue.now += absl::Hours(1);  // nobody asks anything
  queue.since = queue.now;
  EXPECT_TRUE(queue.Takes(1, Priority::kLow)) << "the machine slept, it doesn't hang";
  queue.now += absl::Milliseconds(101);
  EXPECT_FALSE(queue.Takes(1, Priority::kLow));
  EXPECT_TRUE(queue.Takes(1, Priority::kHigh));
  queue.now += absl::Milliseconds(200);
  EXPECT_FALSE(queue.Takes(1, Priority::kHigh));
  queue.admission.Progress({.inputs = 1, .left = false, .waiting = true}, queue.now);
  EXPECT_TRUE(queue.Takes(1, Priority::kLow)) << "it goes on";
}

TEST(Admission, TurnsThatTakeAllThereIsSayNothingOfALongQueue) {
  Queue queue;
  // A slow disk: each turn takes 50 ms, with whatever has come meanwhile.
  for (int i = 0; i < 5; ++i) {
    queue.now += absl::Milliseconds(50);
    queue.admission.Progress({.inputs = 2, .left = false, .waiting = true}, queue.now);
  }
  queue.since = queue.now;
  EXPECT_TRUE(queue.Takes(1000, Priority::kLow)) << "they may all go in the next one";
}

TEST(Admission, ADiskThatGotQuickAgainIsNoticed) {
  Queue queue;
  queue.Work(10);
  EXPECT_FALSE(queue.Takes(400, Priority::kHigh));
  for (int i = 0; i < 20; ++i) {
    queue.now += absl::Milliseconds(10);
    queue.admission.Progress({.inputs = 100, .left = false, .waiting = true}, queue.now);
  }
  queue.since = queue.now;
  EXPECT_TRUE(queue.Takes(400, Priority::kHigh));
}

TEST(Admission, WhatWasMeasuredLongAgoIsForgotten) {
  Queue queue;
  queue.Work(10);
  queue.now += absl::Seconds(11);
  queue.since = queue.now;
  EXPECT_TRUE(queue.Takes(10'000, Priority::kLow));
}

TEST(Admission, ATurnThatItsPaceKeptFromWorkBelongsToTheNext) {
  Queue queue;
  for (int i = 0; i < 5; ++i) {
    queue.now += absl::Milliseconds(5);
    queue.admission.Progress({.inputs = 0, .left = true, .waiting = true}, queue.now);
    queue.now += absl::Milliseconds(5);
    queue.admission.Progress({.inputs = 10, .left = true, .waiting = true}, queue.now);
  }
  queue.since = queue.now;
  EXPECT_EQ(queue.admission.WaitAt({100, queue.since}, queue.now), absl::Milliseconds(100));
}

// ---- With the sequencer around it ----

TEST(AdmissionOfSequencer, ReckonsByItsOwnTurns) {
  // One input of a group takes 20 ms.
  Bench bench({.longest_wait = absl::Milliseconds(100), .group_capacity = 1});
  bench.machine.StopAt("a");
  Answer first = bench.Check("a");
  bench.machine.AwaitStop();
  std::vector<Answer> answers;
  for (const char* key : {"b", "c", "d", "e", "f", "g", "h"}) answers.push_back(bench.Check(key));
  for (const char* next : {"b", "c", "d"}) {
    bench.clock.Advance(absl::Milliseconds(20));
    bench.machine.GoOnUntil(next);
  }
  // Four wait, each takes 20 ms.
  EXPECT_EQ(bench.sequencer->statistics().wait, absl::Milliseconds(80));
  EXPECT_FALSE(bench.sequencer->TurnAway({.priority = Priority::kHigh}).has_value());
  const auto refused = bench.sequencer->TurnAway({.priority = Priority::kNormal});
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(refused->wait, absl::Milliseconds(80));
  bench.machine.GoOn();
  for (Answer& answer : answers) answer.wait();
  EXPECT_FALSE(bench.sequencer->TurnAway({.priority = Priority::kLow}).has_value());
}

TEST(AdmissionOfSequencer, CommandsFindRoomWhereChecksFindNone) {
  Bench bench({.queue_capacity = 16});
  bench.machine.StopAt("stop");
  Answer stop = bench.Check("stop");
  bench.machine.AwaitStop();
  std::vector<Answer> answers;
  while (!bench.sequencer->TurnAway({}).has_value()) answers.push_back(bench.Check("k"));
  EXPECT_EQ(answers.size(), 14U);
  Answer command = bench.Prove();
  EXPECT_FALSE(IsThere(command)) << "it waits, and isn't refused";
  bench.machine.GoOn();
  EXPECT_TRUE(command.get().ok());
}

}  // namespace
}  // namespace fundgate::sequencer
