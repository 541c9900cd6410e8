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
  if (!HaveRoom(draft, {canonical})) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "there are ", draft.CountBreakers(),
        " open breakers already; open a wider scope (* or a whole checkpoint) or reset some"));
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
  if (input.forced && input.mode == Verdict::kAllow && *input.until > draft.now() + kForcedLasts) {
    return absl::InvalidArgumentError(
        absl::StrCat("until: nothing can stop the scope before that; at most ",
                     absl::FormatDuration(kForcedLasts), " from now are accepted"));
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

// The same of all that stands there: a plan's breaker goes, and what it stands upon with it.
bool LoosensWhatStands(Draft& draft, const std::string& scope, const TripBreakerInput& input) {
  const Breaker* present = FindBreakerInForce(draft, scope);
  const Breaker* beneath = FindBreakerBeneath(draft, scope);
  return (present != nullptr && Loosens(*present, input)) ||
         (beneath != nullptr && Loosens(*beneath, input));
}

// Both have named an end: what denies more counts. A breaker that is half open closes with its end;
// one that only reports lets pass until then.
std::optional<absl::Time> AgreedEnd(const Loosening& first, const Loosening& second) {
  if (!first.until.has_value() || !second.until.has_value()) return std::nullopt;
  return second.mode == Verdict::kAllow ? std::min(*first.until, *second.until)
                                        : std::max(*first.until, *second.until);
}

// For what takes two people: the answer to the first of them, whose wish is kept with the breaker
// in force, of which there must be one. Nothing where the second has come: `wish` is then what both
// want.
std::optional<Answer> AskForSecond(Draft& draft, const std::string& scope, Loosening& wish) {
  const std::optional<Loosening> waiting = FindBreakerInForce(draft, scope)->wanted;
  switch (Agree(waiting, wish)) {
    case Agreement::kAgreed:
      wish.reason = BothReasons(*waiting, wish.reason);
      wish.until = AgreedEnd(*waiting, wish);
      return std::nullopt;
    case Agreement::kSameOnly:
      return Refusal{absl::FailedPreconditionError(absl::StrCat(
          wish.actor, " has asked for this already; the policy wants another person to agree"))};
    case Agreement::kWaits:
      break;
  }
  Breaker& waits = MutableBreakerInForce(draft, scope);
  waits.wanted = wish;
  return BreakerAnswer{waits};
}

// Whether it takes two people to half open or close what stands there.
bool TakesTwoPeople(Draft& draft, const std::string& scope) {
  const Breaker* present = FindBreakerInForce(draft, scope);
  return present != nullptr && Denies(*present) && NeedsTwoPeople(draft, scope);
}

// Of a scope that only two people loosen: why one can't open it so, if that is so. `wish` is then
// carried out if it is what two want.
std::optional<Answer> RefuseTrip(Draft& draft, const std::string& scope,
                                 const TripBreakerInput& input, Loosening& wish) {
  if (input.forced && input.mode == Verdict::kAllow) {
    if (FindBreakerInForce(draft, scope) != nullptr) return AskForSecond(draft, scope, wish);
    return Refusal{absl::FailedPreconditionError(absl::StrCat(
        "breaker ", scope,
        " would be kept from tripping by that, which takes two people: open it first in the mode "
        "that only reports, not forced, then both ask for this"))};
  }
  if (!LoosensWhatStands(draft, scope, input)) return std::nullopt;
  return Refusal{absl::FailedPreconditionError(absl::StrCat(
      "breaker ", scope,
      " would be loosened by that, which takes two people: half-open it or reset it"))};
}

Breaker By(const std::string& scope, BreakerState state, Verdict mode, const std::string& actor,
           const std::string& reason, absl::Time now) {
  Breaker breaker{scope, state,  mode, std::nullopt, std::nullopt, BreakerOrigin::kOperator,
                  actor, reason, now,  std::nullopt};
  return breaker;
}

}  // namespace

Agreement Agree(const std::optional<Loosening>& waiting, const Loosening& wish) {
  const bool waits = waiting.has_value() && wish.at < waiting->at + kWishLasts &&
                     (!waiting->until.has_value() || wish.at < *waiting->until);
  if (!waits || waiting->budget != wish.budget || waiting->mode != wish.mode) {
    return Agreement::kWaits;
  }
  return waiting->actor == wish.actor ? Agreement::kSameOnly : Agreement::kAgreed;
}

std::string BothReasons(const Loosening& first, const std::string& reason) {
  return absl::StrCat(reason, " (", first.actor, " asked for it: ", first.reason, ")");
}

Answer TripBreaker(Draft& draft, const TripBreakerInput& input) {
  const absl::StatusOr<std::string> scope = ScopeToSwitch(draft, input.scope);
  if (!scope.ok()) return Refusal{scope.status()};
  if (absl::Status status = ValidateTrip(draft, input); !status.ok()) return Refusal{status};
  Loosening wish{input.actor, input.reason, draft.now(), std::nullopt, input.mode, input.until};
  if (NeedsTwoPeople(draft, *scope)) {
    if (auto answer = RefuseTrip(draft, *scope, input, wish)) return *std::move(answer);
  }
  Breaker& breaker = draft.MutableBreaker(*scope);
  breaker = By(*scope, BreakerState::kOpen, input.mode, input.actor, wish.reason, draft.now());
  breaker.until = wish.until;
  breaker.forced = input.forced;
  return BreakerAnswer{breaker};
}

Answer HalfOpenBreaker(Draft& draft, const HalfOpenBreakerInput& input) {
  const absl::StatusOr<std::string> scope = ScopeToSwitch(draft, input.scope);
  if (!scope.ok()) return Refusal{scope.status()};
  if (absl::Status status = ValidateHalfOpen(draft, input); !status.ok()) return Refusal{status};
  Loosening wish{input.actor, input.reason, draft.now(), input.budget, input.mode, input.until};
  if (TakesTwoPeople(draft, *scope)) {
    if (auto answer = AskForSecond(draft, *scope, wish)) return *std::move(answer);
  }
  Breaker& breaker = draft.MutableBreaker(*scope);
  breaker = By(*scope, BreakerState::kHalfOpen, input.mode, input.actor, wish.reason, draft.now());
  breaker.budget = breaker.left = input.budget;
  breaker.until = wish.until;
  return BreakerAnswer{breaker};
}

Answer ResetBreaker(Draft& draft, const ResetBreakerInput& input) {
  const absl::StatusOr<BreakerScope> scope = BreakerScope::Parse(input.scope);
  if (!scope.ok()) return Refusal{scope.status()};
  const std::string canonical = scope->ToString();
  Loosening wish{input.actor, input.reason, draft.now()};
  const bool by_two = TakesTwoPeople(draft, canonical);
  if (by_two) {
    if (auto answer = AskForSecond(draft, canonical, wish)) return *std::move(answer);
  }
  const Breaker closed =
      By(canonical, BreakerState::kClosed, Verdict::kHold, input.actor, wish.reason, draft.now());
  // Resetting what is closed already is the state the operator asked for.
  if (draft.FindBreaker(canonical) != nullptr) draft.MutableBreaker(canonical) = closed;
  // One person alone does not put off what would trip soon.
  if (by_two || !NeedsTwoPeople(draft, canonical)) ForgetCounts(draft, *scope);
  return BreakerAnswer{closed};
}

}  // namespace fundgate::core
