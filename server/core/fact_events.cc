#include "server/core/fact_events.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "server/core/event_violations.h"
#include "server/core/facts.h"
#include "server/core/verification/verification.h"

namespace fundgate::core {
namespace {

// A fact whose account only its field says gets it.
FactEvent WithAccount(const FactDefinition& definition, FactEvent fact) {
  const std::optional<Attributes>& said = fact.after.has_value() ? fact.after : fact.before;
  if (!fact.account.empty() || definition.account.empty() || !said.has_value()) return fact;
  const auto field = said->find(definition.account);
  if (field != said->end()) fact.account = AccountId(ToString(field->second));
  return fact;
}

void RaiseUnreadable(Draft& draft, const SourceDefinition& source, const Event& event,
                     const FactEvent& fact, const std::string& why) {
  Violation violation;
  violation.kind = ViolationKind::kFactUnreadable;
  violation.name = fact.name;
  violation.account = fact.account;
  violation.source = source.name;
  violation.message = absl::StrCat(fact.name, " ", fact.key, " can't be used: ", why);
  AddEvent(event, violation);
  draft.AddViolation(std::move(violation));
}

}  // namespace

std::optional<Event> WithAccountOfFact(const Policy& policy, const Event& event) {
  const auto* fact = std::get_if<FactEvent>(&event.body);
  if (fact == nullptr || !fact->account.empty()) return std::nullopt;
  const FactDefinition* definition = policy.FindFact(fact->name);
  if (definition == nullptr || definition->account.empty()) return std::nullopt;
  Event known = event;
  known.body = WithAccount(*definition, *fact);
  return known;
}

bool ApplyFact(Draft& draft, const SourceDefinition& source, const Event& event,
               const FactEvent& fact) {
  const FactDefinition* definition = draft.policy().FindFact(fact.name);
  const bool declared = std::binary_search(source.facts.begin(), source.facts.end(), fact.name);
  if (definition == nullptr || !declared) return false;
  Event known = event;
  FactEvent& said = known.body.emplace<FactEvent>(WithAccount(*definition, fact));
  const std::optional<std::string> why = Misfit(*definition, said);
  if (why.has_value()) {
    RaiseUnreadable(draft, source, known, said, *why);
    return false;
  }
  VerifyEvent(draft, source, known);
  return true;
}

}  // namespace fundgate::core
