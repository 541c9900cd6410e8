// Holds, reviews, groups and alerts, between the contract and the core.
#ifndef SERVER_GATE_CONVERT_REVIEW_H_
#define SERVER_GATE_CONVERT_REVIEW_H_

#include <string>

#include "absl/status/statusor.h"
#include "fundgate/v1/alerts.pb.h"
#include "fundgate/v1/holds.pb.h"
#include "fundgate/v1/violation.pb.h"
#include "fundgate/v1/violations.pb.h"
#include "server/core/input.h"
#include "server/core/records.h"
#include "server/gate/problems.h"
#include "server/store/view.h"

namespace fundgate::gate {

// ---- To the core ----

core::ApproveHoldInput ToApprove(const v1::ApproveHoldRequest& request, Problems& problems);
core::RejectHoldInput ToReject(const v1::RejectHoldRequest& request, Problems& problems);
core::AcknowledgeInput ToAcknowledge(const v1::AcknowledgeViolationRequest& request,
                                     Problems& problems);
core::ResolveInput ToResolve(const v1::ResolveViolationRequest& request, Problems& problems);

// ---- To the contract ----

v1::ApproveHoldRequest ToProto(const core::ApproveHoldInput& approve);
v1::RejectHoldRequest ToProto(const core::RejectHoldInput& reject);
v1::AcknowledgeViolationRequest ToProto(const core::AcknowledgeInput& acknowledge);
v1::ResolveViolationRequest ToProto(const core::ResolveInput& resolve);

// The hold of a key, as far as its record knows it. One without a hold (any more) is CLOSED.
v1::Hold ToHold(const core::KeyId& key, const core::KeyRecord& record, const core::Policy& policy);
v1::HoldState ToProto(core::HoldState state);

v1::ReviewState ToProto(core::ReviewState state);
v1::Review ToProto(const core::Review& review);

// With what the state knows of it beside its record: its next escalation and its runbook.
v1::ViolationGroup ToGroup(const core::Group& group, const core::Resident& resident);

v1::ViolationTally ToTally(const std::string& name, const core::Tally& tally);

// With the group or the violation that it is about, as they stand in the view.
absl::StatusOr<v1::Alert> ToAlert(const core::Alert& alert, const store::View& view);

}  // namespace fundgate::gate

#endif  // SERVER_GATE_CONVERT_REVIEW_H_
