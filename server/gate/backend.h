// What the services stand on.
#ifndef SERVER_GATE_BACKEND_H_
#define SERVER_GATE_BACKEND_H_

#include <atomic>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/core/policy.h"
#include "server/gate/probe_hub.h"
#include "server/gate/workers.h"
#include "server/sequencer/input_clock.h"
#include "server/sequencer/sequencer.h"
#include "server/store/store.h"

namespace fundgate::security {
class SecurityLog;
}  // namespace fundgate::security

namespace fundgate::gate {

class Access;
class Listener;
class Masking;
class Meters;
class OpenStreams;
class Overload;
class Readiness;

// References to what the server owns and outlives the services. Any thread.
struct Backend {
  store::Store& store;
  sequencer::Sequencer& sequencer;
  sequencer::InputClock& clock;
  ProbeHub& probes;
  Workers& workers;
  OpenStreams& streams;
  Meters& meters;
  const Readiness& readiness;
  const std::atomic<bool>& draining;
  absl::Time started_at;
  Access& access;  // see guard.h
  const security::SecurityLog& denials;
  Overload& overload;
  const Listener& listener;
  const Masking& masking;
};

// The policy in force, as far as it is durable. FAILED_PRECONDITION before the first.
inline absl::StatusOr<std::shared_ptr<const core::Policy>> PresentPolicy(const Backend& backend) {
  std::shared_ptr<const core::Policy> policy = backend.store.view()->resident().policy;
  if (policy == nullptr) {
    return absl::FailedPreconditionError(
        "the gate has no policy yet and can judge nothing; apply one with `fundctl policy apply`");
  }
  return policy;
}

}  // namespace fundgate::gate

#endif  // SERVER_GATE_BACKEND_H_
