#include "server/core/windows/window.h"

#include <algorithm>
#include <limits>

#include "fundgate/types/checked.h"

namespace fundgate::core {
namespace {

// Both are >= 0.
int64_t SumOrMost(int64_t a, int64_t b) {
  return CheckedAdd(a, b).value_or(std::numeric_limits<int64_t>::max());
}

// Adds what `from` counted to the bucket of that number and currency.
void Merge(std::vector<WindowBucket>& buckets, const WindowBucket& from) {
  const auto before = [](const WindowBucket& a, const WindowBucket& b) {
    return a.number != b.number ? a.number < b.number : a.currency < b.currency;
  };
  auto place = std::lower_bound(buckets.begin(), buckets.end(), from, before);
  if (place == buckets.end() || before(from, *place)) {
    buckets.insert(place, from);
    return;
  }
  place->count = SumOrMost(place->count, from.count);
  place->sum = SumOrMost(place->sum, from.sum);
  place->largest = std::max(place->largest, from.largest);
}

// The bucket of the new resolution in which the old one ends, or that of now.
int64_t Renumbered(int64_t bucket, absl::Duration old, const WindowDefinition& definition,
                   absl::Time now) {
  const absl::Time last = absl::UnixEpoch() + (bucket + 1) * old - absl::Nanoseconds(1);
  return definition.BucketOf(std::min(last, now));
}

// The same window in the resolution of the definition, and empty if it is of another meaning.
void TakeOver(Window& window, const WindowDefinition& definition, absl::Time now) {
  if (window.meaning != definition.meaning) {
    window.buckets.clear();
    window.values.clear();
  } else if (window.resolution != definition.resolution) {
    std::vector<WindowBucket> buckets;
    for (WindowBucket bucket : window.buckets) {
      bucket.number = Renumbered(bucket.number, window.resolution, definition, now);
      Merge(buckets, bucket);
    }
    window.buckets = std::move(buckets);
    for (WindowValue& value : window.values) {
      value.bucket = Renumbered(value.bucket, window.resolution, definition, now);
    }
  }
  window.meaning = definition.meaning;
  window.resolution = definition.resolution;
}

void DropEnded(Window& window, int64_t oldest) {
  std::erase_if(window.buckets,
                [oldest](const WindowBucket& bucket) { return bucket.number < oldest; });
  std::erase_if(window.values,
                [oldest](const WindowValue& value) { return value.bucket < oldest; });
}

// The newest values stay: whichever is dropped, as many newer ones as can be told apart are there.
void SeeValue(Window& window, size_t most, const std::string& value, int64_t bucket) {
  std::erase_if(window.values, [&value](const WindowValue& seen) { return seen.value == value; });
  window.values.push_back({value, bucket});
  if (window.values.size() > most + 1) window.values.erase(window.values.begin());
}

}  // namespace

void CountIn(Window& window, const WindowDefinition& definition, absl::Time now,
             const Money& amount, const std::vector<std::string>& values) {
  TakeOver(window, definition, now);
  const int64_t present = definition.BucketOf(now);
  DropEnded(window, present - definition.Buckets());
  Merge(window.buckets, {present, amount.currency, 1, amount.minor_units, amount.minor_units});
  for (const std::string& value : values) {
    SeeValue(window, definition.distinct_max, value, present);
  }
}

WindowTotals TotalsOf(const Window& window, const WindowDefinition& definition, absl::Time now,
                      Currency currency) {
  WindowTotals totals;
  if (window.meaning != definition.meaning) return totals;
  if (window.resolution != definition.resolution) {
    Window taken_over = window;
    TakeOver(taken_over, definition, now);
    return TotalsOf(taken_over, definition, now, currency);
  }
  const int64_t oldest = definition.BucketOf(now) - definition.Buckets();
  for (const WindowBucket& bucket : window.buckets) {
    if (bucket.number < oldest) continue;
    totals.count = SumOrMost(totals.count, bucket.count);
    if (bucket.currency != currency) continue;
    totals.sum = SumOrMost(totals.sum, bucket.sum);
    totals.largest = std::max(totals.largest, bucket.largest);
  }
  totals.distinct =
      std::count_if(window.values.begin(), window.values.end(),
                    [oldest](const WindowValue& value) { return value.bucket >= oldest; });
  return totals;
}

absl::Time EndOf(const Window& window, const WindowDefinition& definition) {
  if (window.meaning != definition.meaning || window.buckets.empty()) return absl::InfinitePast();
  if (window.resolution == definition.resolution) {
    return definition.EndOf(window.buckets.back().number);
  }
  // One old resolution later at most, when it is taken over.
  const absl::Time last =
      absl::UnixEpoch() + (window.buckets.back().number + 1) * window.resolution;
  return definition.EndOf(definition.BucketOf(last));
}

}  // namespace fundgate::core
