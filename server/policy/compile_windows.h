// Windows of a checked document, as the machine runs them.
#ifndef SERVER_POLICY_COMPILE_WINDOWS_H_
#define SERVER_POLICY_COMPILE_WINDOWS_H_

#include "fundgate/policy/v1/document.pb.h"
#include "server/core/policy.h"

namespace fundgate::policy {

// Adds them to a policy that has its checkpoints and facts.
void AddWindows(const v1::Document& document, core::Policy& policy);

}  // namespace fundgate::policy

#endif  // SERVER_POLICY_COMPILE_WINDOWS_H_
