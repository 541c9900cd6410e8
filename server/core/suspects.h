// Invariants that events broke: suspected at once, judged when nothing on its way can cure them.
#ifndef SERVER_CORE_SUSPECTS_H_
#define SERVER_CORE_SUSPECTS_H_

#include <set>
#include <span>
#include <string>

#include "server/core/draft.h"
#include "server/core/records.h"

namespace fundgate::core {

// Notes the invariants that no longer hold in the books which these posted deltas have worsened.
void SuspectInvariants(Draft& draft, std::span<const Delta> deltas, const AccountId& account,
                       Currency currency, const SourceName& source, const std::string& event_id);

// Judges every suspect whose book's sources are all proven past it: cured ones are forgotten, the
// others become violations and are acted upon as the policy says. Grace is an event's own: what
// worsened the book later, and may be cured by something still on its way, is left out of the
// judgement and has its turn in the next one. So an invariant that stays broken is found however
// many events keep coming, and one that is only ahead of its cure isn't.
void JudgeSuspects(Draft& draft);

// The invariant of that name, or null.
const InvariantDefinition* FindInvariant(const Policy& policy, const std::string& name);

// Kinds with a checkpoint whose movements can worsen the invariant.
std::set<std::string> CheckpointsThatWorsen(const Policy& policy,
                                            const InvariantDefinition& invariant);

}  // namespace fundgate::core

#endif  // SERVER_CORE_SUSPECTS_H_
