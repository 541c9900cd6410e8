// What the gate's policy says about one source.
#ifndef SERVER_SIDECAR_POLICY_SOURCE_H_
#define SERVER_SIDECAR_POLICY_SOURCE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "fundgate/policy/v1/document.pb.h"
#include "fundgate/v1/policies.grpc.pb.h"
#include "server/sidecar/mapping/row_mapper.h"

namespace fundgate::sidecar {

// A source whose rows are mapped, compiled.
struct PolicySource {
  uint64_t version = 0;  // of the policy
  policy::v1::Source declared;
  mapping::RowMapper mapper;
};

// Reads the source out of a policy's document. INVALID_ARGUMENT with the first problem if it isn't
// valid (the gate is of another version than this sidecar, then); NOT_FOUND if there is no such
// source; FAILED_PRECONDITION if it is one that reports by itself.
absl::StatusOr<PolicySource> ReadPolicySource(const std::string& document, uint64_t version,
                                              const std::string& source);

// Asks the gate for its present policy and reads the source out of it. Fails so, too, and as the
// call does: UNAVAILABLE or DEADLINE_EXCEEDED if the gate doesn't answer.
absl::StatusOr<PolicySource> FetchPolicySource(v1::Policies::StubInterface& policies,
                                               const std::string& source);

}  // namespace fundgate::sidecar

#endif  // SERVER_SIDECAR_POLICY_SOURCE_H_
