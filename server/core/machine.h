// The decision machine: (state, input) -> outcome. No I/O, no clock, no thread, no randomness: the
// same state and input give the same outcome on every machine, for ever.
#ifndef SERVER_CORE_MACHINE_H_
#define SERVER_CORE_MACHINE_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "server/core/input.h"
#include "server/core/outcome.h"
#include "server/core/state.h"

namespace fundgate::core {

// Raised with every change that may give another outcome for the same state and input. Journal
// records carry it, so that each is replayed by the logic that made it.
//
// 2: a BLOCK also waits for reversals, failures and gaps that may cure it; failed parts free their
//    own lines alone; forgotten rejected keys close their orders; freezes outlast breakers that end
//    by themselves; keys are bound to the identity fields of their time.
// 3: a policy notes since when its rules are there, and drops what was counted of those it drops;
//    rules are not asked again about an event that was delivered before. Holds wait in a queue, and
//    violations belong to groups, which alerts speak of.
// 4: of a source that may repeat itself, a change that doesn't follow on what is known of its row
//    is doubted, not posted. Tables of a source are read anew, gaps are healed; keys that are
//    forgotten leave their names. Breakers keep their history, count, and half open by themselves;
//    plans, leases, breakers that only report, and answers by amount where knowledge is missing.
// 7: tables of a MySQL are read anew, too.
inline constexpr uint32_t kLogicVersion = 7;

// The main loop of whoever drives it:
//
//   FUNDGATE_ASSIGN_OR_RETURN(core::Outcome outcome, machine.Apply(input));
//   if (outcome.recorded) {
//     ... append (input, outcome.answer) to the journal and write outcome.changes, in one write;
//     state.Absorb(outcome.changes);  // the next Apply sees them
//   }
//   ... once the write is synced: send outcome.answer.
//
// Used by one thread.
class Machine {
 public:
  // `state` must outlive the machine.
  explicit Machine(const StateReader& state) : state_(state) {}

  // Judges one input. Changes nothing by itself. A status that is not ok means that the machinery
  // failed (a read failed, time ran backwards): there is no outcome, and the state must be loaded
  // anew before the next call. Answers such as BLOCK and refused commands are outcomes.
  absl::StatusOr<Outcome> Apply(const Input& input) const;

 private:
  const StateReader& state_;
};

}  // namespace fundgate::core

#endif  // SERVER_CORE_MACHINE_H_
