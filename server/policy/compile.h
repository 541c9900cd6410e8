// From the checked document to what the machine runs.
#ifndef SERVER_POLICY_COMPILE_H_
#define SERVER_POLICY_COMPILE_H_

#include <memory>

#include "fundgate/policy/v1/document.pb.h"
#include "server/core/policy.h"

namespace fundgate::policy {

// `document` must have no problems by Validate(). Lists come out sorted by name; who feeds which
// book, who can cure which invariant and which sources a checkpoint needs are derived here. Effects
// name books by kind only and always land in those of the movement's own account: an effect on
// another account's book can't be written.
std::shared_ptr<const core::Policy> Compile(const v1::Document& document);

}  // namespace fundgate::policy

#endif  // SERVER_POLICY_COMPILE_H_
