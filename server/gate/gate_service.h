// The service that payment services call.
#ifndef SERVER_GATE_GATE_SERVICE_H_
#define SERVER_GATE_GATE_SERVICE_H_

#include <cstddef>

#include "fundgate/v1/gate.grpc.pb.h"
#include "server/gate/arena_messages.h"
#include "server/gate/backend.h"

namespace fundgate::gate {

// Checks of one stream that may be under way or unread by the caller at once; past it the stream
// isn't read on.
inline constexpr size_t kMaxChecksOfStream = 256;
inline constexpr int kMaxBatch = 1000;  // checks of one BatchCheck

class GateService final : public v1::Gate::CallbackService {
 public:
  explicit GateService(const Backend& backend);

  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext* context,
                                  const v1::CheckRequest* request, v1::Decision* response) override;
  grpc::ServerUnaryReactor* BatchCheck(grpc::CallbackServerContext* context,
                                       const v1::BatchCheckRequest* request,
                                       v1::BatchCheckResponse* response) override;
  grpc::ServerBidiReactor<v1::CheckRequest, v1::Decision>* StreamChecks(
      grpc::CallbackServerContext* context) override;
  grpc::ServerUnaryReactor* Confirm(grpc::CallbackServerContext* context,
                                    const v1::ConfirmRequest* request,
                                    v1::Reservation* response) override;
  grpc::ServerUnaryReactor* Release(grpc::CallbackServerContext* context,
                                    const v1::ReleaseRequest* request,
                                    v1::Reservation* response) override;
  grpc::ServerUnaryReactor* GetDecision(grpc::CallbackServerContext* context,
                                        const v1::GetDecisionRequest* request,
                                        v1::Decision* response) override;

 private:
  // Enough for a check of one order, and for a batch of a few.
  static constexpr size_t kCheckBytes = 2048;
  static constexpr size_t kBatchBytes = 16384;

  const Backend& backend_;
  ArenaMessages<v1::CheckRequest, v1::Decision, kCheckBytes> check_messages_;
  ArenaMessages<v1::BatchCheckRequest, v1::BatchCheckResponse, kBatchBytes> batch_messages_;
};

}  // namespace fundgate::gate

#endif  // SERVER_GATE_GATE_SERVICE_H_
