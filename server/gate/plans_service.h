// The service of plans: sets of switches that the policy has prepared.
#ifndef SERVER_GATE_PLANS_SERVICE_H_
#define SERVER_GATE_PLANS_SERVICE_H_

#include "fundgate/v1/plans.grpc.pb.h"
#include "server/gate/backend.h"

namespace fundgate::gate {

class PlansService final : public v1::Plans::CallbackService {
 public:
  explicit PlansService(const Backend& backend) : backend_(backend) {}

  grpc::ServerUnaryReactor* ListPlans(grpc::CallbackServerContext* context,
                                      const v1::ListPlansRequest* request,
                                      v1::ListPlansResponse* response) override;
  grpc::ServerUnaryReactor* RunPlan(grpc::CallbackServerContext* context,
                                    const v1::RunPlanRequest* request,
                                    v1::RunPlanResponse* response) override;
  grpc::ServerUnaryReactor* UndoPlan(grpc::CallbackServerContext* context,
                                     const v1::UndoPlanRequest* request,
                                     v1::UndoPlanResponse* response) override;

 private:
  const Backend& backend_;
};

}  // namespace fundgate::gate

#endif  // SERVER_GATE_PLANS_SERVICE_H_
