#include "server/gate/convert_leases.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/preflight.h"
#include "server/gate/convert_check.h"
#include "server/gate/convert_decision.h"
#include "server/gate/convert_values.h"

namespace fundgate::gate {
namespace {

constexpr size_t kMaxLeaseIdBytes = 64;
// Where there is nothing to lease callers ask again for what to answer.
constexpr absl::Duration kAskAgain = absl::Minutes(1);

void AddAnswer(const core::CheckpointDefinition& checkpoint, const Money& amount,
               v1::TakeLeaseResponse& response) {
  v1::UnaskedAnswer& answer = *response.add_answers();
  answer.set_when_overloaded(ToProto(checkpoint.AnswerTo(core::Condition::kOverloaded, amount)));
  answer.set_when_unreachable(ToProto(checkpoint.AnswerTo(core::Condition::kUnreachable, amount)));
}

}  // namespace

core::GrantLeaseInput ToGrant(const v1::TakeLeaseRequest& request, Problems& problems) {
  problems.Text("checkpoint", request.checkpoint(), 1, core::kMaxIdBytes);
  problems.Text("holder", request.holder(), 1, kMaxActorBytes);
  problems.Text("ends_lease_id", request.ends_lease_id(), 0, kMaxLeaseIdBytes);
  return {MovementKind(request.checkpoint()), request.holder(), request.ends_lease_id()};
}

core::ReportLeaseInput ToReport(const v1::ReportAllowedRequest& request, absl::Time now,
                                Problems& problems) {
  problems.Text("lease_id", request.lease_id(), 1, kMaxLeaseIdBytes);
  problems.Text("holder", request.holder(), 1, kMaxActorBytes);
  core::ReportLeaseInput input;
  input.lease = request.lease_id();
  input.holder = request.holder();
  Problems of_check;
  input.check = ToCheck(request.check(), of_check).input;
  for (const core::FieldProblem& problem : of_check.found()) {
    problems.Add(absl::StrCat("check.", problem.field), problem.message);
  }
  input.check.arrived_at = now;
  input.check.may_wait = false;
  input.allowed_at = now;
  if (request.has_allowed_at()) {
    // Reckoned by another clock: it may be a little ahead.
    input.allowed_at = std::min(now, ToTime(request.allowed_at(), "allowed_at", problems));
  } else {
    problems.Add("allowed_at", "is required");
  }
  return input;
}

void FillAnswers(const core::CheckpointDefinition& checkpoint, v1::TakeLeaseResponse& response) {
  for (const core::AmountStep& step : checkpoint.by_amount) {
    AddAnswer(checkpoint, step.up_to, response);
    *response.mutable_answers()->rbegin()->mutable_up_to() = ToProto(step.up_to);
  }
  AddAnswer(checkpoint, Money(), response);
  *response.mutable_allow_valid_for() = ToProto(checkpoint.valid_for);
  *response.mutable_renew_after() =
      ToProto(checkpoint.lease.has_value() ? checkpoint.lease->valid_for / 2 : kAskAgain);
}

v1::Lease ToProto(const core::Lease& lease) {
  v1::Lease proto;
  proto.set_lease_id(lease.id);
  proto.mutable_budget()->set_calls(lease.granted.calls);
  *proto.mutable_budget()->mutable_amount() = ToProto(lease.granted.amount);
  *proto.mutable_valid_until() = ToProto(lease.valid_until);
  *proto.mutable_report_by() = ToProto(lease.report_by);
  return proto;
}

v1::TakeLeaseRequest ToProto(const core::GrantLeaseInput& grant) {
  v1::TakeLeaseRequest proto;
  proto.set_checkpoint(grant.checkpoint.value());
  proto.set_holder(grant.holder);
  proto.set_ends_lease_id(grant.ends);
  return proto;
}

v1::ReportAllowedRequest ToProto(const core::ReportLeaseInput& report) {
  v1::ReportAllowedRequest proto;
  proto.set_lease_id(report.lease);
  proto.set_holder(report.holder);
  *proto.mutable_check() = ToProto(report.check);
  *proto.mutable_allowed_at() = ToProto(report.allowed_at);
  return proto;
}

}  // namespace fundgate::gate
