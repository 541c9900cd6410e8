#include "server/security/token_bucket.h"

#include <algorithm>

namespace fundgate::security {

TokenBucket::TokenBucket(int64_t per_second, int64_t burst)
    : interval_(absl::Seconds(1) / per_second), depth_(interval_ * (burst - 1)) {}

absl::Duration TokenBucket::Take(absl::Duration now) {
  const std::lock_guard lock(mutex_);
  const absl::Duration full_at = std::max(full_at_, now);
  const absl::Duration wait = full_at - now - depth_;
  if (wait > absl::ZeroDuration()) return wait;
  full_at_ = full_at + interval_;
  return absl::ZeroDuration();
}

void TokenBucket::Charge(int64_t count, absl::Duration now) {
  const std::lock_guard lock(mutex_);
  full_at_ = std::max(full_at_, now) + interval_ * count;
}

}  // namespace fundgate::security
