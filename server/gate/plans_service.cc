#include "server/gate/plans_service.h"

#include <memory>
#include <set>
#include <string>
#include <utility>

#include "server/gate/convert_plans.h"
#include "server/gate/guard.h"

namespace fundgate::gate {
namespace {

const core::PlanDefinition* FindPlan(const core::Resident& resident, const std::string& name) {
  return resident.policy == nullptr ? nullptr : resident.policy->FindPlan(name);
}

// A command to a plan, answered with the plan.
template <typename Body, typename Response>
grpc::ServerUnaryReactor* Command(const Backend& backend, grpc::CallbackServerContext& context,
                                  Body body, const Problems& problems, Response& response) {
  if (!problems.empty()) return FinishNow(context, InvalidArgument(problems));
  return SubmitInput<core::PlanAnswer>(
      backend, context, std::move(body), [&backend, &response](const core::PlanAnswer& answer) {
        const std::shared_ptr<const store::View> view = backend.store.view();
        *response.mutable_plan() =
            ToProto(answer.run.plan, FindPlan(view->resident(), answer.run.plan),
                    answer.in_force ? &answer.run : nullptr);
        return grpc::Status::OK;
      });
}

}  // namespace

grpc::ServerUnaryReactor* PlansService::ListPlans(grpc::CallbackServerContext* context,
                                                  const v1::ListPlansRequest* /*request*/,
                                                  v1::ListPlansResponse* response) {
  if (auto* refused = Refuse(backend_, *context, "Plans/ListPlans")) return refused;
  const std::shared_ptr<const store::View> view = backend_.store.view();
  const core::Resident& resident = view->resident();
  const auto& runs = resident.of<core::PlanRuns>();
  std::set<std::string> names;
  for (const auto& [name, run] : runs) names.insert(name);
  if (resident.policy != nullptr) {
    for (const core::PlanDefinition& plan : resident.policy->plans) names.insert(plan.name);
  }
  for (const std::string& name : names) {
    const auto run = runs.find(name);
    *response->add_plans() =
        ToProto(name, FindPlan(resident, name), run == runs.end() ? nullptr : &run->second);
  }
  return FinishNow(*context, grpc::Status::OK);
}

grpc::ServerUnaryReactor* PlansService::RunPlan(grpc::CallbackServerContext* context,
                                                const v1::RunPlanRequest* request,
                                                v1::RunPlanResponse* response) {
  const auto asked = Signed(backend_, *context, "Plans/RunPlan", *request);
  if (!asked.ok()) return FinishNow(*context, ToGrpc(asked.status()));
  Problems problems;
  core::RunPlanInput input = ToRunPlan(*asked, problems);
  return Command(backend_, *context, std::move(input), problems, *response);
}

grpc::ServerUnaryReactor* PlansService::UndoPlan(grpc::CallbackServerContext* context,
                                                 const v1::UndoPlanRequest* request,
                                                 v1::UndoPlanResponse* response) {
  const auto asked = Signed(backend_, *context, "Plans/UndoPlan", *request);
  if (!asked.ok()) return FinishNow(*context, ToGrpc(asked.status()));
  Problems problems;
  core::UndoPlanInput input = ToUndoPlan(*asked, problems);
  return Command(backend_, *context, std::move(input), problems, *response);
}

}  // namespace fundgate::gate
