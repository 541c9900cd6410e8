// The service that tells auditors who was refused.
#ifndef SERVER_GATE_SECURITY_SERVICE_H_
#define SERVER_GATE_SECURITY_SERVICE_H_

#include "fundgate/v1/security.grpc.pb.h"
#include "server/gate/backend.h"

namespace fundgate::gate {

class SecurityService final : public v1::Security::CallbackService {
 public:
  explicit SecurityService(const Backend& backend) : backend_(backend) {}

  grpc::ServerUnaryReactor* ListDenials(grpc::CallbackServerContext* context,
                                        const v1::ListDenialsRequest* request,
                                        v1::ListDenialsResponse* response) override;

 private:
  const Backend& backend_;
};

}  // namespace fundgate::gate

#endif  // SERVER_GATE_SECURITY_SERVICE_H_
