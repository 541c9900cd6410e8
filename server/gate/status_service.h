// The service that says how the gate is.
#ifndef SERVER_GATE_STATUS_SERVICE_H_
#define SERVER_GATE_STATUS_SERVICE_H_

#include <cstdint>

#include "absl/time/time.h"
#include "fundgate/v1/status.grpc.pb.h"
#include "server/core/state.h"
#include "server/gate/backend.h"
#include "server/gate/verdict_counts.h"

namespace fundgate::gate {

class StatusService final : public v1::Status::CallbackService {
 public:
  // Hears of every decision from the sequencer, until it is destroyed.
  explicit StatusService(const Backend& backend);
  ~StatusService() override;

  grpc::ServerUnaryReactor* GetStatus(grpc::CallbackServerContext* context,
                                      const v1::GetStatusRequest* request,
                                      v1::GetStatusResponse* response) override;
  grpc::ServerUnaryReactor* AcceptTime(grpc::CallbackServerContext* context,
                                       const v1::AcceptTimeRequest* request,
                                       v1::AcceptTimeResponse* response) override;

 private:
  const Backend& backend_;
  VerdictCounts verdicts_;
  const uint64_t observer_;
};

// The share of the policy's checkpoints, in thousandths rounded up, at which a check arriving at
// `now` could not be judged on proven knowledge.
int32_t BlindPermille(const core::Resident& resident, absl::Time now);

}  // namespace fundgate::gate

#endif  // SERVER_GATE_STATUS_SERVICE_H_
