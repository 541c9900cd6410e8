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
  return FindSorted(rules, name, [](const auto& rule) -> std::string_view { return rule.name; });
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
