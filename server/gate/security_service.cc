#include "server/gate/security_service.h"

#include "server/gate/guard.h"
#include "server/security/security_log.h"

namespace fundgate::gate {

grpc::ServerUnaryReactor* SecurityService::ListDenials(grpc::CallbackServerContext* context,
                                                       const v1::ListDenialsRequest* request,
                                                       v1::ListDenialsResponse* response) {
  if (auto* refused = Refuse(backend_, *context, "Security/ListDenials")) return refused;
  Problems problems;
  if (request->limit() < 0 || request->limit() > static_cast<int>(security::kMaxKeptDenials)) {
    problems.Add("limit", "must be 1 to 1000, or 0 for 100");
  }
  problems.Text("caller", request->caller(), 0, kMaxActorBytes);
  if (!problems.empty()) return FinishNow(*context, InvalidArgument(problems));
  backend_.denials.Fill(*request, *response);
  return FinishNow(*context, grpc::Status::OK);
}

}  // namespace fundgate::gate
