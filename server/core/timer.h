// Moments at which something must be looked at again.
#ifndef SERVER_CORE_TIMER_H_
#define SERVER_CORE_TIMER_H_

#include <compare>

#include "absl/time/time.h"
#include "server/core/movement.h"

namespace fundgate::core {

// A moment at which a key must be looked at again. Ordered by time, then by key.
struct Timer {
  absl::Time at;
  KeyId key;

  friend auto operator<=>(const Timer& a, const Timer& b) {
    if (a.at != b.at)
      return a.at < b.at ? std::strong_ordering::less : std::strong_ordering::greater;
    return a.key <=> b.key;
  }
  friend bool operator==(const Timer&, const Timer&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const Timer& timer) {
    return H::combine(std::move(h), timer.at, timer.key);
  }
};

// What stands under an id that says everything itself.
struct Nothing {
  friend bool operator==(const Nothing&, const Nothing&) = default;
};

}  // namespace fundgate::core

#endif  // SERVER_CORE_TIMER_H_
