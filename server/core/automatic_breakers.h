// Breakers that the policy has trip by themselves: they count violations and answers over their
// scope, open when their condition becomes true, half open after a while, and close, or open again
// for longer, by what comes of that.
#ifndef SERVER_CORE_AUTOMATIC_BREAKERS_H_
#define SERVER_CORE_AUTOMATIC_BREAKERS_H_

#include <string>

#include "server/core/breaker_scope.h"
#include "server/core/decision.h"
#include "server/core/draft.h"
#include "server/core/input.h"
#include "server/core/policy.h"

namespace fundgate::core {

// Counts the decision of a check that was ALLOW or BLOCK for the first time, and opens what trips
// by it: the next check meets it. Called before the decision is recorded.
void CountAnswer(Draft& draft, const CheckInput& check, const Decision& decision);

// Counts the violations that this input found, and opens what trips by them. Violations of history
// don't count. Opening one is a violation of its own, breaker_tripped.
void CountViolations(Draft& draft);

// Half opens those that have waited long enough, closes those that have proven to go well, and asks
// those that look at sources. Where only two people loosen it does neither of the first. For ticks.
void TendBreakers(Draft& draft);

// Forgets what was counted at the scope: a person has closed it.
void ForgetCounts(Draft& draft, const BreakerScope& scope);

// The window of the policy's breakers by that name, or null.
const WindowDefinition* FindTripWindow(const Policy& policy, const WindowName& name);

}  // namespace fundgate::core

#endif  // SERVER_CORE_AUTOMATIC_BREAKERS_H_
