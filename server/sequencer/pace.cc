#include "server/sequencer/pace.h"

#include <algorithm>

namespace fundgate::sequencer {

Pace::Pace(uint64_t inputs_per_second)
    : interval_(inputs_per_second == 0
                    ? absl::ZeroDuration()
                    : absl::Seconds(1) / static_cast<int64_t>(inputs_per_second)),
      memory_(std::max(interval_, kMemory)) {}

void Pace::Advance(absl::Duration now) {
  now_ = now;
  due_ = std::max(due_, now - memory_);
}

bool Pace::Take() {
  if (interval_ == absl::ZeroDuration()) return true;
  if (due_ > now_) return false;
  due_ += interval_;
  return true;
}

absl::Duration Pace::Rest(absl::Duration now) const {
  if (interval_ == absl::ZeroDuration() || due_ <= now) return absl::ZeroDuration();
  return due_ + std::max(absl::ZeroDuration(), kRest - interval_) - now;
}

}  // namespace fundgate::sequencer
