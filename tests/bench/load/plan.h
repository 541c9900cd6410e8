// What a load is to be, and what came of it.
#ifndef TESTS_BENCH_LOAD_PLAN_H_
#define TESTS_BENCH_LOAD_PLAN_H_

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <optional>
#include <random>
#include <string>

#include "tests/bench/load/histogram.h"
#include "tests/bench/load/movements.h"

namespace fundgate::bench {

using Clock = std::chrono::steady_clock;

// To wait for in a system call; nothing where the moment has passed.
inline timespec ToTimespec(Clock::duration wait) {
  const int64_t nanoseconds = std::max<int64_t>(std::chrono::nanoseconds(wait).count(), 0);
  return {nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000};
}

struct Plan {
  static constexpr std::chrono::seconds kPatience{10};  // how long an answer is waited for

  std::string address;  // host:port
  std::string name;     // begins all keys; never used before
  // Closed loop: so many questions are under way, each answer is followed by the next question.
  // Peers: so many connections. Batches: so many batches of `batch` checks.
  size_t outstanding = 1;
  // More than 0: open loop. Questions come at random (Poisson) so often a second, whether earlier
  // ones are answered or not, and their latency counts from when they should have been asked.
  double rate = 0;
  Spread spread = Spread::kUniform;
  Shop shop;
  uint64_t seed = 1;
  std::chrono::duration<double> warm_up{0.2};
  std::chrono::duration<double> length{1};
  size_t threads = 1;      // gRPC: each with connections of its own and its share of `outstanding`
  size_t connections = 1;  // gRPC: of one thread
  size_t batch = 64;
};

// When questions count: those that are asked (open loop: should be asked) in this time.
class Window {
 public:
  explicit Window(const Plan& plan)
      : begin_(Clock::now() + std::chrono::duration_cast<Clock::duration>(plan.warm_up)),
        end_(begin_ + std::chrono::duration_cast<Clock::duration>(plan.length)) {}

  bool Holds(Clock::time_point asked) const { return asked >= begin_ && asked < end_; }
  bool IsOver(Clock::time_point now) const { return now >= end_; }
  Clock::time_point end() const { return end_; }

 private:
  Clock::time_point begin_;
  Clock::time_point end_;
};

// The moments of an open loop.
class Arrivals {
 public:
  Arrivals(double rate, uint64_t seed) : gap_(rate), random_(seed) {}

  Clock::time_point next() const { return next_; }
  void Advance() {
    next_ +=
        std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(gap_(random_)));
  }

 private:
  std::exponential_distribution<double> gap_;  // seconds
  std::mt19937_64 random_;
  Clock::time_point next_ = Clock::now();
};

struct Result {
  Histogram latencies;         // of what counts and was allowed
  uint64_t checks = 0;         // of those; a batch has many
  uint64_t errors = 0;         // not answered, or not ALLOW
  std::string first_error;     // empty: none
  uint64_t message_bytes = 0;  // of one answer; 0 if unknown

  void Answered(Clock::time_point asked, size_t count) {
    latencies.Add((Clock::now() - asked).count());
    checks += count;
  }
  void Failed(const std::string& why) {
    if (errors++ == 0) first_error = why;
  }
  void Merge(const Result& other) {
    latencies.Merge(other.latencies);
    checks += other.checks;
    if (errors == 0) first_error = other.first_error;
    errors += other.errors;
    message_bytes = other.message_bytes;
  }
};

// One line of JSON, microseconds for times. `cpu` is what this process used of the processor.
std::string ToJson(const Plan& plan, const Result& result, std::chrono::duration<double> cpu);

}  // namespace fundgate::bench

#endif  // TESTS_BENCH_LOAD_PLAN_H_
