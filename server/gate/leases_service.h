// The service of leases: what callers may do when they can't ask, and what they did.
#ifndef SERVER_GATE_LEASES_SERVICE_H_
#define SERVER_GATE_LEASES_SERVICE_H_

#include "fundgate/v1/leases.grpc.pb.h"
#include "server/gate/backend.h"

namespace fundgate::gate {

class LeasesService final : public v1::Leases::CallbackService {
 public:
  explicit LeasesService(const Backend& backend) : backend_(backend) {}

  grpc::ServerUnaryReactor* TakeLease(grpc::CallbackServerContext* context,
                                      const v1::TakeLeaseRequest* request,
                                      v1::TakeLeaseResponse* response) override;
  grpc::ServerUnaryReactor* ReportAllowed(grpc::CallbackServerContext* context,
                                          const v1::ReportAllowedRequest* request,
                                          v1::Decision* response) override;

 private:
  const Backend& backend_;
};

}  // namespace fundgate::gate

#endif  // SERVER_GATE_LEASES_SERVICE_H_
