// Breakers: what they answer to a check, and what opens and closes them without a person. Commands
// of people stand in breaker_commands.h, breakers that count in automatic_breakers.h.
#ifndef SERVER_CORE_BREAKERS_H_
#define SERVER_CORE_BREAKERS_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "server/core/decision.h"
#include "server/core/draft.h"
#include "server/core/findings.h"
#include "server/core/input.h"

namespace fundgate::core {

// Breakers that may be OPEN or HALF_OPEN at once. Freezes past it trip their checkpoint instead.
inline constexpr size_t kMaxBreakers = 100'000;

// Who opens and closes breakers without being asked.
inline constexpr char kMachine[] = "fundgate";

// The breaker over exactly this scope as it counts now, or null where it is CLOSED. Where a plan's
// has ended, what it stood upon.
const Breaker* FindBreakerInForce(Draft& draft, const std::string& scope);

// The same to be changed; there must be one.
Breaker& MutableBreakerInForce(Draft& draft, const std::string& scope);

// Reasons of every OPEN breaker over the check that denies it.
std::vector<Reason> OpenBreakersOver(Draft& draft, const CheckInput& check);

// Those, OPEN ones that only report, and HALF_OPEN ones whose budget does not suffice.
void CheckBreakers(Draft& draft, const CheckInput& check, Findings& findings);

// Takes a check that was allowed out of the budget of every HALF_OPEN breaker over it. A budget
// that doesn't suffice, because an operator approved the check in spite of it, stays as it is.
// Where enough was allowed, or no more fits, those of the policy begin to prove that it went well.
void SpendBudgets(Draft& draft, const CheckInput& check, Verdict verdict);

// The scope, or, where there are too many breakers for a new one, its whole checkpoint.
std::string ScopeWithRoom(Draft& draft, const std::string& scope);

// Opens a breaker because of a violation, unless one stands there already. When there are too many
// breakers, the whole checkpoint (or everything) of the scope is opened instead. Where a plan's
// stands it takes its place beneath, and stays when the plan goes. What a person has forced stays
// as it is. `until` must lie in the future.
void OpenAutomatically(Draft& draft, const std::string& scope, BreakerOrigin origin,
                       const std::string& reason, Verdict mode = Verdict::kHold,
                       std::optional<absl::Time> until = std::nullopt);

// Takes away what a plan has switched at the scope; what it stood upon comes back if it counts
// still.
void EndToggle(Draft& draft, const PlanRun& run, const std::string& scope);

// Closes breakers whose `until` has passed; nothing while the clock is in doubt.
void ExpireBreakers(Draft& draft);

// Keeps what this input has changed of breakers as their history. Spent budgets are no change.
void KeepHistory(Draft& draft);

}  // namespace fundgate::core

#endif  // SERVER_CORE_BREAKERS_H_
