// Rules on their way from the shadow to everybody, and back.
#ifndef CLIENT_FUNDCTL_POLICY_RELEASE_H_
#define CLIENT_FUNDCTL_POLICY_RELEASE_H_

#include "client/fundctl/context.h"

namespace fundgate::fundctl {

// promote, rollout and demote.
void AddPolicyRelease(CLI::App& policy, Context& context);

}  // namespace fundgate::fundctl

#endif  // CLIENT_FUNDCTL_POLICY_RELEASE_H_
