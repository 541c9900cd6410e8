#include "server/core/breakers.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/core/breaker_scope.h"

namespace fundgate::core {
namespace {

bool HasEnded(const Draft& draft, const Breaker& breaker) {
  return breaker.until.has_value() && *breaker.until <= draft.now() &&
         !draft.before().clock.drifted;
}

std::string Because(const Breaker& breaker) {
  return absl::StrCat(" by ", breaker.actor, breaker.reason.empty() ? "" : ": ", breaker.reason);
}

Reason OpenReason(const Breaker& breaker) {
  return {ReasonCode::kBreaker,
          breaker.scope,
          absl::StrCat("breaker ", breaker.scope, " was opened", Because(breaker),
                       breaker.mode == Verdict::kAllow ? "; it only reports" : ""),
          breaker.mode,
          {}};
}

Reason BudgetReason(const Breaker& breaker) {
  return {ReasonCode::kBreaker,
          breaker.scope,
          absl::StrCat("breaker ", breaker.scope, " is half open", Because(breaker), "; left are ",
                       breaker.left->calls, " calls and ", breaker.left->amount.ToString()),
          breaker.mode,
          {{"calls_left", absl::StrCat(breaker.left->calls)},
           {"amount_left", breaker.left->amount.ToString()}}};
}

template <typename Visit>
void ForEachInForce(Draft& draft, const CheckInput& check, const Visit& visit) {
  if (draft.before().of<Breakers>().empty()) return;
  for (const std::string& scope : ScopesCovering(check)) {
    if (const Breaker* breaker = FindBreakerInForce(draft, scope)) visit(*breaker);
  }
}

// What the plan's breaker stands upon; null if that is nothing.
const Breaker* FindBeneath(const PlanRun* run, const std::string& scope) {
  if (run == nullptr) return nullptr;
  const auto found =
      std::find_if(run->before.begin(), run->before.end(),
                   [&scope](const Breaker& breaker) { return breaker.scope == scope; });
  return found == run->before.end() ? nullptr : &*found;
}

void PutBeneath(PlanRun& run, const Breaker& breaker) {
  const auto place =
      std::lower_bound(run.before.begin(), run.before.end(), breaker,
                       [](const Breaker& a, const Breaker& b) { return a.scope < b.scope; });
  if (place != run.before.end() && place->scope == breaker.scope) {
    *place = breaker;
  } else {
    run.before.insert(place, breaker);
  }
}

// The breaker that opens there by itself, where `present`, if any, is in force.
Breaker OpenedOver(const Draft& draft, const Breaker* present, Breaker opened) {
  if (present == nullptr || present->state != BreakerState::kOpen) return opened;
  opened.until = present->until.has_value() && opened.until.has_value()
                     ? std::optional(std::max(*present->until, *opened.until))
                     : std::nullopt;
  opened.mode = std::max(opened.mode, present->mode);
  if (present->actor != kMachine) {
    absl::StrAppend(&opened.reason, "; before that opened", Because(*present));
  }
  opened.changed_at = draft.now();
  return opened;
}

// Whether what opens by itself changes nothing where `present` is OPEN.
bool SaysAll(const Breaker& present, Verdict mode, std::optional<absl::Time> until) {
  // It was to end by itself before what opens it now may end, or to answer less severely.
  const bool outlasts =
      present.until.has_value() && (!until.has_value() || *until > *present.until);
  return present.state == BreakerState::kOpen && !outlasts && mode <= present.mode;
}

bool SameButSpent(Breaker a, const Breaker& b) {
  a.left = b.left;
  a.failures = b.failures;
  a.proving_since = b.proving_since;
  return a == b;
}

}  // namespace

const Breaker* FindBreakerInForce(Draft& draft, const std::string& scope) {
  const Breaker* breaker = draft.FindBreaker(scope);
  while (breaker != nullptr && HasEnded(draft, *breaker)) {
    breaker =
        breaker->plan.empty() ? nullptr : FindBeneath(draft.Find<PlanRuns>(breaker->plan), scope);
  }
  return breaker != nullptr && breaker->state != BreakerState::kClosed ? breaker : nullptr;
}

Breaker& MutableBreakerInForce(Draft& draft, const std::string& scope) {
  const Breaker in_force = *FindBreakerInForce(draft, scope);
  Breaker& breaker = draft.MutableBreaker(scope);
  breaker = in_force;
  return breaker;
}

std::vector<Reason> OpenBreakersOver(Draft& draft, const CheckInput& check) {
  std::vector<Reason> reasons;
  ForEachInForce(draft, check, [&reasons](const Breaker& breaker) {
    const bool denies = breaker.state == BreakerState::kOpen && breaker.mode != Verdict::kAllow;
    if (denies) reasons.push_back(OpenReason(breaker));
  });
  return reasons;
}

void CheckBreakers(Draft& draft, const CheckInput& check, Findings& findings) {
  ForEachInForce(draft, check, [&](const Breaker& breaker) {
    if (breaker.state == BreakerState::kOpen) {
      findings.Add(OpenReason(breaker));
    } else if (!Suffices(*breaker.left, check.amount)) {
      findings.Add(BudgetReason(breaker));
    }
  });
}

void SpendBudgets(Draft& draft, const CheckInput& check, Verdict verdict) {
  ForEachInForce(draft, check, [&](const Breaker& breaker) {
    if (breaker.state != BreakerState::kHalfOpen) return;
    const std::string scope = breaker.scope;
    const bool fits = Suffices(*breaker.left, check.amount);
    int64_t allowed = breaker.budget->calls - breaker.left->calls;
    if (fits && verdict == Verdict::kAllow) {
      Spend(*MutableBreakerInForce(draft, scope).left, check.amount);
      ++allowed;
    }
    const BreakerRule* rule = draft.policy().FindBreakerRule(breaker.rule);
    if (rule == nullptr || breaker.proving_since.has_value()) return;
    if (allowed >= rule->success_calls || (allowed > 0 && !fits)) {
      MutableBreakerInForce(draft, scope).proving_since = draft.now();
    }
  });
}

std::string ScopeWithRoom(Draft& draft, const std::string& scope) {
  const bool has_room =
      FindBreakerInForce(draft, scope) != nullptr || draft.CountBreakers() < kMaxBreakers;
  return has_room ? scope : scope.substr(0, scope.find('/'));
}

void OpenAutomatically(Draft& draft, const std::string& scope, BreakerOrigin origin,
                       const std::string& reason, Verdict mode, std::optional<absl::Time> until) {
  const std::string target = ScopeWithRoom(draft, scope);
  const Breaker* present = FindBreakerInForce(draft, target);
  if (present != nullptr && present->forced) return;
  const Breaker opened{
      target, BreakerState::kOpen, mode, std::nullopt, std::nullopt, origin, kMachine,
      reason, draft.now(),         until};
  if (present != nullptr && !present->plan.empty()) {
    const std::string plan = present->plan;
    const bool tightens = present->state == BreakerState::kOpen && mode > present->mode;
    const Breaker* beneath = FindBeneath(draft.Find<PlanRuns>(plan), target);
    if (beneath == nullptr || (!beneath->forced && !SaysAll(*beneath, mode, until))) {
      PutBeneath(draft.Mutable<PlanRuns>(plan), OpenedOver(draft, beneath, opened));
    }
    if (tightens) MutableBreakerInForce(draft, target).mode = mode;
    return;
  }
  if (present != nullptr && SaysAll(*present, mode, until)) return;
  draft.MutableBreaker(target) = OpenedOver(draft, present, opened);
}

void EndToggle(Draft& draft, const PlanRun& run, const std::string& scope) {
  const Breaker* beneath = FindBeneath(&run, scope);
  const bool comes_back = beneath != nullptr && !HasEnded(draft, *beneath);
  // Another plan may have been laid over it.
  std::vector<std::string> later;
  draft.ForEach<PlanRuns>([&](const std::string& name, const PlanRun& other) {
    const Breaker* kept = FindBeneath(&other, scope);
    if (kept != nullptr && kept->plan == run.plan) later.push_back(name);
  });
  for (const std::string& name : later) {
    PlanRun& other = draft.Mutable<PlanRuns>(name);
    if (comes_back) {
      PutBeneath(other, *beneath);
    } else {
      std::erase_if(other.before,
                    [&scope](const Breaker& breaker) { return breaker.scope == scope; });
    }
  }
  const Breaker* present = draft.FindBreaker(scope);
  if (present == nullptr || present->plan != run.plan) return;
  Breaker& breaker = draft.MutableBreaker(scope);
  if (comes_back) {
    breaker = *beneath;
  } else {
    breaker.state = BreakerState::kClosed;
    breaker.changed_at = draft.now();
  }
}

void ExpireBreakers(Draft& draft) {
  for (const auto& [scope, breaker] : draft.before().of<Breakers>()) {
    if (!HasEnded(draft, breaker)) continue;
    const PlanRun* run = breaker.plan.empty() ? nullptr : draft.Find<PlanRuns>(breaker.plan);
    if (run != nullptr) {
      EndToggle(draft, PlanRun(*run), scope);
      continue;
    }
    Breaker& ended = draft.MutableBreaker(scope);
    ended.state = BreakerState::kClosed;
    ended.changed_at = draft.now();
  }
}

void KeepHistory(Draft& draft) {
  for (const std::string& scope : draft.Changed<Breakers>()) {
    const Breaker* now = draft.FindBreaker(scope);
    if (now == nullptr) continue;
    const auto& all_before = draft.before().of<Breakers>();
    const auto before = all_before.find(scope);
    if (before != all_before.end() && SameButSpent(before->second, *now)) continue;
    draft.Put<BreakerChanges>({scope, draft.sequence()}, *now);
  }
}

}  // namespace fundgate::core
