#include "server/core/rules/check_rules.h"

#include <algorithm>
#include <string>
#include <utility>

#include "server/core/event_violations.h"
#include "server/core/rules/rule_activation.h"

namespace fundgate::core {
namespace {

// The value that decides whether a check is in a rule's share; empty if it has none.
std::string ShareKey(const Rollout& rollout, const CheckInput& check) {
  switch (rollout.by) {
    case Rollout::By::kAccount:
      return check.account.value();
    case Rollout::By::kOrder:
      return check.lines.front().order.value();
    case Rollout::By::kKey:
      return check.key.key.value();
    case Rollout::By::kAttribute: {
      const auto found = check.attributes.find(rollout.attribute);
      return found == check.attributes.end() ? std::string() : ToString(found->second);
    }
  }
  return {};
}

Reason ReasonOf(const RuleDefinition& rule, const CheckInput& check,
                const CheckpointDefinition& checkpoint, const RuleAnswer& answer) {
  if (answer.is_true) {
    return {ReasonCode::kRule, rule.name, answer.message, rule.then, answer.fields};
  }
  return {ReasonCode::kLimit,
          rule.name,
          answer.message,
          rule.on_error.value_or(checkpoint.AnswerTo(Condition::kError, check.amount)),
          {}};
}

}  // namespace

std::vector<RuleFinding> AskRules(Draft& draft, const CheckInput& check,
                                  const CheckpointDefinition& checkpoint, Findings& findings) {
  std::vector<RuleFinding> found;
  if (checkpoint.rules.empty()) return found;
  const RuleSubject subject(check);
  const RuleActivation facts(draft, draft.policy().check_facts, subject);
  for (const size_t index : checkpoint.rules) {
    const RuleDefinition& rule = draft.policy().rules[index];
    RuleAnswer answer = Ask(rule, facts);
    if (answer.is_false()) continue;
    RuleFinding finding{index, Counts(rule, ShareKey(rule.rollout, check)), std::move(answer), {}};
    finding.reason = ReasonOf(rule, check, checkpoint, finding.answer);
    if (finding.counts) findings.Add(finding.reason);
    found.push_back(std::move(finding));
  }
  return found;
}

std::vector<Reason> ShadowReasons(const std::vector<RuleFinding>& found) {
  std::vector<Reason> reasons;
  for (const RuleFinding& finding : found) {
    if (!finding.counts) reasons.push_back(finding.reason);
  }
  std::stable_sort(reasons.begin(), reasons.end(), [](const Reason& a, const Reason& b) {
    return a.verdict != b.verdict ? a.verdict > b.verdict : a.code < b.code;
  });
  return reasons;
}

void NoteRules(Draft& draft, const CheckInput& check, const std::vector<RuleFinding>& found) {
  for (const RuleFinding& finding : found) {
    const RuleDefinition& rule = draft.policy().rules[finding.rule];
    RuleStatistics& statistics = draft.Mutable<RulesSeen>(rule.name);
    Note(statistics, finding.answer, finding.counts, draft.now());
    if (!finding.answer.is_true || !finding.counts || !rule.violation.has_value()) continue;
    Violation violation;
    violation.key = check.key;
    violation.account = check.account;
    violation.order = check.lines.front().order;
    violation.amount = check.amount;
    Describe(rule, finding.answer, violation);
    React(draft, ReactionOf(rule), check.key.kind, violation);
    if (MayRecord(statistics, rule, draft.policy().responses, draft.now())) {
      draft.AddViolation(std::move(violation));
    }
  }
}

}  // namespace fundgate::core
