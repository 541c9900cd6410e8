// What one event does, whatever it is of.
#ifndef SERVER_CORE_APPLY_EVENT_H_
#define SERVER_CORE_APPLY_EVENT_H_

#include "server/core/draft.h"
#include "server/core/events.h"
#include "server/core/policy.h"

namespace fundgate::core {

// Applies one event of the source. Never refuses it: what can't be applied becomes a gap, what
// doesn't fit a violation. Facts that the policy doesn't declare change nothing. False if it says
// nothing new that rules could look at: it was delivered before, is a fact that can't be used, or
// is a row as it stands, of which nobody knows when it became so.
bool ApplyEvent(Draft& draft, const SourceDefinition& source, const Event& event);

}  // namespace fundgate::core

#endif  // SERVER_CORE_APPLY_EVENT_H_
