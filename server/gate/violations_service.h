// The service of what people do about violations.
#ifndef SERVER_GATE_VIOLATIONS_SERVICE_H_
#define SERVER_GATE_VIOLATIONS_SERVICE_H_

#include "fundgate/v1/violations.grpc.pb.h"
#include "server/gate/backend.h"

namespace fundgate::gate {

class ViolationsService final : public v1::Violations::CallbackService {
 public:
  explicit ViolationsService(const Backend& backend) : backend_(backend) {}

  grpc::ServerUnaryReactor* AcknowledgeViolation(
      grpc::CallbackServerContext* context, const v1::AcknowledgeViolationRequest* request,
      v1::AcknowledgeViolationResponse* response) override;
  grpc::ServerUnaryReactor* ResolveViolation(grpc::CallbackServerContext* context,
                                             const v1::ResolveViolationRequest* request,
                                             v1::ResolveViolationResponse* response) override;
  grpc::ServerUnaryReactor* ListViolationGroups(grpc::CallbackServerContext* context,
                                                const v1::ListViolationGroupsRequest* request,
                                                v1::ListViolationGroupsResponse* response) override;
  grpc::ServerUnaryReactor* ListViolationTallies(
      grpc::CallbackServerContext* context, const v1::ListViolationTalliesRequest* request,
      v1::ListViolationTalliesResponse* response) override;

 private:
  const Backend& backend_;
};

}  // namespace fundgate::gate

#endif  // SERVER_GATE_VIOLATIONS_SERVICE_H_
