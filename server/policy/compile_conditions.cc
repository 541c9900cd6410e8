#include "server/policy/compile_conditions.h"

#include <utility>

#include "server/core/event_fields.h"
#include "server/expression/program.h"
#include "server/policy/verification.h"

namespace fundgate::policy {

core::EventField FieldOf(const v1::Document& document, const std::string& event,
                         const std::string& path) {
  return document.facts().count(event) > 0 ? core::FactField(path) : core::MovementField(path);
}

std::optional<core::EventCondition> ConditionOf(const v1::Document& document,
                                                const std::string& event, const std::string& text) {
  if (text.empty()) return std::nullopt;
  const auto environment = NewEventEnvironment(document, event);
  expression::Compiled compiled = expression::Compile(*environment, text, expression::Type::Bool());
  core::EventCondition condition{*std::move(compiled.program), {}};
  constexpr size_t kPrefix = sizeof("event.") - 1;
  for (const expression::Slot& slot : environment->slots()) {
    condition.fields.push_back(FieldOf(document, event, slot.path.substr(kPrefix)));
  }
  return condition;
}

}  // namespace fundgate::policy
