// When a call is made again, and after which pause. Pure functions: no clock, no dice.
#ifndef CLIENT_RETRY_H_
#define CLIENT_RETRY_H_

#include <optional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "fundgate/client.h"

namespace fundgate::client {

// True for what may come out otherwise when the same request is sent again: UNAVAILABLE,
// RESOURCE_EXHAUSTED, DEADLINE_EXCEEDED (of one attempt). The same codes, once the time is up, mean
// that the gate couldn't be reached.
bool MayTryAgain(absl::StatusCode code);

// A pause is drawn from [shortest, longest].
struct PauseRange {
  absl::Duration shortest;
  absl::Duration longest;
};

// The pause after failed attempt number `attempt` (from 1). `hint` is what the gate asked for.
PauseRange PauseAfter(const RetryOptions& options, int attempt, std::optional<absl::Duration> hint);

}  // namespace fundgate::client

#endif  // CLIENT_RETRY_H_
