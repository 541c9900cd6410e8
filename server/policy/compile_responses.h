// Holds, risk classes and actions as the core runs them.
#ifndef SERVER_POLICY_COMPILE_RESPONSES_H_
#define SERVER_POLICY_COMPILE_RESPONSES_H_

#include "fundgate/policy/v1/document.pb.h"
#include "server/core/responses.h"

namespace fundgate::policy {

// The document must be valid.
core::Responses CompileResponses(const v1::Document& document);

}  // namespace fundgate::policy

#endif  // SERVER_POLICY_COMPILE_RESPONSES_H_
