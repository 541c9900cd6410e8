// Whether the gate knows enough to be asked: for load balancers and orchestrators.
#ifndef SERVER_GATE_READINESS_H_
#define SERVER_GATE_READINESS_H_

#include <set>
#include <string>

#include "absl/time/time.h"
#include "fundgate/types/ids.h"
#include "server/core/state.h"
#include "server/sequencer/mutex.h"

namespace fundgate::gate {

// A checkpoint is ready once every source that it needs was fresh at one moment since the process
// started; the gate is ready once all checkpoints of a policy were. Ready stays ready: a source
// that gets stale later is answered by the policy, check by check, and taking the gate away would
// help nobody. Any thread.
class Readiness {
 public:
  // Looks at what is known now. True if something has become ready by it.
  bool Look(const core::Resident& resident, absl::Time now) FUNDGATE_EXCLUDES(mutex_);

  // Forgets that it looked at everything: the policy may have new checkpoints.
  void PolicyChanged() FUNDGATE_EXCLUDES(mutex_);

  // Nothing is ready as long as `why` isn't empty, whatever is fresh.
  void HoldFor(std::string why) FUNDGATE_EXCLUDES(mutex_);

  // Nothing is left to be found ready, under the policy that was looked at.
  bool complete() const FUNDGATE_EXCLUDES(mutex_);
  bool ready() const FUNDGATE_EXCLUDES(mutex_);
  bool IsReady(const MovementKind& checkpoint) const FUNDGATE_EXCLUDES(mutex_);

  // What it waits for: a sentence; empty if it is ready.
  std::string WhyNot(const core::Resident& resident, absl::Time now) const
      FUNDGATE_EXCLUDES(mutex_);

 private:
  mutable sequencer::Mutex mutex_;
  std::set<MovementKind> checkpoints_ FUNDGATE_GUARDED_BY(mutex_);  // that are ready
  bool ready_ FUNDGATE_GUARDED_BY(mutex_) = false;
  bool complete_ FUNDGATE_GUARDED_BY(mutex_) = false;
  std::string held_ FUNDGATE_GUARDED_BY(mutex_);
};

}  // namespace fundgate::gate

#endif  // SERVER_GATE_READINESS_H_
