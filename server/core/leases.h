// Leases: money that a caller may allow by itself while the gate can't be asked. Each is taken out
// of its checkpoint's `blind_budget` when it is granted, so that whatever all callers allow
// together stays within it. What was allowed is reported afterwards, and then reserved like any
// movement; a row that a source tells of before that is not called ungated until the lease has
// ended.
#ifndef SERVER_CORE_LEASES_H_
#define SERVER_CORE_LEASES_H_

#include <cstddef>
#include <optional>

#include "server/core/draft.h"
#include "server/core/input.h"
#include "server/core/outcome.h"
#include "server/core/policy.h"

namespace fundgate::core {

// Leases that may be out at once, and movements that one of them may explain.
inline constexpr size_t kMaxLeases = 1000;
inline constexpr size_t kMaxUnexplained = 1000;

// What is left of the checkpoint's budget for allowing without proof: less what was spent and what
// leases have. Nothing if it has none.
std::optional<Budget> BlindLeft(Draft& draft, const CheckpointDefinition& checkpoint);

// FAILED_PRECONDITION where the policy leases nothing, RESOURCE_EXHAUSTED where nothing is left.
Answer GrantLease(Draft& draft, const GrantLeaseInput& input);

// Takes a movement that was allowed elsewhere, whatever became of its lease: it may have happened.
// What the lease does not cover, and what breaks an invariant, is a violation. A Decision.
Answer ReportLease(Draft& draft, const ReportLeaseInput& input);

// True if the movement, which a source tells of and nobody has asked for, may have been allowed by
// a lease: it is noted there.
bool MayBeLeased(Draft& draft, const KeyId& key, const Money& amount);

// Ends leases whose reports are due. What they did not explain is ungated. For ticks.
void EndLeases(Draft& draft);

}  // namespace fundgate::core

#endif  // SERVER_CORE_LEASES_H_
