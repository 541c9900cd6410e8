// What one row of a movement does: post what happened, compare it with what was allowed, name what
// doesn't fit.
#ifndef SERVER_CORE_EVENT_POSTING_H_
#define SERVER_CORE_EVENT_POSTING_H_

#include <optional>

#include "fundgate/types/ids.h"
#include "server/core/draft.h"
#include "server/core/events.h"
#include "server/core/policy.h"

namespace fundgate::core {

// The row of `change` said `before` of this key and says `after` now; either may be missing. False
// if it says nothing new.
//
// Its effect is what it counts for now minus what it counted for. Where a run reads the row's table
// anew (snapshots.h) it is what it counts for now minus what is posted of it, so that a change that
// was never seen is made up for, in whatever order rows and changes come.
bool PostRow(Draft& draft, const SourceDefinition& source, const Event& event,
             const MovementEvent& change, const MovementDefinition& movement,
             const IdempotencyKey& key, const std::optional<Contribution>& before,
             const std::optional<Contribution>& after);

}  // namespace fundgate::core

#endif  // SERVER_CORE_EVENT_POSTING_H_
