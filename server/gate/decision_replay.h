// The stream that judges a decision again.
#ifndef SERVER_GATE_DECISION_REPLAY_H_
#define SERVER_GATE_DECISION_REPLAY_H_

#include <grpcpp/grpcpp.h>

#include <atomic>

#include "fundgate/v1/audit.pb.h"
#include "server/gate/backend.h"

namespace fundgate::gate {

// Reads the journal in slices on the workers' threads, a message after each. One at a time may run,
// since it keeps a copy of the state in memory: others are RESOURCE_EXHAUSTED. `running` says so;
// it must live until the stream has ended.
grpc::ServerWriteReactor<v1::ReplayDecisionResponse>* OpenDecisionReplay(
    const Backend& backend, std::atomic<bool>& running, const v1::ReplayDecisionRequest& request);

}  // namespace fundgate::gate

#endif  // SERVER_GATE_DECISION_REPLAY_H_
