// Windows and rules of a checked document, as the machine runs them.
#ifndef SERVER_POLICY_COMPILE_RULES_H_
#define SERVER_POLICY_COMPILE_RULES_H_

#include "fundgate/policy/v1/document.pb.h"
#include "server/core/policy.h"

namespace fundgate::policy {

// Adds attributes, windows and rules to a policy that has its books, checkpoints and sources.
void AddRules(const v1::Document& document, core::Policy& policy);

}  // namespace fundgate::policy

#endif  // SERVER_POLICY_COMPILE_RULES_H_
