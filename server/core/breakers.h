// Breakers: what they answer to a check, and the commands that switch them.
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
#include "server/core/outcome.h"

namespace fundgate::core {

// Breakers that may be OPEN or HALF_OPEN at once. Freezes past it trip their checkpoint instead.
inline constexpr size_t kMaxBreakers = 100'000;

// The breaker over exactly this scope as it counts now, or null where it is CLOSED.
const Breaker* FindBreakerInForce(Draft& draft, const std::string& scope);

// Reasons of every OPEN breaker over the check.
std::vector<Reason> OpenBreakersOver(Draft& draft, const CheckInput& check);

// Those, and HALF_OPEN ones whose budget does not suffice.
void CheckBreakers(Draft& draft, const CheckInput& check, Findings& findings);

// Takes the check out of the budget of every HALF_OPEN breaker over it. Called for a final ALLOW. A
// budget that doesn't suffice, because an operator approved the check in spite of it, stays as it
// is.
void SpendBudgets(Draft& draft, const CheckInput& check);

Answer TripBreaker(Draft& draft, const TripBreakerInput& input);
Answer HalfOpenBreaker(Draft& draft, const HalfOpenBreakerInput& input);
Answer ResetBreaker(Draft& draft, const ResetBreakerInput& input);

// Opens a breaker because of a violation, unless one stands there already. When there are too many
// breakers, the whole checkpoint (or everything) of the scope is opened instead. `until` must lie
// in the future.
void OpenAutomatically(Draft& draft, const std::string& scope, BreakerOrigin origin,
                       const std::string& reason, Verdict mode = Verdict::kHold,
                       std::optional<absl::Time> until = std::nullopt);

// Closes breakers whose `until` has passed; nothing while the clock is in doubt.
void ExpireBreakers(Draft& draft);

}  // namespace fundgate::core

#endif  // SERVER_CORE_BREAKERS_H_
