// Leases, between the contract and the core.
#ifndef SERVER_GATE_CONVERT_LEASES_H_
#define SERVER_GATE_CONVERT_LEASES_H_

#include "absl/time/time.h"
#include "fundgate/v1/leases.pb.h"
#include "server/core/input.h"
#include "server/core/policy.h"
#include "server/core/records.h"
#include "server/gate/problems.h"

namespace fundgate::gate {

core::GrantLeaseInput ToGrant(const v1::TakeLeaseRequest& request, Problems& problems);

// What no policy is needed for. `now` is the gate's time: nothing was allowed after it.
core::ReportLeaseInput ToReport(const v1::ReportAllowedRequest& request, absl::Time now,
                                Problems& problems);

// What a caller answers at the checkpoint when it can't ask.
void FillAnswers(const core::CheckpointDefinition& checkpoint, v1::TakeLeaseResponse& response);
v1::Lease ToProto(const core::Lease& lease);
v1::TakeLeaseRequest ToProto(const core::GrantLeaseInput& grant);
v1::ReportAllowedRequest ToProto(const core::ReportLeaseInput& report);

}  // namespace fundgate::gate

#endif  // SERVER_GATE_CONVERT_LEASES_H_
