// How fast binlog rows are decoded, and mapped by a policy, on one core. Rates count CPU time.
#include <sys/resource.h>

#include <string>
#include <utility>
#include <vector>

#include "benchmark/benchmark.h"
#include "tests/bench/decoding.h"
#include "tests/bench/payments_stream.h"

namespace fundgate::bench {
namespace {

long PeakKilobytes() {
  rusage usage = {};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

void Run(benchmark::State& state, Decoding::Work work) {
  const PaymentsStream stream;
  Decoding decoding(stream, work);
  for (auto _ : state) decoding.ReadTransaction();
  if (!decoding.error().empty()) state.SkipWithError(decoding.error().c_str());
  const auto rows = static_cast<double>(state.iterations() * PaymentsStream::kRows);
  state.counters["rows"] = benchmark::Counter(rows, benchmark::Counter::kIsRate);
}

BENCHMARK_CAPTURE(Run, walk_over, Decoding::Work::kSkip);
BENCHMARK_CAPTURE(Run, decode, Decoding::Work::kDecode);
BENCHMARK_CAPTURE(Run, decode_and_map, Decoding::Work::kMap);

// One transaction of a million rows: memory must not grow with it.
void Large(benchmark::State& state) {
  const PaymentsStream stream;
  Decoding decoding(stream, Decoding::Work::kDecode);
  decoding.ReadTransaction();
  const long before = PeakKilobytes();
  for (auto _ : state) decoding.ReadTransaction(1'000'000 / PaymentsStream::kRows + 1);
  if (!decoding.error().empty()) state.SkipWithError(decoding.error().c_str());
  state.counters["grown_kB"] = static_cast<double>(PeakKilobytes() - before);
  const auto rows = static_cast<double>(decoding.rows() - PaymentsStream::kRows);
  state.counters["rows"] = benchmark::Counter(rows, benchmark::Counter::kIsRate);
}
BENCHMARK(Large)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace fundgate::bench

BENCHMARK_MAIN();
