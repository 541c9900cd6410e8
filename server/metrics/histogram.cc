#include "server/metrics/histogram.h"

#include <algorithm>

namespace fundgate::metrics {

void Histogram::Observe(int64_t value) {
  const auto bound = std::lower_bound(bounds_.begin(), bounds_.end(), value);
  counts_[static_cast<size_t>(bound - bounds_.begin())].Add();
  sum_.Add(static_cast<uint64_t>(std::max<int64_t>(value, 0)));
}

Histogram::Reading Histogram::Read() const {
  Reading reading;
  reading.bounds = bounds_;
  reading.counts.reserve(counts_.size());
  for (const OwnedCounter& count : counts_) reading.counts.push_back(count.value());
  reading.sum = sum_.value();
  return reading;
}

}  // namespace fundgate::metrics
