// How long to wait before the next attempt. No I/O, no clock.
#ifndef SERVER_SIDECAR_FEED_BACKOFF_H_
#define SERVER_SIDECAR_FEED_BACKOFF_H_

#include <algorithm>

#include "absl/time/time.h"

namespace fundgate::feed {

// The first wait after a success is short, each further one twice as long, up to a bound.
class Backoff {
 public:
  Backoff(absl::Duration shortest, absl::Duration longest)
      : shortest_(shortest), longest_(longest), next_(shortest) {}

  // Something failed: wait so long.
  absl::Duration Next() {
    const absl::Duration wait = next_;
    next_ = std::min(next_ * 2, longest_);
    return wait;
  }

  // Something went well.
  void Reset() { next_ = shortest_; }

 private:
  const absl::Duration shortest_;
  const absl::Duration longest_;
  absl::Duration next_;
};

}  // namespace fundgate::feed

#endif  // SERVER_SIDECAR_FEED_BACKOFF_H_
