#include "server/gate/convert_breakers.h"

#include <cstdint>
#include <limits>
#include <optional>

#include "absl/strings/str_cat.h"
#include "server/core/breaker_commands.h"
#include "server/core/breaker_scope.h"
#include "server/gate/convert_check.h"
#include "server/gate/convert_decision.h"
#include "server/gate/convert_values.h"

namespace fundgate::gate {
namespace {

// The core counts calls always: so many are never used up.
constexpr int64_t kUncountedCalls = std::numeric_limits<int64_t>::max();

std::optional<absl::Time> ToUntil(const google::protobuf::Timestamp& until, absl::Time now,
                                  Problems& problems) {
  const absl::Time time = ToTime(until, "until", problems);
  if (time <= now) {
    problems.Add("until", absl::StrCat("lies in the past: the gate's time is ",
                                       absl::FormatTime(now, absl::UTCTimeZone())));
  }
  return time;
}

core::Budget ToBudget(const v1::BreakerBudget& budget, Problems& problems) {
  core::Budget converted{kUncountedCalls, {}};
  if (budget.has_calls()) {
    converted.calls = budget.calls();
    if (budget.calls() <= 0) {
      problems.Add("budget.calls", "must be more than 0; trip the breaker to let nothing through");
    }
  }
  if (budget.has_amount()) {
    converted.amount = ToMoney(budget.amount(), 1, "budget.amount", problems);
  } else {
    problems.Add("budget.amount",
                 "is required: how much money may pass while the breaker is half open");
  }
  return converted;
}

v1::BreakerBudget ToProto(const core::Budget& budget, bool calls_counted) {
  v1::BreakerBudget proto;
  if (calls_counted) proto.set_calls(budget.calls);
  *proto.mutable_amount() = gate::ToProto(budget.amount);
  return proto;
}

v1::BreakerState ToProto(core::BreakerState state) {
  switch (state) {
    case core::BreakerState::kClosed:
      return v1::BREAKER_STATE_CLOSED;
    case core::BreakerState::kOpen:
      return v1::BREAKER_STATE_OPEN;
    case core::BreakerState::kHalfOpen:
      return v1::BREAKER_STATE_HALF_OPEN;
  }
  return v1::BREAKER_STATE_UNSPECIFIED;
}

v1::BreakerCreator ToProto(core::BreakerOrigin origin) {
  switch (origin) {
    case core::BreakerOrigin::kOperator:
      return v1::BREAKER_CREATOR_OPERATOR;
    case core::BreakerOrigin::kFreeze:
      return v1::BREAKER_CREATOR_FREEZE;
    case core::BreakerOrigin::kTrip:
      return v1::BREAKER_CREATOR_TRIP;
    case core::BreakerOrigin::kPlan:
      return v1::BREAKER_CREATOR_PLAN;
  }
  return v1::BREAKER_CREATOR_UNSPECIFIED;
}

}  // namespace

void CheckWhy(const std::string& actor, const std::string& reason, Problems& problems) {
  problems.Text("actor", actor, 1, kMaxActorBytes);
  problems.Text("reason", reason, 1, kMaxReasonBytes);
}

std::string ToScope(const std::string& text, Problems& problems) {
  problems.Text("scope", text, 1, core::kMaxScopeBytes);
  if (text.empty() || text.size() > core::kMaxScopeBytes) return {};
  const absl::StatusOr<core::BreakerScope> scope = core::BreakerScope::Parse(text);
  if (scope.ok()) return scope->ToString();
  problems.Add("scope", std::string(scope.status().message()));
  return {};
}

core::TripBreakerInput ToTrip(const v1::TripBreakerRequest& request, absl::Time now,
                              Problems& problems) {
  core::TripBreakerInput input;
  input.scope = ToScope(request.scope(), problems);
  if (request.mode() == v1::VERDICT_ALLOW) {
    input.mode = core::Verdict::kAllow;  // it only reports
  } else {
    input.mode = ToMode(request.mode(), std::nullopt, "mode", problems);
  }
  input.forced = request.forced();
  if (request.forced() && !request.has_until()) {
    problems.Add("until", "is required with forced: nothing but a person changes it before");
  }
  CheckWhy(request.actor(), request.reason(), problems);
  input.actor = request.actor();
  input.reason = request.reason();
  if (request.has_until()) input.until = ToUntil(request.until(), now, problems);
  return input;
}

core::HalfOpenBreakerInput ToHalfOpen(const v1::HalfOpenBreakerRequest& request, absl::Time now,
                                      Problems& problems) {
  core::HalfOpenBreakerInput input;
  input.scope = ToScope(request.scope(), problems);
  input.mode = ToMode(request.mode(), core::Verdict::kHold, "mode", problems);
  input.budget = ToBudget(request.budget(), problems);
  CheckWhy(request.actor(), request.reason(), problems);
  input.actor = request.actor();
  input.reason = request.reason();
  if (request.has_until()) input.until = ToUntil(request.until(), now, problems);
  return input;
}

core::ResetBreakerInput ToReset(const v1::ResetBreakerRequest& request, Problems& problems) {
  CheckWhy(request.actor(), request.reason(), problems);
  return {ToScope(request.scope(), problems), request.actor(), request.reason()};
}

v1::Breaker ToProto(const core::Breaker& breaker) {
  v1::Breaker proto;
  proto.set_scope(breaker.scope);
  proto.set_state(ToProto(breaker.state));
  proto.set_mode(ToProto(breaker.mode));
  proto.set_reason(breaker.reason);
  proto.set_actor(breaker.actor);
  *proto.mutable_changed_at() = gate::ToProto(breaker.changed_at);
  if (breaker.until.has_value()) *proto.mutable_until() = gate::ToProto(*breaker.until);
  const bool calls_counted = breaker.budget.has_value() && breaker.budget->calls != kUncountedCalls;
  if (breaker.budget.has_value()) {
    *proto.mutable_budget() = ToProto(*breaker.budget, calls_counted);
  }
  if (breaker.left.has_value()) {
    *proto.mutable_budget_left() = ToProto(*breaker.left, calls_counted);
  }
  proto.set_created_by(ToProto(breaker.origin));
  proto.set_forced(breaker.forced);
  proto.set_plan(breaker.plan);
  proto.set_rule(breaker.rule);
  proto.set_trips(breaker.trips);
  if (breaker.half_open_at.has_value()) {
    *proto.mutable_half_open_at() = gate::ToProto(*breaker.half_open_at);
  }
  proto.set_failures(breaker.failures);
  if (breaker.proving_since.has_value()) {
    *proto.mutable_proving_since() = gate::ToProto(*breaker.proving_since);
  }
  if (breaker.wanted.has_value()) *proto.mutable_wanted() = ToProto(*breaker.wanted);
  return proto;
}

v1::Wish ToProto(const core::Loosening& wish) {
  v1::Wish proto;
  proto.set_actor(wish.actor);
  proto.set_reason(wish.reason);
  *proto.mutable_at() = gate::ToProto(wish.at);
  *proto.mutable_until() = gate::ToProto(wish.at + core::kWishLasts);
  if (wish.budget.has_value()) {
    *proto.mutable_half_open_budget() =
        ToProto(*wish.budget, wish.budget->calls != kUncountedCalls);
  } else if (wish.mode == core::Verdict::kAllow) {
    proto.set_forced_mode(v1::VERDICT_ALLOW);
  }
  return proto;
}

v1::Breaker ClosedBreaker(const std::string& scope) {
  v1::Breaker proto;
  proto.set_scope(scope);
  proto.set_state(v1::BREAKER_STATE_CLOSED);
  return proto;
}

v1::TripBreakerRequest ToProto(const core::TripBreakerInput& trip) {
  v1::TripBreakerRequest proto;
  proto.set_scope(trip.scope);
  proto.set_mode(ToProto(trip.mode));
  proto.set_reason(trip.reason);
  proto.set_actor(trip.actor);
  if (trip.until.has_value()) *proto.mutable_until() = gate::ToProto(*trip.until);
  proto.set_forced(trip.forced);
  return proto;
}

v1::HalfOpenBreakerRequest ToProto(const core::HalfOpenBreakerInput& half_open) {
  v1::HalfOpenBreakerRequest proto;
  proto.set_scope(half_open.scope);
  proto.set_mode(ToProto(half_open.mode));
  *proto.mutable_budget() = ToProto(half_open.budget, half_open.budget.calls != kUncountedCalls);
  proto.set_reason(half_open.reason);
  proto.set_actor(half_open.actor);
  if (half_open.until.has_value()) *proto.mutable_until() = gate::ToProto(*half_open.until);
  return proto;
}

v1::ResetBreakerRequest ToProto(const core::ResetBreakerInput& reset) {
  v1::ResetBreakerRequest proto;
  proto.set_scope(reset.scope);
  proto.set_reason(reset.reason);
  proto.set_actor(reset.actor);
  return proto;
}

}  // namespace fundgate::gate
