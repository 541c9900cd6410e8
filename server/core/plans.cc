#include "server/core/plans.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/core/breaker_commands.h"
#include "server/core/breakers.h"

namespace fundgate::core {
namespace {

Refusal NoSuchPlan(const Policy& policy, const std::string& name) {
  std::vector<std::string> names;
  for (const PlanDefinition& plan : policy.plans) names.push_back(plan.name);
  return Refusal{absl::NotFoundError(
      absl::StrCat("plan: the policy has no plan \"", name,
                   "\"; there are: ", names.empty() ? "none" : absl::StrJoin(names, ", ")))};
}

// Whether the switch leaves what stands there alone.
bool LeavesAlone(const Breaker& present, const Toggle& toggle) {
  if (present.forced) return true;
  if (present.state == BreakerState::kHalfOpen) return toggle.mode == Verdict::kAllow;
  return present.mode >= toggle.mode;
}

void Switch(Draft& draft, const Toggle& toggle, PlanRun& run) {
  const Breaker* present = FindBreakerInForce(draft, toggle.scope);
  if (present != nullptr && LeavesAlone(*present, toggle)) return;
  if (present != nullptr) run.before.push_back(*present);
  run.scopes.push_back(toggle.scope);
  Breaker& breaker = draft.MutableBreaker(toggle.scope);
  breaker = Breaker{toggle.scope, BreakerState::kOpen,
                    toggle.mode,  std::nullopt,
                    std::nullopt, BreakerOrigin::kPlan,
                    run.actor,    absl::StrCat("plan ", run.plan, ": ", run.reason),
                    draft.now(),  run.until};
  breaker.plan = run.plan;
}

bool StandsYet(Draft& draft, const PlanRun& run, const std::string& scope) {
  const Breaker* present = draft.FindBreaker(scope);
  if (present == nullptr || present->state == BreakerState::kClosed) return false;
  if (present->plan == run.plan) return true;
  if (present->plan.empty()) return false;
  // Another plan lies upon it.
  const PlanRun* other = draft.Find<PlanRuns>(present->plan);
  return other != nullptr &&
         std::any_of(other->before.begin(), other->before.end(), [&](const Breaker& beneath) {
           return beneath.scope == scope && beneath.plan == run.plan;
         });
}

bool TakesTwoPeople(Draft& draft, const PlanRun& run) {
  return std::any_of(run.scopes.begin(), run.scopes.end(), [&](const std::string& scope) {
    const Breaker* present = FindBreakerInForce(draft, scope);
    return present != nullptr && present->plan == run.plan && Denies(*present) &&
           NeedsTwoPeople(draft, scope);
  });
}

void EndRun(Draft& draft, const PlanRun& run) {
  for (const std::string& scope : run.scopes) EndToggle(draft, run, scope);
  draft.Erase<PlanRuns>(run.plan);
}

}  // namespace

Answer RunPlan(Draft& draft, const RunPlanInput& input) {
  const PlanDefinition* plan = draft.policy().FindPlan(input.plan);
  if (plan == nullptr) return NoSuchPlan(draft.policy(), input.plan);
  const PlanRun* present = draft.Find<PlanRuns>(input.plan);
  if (present != nullptr) {
    return Refusal{absl::FailedPreconditionError(absl::StrCat(
        "plan ", input.plan, " is in force already: ", present->actor, " runs it; undo it first"))};
  }
  if (input.lasts.has_value() && *input.lasts <= absl::ZeroDuration()) {
    return Refusal{absl::InvalidArgumentError("lasts: must be more than 0")};
  }
  std::vector<std::string> scopes;
  for (const Toggle& toggle : plan->toggles) scopes.push_back(toggle.scope);
  if (!HaveRoom(draft, scopes)) {
    return Refusal{absl::ResourceExhaustedError(absl::StrCat("there are ", draft.CountBreakers(),
                                                             " open breakers already, and at most ",
                                                             kMaxBreakers, " may be; reset some"))};
  }
  PlanRun run{input.plan, input.actor, input.reason, draft.now(), std::nullopt, 0, {}, {}};
  const std::optional<absl::Duration> lasts = input.lasts.has_value() ? input.lasts : plan->lasts;
  if (lasts.has_value()) run.until = draft.now() + *lasts;
  run.policy_version = draft.before().policy_version;
  for (const Toggle& toggle : plan->toggles) Switch(draft, toggle, run);
  draft.Put<PlanRuns>(run.plan, run);
  return PlanAnswer{run, true};
}

Answer UndoPlan(Draft& draft, const UndoPlanInput& input) {
  const PlanRun* present = draft.Find<PlanRuns>(input.plan);
  if (present == nullptr) {
    return Refusal{
        absl::FailedPreconditionError(absl::StrCat("plan ", input.plan, " is not in force"))};
  }
  PlanRun run = *present;
  if (TakesTwoPeople(draft, run)) {
    const Loosening wish{input.actor, input.reason, draft.now()};
    switch (Agree(run.undo, wish)) {
      case Agreement::kAgreed:
        break;
      case Agreement::kSameOnly:
        return Refusal{absl::FailedPreconditionError(
            absl::StrCat(input.actor,
                         " has asked for this already; the policy wants another "
                         "person to agree"))};
      case Agreement::kWaits:
        run.undo = wish;
        draft.Mutable<PlanRuns>(run.plan).undo = wish;
        return PlanAnswer{run, true};
    }
  }
  EndRun(draft, run);
  return PlanAnswer{run, false};
}

void EndPlans(Draft& draft) {
  for (const auto& [name, before] : draft.before().of<PlanRuns>()) {
    const PlanRun* run = draft.Find<PlanRuns>(name);
    if (run == nullptr) continue;
    const bool is_over = run->until.has_value() && *run->until <= draft.now();
    const bool stands =
        std::any_of(run->scopes.begin(), run->scopes.end(),
                    [&](const std::string& scope) { return StandsYet(draft, *run, scope); });
    // One that found everything switched already is in force until its time, or until it is undone.
    if (is_over || (!stands && !run->scopes.empty())) EndRun(draft, PlanRun(*run));
  }
}

}  // namespace fundgate::core
