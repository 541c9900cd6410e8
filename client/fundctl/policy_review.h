// What a policy would change: compared with another one, and tried on the past.
#ifndef CLIENT_FUNDCTL_POLICY_REVIEW_H_
#define CLIENT_FUNDCTL_POLICY_REVIEW_H_

#include "client/fundctl/context.h"
#include "fundgate/v1/policies.pb.h"

namespace fundgate::fundctl {

void AddPolicyDiff(CLI::App& policy, Context& context);
void AddPolicyBacktest(CLI::App& policy, Context& context);

// "+ path: value", "- path: value", or "~ path" with both values.
void PrintChange(Context& context, const v1::PolicyChange& change);

// "ok    name: HOLD (RULE refund_burst)", or "FAIL  name (line 7): why".
void PrintTestResult(Context& context, const v1::PolicyTestResult& result);

}  // namespace fundgate::fundctl

#endif  // CLIENT_FUNDCTL_POLICY_REVIEW_H_
