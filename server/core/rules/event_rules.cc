#include "server/core/rules/event_rules.h"

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "server/core/event_fields.h"
#include "server/core/event_violations.h"
#include "server/core/rules/answer.h"
#include "server/core/rules/rule_activation.h"

namespace fundgate::core {
namespace {

// The value that decides whether an event is in a rule's share; empty if it has none.
std::string ShareKey(const Rollout& rollout, const Event& event) {
  if (rollout.by == Rollout::By::kAccount) return AccountOf(event).value();
  if (rollout.by == Rollout::By::kOrder) return OrderOf(event).value();
  const expression::Value key = Read(MovementField("key"), event);
  return key.is_string() ? std::string(key.string_value()) : std::string();
}

Violation ViolationOf(const SourceDefinition& source, const Event& event) {
  Violation violation;
  violation.account = AccountOf(event);
  violation.order = OrderOf(event);
  violation.source = source.name;
  if (const auto* movement = std::get_if<MovementEvent>(&event.body)) {
    violation.key = {movement->kind, movement->after->key};
    violation.amount = Money{movement->after->currency, movement->after->line.amount};
  }
  return violation;
}

void AskOne(Draft& draft, const SourceDefinition& source, const Event& event,
            const EventRuleDefinition& asked, const RuleSubject& subject) {
  const RuleDefinition& rule = asked.rule;
  const RuleAnswer answer = Ask(rule, RuleActivation(draft, asked.facts, subject));
  if (answer.is_false()) return;
  const bool counts = Counts(rule, ShareKey(rule.rollout, event));
  RuleStatistics& statistics = draft.Mutable<RulesSeen>(rule.name);
  Note(statistics, answer, counts, draft.now());
  if (!answer.is_true || !counts) return;
  Violation violation = ViolationOf(source, event);
  Describe(rule, answer, violation);
  AddEvent(event, violation);
  React(draft, ReactionOf(rule), MovementKind(NameOf(event)), violation);
  if (MayRecord(statistics, rule, draft.policy().responses, draft.now())) {
    draft.AddViolation(std::move(violation));
  }
}

}  // namespace

void AskEventRules(Draft& draft, const SourceDefinition& source, const Event& event) {
  if (draft.policy().event_rules.empty() || !HasAfter(event)) return;
  const auto rules = draft.policy().event_rules.find(NameOf(event));
  if (rules == draft.policy().event_rules.end()) return;
  const RuleSubject subject(event);
  for (const EventRuleDefinition& rule : rules->second) {
    AskOne(draft, source, event, rule, subject);
  }
}

}  // namespace fundgate::core
