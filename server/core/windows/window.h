// One window over time: what goes in, what can be read of it. Pure values.
#ifndef SERVER_CORE_WINDOWS_WINDOW_H_
#define SERVER_CORE_WINDOWS_WINDOW_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "fundgate/types/money.h"
#include "server/core/windows/definition.h"
#include "server/core/windows/record.h"

namespace fundgate::core {

// One thing that is counted.
struct Counted {
  Money amount;                     // of no currency where no money is concerned
  std::vector<std::string> values;  // if values are told apart
  bool success = false;             // where that is asked for
};

// Counts one thing at `now`. What counts no more is dropped. A record that was kept by another
// resolution is taken over (nothing in it ends earlier than it would have, and at most one old
// resolution later); one of another meaning begins anew.
void CountIn(Window& window, const WindowDefinition& definition, absl::Time now,
             const Counted& counted);

// What a window holds at a moment. Sums stop at the largest 64-bit number.
struct WindowTotals {
  int64_t count = 0;     // over all currencies
  int64_t sum = 0;       // minor units of the currency asked for
  int64_t largest = 0;   // minor units of it; 0 if there is nothing in it
  int64_t distinct = 0;  // exact up to distinct_max; more are distinct_max + 1
  int64_t successes = 0;
};
WindowTotals TotalsOf(const Window& window, const WindowDefinition& definition, absl::Time now,
                      Currency currency);

// What was counted in this hour of the day on the earlier days that the window is compared with.
struct WindowBaseline {
  int64_t samples = 0;
  int64_t successes = 0;
};
WindowBaseline BaselineOf(const Window& window, const WindowDefinition& definition, absl::Time now);

// When the newest thing in it counts no more; InfinitePast if there is nothing.
absl::Time EndOf(const Window& window, const WindowDefinition& definition);

}  // namespace fundgate::core

#endif  // SERVER_CORE_WINDOWS_WINDOW_H_
