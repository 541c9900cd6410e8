// Plans and the commands to them, between the contract and the core.
#ifndef SERVER_GATE_CONVERT_PLANS_H_
#define SERVER_GATE_CONVERT_PLANS_H_

#include "fundgate/v1/plans.pb.h"
#include "server/core/input.h"
#include "server/core/policy.h"
#include "server/core/records.h"
#include "server/gate/problems.h"

namespace fundgate::gate {

core::RunPlanInput ToRunPlan(const v1::RunPlanRequest& request, Problems& problems);
core::UndoPlanInput ToUndoPlan(const v1::UndoPlanRequest& request, Problems& problems);

// The plan; either may be null: the policy hasn't it any more, or it isn't in force.
v1::Plan ToProto(const std::string& name, const core::PlanDefinition* definition,
                 const core::PlanRun* run);
v1::RunPlanRequest ToProto(const core::RunPlanInput& run);
v1::UndoPlanRequest ToProto(const core::UndoPlanInput& undo);

}  // namespace fundgate::gate

#endif  // SERVER_GATE_CONVERT_PLANS_H_
