// What events do: post what happened, compare it with what was allowed, name what doesn't fit.
#ifndef SERVER_CORE_EVENT_POSTING_H_
#define SERVER_CORE_EVENT_POSTING_H_

#include <string>

#include "server/core/draft.h"
#include "server/core/events.h"
#include "server/core/policy.h"

namespace fundgate::core {

// Applies one event of the source. Never refuses it: what can't be applied becomes a gap, what
// doesn't fit a violation. Facts that the policy doesn't declare change nothing. False if it says
// nothing new that rules could look at: it was delivered before, or is a fact that can't be used.
bool ApplyEvent(Draft& draft, const SourceDefinition& source, const Event& event);

}  // namespace fundgate::core

#endif  // SERVER_CORE_EVENT_POSTING_H_
