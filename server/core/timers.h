// What time alone brings about.
#ifndef SERVER_CORE_TIMERS_H_
#define SERVER_CORE_TIMERS_H_

#include <cstddef>

#include "server/core/draft.h"
#include "server/core/state.h"

namespace fundgate::core {

// Keys looked at in one tick: bounds the size of its changes. The rest waits for the next tick.
inline constexpr size_t kMaxTimersPerTick = 256;

// Closes expired breakers, half opens and closes those of the policy, ends plans and leases, raises
// overdue reservations, releases those that are proven not to have moved, and forgets keys past
// their retention and windows in which nothing counts. Does nothing while the clock is in doubt.
void Tick(Draft& draft, const StateReader& state);

}  // namespace fundgate::core

#endif  // SERVER_CORE_TIMERS_H_
