// Inputs on their way from the writer to their answers.
#ifndef SERVER_SEQUENCER_GROUP_H_
#define SERVER_SEQUENCER_GROUP_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "server/core/input.h"
#include "server/core/outcome.h"
#include "server/sequencer/meters.h"
#include "server/sequencer/sequencer.h"

namespace fundgate::sequencer {

// One input that has got its outcome, or an error in its place.
struct Answered {
  core::Input input;
  core::Outcome outcome;
  Sequence sequence = 0;  // 0: not recorded
  absl::Status error;     // not ok: sent instead of the outcome, which is void
  Callback done;          // may be null
  StageTimes times;
};

// Inputs that are written together. `number` is the store's of the newest group that has to be
// durable before any of these answers may leave: its own, or, where nothing was recorded, that of
// the group before, because answers rest on what earlier inputs did. 0: they rest on nothing.
struct Group {
  uint64_t number = 0;
  std::vector<Answered> answered;
  // Ends with an accepted wall clock. The clock follows once that is durable; until then no more
  // groups are taken, because whatever comes after it has the new time.
  bool accepts_time = false;
  bool is_written = false;

  // Answers all of it with the failure, of which each gets a copy, and rests on nothing any more.
  void Fail(const absl::Status& failure);
};

}  // namespace fundgate::sequencer

#endif  // SERVER_SEQUENCER_GROUP_H_
