// The service of holds: the queue of movements that wait for an operator or for new knowledge.
#ifndef SERVER_GATE_HOLDS_SERVICE_H_
#define SERVER_GATE_HOLDS_SERVICE_H_

#include "fundgate/v1/holds.grpc.pb.h"
#include "server/gate/backend.h"

namespace fundgate::gate {

class HoldsService final : public v1::Holds::CallbackService {
 public:
  explicit HoldsService(const Backend& backend) : backend_(backend) {}

  grpc::ServerUnaryReactor* ListHolds(grpc::CallbackServerContext* context,
                                      const v1::ListHoldsRequest* request,
                                      v1::ListHoldsResponse* response) override;
  grpc::ServerUnaryReactor* GetHold(grpc::CallbackServerContext* context,
                                    const v1::GetHoldRequest* request,
                                    v1::GetHoldResponse* response) override;
  grpc::ServerUnaryReactor* ApproveHold(grpc::CallbackServerContext* context,
                                        const v1::ApproveHoldRequest* request,
                                        v1::ApproveHoldResponse* response) override;
  grpc::ServerUnaryReactor* RejectHold(grpc::CallbackServerContext* context,
                                       const v1::RejectHoldRequest* request,
                                       v1::RejectHoldResponse* response) override;

 private:
  const Backend& backend_;
};

}  // namespace fundgate::gate

#endif  // SERVER_GATE_HOLDS_SERVICE_H_
