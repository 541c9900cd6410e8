// How much of what checks need is known at a moment.
#ifndef SERVER_GATE_KNOWLEDGE_H_
#define SERVER_GATE_KNOWLEDGE_H_

#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "fundgate/types/ids.h"
#include "server/core/policy.h"
#include "server/core/state.h"

namespace fundgate::gate {

// Those of the checkpoint's sources that are not proven within its max_staleness.
std::vector<SourceName> StaleSources(const core::Resident& resident,
                                     const core::CheckpointDefinition& checkpoint, absl::Time now);

// The share of the policy's checkpoints, in thousandths rounded up, at which a check arriving at
// `now` could not be judged on proven knowledge. One at which only some accounts or orders are
// unproven counts for a thousandth of itself; any other gap, as of a fact, for one thousandth in
// all: 0 says that there is none.
int32_t BlindPermille(const core::Resident& resident, absl::Time now);

}  // namespace fundgate::gate

#endif  // SERVER_GATE_KNOWLEDGE_H_
