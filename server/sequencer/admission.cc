#include "server/sequencer/admission.h"

#include <algorithm>
#include <cmath>

namespace fundgate::sequencer {
namespace {

// In this time half of what a sum of measurements rests on is new.
constexpr absl::Duration kMemory = absl::Milliseconds(200);
// A measurement that is older says nothing any more.
constexpr absl::Duration kForget = absl::Seconds(10);

size_t PlaceOf(Priority priority) { return size_t{static_cast<uint8_t>(priority)}; }

}  // namespace

absl::Duration Admission::AllowedWait(Priority priority) const {
  if (longest_wait_ == absl::InfiniteDuration()) return longest_wait_;
  const auto shares = static_cast<int64_t>(kPriorities - PlaceOf(priority));
  return longest_wait_ * shares / static_cast<int64_t>(kPriorities);
}

absl::Duration Admission::WaitAt(const Line& line, absl::Duration now) const {
  if (line.length == 0) return absl::ZeroDuration();
  const absl::Duration moved = absl::Nanoseconds(progress_at_.load(std::memory_order_relaxed));
  const absl::Duration standing = now - std::max(moved, line.since);
  const absl::Duration measured = absl::Nanoseconds(measured_at_.load(std::memory_order_relaxed));
  if (now - measured > kForget) return std::max(standing, absl::ZeroDuration());
  const absl::Duration each = absl::Nanoseconds(each_.load(std::memory_order_relaxed));
  return std::max(standing, each * static_cast<int64_t>(line.length));
}

std::optional<TurnedAway> Admission::TurnAway(const Newcomer& newcomer, const Line& line,
                                              absl::Duration now) {
  // Where nobody waits there is nothing to spare anybody.
  if (line.length == 0) return std::nullopt;
  const absl::Duration wait = WaitAt(line, now);
  const std::optional<TurnedAway::Cause> cause = CauseAgainst(newcomer, line, wait);
  if (!cause.has_value()) return std::nullopt;
  const absl::Duration retry =
      std::max(wait, kShortestRetry) * static_cast<int64_t>(1 + PlaceOf(newcomer.priority));
  return TurnedAway{*cause, wait, std::min(retry, kLongestRetry)};
}

std::optional<TurnedAway::Cause> Admission::CauseAgainst(const Newcomer& newcomer, const Line& line,
                                                         absl::Duration wait) {
  using Cause = TurnedAway::Cause;
  if (line.length + newcomer.checks > room_) return Cause::kQueue;
  if (wait == absl::ZeroDuration()) return std::nullopt;
  // The caller hears of all that come together at once: after the last.
  const auto length = static_cast<int64_t>(line.length);
  const absl::Duration of_last = wait + wait * static_cast<int64_t>(newcomer.checks - 1) / length;
  if (newcomer.time_left.has_value() && of_last >= *newcomer.time_left) return Cause::kDeadline;
  if (wait <= AllowedWait(Priority::kLow)) return std::nullopt;
  if (wait > longest_wait_) return Cause::kWait;
  if (wait > AllowedWait(newcomer.priority) && !TakesShare(newcomer.priority)) return Cause::kWait;
  taken_of_crowd_.fetch_add(newcomer.checks, std::memory_order_relaxed);
  return std::nullopt;
}

bool Admission::TakesShare(Priority priority) {
  std::atomic<uint64_t>& at_share = taken_at_share_[PlaceOf(priority)];
  const uint64_t taken = taken_of_crowd_.load(std::memory_order_relaxed);
  uint64_t last = at_share.load(std::memory_order_relaxed);
  // Of two that find the same, one takes it.
  return taken - last >= kShare && at_share.compare_exchange_strong(last, taken);
}

void Admission::Progress(const Turn& turn, absl::Duration now) {
  // A turn that its pace kept from all work is part of the next one.
  if (turn.inputs == 0 && turn.left) return;
  if (busy_since_.has_value() && turn.inputs > 0) Measure(turn, now - *busy_since_, now);
  busy_since_ = turn.waiting ? std::optional(now) : std::nullopt;
  progress_at_.store(absl::ToInt64Nanoseconds(now), std::memory_order_relaxed);
}

void Admission::Measure(const Turn& turn, absl::Duration took, absl::Duration now) {
  const auto nanos = static_cast<double>(absl::ToInt64Nanoseconds(took));
  const auto inputs = static_cast<double>(turn.inputs);
  // One that left nothing took as long as its sync did, however few there were: it proves only that
  // an input takes no longer than its share of that.
  if (!turn.left) {
    if (input_sum_ == 0 || nanos * input_sum_ >= time_sum_ * inputs) return;
  }
  const double kept = absl::FDivDuration(kMemory, kMemory + took);
  time_sum_ = time_sum_ * kept + nanos;
  input_sum_ = input_sum_ * kept + inputs;
  each_.store(std::llround(time_sum_ / input_sum_), std::memory_order_relaxed);
  measured_at_.store(absl::ToInt64Nanoseconds(now), std::memory_order_relaxed);
}

}  // namespace fundgate::sequencer
