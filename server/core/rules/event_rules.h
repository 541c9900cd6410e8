// Rules over events: what they find in one, and what is kept of it.
#ifndef SERVER_CORE_RULES_EVENT_RULES_H_
#define SERVER_CORE_RULES_EVENT_RULES_H_

#include "server/core/draft.h"
#include "server/core/events.h"
#include "server/core/policy.h"

namespace fundgate::core {

// Asks every rule over events of this name, once the event is applied and if it says something new.
// Those that are true and count record a violation and do what it asks for. Deletions and gaps are
// not asked about.
void AskEventRules(Draft& draft, const SourceDefinition& source, const Event& event);

}  // namespace fundgate::core

#endif  // SERVER_CORE_RULES_EVENT_RULES_H_
