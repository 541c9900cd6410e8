#include "server/gate/convert_plans.h"

#include "server/gate/convert_breakers.h"
#include "server/gate/convert_decision.h"
#include "server/gate/convert_values.h"

namespace fundgate::gate {
namespace {

constexpr size_t kMaxPlanNameBytes = 64;

v1::PlanRun ToProto(const core::PlanRun& run) {
  v1::PlanRun proto;
  proto.set_actor(run.actor);
  proto.set_reason(run.reason);
  *proto.mutable_started_at() = gate::ToProto(run.started_at);
  if (run.until.has_value()) *proto.mutable_until() = gate::ToProto(*run.until);
  for (const std::string& scope : run.scopes) proto.add_switched(scope);
  proto.set_policy_version(run.policy_version);
  if (run.undo.has_value()) *proto.mutable_undo_wanted() = gate::ToProto(*run.undo);
  return proto;
}

}  // namespace

core::RunPlanInput ToRunPlan(const v1::RunPlanRequest& request, Problems& problems) {
  problems.Text("plan", request.plan(), 1, kMaxPlanNameBytes);
  CheckWhy(request.actor(), request.reason(), problems);
  core::RunPlanInput input{request.plan(), request.actor(), request.reason(), std::nullopt};
  if (request.has_lasts()) {
    input.lasts = ToDuration(request.lasts(), "lasts", problems);
    if (*input.lasts <= absl::ZeroDuration()) problems.Add("lasts", "must be more than 0");
  }
  return input;
}

core::UndoPlanInput ToUndoPlan(const v1::UndoPlanRequest& request, Problems& problems) {
  problems.Text("plan", request.plan(), 1, kMaxPlanNameBytes);
  CheckWhy(request.actor(), request.reason(), problems);
  return {request.plan(), request.actor(), request.reason()};
}

v1::Plan ToProto(const std::string& name, const core::PlanDefinition* definition,
                 const core::PlanRun* run) {
  v1::Plan proto;
  proto.set_name(name);
  if (definition != nullptr) {
    proto.set_about(definition->about);
    proto.set_owner(definition->owner);
    proto.set_runbook(definition->runbook);
    if (definition->lasts.has_value()) *proto.mutable_lasts() = gate::ToProto(*definition->lasts);
    for (const core::Toggle& toggle : definition->toggles) {
      v1::PlanToggle& shown = *proto.add_toggles();
      shown.set_scope(toggle.scope);
      shown.set_mode(ToProto(toggle.mode));
    }
  }
  if (run != nullptr) *proto.mutable_run() = ToProto(*run);
  return proto;
}

v1::RunPlanRequest ToProto(const core::RunPlanInput& run) {
  v1::RunPlanRequest proto;
  proto.set_plan(run.plan);
  proto.set_reason(run.reason);
  proto.set_actor(run.actor);
  if (run.lasts.has_value()) *proto.mutable_lasts() = gate::ToProto(*run.lasts);
  return proto;
}

v1::UndoPlanRequest ToProto(const core::UndoPlanInput& undo) {
  v1::UndoPlanRequest proto;
  proto.set_plan(undo.plan);
  proto.set_reason(undo.reason);
  proto.set_actor(undo.actor);
  return proto;
}

}  // namespace fundgate::gate
