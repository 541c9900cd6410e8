// The sections breakers and plans as the core runs them.
#ifndef SERVER_POLICY_COMPILE_BREAKERS_H_
#define SERVER_POLICY_COMPILE_BREAKERS_H_

#include "fundgate/policy/v1/document.pb.h"
#include "server/core/policy.h"

namespace fundgate::policy {

// `document` was validated.
void AddBreakers(const v1::Document& document, core::Policy& policy);

// Fills in what the checkpoint's matrix and its lease are; the answers for all other amounts stand
// in `to` already.
void AddDegradation(const v1::Checkpoint& from, core::CheckpointDefinition& to);

}  // namespace fundgate::policy

#endif  // SERVER_POLICY_COMPILE_BREAKERS_H_
