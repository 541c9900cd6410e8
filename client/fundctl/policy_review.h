// What a policy would change: compared with another one, and tried on the past.
#ifndef CLIENT_FUNDCTL_POLICY_REVIEW_H_
#define CLIENT_FUNDCTL_POLICY_REVIEW_H_

#include "client/fundctl/context.h"

namespace fundgate::fundctl {

void AddPolicyDiff(CLI::App& policy, Context& context);
void AddPolicyBacktest(CLI::App& policy, Context& context);

}  // namespace fundgate::fundctl

#endif  // CLIENT_FUNDCTL_POLICY_REVIEW_H_
