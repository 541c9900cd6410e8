#include "server/core/windows/window.h"

#include <algorithm>
#include <limits>

#include "fundgate/types/checked.h"

namespace fundgate::core {
namespace {

// Stops at the ends of 64 bits.
int64_t SumOrMost(int64_t a, int64_t b) {
  return CheckedAdd(a, b).value_or(b < 0 ? std::numeric_limits<int64_t>::min()
                                         : std::numeric_limits<int64_t>::max());
}

constexpr int64_t kHoursOfDay = 24;

int64_t HourOf(absl::Time time) {
  absl::Duration rest;
  return absl::IDivDuration(time - absl::UnixEpoch(), absl::Hours(1), &rest);
}

// Adds what `from` counted to the bucket of that number and currency.
void Merge(WindowBuckets& buckets, const WindowBucket& from) {
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
  place->successes = SumOrMost(place->successes, from.successes);
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
    window.hours.clear();
  } else if (window.resolution != definition.resolution) {
    WindowBuckets buckets;
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
  // They are sorted by number.
  const auto kept =
      std::find_if(window.buckets.begin(), window.buckets.end(),
                   [oldest](const WindowBucket& bucket) { return bucket.number >= oldest; });
  window.buckets.erase(window.buckets.begin(), kept);
  std::erase_if(window.values,
                [oldest](const WindowValue& value) { return value.bucket < oldest; });
}

// The newest values stay: whichever is dropped, as many newer ones as can be told apart are there.
void SeeValue(Window& window, size_t most, const std::string& value, int64_t bucket) {
  std::erase_if(window.values, [&value](const WindowValue& seen) { return seen.value == value; });
  window.values.push_back({value, bucket});
  if (window.values.size() > most + 1) window.values.erase(window.values.begin());
}

// Also drops hours that no day to come is compared with.
void CountInHour(Window& window, const WindowDefinition& definition, absl::Time now, bool success) {
  const int64_t present = HourOf(now);
  const int64_t oldest = present - definition.baseline_days * kHoursOfDay;
  std::erase_if(window.hours, [oldest](const WindowHour& hour) { return hour.number < oldest; });
  if (window.hours.empty() || window.hours.back().number != present) {
    window.hours.push_back({present, 0, 0});
  }
  WindowHour& hour = window.hours.back();
  hour.samples = SumOrMost(hour.samples, 1);
  if (success) hour.successes = SumOrMost(hour.successes, 1);
}

}  // namespace

void CountIn(Window& window, const WindowDefinition& definition, absl::Time now,
             const Counted& counted) {
  TakeOver(window, definition, now);
  const int64_t present = definition.BucketOf(now);
  DropEnded(window, present - definition.Buckets());
  const Money& amount = counted.amount;
  Merge(window.buckets, {present, amount.currency, 1, amount.minor_units, amount.minor_units,
                         counted.success ? 1 : 0});
  for (const std::string& value : counted.values) {
    SeeValue(window, definition.distinct_max, value, present);
  }
  if (definition.baseline_days > 0) {
    CountInHour(window, definition, now, counted.success);
  } else {
    window.hours.clear();
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
    totals.successes = SumOrMost(totals.successes, bucket.successes);
    if (bucket.currency != currency) continue;
    totals.sum = SumOrMost(totals.sum, bucket.sum);
    totals.largest = std::max(totals.largest, bucket.largest);
  }
  totals.distinct =
      std::count_if(window.values.begin(), window.values.end(),
                    [oldest](const WindowValue& value) { return value.bucket >= oldest; });
  return totals;
}

WindowBaseline BaselineOf(const Window& window, const WindowDefinition& definition,
                          absl::Time now) {
  WindowBaseline baseline;
  if (window.meaning != definition.meaning) return baseline;
  const int64_t present = HourOf(now);
  for (const WindowHour& hour : window.hours) {
    const int64_t age = present - hour.number;
    if (age <= 0 || age % kHoursOfDay != 0 || age > definition.baseline_days * kHoursOfDay) {
      continue;
    }
    baseline.samples = SumOrMost(baseline.samples, hour.samples);
    baseline.successes = SumOrMost(baseline.successes, hour.successes);
  }
  return baseline;
}

namespace {

// When the newest hour is compared with no more.
absl::Time EndOfHours(const Window& window, const WindowDefinition& definition) {
  if (window.hours.empty() || definition.baseline_days == 0) return absl::InfinitePast();
  return absl::UnixEpoch() +
         absl::Hours(window.hours.back().number + 1 + definition.baseline_days * kHoursOfDay);
}

}  // namespace

absl::Time EndOf(const Window& window, const WindowDefinition& definition) {
  if (window.meaning != definition.meaning || window.buckets.empty()) {
    return window.meaning != definition.meaning ? absl::InfinitePast()
                                                : EndOfHours(window, definition);
  }
  // Of another resolution: one old one later at most, when it is taken over.
  const int64_t newest = window.buckets.back().number;
  const absl::Time end = window.resolution == definition.resolution
                             ? definition.EndOf(newest)
                             : definition.EndOf(definition.BucketOf(
                                   absl::UnixEpoch() + (newest + 1) * window.resolution));
  return std::max(end, EndOfHours(window, definition));
}

}  // namespace fundgate::core
