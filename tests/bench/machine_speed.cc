// How fast the decision machine judges checks by itself, on one core: no gRPC, no disk. Rates count
// CPU time. Every check is a refund with a key of its own that is allowed: the longest way.
#include "benchmark/benchmark.h"
#include "tests/bench/deciding.h"
#include "tests/expression/allocations.h"

namespace fundgate::bench {
namespace {

constexpr size_t kBlock = 1000;  // checks that are made at a time, outside of what is measured

void Run(benchmark::State& state, bool keeps_changes) {
  Deciding deciding;
  std::vector<core::Input> checks;
  size_t next = 0;
  long allocations = 0;
  for (auto _ : state) {
    if (next == checks.size()) {
      state.PauseTiming();
      checks = deciding.MakeChecks(kBlock);
      next = 0;
      state.ResumeTiming();
    }
    const long before = expression::Allocations();
    deciding.Judge(checks[next++], keeps_changes);
    allocations += expression::Allocations() - before;
  }
  if (!deciding.error().empty()) state.SkipWithError(deciding.error().c_str());
  const auto count = static_cast<double>(state.iterations());
  state.counters["checks"] = benchmark::Counter(count, benchmark::Counter::kIsRate);
  state.counters["allocations"] = static_cast<double>(allocations) / count;
}

// The machine alone: what it returns is thrown away.
BENCHMARK_CAPTURE(Run, judge, false)->Iterations(200'000);
// And the changes are kept in a state in memory, as a gate does before the next check.
BENCHMARK_CAPTURE(Run, judge_and_keep, true)->Iterations(200'000);

}  // namespace
}  // namespace fundgate::bench

BENCHMARK_MAIN();
