#include "server/core/windows/windows.h"

#include <string>
#include <utility>
#include <vector>

#include "server/core/automatic_breakers.h"

namespace fundgate::core {
namespace {

const AttributeValue* FindAttribute(const CheckInput& check, const std::string& name) {
  const auto found = check.attributes.find(name);
  return found == check.attributes.end() ? nullptr : &found->second;
}

// What a check's values are, where they are told apart.
std::vector<std::string> DistinctValues(const WindowDefinition& definition,
                                        const CheckInput& check) {
  std::vector<std::string> values;
  if (definition.distinct == WindowDefinition::Distinct::kOrder) {
    for (const Line& line : check.lines) {
      if (!line.order.empty()) values.push_back(line.order.value());
    }
  } else if (definition.distinct == WindowDefinition::Distinct::kAttribute) {
    const AttributeValue* value = FindAttribute(check, definition.distinct_attribute);
    if (value != nullptr) values.push_back(ToString(*value));
  }
  return values;
}

void CountOne(Draft& draft, const WindowDefinition& definition, const CheckInput& check,
              const std::string& key, int64_t amount) {
  Count(draft, definition, {check.account, definition.name, key},
        {Money{check.amount.currency, amount}, DistinctValues(definition, check)});
}

bool WasAllowedBefore(Draft& draft, const KeyId& key) {
  const KeyRecord* record = draft.FindKey(key);
  return record != nullptr && (record->reservation.has_value() || !record->past.empty());
}

const WindowDefinition* FindDefinition(const Draft& draft, const WindowName& name) {
  for (const WindowDefinition& definition : draft.policy().windows) {
    if (definition.name == name) return &definition;
  }
  return FindTripWindow(draft.policy(), name);
}

}  // namespace

void Count(Draft& draft, const WindowDefinition& definition, const WindowId& id,
           const Counted& counted) {
  Window& window = draft.Mutable<Windows>(id);
  CountIn(window, definition, draft.now(), counted);
  // One entry is enough: when it comes up, the next one is made if there is still something.
  if (window.wake_at != absl::Time()) return;
  window.wake_at = EndOf(window, definition);
  draft.Put<WindowEnds>({window.wake_at, id}, {});
}

const Window* FindWindow(Draft& draft, const WindowDefinition& definition,
                         const WindowSubject& subject) {
  static const Window kEmpty;
  WindowId id{subject.account, definition.name, {}};
  if (id.account.empty()) return nullptr;
  if (definition.key == WindowDefinition::Key::kOrder) {
    if (subject.order.empty()) return nullptr;
    id.key = subject.order;
  } else if (definition.key == WindowDefinition::Key::kAttribute) {
    const auto value = subject.attributes.find(definition.attribute);
    if (value == subject.attributes.end()) return nullptr;
    id.key = ToString(value->second);
  }
  const Window* window = draft.Find<Windows>(std::move(id));
  return window == nullptr ? &kEmpty : window;
}

void CountInWindows(Draft& draft, const CheckInput& check, const CheckpointDefinition& checkpoint) {
  if (checkpoint.windows.empty() || WasAllowedBefore(draft, check.key)) return;
  for (const size_t index : checkpoint.windows) {
    const WindowDefinition& definition = draft.policy().windows[index];
    switch (definition.key) {
      case WindowDefinition::Key::kAccount:
        CountOne(draft, definition, check, {}, check.amount.minor_units);
        break;
      case WindowDefinition::Key::kOrder:
        for (const Line& line : check.lines) {
          if (line.order.empty()) continue;
          CountOne(draft, definition, check, line.order.value(), line.amount);
        }
        break;
      case WindowDefinition::Key::kAttribute:
        if (const AttributeValue* value = FindAttribute(check, definition.attribute)) {
          CountOne(draft, definition, check, ToString(*value), check.amount.minor_units);
        }
        break;
    }
  }
}

void ForgetEmptyWindows(Draft& draft, const StateReader& state) {
  for (const WindowEnd& end : state.Due<WindowEnds>(draft.now(), kMaxWindowEndsPerTick)) {
    draft.Erase<WindowEnds>(end);
    const Window* window = draft.Find<Windows>(end.window);
    if (window == nullptr || window->wake_at != end.at) continue;
    const WindowDefinition* definition = FindDefinition(draft, end.window.window);
    const absl::Time ends =
        definition == nullptr ? absl::InfinitePast() : EndOf(*window, *definition);
    if (ends <= draft.now()) {
      draft.Erase<Windows>(end.window);
    } else {
      draft.Mutable<Windows>(end.window).wake_at = ends;
      draft.Put<WindowEnds>({ends, end.window}, {});
    }
  }
}

}  // namespace fundgate::core
