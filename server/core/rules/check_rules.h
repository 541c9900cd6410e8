// Rules over checks: what they say of one, and what is kept of it.
#ifndef SERVER_CORE_RULES_CHECK_RULES_H_
#define SERVER_CORE_RULES_CHECK_RULES_H_

#include <cstddef>
#include <vector>

#include "server/core/decision.h"
#include "server/core/draft.h"
#include "server/core/findings.h"
#include "server/core/input.h"
#include "server/core/policy.h"
#include "server/core/rules/answer.h"

namespace fundgate::core {

// A rule that is true of a check, or could not be judged.
struct RuleFinding {
  size_t rule = 0;      // into Policy::rules
  bool counts = false;  // enforced, and the check is in its share; otherwise shadow
  RuleAnswer answer;
  Reason reason;
};

// Asks every rule that concerns the checkpoint. Those that count add their reasons to `findings`.
// Changes nothing: the check may still have to wait.
std::vector<RuleFinding> AskRules(Draft& draft, const CheckInput& check,
                                  const CheckpointDefinition& checkpoint, Findings& findings);

// What rules in shadow would have said, severest first.
std::vector<Reason> ShadowReasons(const std::vector<RuleFinding>& found);

// Keeps count of the rules found, and records the violations that they ask for.
void NoteRules(Draft& draft, const CheckInput& check, const std::vector<RuleFinding>& found);

}  // namespace fundgate::core

#endif  // SERVER_CORE_RULES_CHECK_RULES_H_
