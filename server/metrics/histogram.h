// How often something was how large.
#ifndef SERVER_METRICS_HISTOGRAM_H_
#define SERVER_METRICS_HISTOGRAM_H_

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "server/metrics/counter.h"

namespace fundgate::metrics {

// Upper bounds of times, in nanoseconds: 1 us, 2 us, 5 us, and so on up to 10 s.
inline constexpr std::array<int64_t, 22> kTimeBounds = {
    1'000,         2'000,         5'000,         10'000,        20'000,      50'000,
    100'000,       200'000,       500'000,       1'000'000,     2'000'000,   5'000'000,
    10'000'000,    20'000'000,    50'000'000,    100'000'000,   200'000'000, 500'000'000,
    1'000'000'000, 2'000'000'000, 5'000'000'000, 10'000'000'000};

// Upper bounds of how many inputs a group has.
inline constexpr std::array<int64_t, 11> kSizeBounds = {1,  2,   4,   8,   16,  32,
                                                        64, 128, 256, 512, 1024};

// One thread observes, any thread reads. Observing neither allocates nor locks.
class Histogram {
 public:
  // `bounds`: upper bounds, inclusive, ascending; the caller's, which lives longer.
  explicit Histogram(std::span<const int64_t> bounds)
      : bounds_(bounds), counts_(bounds.size() + 1) {}

  void Observe(int64_t value);

  struct Reading {
    std::span<const int64_t> bounds;
    std::vector<uint64_t> counts;  // of each bound, without those below it; then of what is larger
    uint64_t sum = 0;              // of all values
  };
  Reading Read() const;

 private:
  const std::span<const int64_t> bounds_;
  std::vector<OwnedCounter> counts_;
  OwnedCounter sum_;
};

}  // namespace fundgate::metrics

#endif  // SERVER_METRICS_HISTOGRAM_H_
