// The service that says how the gate is.
#ifndef SERVER_GATE_STATUS_SERVICE_H_
#define SERVER_GATE_STATUS_SERVICE_H_

#include "fundgate/v1/status.grpc.pb.h"
#include "server/gate/backend.h"

namespace fundgate::gate {

class StatusService final : public v1::Status::CallbackService {
 public:
  explicit StatusService(const Backend& backend) : backend_(backend) {}

  grpc::ServerUnaryReactor* GetStatus(grpc::CallbackServerContext* context,
                                      const v1::GetStatusRequest* request,
                                      v1::GetStatusResponse* response) override;
  grpc::ServerUnaryReactor* AcceptTime(grpc::CallbackServerContext* context,
                                       const v1::AcceptTimeRequest* request,
                                       v1::AcceptTimeResponse* response) override;

 private:
  const Backend& backend_;
};

}  // namespace fundgate::gate

#endif  // SERVER_GATE_STATUS_SERVICE_H_
