// What counting a check costs: everything that is done for metrics on its way, with allocations.
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "server/gate/meters.h"
#include "server/sequencer/input_clock.h"
#include "server/sequencer/meters.h"
#include "tests/expression/allocations.h"

namespace fundgate {
namespace {

constexpr size_t kKeys = 4096;

core::Decision Refused() {
  core::Decision decision;
  decision.verdict = core::Verdict::kBlock;
  decision.key.kind = MovementKind("refund");
  decision.reasons.resize(2);
  for (core::Reason& reason : decision.reasons) reason.code = core::ReasonCode::kInvariant;
  return decision;
}

// What a check's outcome says of its key: it is allowed, and then released.
std::vector<core::Outcome> Outcomes() {
  std::vector<core::Outcome> outcomes;
  for (const auto state : {core::ReservationState::kPending, core::ReservationState::kReleased}) {
    for (size_t i = 0; i < kKeys; ++i) {
      core::KeyRecord record;
      record.state = core::KeyState::kAllowed;
      record.reservation.emplace().state = state;
      core::Outcome& outcome = outcomes.emplace_back();
      outcome.changes.Put<core::Keys>(
          core::KeyId{MovementKind("refund"), IdempotencyKey(absl::StrCat("refund-number-", i))},
          std::move(record));
    }
  }
  return outcomes;
}

void CountAllocations(benchmark::State& state, long before) {
  state.counters["allocations"] = benchmark::Counter(
      static_cast<double>(expression::Allocations() - before), benchmark::Counter::kAvgIterations);
}

// The counters and the histograms of one check, without reading the clock.
void Counting(benchmark::State& state) {
  gate::Meters calls;
  sequencer::Meters stages;
  const core::Decision decision = Refused();
  const gate::CallTimes call{absl::Microseconds(10), absl::Microseconds(14)};
  const sequencer::StageTimes times{absl::Microseconds(14), absl::Microseconds(30),
                                    absl::Microseconds(30), absl::Microseconds(36)};
  calls.CheckAnswered(decision, call, absl::Microseconds(200));  // its row is there from now on
  const long before = expression::Allocations();
  for (auto _ : state) {
    stages.ObserveCheck(times, absl::Microseconds(180));
    calls.CheckAnswered(decision, call, absl::Microseconds(200));
  }
  CountAllocations(state, before);
}
BENCHMARK(Counting);

// Following one reservation: its ALLOW, and later its end.
void Following(benchmark::State& state) {
  gate::Meters calls;
  const std::vector<core::Outcome> outcomes = Outcomes();
  for (const core::Outcome& outcome : outcomes) calls.Recorded(1, outcome, nullptr);
  const long before = expression::Allocations();
  size_t next = 0;
  for (auto _ : state) {
    calls.Recorded(1, outcomes[next], nullptr);
    next = (next + 1) % outcomes.size();
  }
  CountAllocations(state, before);
}
BENCHMARK(Following);

// One reading of the clock: a check has six more of them for its stages.
void ReadingTheClock(benchmark::State& state) {
  const sequencer::TimeSources time = sequencer::TimeSources::System();
  for (auto _ : state) benchmark::DoNotOptimize(time.steady());
}
BENCHMARK(ReadingTheClock);

}  // namespace
}  // namespace fundgate

BENCHMARK_MAIN();
