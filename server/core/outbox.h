// What waits to be told to somebody outside: written with what caused it, gone once delivered.
#ifndef SERVER_CORE_OUTBOX_H_
#define SERVER_CORE_OUTBOX_H_

#include <cstddef>
#include <string>

#include "server/core/draft.h"
#include "server/core/input.h"
#include "server/core/outcome.h"
#include "server/core/records.h"
#include "server/core/responses.h"

namespace fundgate::core {

// Alerts and calls that may wait at once. A group's alert takes over the one of its group that
// still waits; past the bound it takes over the oldest alert. A call past the bound is not made,
// which is an alert itself.
inline constexpr size_t kMaxWaiting = 1024;

// Tells of a group.
void PostAlert(Draft& draft, const Group& group, AlertKind kind);

// Has somebody called. One call waits for one thing (the violation's movement, else what its event
// is about, its order or its account): calls are idempotent, so a second one for it adds nothing.
void PostCall(Draft& draft, const Action& action, const Violation& violation);

// Forgets what was delivered. What has taken its place since still waits.
Answer ForgetDelivered(Draft& draft, const DeliveredInput& input);

}  // namespace fundgate::core

#endif  // SERVER_CORE_OUTBOX_H_
