#include "server/core/breaker_commands.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/core/automatic_breakers.h"
#include "server/core/breaker_scope.h"
#include "server/core/breakers.h"

namespace fundgate::core {
namespace {

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

absl::Status ValidateTrip(const Draft& draft, const TripBreakerInput& input) {
  if (input.forced && !input.until.has_value()) {
    return absl::InvalidArgumentError(
        "until: a forced breaker needs an end; nothing that happens can change it before");
  }
  return ValidateUntil(draft, input.until);
}

absl::Status ValidateHalfOpen(const Draft& draft, const HalfOpenBreakerInput& input) {
  if (input.mode == Verdict::kAllow) {
    return absl::InvalidArgumentError("mode: must be HOLD or BLOCK");
  }
  if (input.budget.calls <= 0 || input.budget.amount.minor_units <= 0 ||
      input.budget.amount.currency.empty()) {
    return absl::InvalidArgumentError("budget: calls and amount must be more than 0");
  }
  return ValidateUntil(draft, input.until);
}

// Whether opening it so would let more pass, or sooner, than what stands there.
bool Loosens(const Breaker& present, const TripBreakerInput& input) {
  if (!Denies(present)) return false;
  const bool sooner =
      input.until.has_value() && (!present.until.has_value() || *input.until < *present.until);
  return input.mode < present.mode || sooner;
}

// Where it takes two people to carry out the wish: the answer to the first of them. Nothing where
// it may be done now; `reason` then names both.
std::optional<Answer> AskForSecond(Draft& draft, const std::string& scope, const Loosening& wish,
                                   std::string& reason) {
  const Breaker* present = FindBreakerInForce(draft, scope);
  if (present == nullptr || !Denies(*present) || !NeedsTwoPeople(draft, scope)) {
    return std::nullopt;
  }
  switch (Agree(present->wanted, wish)) {
    case Agreement::kAgreed:
      reason = BothReasons(*present->wanted, reason);
      return std::nullopt;
    case Agreement::kSameOnly:
      return Refusal{absl::FailedPreconditionError(absl::StrCat(
          wish.actor, " has asked for this already; the policy wants another person to agree"))};
    case Agreement::kWaits:
      break;
  }
  Breaker& waiting = MutableBreakerInForce(draft, scope);
  waiting.wanted = wish;
  return BreakerAnswer{waiting};
}

Breaker By(const std::string& scope, BreakerState state, Verdict mode, const std::string& actor,
           const std::string& reason, absl::Time now) {
  Breaker breaker{scope, state,  mode, std::nullopt, std::nullopt, BreakerOrigin::kOperator,
                  actor, reason, now,  std::nullopt};
  return breaker;
}

}  // namespace

bool Denies(const Breaker& breaker) {
  return breaker.state == BreakerState::kHalfOpen ||
         (breaker.state == BreakerState::kOpen && breaker.mode != Verdict::kAllow);
}

bool NeedsTwoPeople(const Draft& draft, const std::string& scope) {
  if (draft.before().policy == nullptr) return false;
  const absl::StatusOr<BreakerScope> parsed = BreakerScope::Parse(scope);
  const std::vector<std::string>& named = draft.policy().two_person;
  return parsed.ok() && std::binary_search(named.begin(), named.end(), KindOfScope(*parsed));
}

Agreement Agree(const std::optional<Loosening>& waiting, const Loosening& wish) {
  const bool same = waiting.has_value() && wish.at < waiting->at + kWishLasts &&
                    waiting->budget == wish.budget && waiting->mode == wish.mode;
  if (!same) return Agreement::kWaits;
  return waiting->actor == wish.actor ? Agreement::kSameOnly : Agreement::kAgreed;
}

std::string BothReasons(const Loosening& first, const std::string& reason) {
  return absl::StrCat(reason, " (", first.actor, " asked for it: ", first.reason, ")");
}

Answer TripBreaker(Draft& draft, const TripBreakerInput& input) {
  const absl::StatusOr<std::string> scope = ScopeToSwitch(draft, input.scope);
  if (!scope.ok()) return Refusal{scope.status()};
  if (absl::Status status = ValidateTrip(draft, input); !status.ok()) return Refusal{status};
  const Breaker* present = FindBreakerInForce(draft, *scope);
  if (present != nullptr && Loosens(*present, input) && NeedsTwoPeople(draft, *scope)) {
    return Refusal{absl::FailedPreconditionError(absl::StrCat(
        "breaker ", *scope,
        " would be loosened by that, which takes two people: half-open it or reset it"))};
  }
  Breaker& breaker = draft.MutableBreaker(*scope);
  breaker = By(*scope, BreakerState::kOpen, input.mode, input.actor, input.reason, draft.now());
  breaker.until = input.until;
  breaker.forced = input.forced;
  return BreakerAnswer{breaker};
}

Answer HalfOpenBreaker(Draft& draft, const HalfOpenBreakerInput& input) {
  const absl::StatusOr<std::string> scope = ScopeToSwitch(draft, input.scope);
  if (!scope.ok()) return Refusal{scope.status()};
  if (absl::Status status = ValidateHalfOpen(draft, input); !status.ok()) return Refusal{status};
  std::string reason = input.reason;
  const Loosening wish{input.actor,  input.reason, draft.now(),
                       input.budget, input.mode,   input.until};
  if (auto answer = AskForSecond(draft, *scope, wish, reason)) return *std::move(answer);
  Breaker& breaker = draft.MutableBreaker(*scope);
  breaker = By(*scope, BreakerState::kHalfOpen, input.mode, input.actor, reason, draft.now());
  breaker.budget = breaker.left = input.budget;
  breaker.until = input.until;
  return BreakerAnswer{breaker};
}

Answer ResetBreaker(Draft& draft, const ResetBreakerInput& input) {
  const absl::StatusOr<BreakerScope> scope = BreakerScope::Parse(input.scope);
  if (!scope.ok()) return Refusal{scope.status()};
  const std::string canonical = scope->ToString();
  std::string reason = input.reason;
  const Loosening wish{input.actor, input.reason, draft.now()};
  if (auto answer = AskForSecond(draft, canonical, wish, reason)) return *std::move(answer);
  const Breaker closed =
      By(canonical, BreakerState::kClosed, Verdict::kHold, input.actor, reason, draft.now());
  // Resetting what is closed already is the state the operator asked for.
  if (draft.FindBreaker(canonical) != nullptr) draft.MutableBreaker(canonical) = closed;
  ForgetCounts(draft, *scope);
  return BreakerAnswer{closed};
}

}  // namespace fundgate::core
