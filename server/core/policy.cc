#include "server/core/policy.h"

#include <algorithm>

namespace fundgate::core {
namespace {

// The entry of a list sorted by `name_of`, or null.
template <typename Entry, typename Key, typename NameOf>
const Entry* FindSorted(const std::vector<Entry>& entries, const Key& key, NameOf name_of) {
  const auto found = std::lower_bound(
      entries.begin(), entries.end(), key,
      [&](const Entry& entry, const Key& wanted) { return name_of(entry) < wanted; });
  return found != entries.end() && name_of(*found) == key ? &*found : nullptr;
}

}  // namespace

const MovementDefinition* Policy::FindMovement(const MovementKind& kind) const {
  return FindSorted(
      movements, kind, [](const auto& movement) -> const auto& { return movement.kind; });
}

const CheckpointDefinition* Policy::FindCheckpoint(const MovementKind& kind) const {
  return FindSorted(
      checkpoints, kind, [](const auto& checkpoint) -> const auto& { return checkpoint.kind; });
}

const SourceDefinition* Policy::FindSource(const SourceName& name) const {
  return FindSorted(
      sources, name, [](const auto& source) -> const auto& { return source.name; });
}

const BookDefinition* Policy::FindBook(std::string_view name) const {
  return FindSorted(books, name, [](const auto& book) -> std::string_view { return book.name; });
}

const BreakerRule* Policy::FindBreakerRule(std::string_view name) const {
  return FindSorted(breaker_rules, name,
                    [](const auto& rule) -> std::string_view { return rule.name; });
}

const PlanDefinition* Policy::FindPlan(std::string_view name) const {
  return FindSorted(plans, name, [](const auto& plan) -> std::string_view { return plan.name; });
}

Verdict CheckpointDefinition::AnswerTo(Condition condition, const Money& amount) const {
  for (const AmountStep& step : by_amount) {
    if (step.up_to.currency == amount.currency && amount.minor_units <= step.up_to.minor_units) {
      return step.answers[static_cast<size_t>(condition)];
    }
  }
  switch (condition) {
    case Condition::kStale:
      return when_stale;
    case Condition::kUnproven:
      return when_unproven;
    case Condition::kError:
      return when_error;
    case Condition::kOverloaded:
      return when_overloaded;
    case Condition::kUnreachable:
      return when_unreachable;
  }
  return Verdict::kHold;
}

bool CheckpointDefinition::MayAllow(Condition condition) const {
  // Past every row stands what holds for all other amounts.
  const Money other;
  return AnswerTo(condition, other) == Verdict::kAllow ||
         std::any_of(by_amount.begin(), by_amount.end(), [condition](const AmountStep& step) {
           return step.answers[static_cast<size_t>(condition)] == Verdict::kAllow;
         });
}

bool MayCure(const MovementDefinition& movement, const InvariantDefinition& invariant) {
  return std::any_of(movement.effects.begin(), movement.effects.end(), [&](const Effect& effect) {
    if (effect.book != invariant.book) return false;
    const Influence influence = invariant.influence[effect.counter];
    if (influence == Influence::kNone) return false;
    const bool loosens = (influence == Influence::kLoosens) == (effect.sign > 0);
    return loosens || movement.reversible || movement.gated;
  });
}

const FactDefinition* Policy::FindFact(std::string_view name) const {
  return FindSorted(facts, name, [](const auto& fact) -> std::string_view { return fact.name; });
}

const RuleDefinition* Policy::FindRule(std::string_view name) const {
  const RuleDefinition* rule =
      FindSorted(rules, name, [](const auto& one) -> std::string_view { return one.name; });
  for (const auto& [event, of_event] : event_rules) {
    if (rule != nullptr) break;
    const auto* found = FindSorted(
        of_event, name, [](const auto& one) -> std::string_view { return one.rule.name; });
    if (found != nullptr) rule = &found->rule;
  }
  return rule;
}

std::vector<std::pair<std::string, const RuleDefinition*>> Policy::AllRules() const {
  std::vector<std::pair<std::string, const RuleDefinition*>> all;
  for (const RuleDefinition& rule : rules) all.emplace_back("check", &rule);
  for (const auto& [event, of_event] : event_rules) {
    for (const EventRuleDefinition& asked : of_event) {
      all.emplace_back("event." + event, &asked.rule);
    }
  }
  std::sort(all.begin(), all.end(),
            [](const auto& a, const auto& b) { return a.second->name < b.second->name; });
  return all;
}

std::string_view ToString(AttributeType type) {
  switch (type) {
    case AttributeType::kString:
      return "string";
    case AttributeType::kInt:
      return "int";
    case AttributeType::kBool:
      return "bool";
    case AttributeType::kMoney:
      return "money";
  }
  return "?";
}

OnEvent Policy::OnViolation(ViolationKind kind) const {
  const auto found = on_violation.find(kind);
  return found == on_violation.end() ? OnEvent::kAlert : found->second;
}

}  // namespace fundgate::core
