// Violations and their groups have a life: open, acknowledged, resolved.
#ifndef SERVER_CORE_REVIEWS_H_
#define SERVER_CORE_REVIEWS_H_

#include "server/core/draft.h"
#include "server/core/input.h"
#include "server/core/outcome.h"
#include "server/core/records.h"

namespace fundgate::core {

// How a violation stands: by its own review, or by that of its group, whichever came further.
Review EffectiveReview(const Violation& violation, const Group& group);

// Somebody is on it. To acknowledge one violation answers its group: escalation waits for the
// containment then. NOT_FOUND for an unknown id, FAILED_PRECONDITION if it is resolved.
Answer Acknowledge(Draft& draft, const AcknowledgeInput& input);

// A violation, or all open ones of a group, get their cause. The group is resolved with its last
// open violation. The same refusals.
Answer ResolveReview(Draft& draft, const ResolveInput& input);

}  // namespace fundgate::core

#endif  // SERVER_CORE_REVIEWS_H_
