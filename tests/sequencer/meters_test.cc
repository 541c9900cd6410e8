// What the sequencer measures: times by the bench's clock, so each is exact.
#include "server/sequencer/meters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <utility>
#include <vector>

#include "tests/sequencer/bench.h"

namespace fundgate::sequencer {
namespace {

uint64_t CountOf(const metrics::Histogram& histogram) {
  const auto reading = histogram.Read();
  return std::accumulate(reading.counts.begin(), reading.counts.end(), uint64_t{0});
}

absl::Duration SumOf(const metrics::Histogram& histogram) {
  return absl::Nanoseconds(static_cast<int64_t>(histogram.Read().sum));
}

TEST(Meters, EachStageOfACheckIsMeasured) {
  Bench bench;
  const Meters& meters = bench.sequencer->meters();
  // One is being judged while the other one waits.
  bench.machine.StopAt("slow");
  Answer slow = bench.Check("slow");
  bench.machine.AwaitStop();
  Answer queued = bench.Check("queued");
  bench.store.BlockSyncs();
  bench.clock.Advance(absl::Milliseconds(3));
  bench.machine.GoOn();
  bench.store.AwaitBlockedSync();
  bench.store.AwaitEnds(2);  // both are judged
  bench.clock.Advance(absl::Milliseconds(20));
  bench.store.UnblockSyncs();
  EXPECT_EQ(VerdictOf(std::move(slow)), core::Verdict::kAllow);
  EXPECT_EQ(VerdictOf(std::move(queued)), core::Verdict::kAllow);
  EXPECT_EQ(CountOf(meters.judged), 2U);
  EXPECT_EQ(SumOf(meters.judged), absl::Milliseconds(3));
  EXPECT_EQ(SumOf(meters.queued), absl::Milliseconds(3));
  EXPECT_EQ(SumOf(meters.committed), absl::Milliseconds(40));
  EXPECT_EQ(SumOf(meters.sync), absl::Milliseconds(20));
  EXPECT_EQ(CountOf(meters.parked), 0U);
}

TEST(Meters, TheTimeInTheParkingLotIsAStageOfItsOwn) {
  Bench bench;
  Answer parked = bench.WaitingCheck("parked");
  bench.Settle();
  bench.clock.Advance(absl::Milliseconds(70));
  bench.Prove();
  EXPECT_EQ(VerdictOf(std::move(parked)), core::Verdict::kAllow);
  const Meters& meters = bench.sequencer->meters();
  EXPECT_EQ(CountOf(meters.parked), 1U);
  EXPECT_EQ(SumOf(meters.parked), absl::Milliseconds(70));
  EXPECT_EQ(SumOf(meters.queued), absl::ZeroDuration());
}

TEST(Meters, AGroupCountsItsRecordedInputsOnce) {
  Bench bench({.groups_in_flight = 1});
  bench.store.BlockSyncs();
  Answer first = bench.Check("first");
  bench.store.AwaitBlockedSync();
  std::vector<Answer> others;
  for (const char* key : {"a", "b", "c", "replay"}) others.push_back(bench.Check(key));
  bench.store.UnblockSyncs();
  first.wait();
  for (const Answer& other : others) other.wait();
  const auto reading = bench.sequencer->meters().group_inputs.Read();
  EXPECT_EQ(std::accumulate(reading.counts.begin(), reading.counts.end(), uint64_t{0}), 2U);
  EXPECT_EQ(reading.sum, 4U);
}

TEST(Meters, WhatIsNoCheckHasNoStages) {
  Bench bench;
  bench.Prove().wait();
  EXPECT_EQ(CountOf(bench.sequencer->meters().judged), 0U);
}

}  // namespace
}  // namespace fundgate::sequencer
