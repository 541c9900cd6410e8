// What a rule of any kind says of what it is asked about, and what is kept of that.
#ifndef SERVER_CORE_RULES_ANSWER_H_
#define SERVER_CORE_RULES_ANSWER_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "server/core/policy.h"
#include "server/core/records.h"
#include "server/core/rules/rule_activation.h"
#include "server/core/rules/statistics.h"

namespace fundgate::core {

struct RuleAnswer {
  bool is_true = false;
  std::string error;    // why it could not be judged; empty if it was
  std::string message;  // a sentence, unless it is false
  std::vector<std::pair<std::string, std::string>> fields;  // what it read, if it is true

  bool is_false() const { return !is_true && error.empty(); }
};

// What rests on something that isn't known yet is false: it is no failure of the rule.
RuleAnswer Ask(const RuleDefinition& rule, const RuleActivation& facts);

// Whether its answer counts for what has this value of its rollout's field; otherwise it is in
// shadow.
bool Counts(const RuleDefinition& rule, std::string_view share_key);

// Keeps count of an answer that is not false.
void Note(RuleStatistics& statistics, const RuleAnswer& answer, bool counts, absl::Time now);

// False, and counted as suppressed, if the rule has recorded its share of this minute's violations
// and the policy has no action that rests on them: what is to be done is never left out.
bool MayRecord(RuleStatistics& statistics, const RuleDefinition& rule, const Responses& responses,
               absl::Time now);

// Fills in the violation that a rule records: its kind, name, message and fields.
void Describe(const RuleDefinition& rule, const RuleAnswer& answer, Violation& violation);

// What the machine itself does because of the violation.
OnEvent ReactionOf(const RuleDefinition& rule);

}  // namespace fundgate::core

#endif  // SERVER_CORE_RULES_ANSWER_H_
