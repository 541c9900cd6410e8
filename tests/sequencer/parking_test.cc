// Checks that wait for knowledge on its way.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/sequencer/bench.h"

namespace fundgate::sequencer {
namespace {

using ::testing::ElementsAre;

TEST(Parking, AParkedCheckIsNeitherRecordedNorAnswered) {
  Bench bench;
  Answer answer = bench.WaitingCheck("k");
  bench.Settle();
  EXPECT_FALSE(IsThere(answer));
  EXPECT_THAT(bench.Journal(), ElementsAre());
  EXPECT_EQ(bench.sequencer->statistics().parked, 1u);
  EXPECT_EQ(bench.probe_requests(), 1u);
}

TEST(Parking, AProofLetsItBeJudgedAgain) {
  Bench bench;
  Answer answer = bench.WaitingCheck("k");
  bench.Settle();
  bench.Prove().wait();
  EXPECT_EQ(VerdictOf(std::move(answer)), core::Verdict::kAllow);
  EXPECT_THAT(bench.Journal(), ElementsAre("ingest", "k"));
}

TEST(Parking, AProofOfAnEarlierTimeWakesNobody) {
  Bench bench;
  core::IngestInput old;
  old.source = SourceName("till");
  old.probe = core::Probe{.head = {}, .read_after = bench.input_clock.Now()};
  bench.clock.Advance(absl::Milliseconds(1));
  Answer answer = bench.WaitingCheck("k");
  bench.Submit({.time = {}, .body = old}).wait();
  bench.Settle();
  EXPECT_FALSE(IsThere(answer));
  EXPECT_EQ(bench.machine.judged("k"), 1);
  bench.Prove().wait();
  EXPECT_EQ(VerdictOf(std::move(answer)), core::Verdict::kAllow);
}

TEST(Parking, TheProvenGoBeforeWhatCameLaterAndInArrivalOrder) {
  Bench bench;
  Answer first = bench.WaitingCheck("first");
  Answer second = bench.WaitingCheck("second");
  bench.Settle();
  bench.machine.StopAt("stop");
  Answer stop = bench.Check("stop");
  bench.machine.AwaitStop();
  Answer proof = bench.Prove();
  Answer later = bench.Check("later");
  bench.machine.GoOn();
  later.wait();
  EXPECT_THAT(bench.Journal(), ElementsAre("stop", "ingest", "first", "second", "later"));
}

TEST(Parking, PatienceEndsByTheSteadyClock) {
  Bench bench;
  Answer answer = bench.WaitingCheck("k");
  bench.Settle();
  bench.clock.ShiftWall(absl::Hours(24));
  bench.clock.Advance(absl::Milliseconds(199));
  bench.Settle();
  EXPECT_FALSE(IsThere(answer));
  bench.clock.Advance(absl::Milliseconds(1));
  EXPECT_EQ(VerdictOf(std::move(answer)), core::Verdict::kHold);
  EXPECT_EQ(bench.machine.judged("k"), 2);
}

TEST(Parking, JudgingAgainDoesNotStartPatienceAnew) {
  Bench bench;
  Answer answer = bench.WaitingCheck("stubborn");
  bench.Settle();
  bench.clock.Advance(absl::Milliseconds(150));
  bench.Prove().wait();
  bench.Settle();
  EXPECT_EQ(bench.machine.judged("stubborn"), 2);
  EXPECT_FALSE(IsThere(answer));
  bench.clock.Advance(absl::Milliseconds(50));
  EXPECT_EQ(VerdictOf(std::move(answer)), core::Verdict::kHold);
}

TEST(Parking, TheAnswerReachesTheCallerBeforeItsDeadline) {
  Bench bench({.deadline_margin = absl::Milliseconds(5)});
  Answer answer = bench.WaitingCheck("k", absl::Milliseconds(50));
  bench.Settle();
  bench.clock.Advance(absl::Milliseconds(44));
  bench.Settle();
  EXPECT_FALSE(IsThere(answer));
  bench.clock.Advance(absl::Milliseconds(1));
  EXPECT_EQ(VerdictOf(std::move(answer)), core::Verdict::kHold);
}

TEST(Parking, ADeadlineWithinTheMarginDoesNotPark) {
  Bench bench({.deadline_margin = absl::Milliseconds(5)});
  EXPECT_EQ(VerdictOf(bench.WaitingCheck("k", absl::Milliseconds(5))), core::Verdict::kHold);
  EXPECT_EQ(bench.probe_requests(), 0u);
}

TEST(Parking, AParkedCheckWhoseDeadlinePassedLeavesNoTrace) {
  Bench bench;
  Answer answer = bench.WaitingCheck("k", absl::Milliseconds(50));
  bench.Settle();
  bench.clock.Advance(absl::Milliseconds(50));
  EXPECT_TRUE(absl::IsDeadlineExceeded(answer.get().status()));
  EXPECT_THAT(bench.Journal(), ElementsAre());
}

TEST(Parking, PastItsCapacityChecksAreAnsweredAsIfPatienceHadEnded) {
  Bench bench({.parking_capacity = 1});
  Answer parked = bench.WaitingCheck("parked");
  EXPECT_EQ(VerdictOf(bench.WaitingCheck("no_room")), core::Verdict::kHold);
  EXPECT_FALSE(IsThere(parked));
  bench.Prove().wait();
  EXPECT_EQ(VerdictOf(std::move(parked)), core::Verdict::kAllow);
}

TEST(Probes, ACrowdMakesOneRequest) {
  Bench bench;
  bench.machine.StopAt("stop");
  Answer stop = bench.Check("stop");
  bench.machine.AwaitStop();
  std::vector<Answer> crowd;
  for (int i = 0; i < 100; ++i) crowd.push_back(bench.WaitingCheck(absl::StrCat("k", i)));
  bench.machine.GoOn();
  bench.Settle();
  EXPECT_EQ(bench.probe_requests(), 1u);
  bench.Prove().wait();
  for (Answer& answer : crowd) EXPECT_EQ(VerdictOf(std::move(answer)), core::Verdict::kAllow);
}

TEST(Probes, WhoArrivesAfterARequestGetsAnotherOneAfterTheSpacing) {
  Bench bench;
  Answer first = bench.WaitingCheck("first");
  bench.AwaitProbeRequests(1);
  bench.clock.Advance(absl::Milliseconds(1));
  Answer second = bench.WaitingCheck("second");
  bench.Settle();
  EXPECT_EQ(bench.probe_requests(), 1u);
  bench.clock.Advance(absl::Milliseconds(1));
  bench.AwaitProbeRequests(2);
}

TEST(Probes, AreAskedAgainWhileSomebodyWaitsAndNoLonger) {
  Bench bench;
  Answer answer = bench.WaitingCheck("k");
  bench.AwaitProbeRequests(1);
  bench.clock.Advance(absl::Milliseconds(50));
  bench.AwaitProbeRequests(2);
  bench.clock.Advance(absl::Milliseconds(150));
  EXPECT_EQ(VerdictOf(std::move(answer)), core::Verdict::kHold);
  bench.Settle();
  const size_t asked = bench.probe_requests();
  bench.clock.Advance(absl::Seconds(1));
  bench.Settle();
  EXPECT_EQ(bench.probe_requests(), asked);
}

}  // namespace
}  // namespace fundgate::sequencer
