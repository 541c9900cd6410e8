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

// Breakers that may be OPEN or HALF_OPEN at once. Past it no new one comes over a value of a field:
// what opens by itself trips its checkpoint instead. Everything, and whole checkpoints, of which
// there are few, can be switched all the same: a full gate must be stopped, too.
inline constexpr size_t kMaxBreakers = 100'000;

// Who opens and closes breakers without being asked.
inline constexpr char kMachine[] = "fundgate";

// The breaker over exactly this scope as it counts now, or null where it is CLOSED. Where a plan's
// has ended, what it stood upon.
const Breaker* FindBreakerInForce(Draft& draft, const std::string& scope);

// The same to be changed; there must be one.
Breaker& MutableBreakerInForce(Draft& draft, const std::string& scope);

// What the plan's breaker in force there stands upon; without a plan, the breaker in force. Null
// where that is nothing.
const Breaker* FindBreakerBeneath(Draft& draft, const std::string& scope);

// The same to be changed; there must be one.
Breaker& MutableBreakerBeneath(Draft& draft, const std::string& scope);

// Whether a breaker that stands there may deny a check.
bool Denies(const Breaker& breaker);

// Whether loosening a breaker over this scope, a canonical text, takes two people.
bool NeedsTwoPeople(const Draft& draft, const std::string& scope);

// Whether `scopes`, canonical texts, can be switched without more breakers than there may be.
bool HaveRoom(Draft& draft, const std::vector<std::string>& scopes);

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

// Opens a breaker that trips, where it belongs: beneath a plan's, so that it stands when the plan
// goes; else in place of what stands there, with the severer mode and the later end of both. If one
// of them has no end, or waits for a trial, so does the new one. True if that changed anything:
// false where as much is said already, or a person has forced what stands there. Where only two
// people loosen, nobody forces off what denies for longer.
bool OpenOver(Draft& draft, const Breaker& opened);

// Opens a breaker because of a violation, as OpenOver does. When there are too many breakers, the
// whole checkpoint (or everything) of the scope is opened instead. `until` must lie in the future;
// where only two people loosen it has no effect.
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
