#include "tests/bench/load/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace fundgate::bench {
namespace {

constexpr uint64_t kRanges = 128;  // of a power of two
constexpr int kRangeBits = 7;
constexpr size_t kPlaces = (64 - kRangeBits) * kRanges;

size_t PlaceOf(uint64_t value) {
  if (value < kRanges) return value;
  const int shift = std::bit_width(value) - (kRangeBits + 1);
  return static_cast<size_t>(shift) * kRanges + (value >> shift);
}

// The largest value that has this place.
uint64_t EndOf(size_t place) {
  if (place < 2 * kRanges) return place;
  const size_t shift = place / kRanges - 1;
  return ((place - shift * kRanges + 1) << shift) - 1;
}

}  // namespace

Histogram::Histogram() : counts_(kPlaces, 0) {}

void Histogram::Add(int64_t nanoseconds) {
  const int64_t value = std::max<int64_t>(nanoseconds, 0);
  ++counts_[PlaceOf(static_cast<uint64_t>(value))];
  ++count_;
  max_ = std::max(max_, value);
}

void Histogram::Merge(const Histogram& other) {
  for (size_t i = 0; i < kPlaces; ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
}

int64_t Histogram::At(double share) const {
  const auto wanted = static_cast<uint64_t>(std::ceil(share * static_cast<double>(count_)));
  uint64_t seen = 0;
  for (size_t place = 0; place < kPlaces; ++place) {
    seen += counts_[place];
    if (seen > 0 && seen >= wanted) return std::min(max_, static_cast<int64_t>(EndOf(place)));
  }
  return max_;
}

}  // namespace fundgate::bench
