// Facts as they come from a source.
#ifndef SERVER_CORE_FACT_EVENTS_H_
#define SERVER_CORE_FACT_EVENTS_H_

#include <optional>

#include "server/core/draft.h"
#include "server/core/events.h"
#include "server/core/policy.h"

namespace fundgate::core {

// Verifies the fact. One that does not fit its declaration is a violation, and one that the policy
// doesn't know (yet), or not from this source, changes nothing: the journal keeps it. False for
// both.
bool ApplyFact(Draft& draft, const SourceDefinition& source, const Event& event,
               const FactEvent& fact);

// The event with the account that only a field of its fact says; nothing if there is none to add.
std::optional<Event> WithAccountOfFact(const Policy& policy, const Event& event);

}  // namespace fundgate::core

#endif  // SERVER_CORE_FACT_EVENTS_H_
