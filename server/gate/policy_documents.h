// Policy documents on their way to the machine: read, tested, ready to be applied.
#ifndef SERVER_GATE_POLICY_DOCUMENTS_H_
#define SERVER_GATE_POLICY_DOCUMENTS_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fundgate/v1/policies.pb.h"
#include "server/core/input.h"
#include "server/core/state.h"
#include "server/gate/problems.h"
#include "server/policy/coverage.h"
#include "server/policy/difference.h"
#include "server/policy/loader.h"
#include "server/policy/problem.h"
#include "server/policy/tester.h"

namespace fundgate::gate {

// The name that a document gets in its problems' places if its sender named no file.
inline constexpr const char* kDefaultPolicyFile = "policy.yaml";

// A document that was read and that passed its own tests; or why not: `problems`, or else
// `failure`.
struct PreparedPolicy {
  core::ApplyPolicyInput input;                // text and policy
  std::optional<policy::LoadedPolicy> loaded;  // if it could be read
  std::vector<policy::TestResult> results;
  std::vector<policy::Problem> problems;
  absl::Status failure;  // FAILED_PRECONDITION naming the tests that failed, or what can't follow

  bool ok() const { return problems.empty() && failure.ok(); }
};
PreparedPolicy PreparePolicy(const std::string& document, const std::string& file_name);

// Sets `failure`, with places in the document, if it can't follow the policy that is present. The
// machine asks the same when it is applied; here the author is told where.
void CheckSuccession(const core::Resident& present, PreparedPolicy& prepared);

// For the store, which keeps texts only.
absl::StatusOr<std::shared_ptr<const core::Policy>> CompilePolicy(std::string_view text);

v1::PolicyProblem ToProto(const policy::Problem& problem);
v1::PolicyChange ToProto(const policy::Change& change);
v1::PolicyTestResult ToProto(const policy::TestResult& result);
v1::PolicyCoverage ToProto(const policy::Covered& covered);

// As the fields of a request: each a problem of "document", described as "file:line:column:
// message".
Problems AsFieldProblems(const std::vector<policy::Problem>& problems);

}  // namespace fundgate::gate

#endif  // SERVER_GATE_POLICY_DOCUMENTS_H_
