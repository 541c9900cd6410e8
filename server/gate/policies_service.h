// The service of policies.
#ifndef SERVER_GATE_POLICIES_SERVICE_H_
#define SERVER_GATE_POLICIES_SERVICE_H_

#include <atomic>

#include "fundgate/v1/policies.grpc.pb.h"
#include "server/gate/backend.h"
#include "server/gate/rule_list.h"

namespace fundgate::gate {

// Documents are read and tested on the workers' threads.
class PoliciesService final : public v1::Policies::CallbackService {
 public:
  explicit PoliciesService(const Backend& backend) : backend_(backend) {}

  grpc::ServerUnaryReactor* ValidatePolicy(grpc::CallbackServerContext* context,
                                           const v1::ValidatePolicyRequest* request,
                                           v1::ValidatePolicyResponse* response) override;
  grpc::ServerUnaryReactor* TestPolicy(grpc::CallbackServerContext* context,
                                       const v1::TestPolicyRequest* request,
                                       v1::TestPolicyResponse* response) override;
  grpc::ServerUnaryReactor* ApplyPolicy(grpc::CallbackServerContext* context,
                                        const v1::ApplyPolicyRequest* request,
                                        v1::ApplyPolicyResponse* response) override;
  grpc::ServerUnaryReactor* GetPolicy(grpc::CallbackServerContext* context,
                                      const v1::GetPolicyRequest* request,
                                      v1::GetPolicyResponse* response) override;
  grpc::ServerUnaryReactor* ListPolicyVersions(grpc::CallbackServerContext* context,
                                               const v1::ListPolicyVersionsRequest* request,
                                               v1::ListPolicyVersionsResponse* response) override;
  grpc::ServerUnaryReactor* RollbackPolicy(grpc::CallbackServerContext* context,
                                           const v1::RollbackPolicyRequest* request,
                                           v1::RollbackPolicyResponse* response) override;
  grpc::ServerUnaryReactor* DiffPolicy(grpc::CallbackServerContext* context,
                                       const v1::DiffPolicyRequest* request,
                                       v1::DiffPolicyResponse* response) override;
  grpc::ServerWriteReactor<v1::BacktestPolicyResponse>* BacktestPolicy(
      grpc::CallbackServerContext* context, const v1::BacktestPolicyRequest* request) override;
  grpc::ServerUnaryReactor* ListRules(grpc::CallbackServerContext* context,
                                      const v1::ListRulesRequest* request,
                                      v1::ListRulesResponse* response) override;
  grpc::ServerUnaryReactor* ChangeRule(grpc::CallbackServerContext* context,
                                       const v1::ChangeRuleRequest* request,
                                       v1::ChangeRuleResponse* response) override;

 private:
  const Backend& backend_;
  std::atomic<bool> backtest_running_ = false;
  RuleTests rule_tests_;
};

}  // namespace fundgate::gate

#endif  // SERVER_GATE_POLICIES_SERVICE_H_
