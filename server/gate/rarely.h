// What is worth saying, but not each time.
#ifndef SERVER_GATE_RARELY_H_
#define SERVER_GATE_RARELY_H_

#include <atomic>
#include <cstdint>

#include "absl/time/time.h"

namespace fundgate::gate {

// Any thread.
class Rarely {
 public:
  static constexpr absl::Duration kPeriod = absl::Seconds(10);

  // True the first time, and then once in each period; of several that ask at once for one of them.
  // `now` is the steady clock's.
  bool IsDue(absl::Duration now) {
    const int64_t nanos = absl::ToInt64Nanoseconds(now);
    int64_t due = due_.load(std::memory_order_relaxed);
    return nanos >= due &&
           due_.compare_exchange_strong(due, nanos + absl::ToInt64Nanoseconds(kPeriod));
  }

 private:
  std::atomic<int64_t> due_{0};
};

}  // namespace fundgate::gate

#endif  // SERVER_GATE_RARELY_H_
