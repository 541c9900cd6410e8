// The queue of holds: one for each key that is held, until it is allowed, blocked, seen to have
// moved, rejected, or not asked for any more.
#ifndef SERVER_CORE_HOLDS_H_
#define SERVER_CORE_HOLDS_H_

#include <optional>

#include "absl/time/time.h"
#include "server/core/decision.h"
#include "server/core/draft.h"
#include "server/core/findings.h"
#include "server/core/input.h"
#include "server/core/outcome.h"

namespace fundgate::core {

// True if an operator may let a check pass in spite of this reason: a rule's HOLD, also where the
// rule could not be judged, or a breaker's but for the one over everything. Never an invariant, nor
// knowledge that is missing.
bool IsForOperators(const Policy& policy, const Reason& reason);

// Turns the reasons that an approval of this key covers into mere reports.
void WaiveApproved(Draft& draft, const CheckInput& check, Findings& findings);

// A check was held: its key's hold is new or asked for once more. It opens again if it was approved
// and is held for something else that an operator may judge.
void KeepHold(Draft& draft, const KeyId& key, const Decision& decision);

Answer ApproveHold(Draft& draft, const ApproveHoldInput& input);
Answer RejectHold(Draft& draft, const RejectHoldInput& input);

// Ends the key's hold if nobody asks for it any more, or if its approval has run out unused.
// Returns when to look again, if ever.
std::optional<absl::Time> LookAtHold(Draft& draft, const KeyId& key);

// After an input: holds of keys that aren't held any more end, and the groups that speak of holds
// gain and lose members.
void SettleHolds(Draft& draft);

}  // namespace fundgate::core

#endif  // SERVER_CORE_HOLDS_H_
