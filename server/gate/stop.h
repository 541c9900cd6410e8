// What stops a checkpoint as a whole, told to those who can't be answered otherwise: a caller that
// the gate has no time for, or that allows by a lease, asks no breaker.
#ifndef SERVER_GATE_STOP_H_
#define SERVER_GATE_STOP_H_

#include <grpcpp/support/status.h>

#include <optional>
#include <string>

#include "server/core/verdict.h"
#include "server/gate/backend.h"

namespace fundgate::gate {

// A breaker over everything, or over the whole checkpoint, that may deny a check.
struct Stop {
  std::string scope;
  core::Verdict verdict = core::Verdict::kHold;  // HOLD where it is half open: nobody knows
};

// The severest, as far as it is durable; nothing if there is none. Any thread.
std::optional<Stop> StopOf(const Backend& backend, const std::string& checkpoint);

// The error of a check at that checkpoint. RESOURCE_EXHAUSTED tells of what stops it, too: a
// google.rpc.ErrorInfo of domain "fundgate" and reason "BREAKER", with "breaker" (its scope) and
// "verdict" ("HOLD", "BLOCK").
grpc::Status RefusalAt(const Backend& backend, const std::string& checkpoint,
                       const absl::Status& status);

}  // namespace fundgate::gate

#endif  // SERVER_GATE_STOP_H_
