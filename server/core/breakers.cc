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

// When it may stop denying by itself, were it to be tried.
absl::Time EndOf(const Breaker& breaker) {
  return std::min(breaker.until.value_or(absl::InfiniteFuture()),
                  breaker.half_open_at.value_or(absl::InfiniteFuture()));
}

// Whether what opens by itself changes nothing where `present` stands.
bool SaysAll(const Breaker& present, const Breaker& opened) {
  if (present.state != BreakerState::kOpen || opened.mode > present.mode) return false;
  // One that is to be tried closes when that has gone well, and not before; of two the first one's
  // trial comes.
  if (opened.half_open_at.has_value()) return !present.until.has_value();
  return EndOf(opened) <= EndOf(present);
}

// The breaker that opens there by itself, where `present`, if any, stands.
Breaker OpenedOver(const Breaker* present, Breaker opened) {
  if (present == nullptr || present->state != BreakerState::kOpen) return opened;
  if (present->actor != kMachine) {
    absl::StrAppend(&opened.reason, "; before that opened", Because(*present));
  }
  if (present->mode == Verdict::kAllow && opened.mode != Verdict::kAllow) return opened;
  opened.mode = std::max(opened.mode, present->mode);
  const absl::Time end = std::max(EndOf(*present), EndOf(opened));
  const bool is_tried = opened.half_open_at.has_value() || present->half_open_at.has_value();
  if (end != absl::InfiniteFuture() && !opened.half_open_at.has_value() && is_tried) {
    opened.rule = present->rule;
    opened.trips = present->trips;
  }
  opened.until.reset();
  opened.half_open_at.reset();
  if (end != absl::InfiniteFuture()) (is_tried ? opened.half_open_at : opened.until) = end;
  return opened;
}

// Whether a person has forced it to stay as it is. Who denies for a while where only two people
// loosen keeps nothing off that denies for longer.
bool StaysAsItIs(const Draft& draft, const Breaker& breaker) {
  return breaker.forced && !(Denies(breaker) && NeedsTwoPeople(draft, breaker.scope));
}

// The part of a scope's text that has no value: "refund" of "refund/account:m-1".
std::string WithoutValue(const std::string& scope) { return scope.substr(0, scope.find('/')); }

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

const Breaker* FindBreakerBeneath(Draft& draft, const std::string& scope) {
  const Breaker* present = FindBreakerInForce(draft, scope);
  if (present == nullptr || present->plan.empty()) return present;
  const Breaker* beneath = FindBeneath(draft.Find<PlanRuns>(present->plan), scope);
  return beneath != nullptr && !HasEnded(draft, *beneath) ? beneath : nullptr;
}

Breaker& MutableBreakerBeneath(Draft& draft, const std::string& scope) {
  const std::string plan = FindBreakerInForce(draft, scope)->plan;
  if (plan.empty()) return MutableBreakerInForce(draft, scope);
  std::vector<Breaker>& before = draft.Mutable<PlanRuns>(plan).before;
  return *std::find_if(before.begin(), before.end(),
                       [&scope](const Breaker& breaker) { return breaker.scope == scope; });
}

bool Denies(const Breaker& breaker) {
  return breaker.state == BreakerState::kHalfOpen ||
         (breaker.state == BreakerState::kOpen && breaker.mode != Verdict::kAllow);
}

bool NeedsTwoPeople(const Draft& draft, const std::string& scope) {
  if (draft.before().policy == nullptr || draft.policy().two_person.empty()) return false;
  const absl::StatusOr<BreakerScope> parsed = BreakerScope::Parse(scope);
  const std::vector<std::string>& named = draft.policy().two_person;
  return parsed.ok() && std::binary_search(named.begin(), named.end(), KindOfScope(*parsed));
}

bool HaveRoom(Draft& draft, const std::vector<std::string>& scopes) {
  const auto values =
      std::count_if(scopes.begin(), scopes.end(), [&draft](const std::string& scope) {
        return WithoutValue(scope) != scope && FindBreakerInForce(draft, scope) == nullptr;
      });
  return values == 0 || draft.CountBreakers() + static_cast<size_t>(values) <= kMaxBreakers;
}

std::string ScopeWithRoom(Draft& draft, const std::string& scope) {
  return HaveRoom(draft, {scope}) ? scope : WithoutValue(scope);
}

bool OpenOver(Draft& draft, const Breaker& opened) {
  const Breaker* present = FindBreakerInForce(draft, opened.scope);
  const Breaker* beneath = FindBreakerBeneath(draft, opened.scope);
  if (beneath != nullptr && StaysAsItIs(draft, *beneath)) return false;
  const bool says_more = beneath == nullptr || !SaysAll(*beneath, opened);
  if (present == nullptr || present->plan.empty()) {
    if (says_more) draft.MutableBreaker(opened.scope) = OpenedOver(beneath, opened);
    return says_more;
  }
  const std::string plan = present->plan;
  const bool tightens = opened.mode > present->mode;
  if (tightens) MutableBreakerInForce(draft, opened.scope).mode = opened.mode;
  if (says_more) {
    PutBeneath(draft.Mutable<PlanRuns>(plan), OpenedOver(beneath, opened));
  }
  return says_more || tightens;
}

void OpenAutomatically(Draft& draft, const std::string& scope, BreakerOrigin origin,
                       const std::string& reason, Verdict mode, std::optional<absl::Time> until) {
  const std::string target = ScopeWithRoom(draft, scope);
  if (NeedsTwoPeople(draft, target)) until.reset();
  OpenOver(draft, Breaker{target, BreakerState::kOpen, mode, std::nullopt, std::nullopt, origin,
                          kMachine, reason, draft.now(), until});
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
