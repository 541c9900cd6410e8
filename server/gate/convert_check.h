// Checks, confirms and releases, between the contract and the core.
#ifndef SERVER_GATE_CONVERT_CHECK_H_
#define SERVER_GATE_CONVERT_CHECK_H_

#include <cstddef>
#include <string>
#include <vector>

#include "fundgate/v1/check.pb.h"
#include "fundgate/v1/gate.pb.h"
#include "server/core/input.h"
#include "server/core/policy.h"
#include "server/gate/problems.h"

namespace fundgate::gate {

// ---- To the core ----

// A check as the core wants it. `arrived_at` is left to the sequencer.
struct ConvertedCheck {
  core::CheckInput input;
  // Where each of the input's lines, which are sorted by order, stood in the request.
  std::vector<size_t> line_places;
};

// What no policy is needed for: text sizes, currencies, durations, positions, lines.
ConvertedCheck ToCheck(const v1::CheckRequest& request, Problems& problems);

// What the policy demands of it besides. Call it for a check that had no problem before.
void ValidateUnderPolicy(const core::Policy& policy, const ConvertedCheck& check,
                         Problems& problems);

core::ConfirmInput ToConfirm(const v1::ConfirmRequest& request, Problems& problems);
core::ReleaseInput ToRelease(const v1::ReleaseRequest& request, Problems& problems);

// Account, checkpoint and key of a request that names a movement.
core::KeyId ToKey(const std::string& account_id, const std::string& checkpoint,
                  const std::string& idempotency_key, Problems& problems);

// ---- To the contract ----

// A check of one order without parts comes back with `order_id`, any other with `lines`.
v1::CheckRequest ToProto(const core::CheckInput& check);
v1::ConfirmRequest ToProto(const core::ConfirmInput& confirm);
v1::ReleaseRequest ToProto(const core::ReleaseInput& release);

}  // namespace fundgate::gate

#endif  // SERVER_GATE_CONVERT_CHECK_H_
