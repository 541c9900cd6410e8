// May one policy follow another over the same state?
#ifndef SERVER_CORE_POLICY_SUCCESSION_H_
#define SERVER_CORE_POLICY_SUCCESSION_H_

#include "absl/status/status.h"
#include "server/core/draft.h"
#include "server/core/input.h"
#include "server/core/outcome.h"
#include "server/core/policy.h"

namespace fundgate::core {

// What a kind of movement, `present` of policy `before` and `kept` of policy `after`, must have in
// common, so that what was posted or reserved under the old policy still means the same.
//
// The same amounts go to the same counters: a row that shrinks takes back what it had posted.
bool KeepsEffects(const Policy& before, const MovementDefinition& present, const Policy& after,
                  const MovementDefinition& kept);
// A gated kind that no source reports posts at Confirm; one that a source reports posts by events.
// A key that lived through a change from one to the other would be posted twice, or never.
bool KeepsWhoPosts(const MovementDefinition& present, const MovementDefinition& kept);

// Books hold numbers by the place of their counters: a book that exists keeps its key, counters
// and currency rule. Kinds of movements keep their effects and who posts them, since keys outlive
// policies. Neither can go. FAILED_PRECONDITION naming the book or kind otherwise.
absl::Status CheckSuccession(const Policy& present, const Policy& next);

Answer ApplyPolicy(Draft& draft, const ApplyPolicyInput& input);

}  // namespace fundgate::core

#endif  // SERVER_CORE_POLICY_SUCCESSION_H_
