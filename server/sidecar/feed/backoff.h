// How long to wait before the next attempt. No I/O, no clock.
#ifndef SERVER_SIDECAR_FEED_BACKOFF_H_
#define SERVER_SIDECAR_FEED_BACKOFF_H_

#include <algorithm>
#include <cstdint>
#include <random>

#include "absl/time/time.h"

namespace fundgate::feed {

// The first wait after a success is short, each further one twice as long, up to a bound. Each is
// cut by up to a half at random, so that many who lost the same server don't come back at once.
class Backoff {
 public:
  // Equal seeds give equal waits.
  Backoff(absl::Duration shortest, absl::Duration longest, uint32_t seed)
      : shortest_(shortest), longest_(longest), next_(shortest), random_(seed) {}

  // Something failed: wait so long.
  absl::Duration Next() {
    const absl::Duration wait = next_ * (kSteps + Draw()) / (2 * kSteps);
    next_ = std::min(next_ * 2, longest_);
    return wait;
  }

  // Something went well.
  void Reset() { next_ = shortest_; }

 private:
  static constexpr int kSteps = 1024;

  // 1 to kSteps.
  int Draw() { return std::uniform_int_distribution<int>(1, kSteps)(random_); }

  const absl::Duration shortest_;
  const absl::Duration longest_;
  absl::Duration next_;
  std::minstd_rand random_;
};

}  // namespace fundgate::feed

#endif  // SERVER_SIDECAR_FEED_BACKOFF_H_
