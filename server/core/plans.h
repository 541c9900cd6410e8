// Plans: sets of switches that the policy has prepared, run and undone by one command.
//
// A plan only tightens: where something as severe stands already, or a person has forced what
// stands there, it leaves it. What it does switch lies upon what stood there, which comes back when
// the plan ends, by its time or by a command.
#ifndef SERVER_CORE_PLANS_H_
#define SERVER_CORE_PLANS_H_

#include "server/core/draft.h"
#include "server/core/input.h"
#include "server/core/outcome.h"

namespace fundgate::core {

// NOT_FOUND for a plan that the policy hasn't, FAILED_PRECONDITION if it is in force.
Answer RunPlan(Draft& draft, const RunPlanInput& input);

// FAILED_PRECONDITION if it isn't in force. Where the policy wants two people for one of the
// breakers that it loosens, the first one's wish is kept.
Answer UndoPlan(Draft& draft, const UndoPlanInput& input);

// Forgets plans whose time has passed, and those of whose switches none is left. For ticks, once
// breakers have expired.
void EndPlans(Draft& draft);

}  // namespace fundgate::core

#endif  // SERVER_CORE_PLANS_H_
