// What is remembered of a window, for one key of one account.
#ifndef SERVER_CORE_WINDOWS_RECORD_H_
#define SERVER_CORE_WINDOWS_RECORD_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/time/time.h"
#include "fundgate/types/currency.h"
#include "fundgate/types/ids.h"
#include "server/core/windows/window_name.h"

namespace fundgate::core {

struct WindowId {
  AccountId account;
  WindowName window;
  std::string key;  // an order or an attribute as text; empty if it is kept by account alone

  friend auto operator<=>(const WindowId&, const WindowId&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const WindowId& id) {
    return H::combine(std::move(h), id.account, id.window, id.key);
  }
};

// What was counted in one bucket in one currency.
struct WindowBucket {
  int64_t number = 0;
  Currency currency;
  int64_t count = 0;
  int64_t sum = 0;      // minor units; stops at the largest 64-bit number
  int64_t largest = 0;  // minor units
  int64_t successes = 0;

  friend bool operator==(const WindowBucket&, const WindowBucket&) = default;
};

// A value that was seen, and the bucket in which it was seen last.
struct WindowValue {
  std::string value;
  int64_t bucket = 0;

  friend bool operator==(const WindowValue&, const WindowValue&) = default;
};

// What was counted within one hour.
struct WindowHour {
  int64_t number = 0;  // hours since 1970
  int64_t samples = 0;
  int64_t successes = 0;

  friend bool operator==(const WindowHour&, const WindowHour&) = default;
};

inline constexpr size_t kInlineBuckets = 2;
using WindowBuckets = absl::InlinedVector<WindowBucket, kInlineBuckets>;

struct Window {
  uint64_t meaning = 0;  // WindowDefinition::meaning
  absl::Duration resolution;
  WindowBuckets buckets;            // by number, then by currency
  std::vector<WindowValue> values;  // the one seen longest ago first
  absl::Time wake_at;               // its entry among the window ends
  std::vector<WindowHour> hours;    // with a baseline: this one and those of its days; by number

  friend bool operator==(const Window&, const Window&) = default;
};

// A moment at which a window may have become empty. Ordered by time.
struct WindowEnd {
  absl::Time at;
  WindowId window;

  friend auto operator<=>(const WindowEnd& a, const WindowEnd& b) {
    if (a.at != b.at)
      return a.at < b.at ? std::strong_ordering::less : std::strong_ordering::greater;
    return a.window <=> b.window;
  }
  friend bool operator==(const WindowEnd&, const WindowEnd&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const WindowEnd& end) {
    return H::combine(std::move(h), end.at, end.window);
  }
};

}  // namespace fundgate::core

#endif  // SERVER_CORE_WINDOWS_RECORD_H_
