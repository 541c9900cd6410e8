// An input on its way to its answer.
#ifndef SERVER_SEQUENCER_PENDING_H_
#define SERVER_SEQUENCER_PENDING_H_

#include <cstdint>

#include "absl/time/time.h"
#include "server/core/input.h"
#include "server/sequencer/meters.h"
#include "server/sequencer/sequencer.h"

namespace fundgate::sequencer {

struct Pending {
  core::Input input;
  absl::Duration deadline = absl::InfiniteDuration();  // the caller's, by the steady clock
  Callback done;                                       // null for the sequencer's own inputs
  uint64_t arrival = 0;                                // its place among all inputs ever taken
  // By the steady clock: when a check that was parked once must be answered at the latest.
  absl::Duration answer_by = absl::InfiniteDuration();
  StageTimes times;
};

}  // namespace fundgate::sequencer

#endif  // SERVER_SEQUENCER_PENDING_H_
