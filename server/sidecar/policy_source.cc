#include "server/sidecar/policy_source.h"

#include <chrono>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "server/policy/document.h"
#include "server/policy/problem.h"
#include "server/policy/validate.h"

namespace fundgate::sidecar {
namespace {

constexpr std::chrono::seconds kTimeout(5);

}  // namespace

absl::StatusOr<PolicySource> ReadPolicySource(const std::string& document, uint64_t version,
                                              const std::string& source) {
  policy::Problems problems("policy");
  const policy::ReadDocument read = policy::ReadPolicyDocument(document, problems);
  if (read.places.HasAny()) policy::Validate(read.document, read.places, problems);
  const std::vector<policy::Problem> found = std::move(problems).Take();
  if (!found.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("the gate's policy version ", version,
                                                   " isn't valid for this sidecar; run one of the ",
                                                   "gate's own version: ", policy::Render(found)));
  }
  FUNDGATE_ASSIGN_OR_RETURN(mapping::RowMapper mapper,
                            mapping::RowMapper::Create(read.document, source));
  return PolicySource{version, read.document.sources().at(source), std::move(mapper)};
}

absl::StatusOr<PolicySource> FetchPolicySource(v1::Policies::StubInterface& policies,
                                               const std::string& source) {
  grpc::ClientContext call;
  call.set_deadline(std::chrono::system_clock::now() + kTimeout);
  v1::GetPolicyResponse response;
  const grpc::Status status = policies.GetPolicy(&call, v1::GetPolicyRequest(), &response);
  if (!status.ok()) {
    return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                        absl::StrCat("asking the gate for its policy: ", status.error_message()));
  }
  return ReadPolicySource(response.document(), response.version().version(), source);
}

}  // namespace fundgate::sidecar
