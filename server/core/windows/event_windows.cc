#include "server/core/windows/event_windows.h"

#include <optional>
#include <utility>
#include <variant>

#include "server/core/event_fields.h"
#include "server/core/money_value.h"
#include "server/core/windows/windows.h"

namespace fundgate::core {
namespace {

// The event as if what was before the change were what is after it.
Event BeforeOf(const Event& event) {
  Event before = event;
  const auto turn_back = [](auto& body) {
    body.after = std::move(body.before);
    body.before.reset();
  };
  if (auto* movement = std::get_if<MovementEvent>(&before.body)) turn_back(*movement);
  if (auto* fact = std::get_if<FactEvent>(&before.body)) turn_back(*fact);
  return before;
}

bool Meets(const std::optional<EventCondition>& condition, const Event& event) {
  return !condition.has_value() || condition->HoldsFor(event);
}

// The part of the window's id below the account; nothing if the event has none.
std::optional<std::string> KeyOf(const WindowDefinition& definition, const Event& event) {
  if (definition.key == WindowDefinition::Key::kAccount) return std::string();
  if (definition.key == WindowDefinition::Key::kOrder) {
    const OrderId order = OrderOf(event);
    return order.empty() ? std::nullopt : std::optional(order.value());
  }
  const Attributes& attributes = AttributesOf(event);
  const auto found = attributes.find(definition.attribute);
  return found == attributes.end() ? std::nullopt : std::optional(ToString(found->second));
}

Counted CountedOf(const WindowDefinition& definition, const Event& event) {
  const EventCounting& counting = *definition.of_event;
  Counted counted;
  const expression::Value amount = Read(counting.amount, event);
  if (amount.is_opaque(kMoneyId)) counted.amount = ToMoney(amount);
  counted.success = counting.success.has_value() && counting.success->HoldsFor(event);
  if (definition.distinct == WindowDefinition::Distinct::kOrder) {
    const OrderId order = OrderOf(event);
    if (!order.empty()) counted.values.push_back(order.value());
  } else if (definition.distinct == WindowDefinition::Distinct::kAttribute) {
    const Attributes& attributes = AttributesOf(event);
    const auto found = attributes.find(definition.distinct_attribute);
    if (found != attributes.end()) counted.values.push_back(ToString(found->second));
  }
  return counted;
}

}  // namespace

void CountInWindows(Draft& draft, const Event& event) {
  const Policy& policy = draft.policy();
  if (policy.windows_of_event.empty() || !HasAfter(event)) return;
  const auto windows = policy.windows_of_event.find(NameOf(event));
  if (windows == policy.windows_of_event.end()) return;
  const AccountId account = AccountOf(event);
  if (account.empty()) return;
  for (const size_t index : windows->second) {
    const WindowDefinition& definition = policy.windows[index];
    const std::optional<EventCondition>& when = definition.of_event->when;
    if (!Meets(when, event) || (HasBefore(event) && Meets(when, BeforeOf(event)))) continue;
    const std::optional<std::string> key = KeyOf(definition, event);
    if (!key.has_value()) continue;
    Count(draft, definition, {account, definition.name, *key}, CountedOf(definition, event));
  }
}

}  // namespace fundgate::core
