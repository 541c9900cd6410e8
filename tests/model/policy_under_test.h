// The one policy that machine and model are compared under: orders and merchants with payments,
// chargebacks, refunds, settlements and cash-outs; and a wallet whose spending has no source.
#ifndef TESTS_MODEL_POLICY_UNDER_TEST_H_
#define TESTS_MODEL_POLICY_UNDER_TEST_H_

#include <memory>

#include "server/core/policy.h"

namespace fundgate::model {

// Compiled for the machine. The model knows the same policy by heart, see facts.h.
std::shared_ptr<const core::Policy> CompilePolicy();

}  // namespace fundgate::model

#endif  // TESTS_MODEL_POLICY_UNDER_TEST_H_
