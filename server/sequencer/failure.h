// What callers are told while the gate can't record decisions.
#ifndef SERVER_SEQUENCER_FAILURE_H_
#define SERVER_SEQUENCER_FAILURE_H_

#include "absl/status/status.h"

namespace fundgate::sequencer {

// RESOURCE_EXHAUSTED for a full disk, else UNAVAILABLE; with what the store or the machine said.
absl::Status FailureFor(const absl::Status& cause);

// The same, sharing nothing with it: copies of a status count their references in a library that
// TSan can't see, so each caller gets one of its own to take to its thread.
inline absl::Status OwnCopy(const absl::Status& status) {
  return absl::Status(status.code(), status.message());
}

}  // namespace fundgate::sequencer

#endif  // SERVER_SEQUENCER_FAILURE_H_
