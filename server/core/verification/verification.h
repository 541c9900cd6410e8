// The way in for events to the checks between them.
#ifndef SERVER_CORE_VERIFICATION_VERIFICATION_H_
#define SERVER_CORE_VERIFICATION_VERIFICATION_H_

#include <cstddef>

#include "server/core/draft.h"
#include "server/core/events.h"
#include "server/core/policy.h"

namespace fundgate::core {

// Watches whose turn is taken with one input: bounds the size of its changes. The rest waits for
// the next input.
inline constexpr size_t kMaxTurnsPerInput = 256;

// Shows the event to every check that is about it.
void VerifyEvent(Draft& draft, const SourceDefinition& source, const Event& event);

// Judges the watches whose turn has come: those of a check whose sources are all proven past it.
// `now` alone never makes a turn come.
void TakeTurns(Draft& draft);

}  // namespace fundgate::core

#endif  // SERVER_CORE_VERIFICATION_VERIFICATION_H_
