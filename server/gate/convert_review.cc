#include "server/gate/convert_review.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "fundgate/types/status_macros.h"
#include "server/core/holds.h"
#include "server/gate/convert_audit.h"
#include "server/gate/convert_check.h"
#include "server/gate/convert_decision.h"
#include "server/gate/convert_values.h"

namespace fundgate::gate {
namespace {

constexpr size_t kMaxReviewable = 64;

template <typename Request>
void CheckWhy(const Request& request, Problems& problems) {
  problems.Text("actor", request.actor(), 1, kMaxActorBytes);
  problems.Text("reason", request.reason(), 1, kMaxReasonBytes);
}

// Both reviews of holds have the same fields.
template <typename Input, typename Request>
Input ToHoldReview(const Request& request, Problems& problems) {
  Input input;
  input.account = AccountId(request.account_id());
  input.key =
      ToKey(request.account_id(), request.checkpoint(), request.idempotency_key(), problems);
  problems.Text("decision_id", request.decision_id(), 1, core::kMaxIdBytes);
  CheckWhy(request, problems);
  input.decision_id = request.decision_id();
  input.actor = request.actor();
  input.reason = request.reason();
  return input;
}

template <typename Request, typename Input>
Request FromHoldReview(const Input& input) {
  Request proto;
  proto.set_account_id(input.account.value());
  proto.set_checkpoint(input.key.kind.value());
  proto.set_idempotency_key(input.key.key.value());
  proto.set_decision_id(input.decision_id);
  proto.set_actor(input.actor);
  proto.set_reason(input.reason);
  return proto;
}

v1::Remark ToProto(const core::Remark& remark) {
  v1::Remark proto;
  proto.set_actor(remark.actor);
  proto.set_reason(remark.reason);
  *proto.mutable_at() = gate::ToProto(remark.at);
  return proto;
}

core::Cause ToCause(v1::ViolationCause cause, Problems& problems) {
  switch (cause) {
    case v1::VIOLATION_CAUSE_REAL_LOSS:
      return core::Cause::kRealLoss;
    case v1::VIOLATION_CAUSE_BAD_DATA:
      return core::Cause::kBadData;
    case v1::VIOLATION_CAUSE_WRONG_RULE:
      return core::Cause::kWrongRule;
    default:
      problems.Add("cause", "must be REAL_LOSS, BAD_DATA or WRONG_RULE");
      return core::Cause::kRealLoss;
  }
}

v1::ViolationCause ToProto(core::Cause cause) {
  switch (cause) {
    case core::Cause::kRealLoss:
      return v1::VIOLATION_CAUSE_REAL_LOSS;
    case core::Cause::kBadData:
      return v1::VIOLATION_CAUSE_BAD_DATA;
    case core::Cause::kWrongRule:
      return v1::VIOLATION_CAUSE_WRONG_RULE;
  }
  return v1::VIOLATION_CAUSE_UNSPECIFIED;
}

v1::AlertKind ToProto(core::AlertKind kind) {
  switch (kind) {
    case core::AlertKind::kOpened:
      return v1::ALERT_KIND_OPENED;
    case core::AlertKind::kRenewed:
      return v1::ALERT_KIND_RENEWED;
    case core::AlertKind::kEscalated:
      return v1::ALERT_KIND_ESCALATED;
    case core::AlertKind::kResolved:
      return v1::ALERT_KIND_RESOLVED;
    case core::AlertKind::kCall:
      return v1::ALERT_KIND_CALL;
  }
  return v1::ALERT_KIND_UNSPECIFIED;
}

// "3 ungated in pay.refund, CNY 120.00, since ...: it moved without having been asked for".
std::string SummaryOf(const core::Group& group) {
  std::string where;
  for (const auto& [name, value] : group.common) {
    if (name == "table" || (name == "source" && where.empty())) where = value;
  }
  const std::string sums = absl::StrJoin(group.sums, ", ", [](std::string* out, const Money& sum) {
    absl::StrAppend(out, sum.ToString());
  });
  return absl::StrCat(group.count, " ", group.key.name, where.empty() ? "" : " in ", where,
                      sums.empty() ? "" : ", ", sums, ", since ",
                      absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", group.since, absl::UTCTimeZone()),
                      group.review.state == core::ReviewState::kResolved
                          ? absl::StrCat(": resolved by ", group.review.resolved->actor, ": ",
                                         group.review.resolved->reason)
                          : absl::StrCat(": ", group.message));
}

}  // namespace

core::ApproveHoldInput ToApprove(const v1::ApproveHoldRequest& request, Problems& problems) {
  return ToHoldReview<core::ApproveHoldInput>(request, problems);
}

core::RejectHoldInput ToReject(const v1::RejectHoldRequest& request, Problems& problems) {
  return ToHoldReview<core::RejectHoldInput>(request, problems);
}

core::AcknowledgeInput ToAcknowledge(const v1::AcknowledgeViolationRequest& request,
                                     Problems& problems) {
  problems.Text("id", request.id(), 1, core::kMaxIdBytes);
  CheckWhy(request, problems);
  return {request.id(), request.actor(), request.reason()};
}

core::ResolveInput ToResolve(const v1::ResolveViolationRequest& request, Problems& problems) {
  problems.Text("id", request.id(), 1, core::kMaxIdBytes);
  const core::Cause cause = ToCause(request.cause(), problems);
  CheckWhy(request, problems);
  return {request.id(), cause, request.actor(), request.reason()};
}

v1::ApproveHoldRequest ToProto(const core::ApproveHoldInput& approve) {
  return FromHoldReview<v1::ApproveHoldRequest>(approve);
}

v1::RejectHoldRequest ToProto(const core::RejectHoldInput& reject) {
  return FromHoldReview<v1::RejectHoldRequest>(reject);
}

v1::AcknowledgeViolationRequest ToProto(const core::AcknowledgeInput& acknowledge) {
  v1::AcknowledgeViolationRequest proto;
  proto.set_id(acknowledge.id);
  proto.set_actor(acknowledge.actor);
  proto.set_reason(acknowledge.reason);
  return proto;
}

v1::ResolveViolationRequest ToProto(const core::ResolveInput& resolve) {
  v1::ResolveViolationRequest proto;
  proto.set_id(resolve.id);
  proto.set_cause(ToProto(resolve.cause));
  proto.set_actor(resolve.actor);
  proto.set_reason(resolve.reason);
  return proto;
}

v1::HoldState ToProto(core::HoldState state) {
  switch (state) {
    case core::HoldState::kOpen:
      return v1::HOLD_STATE_OPEN;
    case core::HoldState::kApproved:
      return v1::HOLD_STATE_APPROVED;
    case core::HoldState::kRejected:
      return v1::HOLD_STATE_REJECTED;
  }
  return v1::HOLD_STATE_UNSPECIFIED;
}

v1::Hold ToHold(const core::KeyId& key, const core::KeyRecord& record, const core::Policy& policy) {
  v1::Hold proto;
  proto.set_checkpoint(key.kind.value());
  proto.set_idempotency_key(key.key.value());
  proto.set_state(v1::HOLD_STATE_CLOSED);
  if (record.fingerprint.has_value()) {
    proto.set_account_id(record.fingerprint->account.value());
    *proto.mutable_amount() = gate::ToProto(record.fingerprint->amount);
    for (const core::Line& line : record.fingerprint->lines) {
      if (!line.order.empty()) proto.add_order_ids(line.order.value());
    }
  }
  if (record.decision.has_value()) {
    proto.set_decision_id(record.decision->id);
    for (const core::Reason& reason : record.decision->reasons) {
      *proto.add_reasons() = gate::ToProto(reason);
      if (!core::IsForOperators(policy, reason) || proto.reviewable_size() == kMaxReviewable)
        continue;
      proto.add_reviewable(
          absl::StrCat(std::string(core::ToString(reason.code)), " ", reason.name));
    }
  }
  if (!record.hold.has_value()) return proto;
  const core::Hold& hold = *record.hold;
  proto.set_state(ToProto(hold.state));
  *proto.mutable_held_at() = gate::ToProto(hold.held_at);
  *proto.mutable_last_asked_at() = gate::ToProto(hold.last_asked_at);
  proto.set_asked(hold.asked);
  proto.set_reviewed_by(hold.reviewed_by);
  proto.set_review_reason(hold.review_reason);
  if (hold.approval.has_value()) {
    *proto.mutable_approved_until() = gate::ToProto(hold.approval->until);
  }
  proto.mutable_decision_ids()->Add(hold.decisions.begin(), hold.decisions.end());
  proto.set_group_id(hold.group);
  return proto;
}

v1::ReviewState ToProto(core::ReviewState state) {
  switch (state) {
    case core::ReviewState::kOpen:
      return v1::REVIEW_STATE_OPEN;
    case core::ReviewState::kAcknowledged:
      return v1::REVIEW_STATE_ACKNOWLEDGED;
    case core::ReviewState::kResolved:
      return v1::REVIEW_STATE_RESOLVED;
  }
  return v1::REVIEW_STATE_UNSPECIFIED;
}

v1::Review ToProto(const core::Review& review) {
  v1::Review proto;
  proto.set_state(ToProto(review.state));
  if (review.acknowledged.has_value())
    *proto.mutable_acknowledged() = ToProto(*review.acknowledged);
  if (review.resolved.has_value()) *proto.mutable_resolved() = ToProto(*review.resolved);
  if (review.cause.has_value()) proto.set_cause(ToProto(*review.cause));
  return proto;
}

v1::ViolationGroup ToGroup(const core::Group& group, const core::Resident& resident) {
  v1::ViolationGroup proto;
  proto.set_id(group.id);
  proto.set_name(group.key.name);
  *proto.mutable_review() = ToProto(group.review);
  proto.set_risk_class(group.risk_class);
  *proto.mutable_since() = gate::ToProto(group.since);
  *proto.mutable_last_at() = gate::ToProto(group.last_at);
  proto.set_count(group.count);
  proto.set_open(group.open);
  proto.set_found_late(group.found_late);
  for (const core::NameCount& name : group.names) {
    v1::NameCount& count = *proto.add_names();
    count.set_name(name.name);
    count.set_count(name.count);
    count.set_open(name.open);
  }
  for (const Money& sum : group.sums) *proto.add_sums() = gate::ToProto(sum);
  for (const auto& [name, value] : group.common) (*proto.mutable_common())[name] = value;
  for (const auto& [name, value] : group.key.by) (*proto.mutable_labels())[name] = value;
  proto.set_first(group.first);
  proto.set_newest(group.newest);
  proto.set_message(group.message);
  proto.set_level(group.level);
  const auto open = resident.of<core::OpenGroups>().find(group.key);
  if (open != resident.of<core::OpenGroups>().end() && open->second.id == group.id &&
      open->second.escalate_at != absl::InfiniteFuture()) {
    *proto.mutable_escalates_at() = gate::ToProto(open->second.escalate_at);
  }
  const core::RiskClass* risk =
      resident.policy == nullptr ? nullptr : resident.policy->responses.FindClass(group.risk_class);
  if (risk != nullptr) proto.set_runbook(risk->runbook);
  return proto;
}

v1::ViolationTally ToTally(const std::string& name, const core::Tally& tally) {
  v1::ViolationTally proto;
  proto.set_name(name);
  proto.set_raised(tally.raised);
  proto.set_real_loss(tally.real_loss);
  proto.set_bad_data(tally.bad_data);
  proto.set_wrong_rule(tally.wrong_rule);
  const int64_t resolved = tally.real_loss + tally.bad_data + tally.wrong_rule;
  if (resolved > 0) {
    proto.set_false_alarm_permille(
        static_cast<int32_t>((tally.wrong_rule * 1000 + resolved / 2) / resolved));
  }
  return proto;
}

absl::StatusOr<v1::Alert> ToAlert(const core::Alert& alert, const store::View& view) {
  v1::Alert proto;
  proto.set_id(alert.id);
  proto.set_kind(ToProto(alert.kind));
  *proto.mutable_at() = gate::ToProto(alert.at);
  proto.set_level(alert.level);
  proto.set_stands_for(alert.stands_for);
  proto.set_action(alert.action);
  proto.set_endpoint(alert.endpoint);
  if (alert.kind == core::AlertKind::kCall) {
    FUNDGATE_ASSIGN_OR_RETURN(const std::optional<core::Violation> violation,
                              view.Find<core::Violations>(alert.violation));
    if (!violation.has_value()) return absl::DataLossError("a call's violation is not there");
    *proto.mutable_violation() = gate::ToProto(*violation);
    proto.set_summary(absl::StrCat(alert.action, ": ", violation->name, ", ", violation->message));
    return proto;
  }
  FUNDGATE_ASSIGN_OR_RETURN(const std::optional<core::Group> group,
                            view.Find<core::Groups>(alert.group));
  if (!group.has_value()) return absl::DataLossError("an alert's group is not there");
  *proto.mutable_group() = ToGroup(*group, view.resident());
  proto.set_summary(SummaryOf(*group));
  return proto;
}

}  // namespace fundgate::gate
