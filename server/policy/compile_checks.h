// From the sections matches, chains, transitions and guards to the checks that the core runs.
#ifndef SERVER_POLICY_COMPILE_CHECKS_H_
#define SERVER_POLICY_COMPILE_CHECKS_H_

#include "fundgate/policy/v1/document.pb.h"
#include "server/core/policy.h"

namespace fundgate::policy {

// Adds them to the policy. The document must have been validated.
void CompileChecks(const v1::Document& document, core::Policy& policy);

}  // namespace fundgate::policy

#endif  // SERVER_POLICY_COMPILE_CHECKS_H_
