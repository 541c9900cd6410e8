// The policy that the core's tests run: orders and merchants of a payment platform.
#ifndef TESTS_CORE_WORKED_POLICY_H_
#define TESTS_CORE_WORKED_POLICY_H_

#include <functional>
#include <memory>

#include "server/core/policy.h"

namespace fundgate::core::testing {

// Books order (paid, refunded, refunded_late, settled; one currency) and merchant (settled,
// cashed_out, clawed_back); gated refund, late_refund, settlement (many lines: net + fee) and
// cash_out (identity: payee); payment; reversible chargeback; source "ledger" reports them all.
// `payout` is gated, touches book payee and is reported by nobody. `adjust` may change the policy
// before its lists are sorted and derived fields computed.
std::shared_ptr<const Policy> WorkedPolicy(const std::function<void(Policy&)>& adjust = nullptr);

}  // namespace fundgate::core::testing

#endif  // TESTS_CORE_WORKED_POLICY_H_
