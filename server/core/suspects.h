// Invariants that events broke: suspected at once, judged when nothing on its way can cure them.
#ifndef SERVER_CORE_SUSPECTS_H_
#define SERVER_CORE_SUSPECTS_H_

#include <span>
#include <string>

#include "server/core/draft.h"
#include "server/core/records.h"

namespace fundgate::core {

// Notes the invariants that no longer hold in the books which these posted deltas have worsened.
void SuspectInvariants(Draft& draft, std::span<const Delta> deltas, const AccountId& account,
                       Currency currency, const SourceName& source, const std::string& event_id);

// Judges every suspect whose book's sources are all proven past it: cured ones are forgotten, the
// others become violations and are acted upon as the policy says.
void JudgeSuspects(Draft& draft);

}  // namespace fundgate::core

#endif  // SERVER_CORE_SUSPECTS_H_
