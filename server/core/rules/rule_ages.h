// Since when each rule is there, and since when it means what it does.
#ifndef SERVER_CORE_RULES_RULE_AGES_H_
#define SERVER_CORE_RULES_RULE_AGES_H_

#include <cstdint>

#include "server/core/draft.h"
#include "server/core/policy.h"

namespace fundgate::core {

// A policy follows another: `version` brings some rules, changes the meaning of others, and drops
// some with all that was counted of them. `before` is null for the first policy.
void NoteRuleAges(Draft& draft, const Policy* before, const Policy& next, uint64_t version);

}  // namespace fundgate::core

#endif  // SERVER_CORE_RULES_RULE_AGES_H_
