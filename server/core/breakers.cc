#include "server/core/breakers.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "fundgate/types/checked.h"
#include "server/core/breaker_scope.h"

namespace fundgate::core {
namespace {

constexpr char kFreezer[] = "fundgate";

bool HasEnded(const Draft& draft, const Breaker& breaker) {
  return breaker.until.has_value() && *breaker.until <= draft.now() &&
         !draft.before().clock.drifted;
}

bool Suffices(const Budget& left, const Money& amount) {
  return left.calls > 0 && left.amount.currency == amount.currency &&
         left.amount.minor_units >= amount.minor_units;
}

std::string Because(const Breaker& breaker) {
  return absl::StrCat(" by ", breaker.actor, breaker.reason.empty() ? "" : ": ", breaker.reason);
}

Reason OpenReason(const Breaker& breaker) {
  return {ReasonCode::kBreaker,
          breaker.scope,
          absl::StrCat("breaker ", breaker.scope, " was opened", Because(breaker)),
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

// The canonical scope if it can be switched now, or why not.
absl::StatusOr<std::string> ScopeToSwitch(Draft& draft, const std::string& text) {
  absl::StatusOr<BreakerScope> scope = BreakerScope::Parse(text);
  if (!scope.ok()) return scope.status();
  if (scope->checkpoint != kEverything && draft.before().policy != nullptr &&
      draft.policy().FindCheckpoint(MovementKind(scope->checkpoint)) == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("scope: \"", text, "\" fits nothing, because the policy has no checkpoint \"",
                     scope->checkpoint, "\""));
  }
  const std::string canonical = scope->ToString();
  const Breaker* present = draft.FindBreaker(canonical);
  const bool is_new = present == nullptr || present->state == BreakerState::kClosed;
  if (is_new && draft.CountBreakers() >= kMaxBreakers) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "there are ", kMaxBreakers, " open breakers already; open a wider scope or reset some"));
  }
  return canonical;
}

absl::Status ValidateUntil(const Draft& draft, const std::optional<absl::Time>& until) {
  if (!until.has_value() || *until > draft.now()) return absl::OkStatus();
  return absl::InvalidArgumentError("until: must lie in the future");
}

absl::Status ValidateMode(Verdict mode) {
  if (mode == Verdict::kHold || mode == Verdict::kBlock) return absl::OkStatus();
  return absl::InvalidArgumentError("mode: must be HOLD or BLOCK");
}

}  // namespace

const Breaker* FindBreakerInForce(Draft& draft, const std::string& scope) {
  const Breaker* breaker = draft.FindBreaker(scope);
  if (breaker == nullptr || breaker->state == BreakerState::kClosed) return nullptr;
  return HasEnded(draft, *breaker) ? nullptr : breaker;
}

std::vector<Reason> OpenBreakersOver(Draft& draft, const CheckInput& check) {
  std::vector<Reason> reasons;
  ForEachInForce(draft, check, [&reasons](const Breaker& breaker) {
    if (breaker.state == BreakerState::kOpen) reasons.push_back(OpenReason(breaker));
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

void SpendBudgets(Draft& draft, const CheckInput& check) {
  ForEachInForce(draft, check, [&](const Breaker& breaker) {
    if (breaker.state != BreakerState::kHalfOpen || !Suffices(*breaker.left, check.amount)) return;
    Budget& left = *draft.MutableBreaker(breaker.scope).left;
    left.calls -= 1;
    left.amount.minor_units -= check.amount.minor_units;  // suffices: can't pass below zero
  });
}

Answer TripBreaker(Draft& draft, const TripBreakerInput& input) {
  const absl::StatusOr<std::string> scope = ScopeToSwitch(draft, input.scope);
  if (!scope.ok()) return Refusal{scope.status()};
  for (const absl::Status& status : {ValidateMode(input.mode), ValidateUntil(draft, input.until)}) {
    if (!status.ok()) return Refusal{status};
  }
  Breaker& breaker = draft.MutableBreaker(*scope);
  breaker = Breaker{*scope,       BreakerState::kOpen, input.mode,
                    std::nullopt, std::nullopt,        BreakerOrigin::kOperator,
                    input.actor,  input.reason,        draft.now(),
                    input.until};
  return BreakerAnswer{breaker};
}

Answer HalfOpenBreaker(Draft& draft, const HalfOpenBreakerInput& input) {
  const absl::StatusOr<std::string> scope = ScopeToSwitch(draft, input.scope);
  if (!scope.ok()) return Refusal{scope.status()};
  for (const absl::Status& status : {ValidateMode(input.mode), ValidateUntil(draft, input.until)}) {
    if (!status.ok()) return Refusal{status};
  }
  if (input.budget.calls <= 0 || input.budget.amount.minor_units <= 0 ||
      input.budget.amount.currency.empty()) {
    return Refusal{absl::InvalidArgumentError("budget: calls and amount must be more than 0")};
  }
  Breaker& breaker = draft.MutableBreaker(*scope);
  breaker = Breaker{*scope,       BreakerState::kHalfOpen,
                    input.mode,   input.budget,
                    input.budget, BreakerOrigin::kOperator,
                    input.actor,  input.reason,
                    draft.now(),  input.until};
  return BreakerAnswer{breaker};
}

Answer ResetBreaker(Draft& draft, const ResetBreakerInput& input) {
  const absl::StatusOr<BreakerScope> scope = BreakerScope::Parse(input.scope);
  if (!scope.ok()) return Refusal{scope.status()};
  const std::string canonical = scope->ToString();
  Breaker closed{canonical,    BreakerState::kClosed, Verdict::kHold,
                 std::nullopt, std::nullopt,          BreakerOrigin::kOperator,
                 input.actor,  input.reason,          draft.now(),
                 std::nullopt};
  // Resetting what is closed already is the state the operator asked for.
  if (draft.FindBreaker(canonical) != nullptr) draft.MutableBreaker(canonical) = closed;
  return BreakerAnswer{closed};
}

void OpenAutomatically(Draft& draft, const std::string& scope, BreakerOrigin origin,
                       const std::string& reason, Verdict mode, std::optional<absl::Time> until) {
  std::string target = scope;
  const Breaker* present = FindBreakerInForce(draft, target);
  if (present == nullptr && draft.CountBreakers() >= kMaxBreakers) {
    target = scope.substr(0, scope.find('/'));
    present = FindBreakerInForce(draft, target);
  }
  if (present != nullptr && present->state == BreakerState::kOpen) {
    // It was to end by itself before what opens it now may end, or to answer less severely.
    const bool outlasts =
        present->until.has_value() && (!until.has_value() || *until > *present->until);
    if (!outlasts && mode <= present->mode) return;
    Breaker& breaker = draft.MutableBreaker(target);
    if (outlasts) breaker.until = until;
    breaker.mode = std::max(mode, breaker.mode);
    breaker.origin = origin;
    breaker.reason = breaker.actor == kFreezer
                         ? reason
                         : absl::StrCat(reason, "; before that opened", Because(breaker));
    breaker.actor = kFreezer;
    breaker.changed_at = draft.now();
    return;
  }
  draft.MutableBreaker(target) =
      Breaker{target, BreakerState::kOpen, mode, std::nullopt, std::nullopt, origin, kFreezer,
              reason, draft.now(),         until};
}

void ExpireBreakers(Draft& draft) {
  for (const auto& [scope, breaker] : draft.before().of<Breakers>()) {
    if (!HasEnded(draft, breaker)) continue;
    Breaker& ended = draft.MutableBreaker(scope);
    ended.state = BreakerState::kClosed;
    ended.changed_at = draft.now();
  }
}

}  // namespace fundgate::core
