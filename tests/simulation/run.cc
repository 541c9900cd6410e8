#include "tests/simulation/run.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <ctime>
#include <limits>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "rocksdb/env.h"
#include "tests/model/policy_under_test.h"
#include "tests/simulation/world.h"

namespace fundgate::simulation {
namespace {

using Clock = std::chrono::steady_clock;

constexpr absl::Duration kProgressEvery = absl::Seconds(5);
constexpr unsigned kStoreThreads = 4;  // for each run at a time

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// What the calling thread has used of the processor, in seconds.
double ThreadSeconds() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

model::PolicyUnderTest PolicyOf(const Setting& setting) {
  return model::CompilePolicy(setting.terms.has_value() ? model::Terms::Of(*setting.terms)
                                                        : model::Terms());
}

}  // namespace

Script Script::Of(uint64_t seed) {
  Script script;
  script.setting = Setting::Of(seed);
  model::Dice dice(seed);
  for (size_t i = 0; i < script.setting.steps; ++i) {
    script.steps.push_back(dice.Roll(std::numeric_limits<uint64_t>::max()));
  }
  return script;
}

Result RunScript(const Script& script, bool tells) {
  Result result;
  World world(script.setting, PolicyOf(script.setting), tells);
  while (result.failed_at < script.steps.size() && world.Step(script.steps[result.failed_at])) {
    ++result.failed_at;
  }
  if (result.failed_at == script.steps.size()) world.Finish();
  result.failure = world.failure();
  result.records = world.follower().newest();
  result.story = world.TakeStory();
  return result;
}

Script Shrink(Script script, size_t runs_max) {
  size_t runs = 0;
  const auto fails = [&](Script& candidate) {
    if (++runs > runs_max) return false;
    const Result result = RunScript(candidate);
    if (!result.failure.has_value()) return false;
    candidate.steps.resize(std::min(candidate.steps.size(), result.failed_at + 1));
    return true;
  };
  if (!fails(script)) return script;
  for (size_t chunk = std::max<size_t>(script.steps.size() / 2, 1); chunk > 0; chunk /= 2) {
    for (size_t from = 0; from < script.steps.size();) {
      Script fewer = script;
      const size_t to = std::min(from + chunk, fewer.steps.size());
      fewer.steps.erase(fewer.steps.begin() + static_cast<ptrdiff_t>(from),
                        fewer.steps.begin() + static_cast<ptrdiff_t>(to));
      if (fails(fewer)) {
        script = std::move(fewer);
      } else {
        from = to;
      }
    }
  }
  return script;
}

Summary RunMany(const Limits& limits, const std::function<void(const Summary&)>& progress) {
  // All stores of a process share RocksDB's threads, which sleep for a second after some errors.
  const auto threads_of_stores = static_cast<int>(kStoreThreads * std::max(limits.jobs, 1U));
  rocksdb::Env::Default()->SetBackgroundThreads(threads_of_stores, rocksdb::Env::Priority::LOW);
  rocksdb::Env::Default()->SetBackgroundThreads(threads_of_stores, rocksdb::Env::Priority::HIGH);
  const Clock::time_point start = Clock::now();
  std::atomic<uint64_t> next{limits.first_seed};
  std::atomic<bool> stop{false};
  std::mutex mutex;
  Summary summary;
  double told_at = 0;
  const auto work = [&] {
    while (!stop) {
      const uint64_t seed = next++;
      if (limits.seeds > 0 && seed >= limits.first_seed + limits.seeds) return;
      if (limits.seconds > 0 && SecondsSince(start) >= limits.seconds) return;
      const double before = ThreadSeconds();
      const Result result = RunScript(Script::Of(seed));
      const double used = ThreadSeconds() - before;
      const std::lock_guard<std::mutex> lock(mutex);
      ++summary.runs;
      summary.records += result.records;
      summary.seconds = SecondsSince(start);
      if (used > summary.slowest) {
        summary.slowest = used;
        summary.slowest_seed = seed;
      }
      if (result.failure.has_value()) {
        stop = true;
        if (seed <= summary.failed_seed.value_or(seed)) {
          summary.failed_seed = seed;
          summary.failure = *result.failure;
        }
      }
      if (progress && summary.seconds - told_at >= absl::ToDoubleSeconds(kProgressEvery)) {
        told_at = summary.seconds;
        progress(summary);
      }
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 1; i < limits.jobs; ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  return summary;
}

}  // namespace fundgate::simulation
