#include "server/sequencer/input_clock.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/time/clock.h"

namespace fundgate::sequencer {

TimeSources TimeSources::System() {
  return {.wall = [] { return absl::Now(); },
          .steady =
              [] { return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch()); },
          .watch = nullptr};
}

InputClock::InputClock(TimeSources sources, absl::Time not_before)
    : sources_(std::move(sources)), offset_nanos_(0), latest_nanos_(0) {
  const absl::Time start = std::max(sources_.wall(), not_before);
  latest_nanos_ = absl::ToUnixNanos(start);
  offset_nanos_ = latest_nanos_ - absl::ToInt64Nanoseconds(sources_.steady());
}

absl::Time InputClock::Now() {
  const int64_t now = absl::ToInt64Nanoseconds(sources_.steady()) + offset_nanos_.load();
  int64_t latest = latest_nanos_.load();
  while (latest < now && !latest_nanos_.compare_exchange_weak(latest, now)) {
  }
  return absl::FromUnixNanos(std::max(now, latest));
}

absl::Duration InputClock::Gap() {
  const absl::Time wall = sources_.wall();
  return wall - Now();
}

absl::Duration InputClock::Drift() { return Gap() - absl::Nanoseconds(accepted_gap_nanos_.load()); }

void InputClock::AcceptWallClock() {
  const int64_t gap = absl::ToInt64Nanoseconds(Gap());
  if (gap > 0) offset_nanos_ += gap;
  accepted_gap_nanos_ = std::min<int64_t>(gap, 0);
}

bool InputClock::Watch(std::function<void()> moved) {
  if (!sources_.watch) return false;
  sources_.watch(std::move(moved));
  return true;
}

}  // namespace fundgate::sequencer
