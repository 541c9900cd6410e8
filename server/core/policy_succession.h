// May one policy follow another over the same state?
#ifndef SERVER_CORE_POLICY_SUCCESSION_H_
#define SERVER_CORE_POLICY_SUCCESSION_H_

#include "absl/status/status.h"
#include "server/core/draft.h"
#include "server/core/input.h"
#include "server/core/outcome.h"
#include "server/core/policy.h"

namespace fundgate::core {

// Books hold numbers by the place of their counters: a book that exists keeps its key, counters
// and currency rule, and stays. FAILED_PRECONDITION naming the book otherwise.
absl::Status CheckSuccession(const Policy& present, const Policy& next);

Answer ApplyPolicy(Draft& draft, const ApplyPolicyInput& input);

}  // namespace fundgate::core

#endif  // SERVER_CORE_POLICY_SUCCESSION_H_
