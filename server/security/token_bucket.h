// How often somebody may do something.
#ifndef SERVER_SECURITY_TOKEN_BUCKET_H_
#define SERVER_SECURITY_TOKEN_BUCKET_H_

#include <cstdint>
#include <mutex>

#include "absl/time/time.h"

namespace fundgate::security {

// A bucket that holds `burst` tokens at most and gains `per_second`. Any thread.
class TokenBucket {
 public:
  // Both greater than 0. Full at first.
  TokenBucket(int64_t per_second, int64_t burst);

  // Takes a token and returns zero; or, if there is none, returns how long it is until there is
  // one. `now`: of a clock that never goes back.
  absl::Duration Take(absl::Duration now);

  // Takes so many, into debt where they aren't there: what was let in may be larger than the
  // bucket, and what comes after it waits.
  void Charge(int64_t count, absl::Duration now);

 private:
  const absl::Duration interval_;  // in which a token comes
  const absl::Duration depth_;     // in which all but one of the bucket come

  std::mutex mutex_;
  absl::Duration full_at_ = -absl::InfiniteDuration();  // when it is full if nothing is taken
};

}  // namespace fundgate::security

#endif  // SERVER_SECURITY_TOKEN_BUCKET_H_
