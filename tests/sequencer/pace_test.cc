// So many inputs a second and no more. Time is a number that the test says, or moved by hand.
#include "server/sequencer/pace.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/sequencer/bench.h"

namespace fundgate::sequencer {
namespace {

int TakeAll(Pace& pace) {
  int taken = 0;
  while (taken < 1000 && pace.Take()) ++taken;
  return taken;
}

TEST(Pace, WithoutOneEverythingGoes) {
  Pace pace(0);
  pace.Advance(absl::Hours(1));
  EXPECT_EQ(TakeAll(pace), 1000);
  EXPECT_EQ(pace.Rest(absl::Hours(1)), absl::ZeroDuration());
}

TEST(Pace, InATimeItIsExact) {
  Pace pace(2000);
  absl::Duration now = absl::Hours(1);
  pace.Advance(now);
  const int at_once = TakeAll(pace);
  EXPECT_EQ(at_once, 41) << "20 ms may be caught up with";
  int taken = 0;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_GT(pace.Rest(now), absl::ZeroDuration());
    now += absl::Milliseconds(1 + i % 9);  // it oversleeps at times
    pace.Advance(now);
    taken += TakeAll(pace);
  }
  const absl::Duration length = now - absl::Hours(1);
  EXPECT_NEAR(taken, absl::ToDoubleSeconds(length) * 2000, 1);
}

TEST(Pace, QuietTimesAreNotSavedUp) {
  Pace pace(2000);
  pace.Advance(absl::Hours(1));
  TakeAll(pace);
  pace.Advance(absl::Hours(2));
  EXPECT_EQ(TakeAll(pace), 41);
}

TEST(Pace, RestsUntilThereIsAGroup) {
  Pace pace(2000);
  const absl::Duration now = absl::Hours(1);
  pace.Advance(now);
  TakeAll(pace);
  const absl::Duration rest = pace.Rest(now);
  EXPECT_EQ(rest, absl::Milliseconds(5));
  pace.Advance(now + rest);
  EXPECT_EQ(TakeAll(pace), 10);
}

TEST(Pace, OneASecondIsOneASecond) {
  Pace pace(1);
  absl::Duration now = absl::Hours(1);
  pace.Advance(now);
  TakeAll(pace);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(pace.Rest(now), absl::Seconds(1));
    now += absl::Milliseconds(999);
    pace.Advance(now);
    EXPECT_EQ(TakeAll(pace), 0);
    now += absl::Milliseconds(1);
    pace.Advance(now);
    EXPECT_EQ(TakeAll(pace), 1);
  }
}

// ---- With the sequencer around it ----

TEST(PaceOfSequencer, TheMachineIsGivenNoMoreThanThat) {
  Bench bench({.inputs_per_second = 100});
  std::vector<Answer> answers;
  for (int i = 0; i < 50; ++i) answers.push_back(bench.Check(absl::StrCat("k", i)));
  size_t before = 0;
  for (int step = 1; before < answers.size(); ++step) {
    // Exactly those are judged that are due: what is left waits for the clock.
    const size_t due = std::min(answers.size(), static_cast<size_t>(2 + step));
    for (size_t i = before; i < due; ++i) {
      EXPECT_EQ(VerdictOf(std::move(answers[i])), core::Verdict::kAllow);
    }
    EXPECT_EQ(bench.store.journal().size(), due);
    before = due;
    bench.clock.Advance(absl::Milliseconds(10));
  }
}

TEST(PaceOfSequencer, TicksComeWhileItRests) {
  Bench slow({.inputs_per_second = 1, .tick_period = absl::Milliseconds(250)});
  std::vector<Answer> answers;
  for (int i = 0; i < 5; ++i) answers.push_back(slow.Check(absl::StrCat("k", i)));
  for (int tick = 1; tick <= 3; ++tick) {
    slow.clock.Advance(absl::Milliseconds(250));
    slow.machine.AwaitTicks(tick);
  }
}

TEST(PaceOfSequencer, AShutdownDoesNotWaitForIt) {
  std::vector<Answer> answers;
  {
    Bench bench({.inputs_per_second = 1});
    for (int i = 0; i < 5; ++i) answers.push_back(bench.Check(absl::StrCat("k", i)));
  }
  for (Answer& answer : answers) EXPECT_EQ(VerdictOf(std::move(answer)), core::Verdict::kAllow);
}

}  // namespace
}  // namespace fundgate::sequencer
