// Judges a check: the steps of a decision in their order.
#ifndef SERVER_CORE_CHECK_H_
#define SERVER_CORE_CHECK_H_

#include "server/core/draft.h"
#include "server/core/input.h"
#include "server/core/outcome.h"

namespace fundgate::core {

// A Decision, a Wait (then the draft has no changes), or a Refusal with INVALID_ARGUMENT.
Answer JudgeCheck(Draft& draft, const CheckInput& check);

}  // namespace fundgate::core

#endif  // SERVER_CORE_CHECK_H_
