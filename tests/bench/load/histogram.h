// How long things took: counts fine enough for any percentile, in little memory.
#ifndef TESTS_BENCH_LOAD_HISTOGRAM_H_
#define TESTS_BENCH_LOAD_HISTOGRAM_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace fundgate::bench {

// Durations in nanoseconds. Up to 255 each has a count of its own; above, each power of two is
// divided into 128 equal ranges, so that what is told is at most 0.8 % too long. Not for several
// threads at once.
class Histogram {
 public:
  Histogram();

  void Add(int64_t nanoseconds);  // negative ones count as 0
  void Merge(const Histogram& other);

  uint64_t count() const { return count_; }
  int64_t max() const { return max_; }  // exact; 0 if there are none
  // The shortest duration that at least `share` (0 to 1) of all don't exceed; 0 if there are none.
  int64_t At(double share) const;

 private:
  std::vector<uint64_t> counts_;
  uint64_t count_ = 0;
  int64_t max_ = 0;
};

}  // namespace fundgate::bench

#endif  // TESTS_BENCH_LOAD_HISTOGRAM_H_
