// Facts as they come from a source.
#ifndef SERVER_CORE_FACT_EVENTS_H_
#define SERVER_CORE_FACT_EVENTS_H_

#include "server/core/draft.h"
#include "server/core/events.h"
#include "server/core/policy.h"

namespace fundgate::core {

// Verifies the fact. One that does not fit its declaration is a violation, and one that the policy
// doesn't know (yet), or not from this source, changes nothing: the journal keeps it. False for
// both.
bool ApplyFact(Draft& draft, const SourceDefinition& source, const Event& event,
               const FactEvent& fact);

}  // namespace fundgate::core

#endif  // SERVER_CORE_FACT_EVENTS_H_
