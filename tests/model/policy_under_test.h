// The policies that machine and model are compared under: orders and merchants with payments,
// chargebacks, refunds, settlements and cash-outs; and a wallet whose spending has no source. They
// differ in their terms alone.
#ifndef TESTS_MODEL_POLICY_UNDER_TEST_H_
#define TESTS_MODEL_POLICY_UNDER_TEST_H_

#include <memory>

#include "server/core/policy.h"
#include "tests/model/terms.h"

namespace fundgate::model {

struct PolicyUnderTest {
  Terms terms;  // the model's; it knows the rest by heart, see facts.h
  std::shared_ptr<const core::Policy> compiled;  // the machine's
};
PolicyUnderTest CompilePolicy(const Terms& terms = Terms());

}  // namespace fundgate::model

#endif  // TESTS_MODEL_POLICY_UNDER_TEST_H_
