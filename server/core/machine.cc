#include "server/core/machine.h"

#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/utility/utility.h"
#include "server/core/automatic_breakers.h"
#include "server/core/breaker_commands.h"
#include "server/core/breakers.h"
#include "server/core/check.h"
#include "server/core/draft.h"
#include "server/core/grouping.h"
#include "server/core/holds.h"
#include "server/core/ingest.h"
#include "server/core/leases.h"
#include "server/core/outbox.h"
#include "server/core/plans.h"
#include "server/core/policy_succession.h"
#include "server/core/reservations.h"
#include "server/core/reviews.h"
#include "server/core/snapshots.h"
#include "server/core/timers.h"

namespace fundgate::core {
namespace {

// Each kind of input goes to the function that knows it.
struct Dispatch {
  Draft& draft;
  const StateReader& state;

  Answer operator()(const CheckInput& input) const { return JudgeCheck(draft, input); }
  Answer operator()(const ConfirmInput& input) const { return Confirm(draft, input); }
  Answer operator()(const ReleaseInput& input) const { return Release(draft, input); }
  Answer operator()(const RejectHoldInput& input) const { return RejectHold(draft, input); }
  Answer operator()(const ApproveHoldInput& input) const { return ApproveHold(draft, input); }
  Answer operator()(const AcknowledgeInput& input) const { return Acknowledge(draft, input); }
  Answer operator()(const ResolveInput& input) const { return ResolveReview(draft, input); }
  Answer operator()(const DeliveredInput& input) const { return ForgetDelivered(draft, input); }
  Answer operator()(const GrantEpochInput& input) const { return GrantEpoch(draft, input); }
  Answer operator()(const IngestInput& input) const { return Ingest(draft, input); }
  Answer operator()(const TripBreakerInput& input) const { return TripBreaker(draft, input); }
  Answer operator()(const HalfOpenBreakerInput& input) const {
    return HalfOpenBreaker(draft, input);
  }
  Answer operator()(const ResetBreakerInput& input) const { return ResetBreaker(draft, input); }
  Answer operator()(const ApplyPolicyInput& input) const { return ApplyPolicy(draft, input); }
  Answer operator()(const ResnapshotInput& input) const { return Resnapshot(draft, input); }
  Answer operator()(const CancelResnapshotInput& input) const {
    return CancelResnapshot(draft, input);
  }
  Answer operator()(const RunPlanInput& input) const { return RunPlan(draft, input); }
  Answer operator()(const UndoPlanInput& input) const { return UndoPlan(draft, input); }
  Answer operator()(const GrantLeaseInput& input) const { return GrantLease(draft, input); }
  Answer operator()(const ReportLeaseInput& input) const { return ReportLease(draft, input); }
  Answer operator()(const TickInput&) const {
    Tick(draft, state);
    return Done{};
  }
  Answer operator()(const ClockDriftInput& input) const {
    draft.MutableClock().drifted = true;
    draft.MutableClock().drift = input.drift;
    return Done{};
  }
  Answer operator()(const AcceptTimeInput&) const {
    if (!draft.MutableClock().drifted) {
      return Refusal{absl::FailedPreconditionError(
          "the wall clock and the gate's time are in step: there is no time to accept")};
    }
    draft.MutableClock().drifted = false;
    draft.MutableClock().drift = absl::ZeroDuration();
    return Done{};
  }
};

// Inputs that make sense before the first policy. Breakers do too: an operator may want everything
// shut from the first moment.
bool NeedsPolicy(const Input& input) {
  return std::holds_alternative<CheckInput>(input.body) ||
         std::holds_alternative<ConfirmInput>(input.body) ||
         std::holds_alternative<ReleaseInput>(input.body) ||
         std::holds_alternative<RejectHoldInput>(input.body) ||
         std::holds_alternative<ApproveHoldInput>(input.body) ||
         std::holds_alternative<AcknowledgeInput>(input.body) ||
         std::holds_alternative<ResolveInput>(input.body) ||
         std::holds_alternative<ResnapshotInput>(input.body) ||
         std::holds_alternative<CancelResnapshotInput>(input.body) ||
         std::holds_alternative<RunPlanInput>(input.body) ||
         std::holds_alternative<UndoPlanInput>(input.body) ||
         std::holds_alternative<GrantLeaseInput>(input.body) ||
         std::holds_alternative<ReportLeaseInput>(input.body) ||
         std::holds_alternative<GrantEpochInput>(input.body) ||
         std::holds_alternative<IngestInput>(input.body);
}

Answer Judge(Draft& draft, const StateReader& state, const Input& input) {
  if (NeedsPolicy(input) && state.resident().policy == nullptr) {
    return Refusal{absl::FailedPreconditionError(
        "no policy is in force yet: apply one with `fundctl policy apply`")};
  }
  return std::visit(Dispatch{draft, state}, input.body);
}

// What came of it is followed up in the same record.
void FollowUp(Draft& draft) {
  SettleHolds(draft);
  FollowViolations(draft);
  const size_t followed = draft.found_violations().size();
  CountViolations(draft);
  FollowViolations(draft, followed);  // breakers that opened by them
  KeepHistory(draft);
}

}  // namespace

absl::StatusOr<Outcome> Machine::Apply(const Input& input) const {
  const ClockRecord& clock = state_.resident().clock;
  if (input.time < clock.time) {
    return absl::InternalError(absl::StrCat("input time ran backwards, from ",
                                            absl::FormatTime(clock.time), " to ",
                                            absl::FormatTime(input.time)));
  }
  Draft draft(state_, input.time);
  // Made where it is returned: an outcome has many parts to move.
  absl::StatusOr<Outcome> result(absl::in_place);
  Outcome& outcome = *result;
  outcome.answer = Judge(draft, state_, input);
  const bool waits = std::holds_alternative<Wait>(outcome.answer);
  const bool refused = std::holds_alternative<Refusal>(outcome.answer);
  if (!waits && !refused) FollowUp(draft);
  // A failed read looks like a missing record: nothing that was judged on one may leave.
  if (!state_.status().ok()) return state_.status();

  const bool idle_tick = std::holds_alternative<TickInput>(input.body) && !draft.HasChanges();
  if (idle_tick || waits) {
    outcome.recorded = false;
  } else if (refused) {
    Draft(state_, input.time).TakeInto(outcome.changes);
  } else {
    std::move(draft).TakeInto(outcome.changes);
  }
  return result;
}

}  // namespace fundgate::core
