#include "server/policy/compile_windows.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "server/core/windows/event_windows.h"
#include "server/policy/compile_conditions.h"
#include "server/policy/event_environment.h"
#include "server/policy/fnv1a.h"
#include "server/policy/rule_environment.h"
#include "server/policy/scalars.h"
#include "server/policy/validate_parts.h"

namespace fundgate::policy {
namespace {

// The largest count of parts, up to the usual one, that are whole milliseconds.
absl::Duration DefaultResolution(absl::Duration span) {
  int64_t parts = core::kWindowBucketsDefault;
  while (span / parts % absl::Milliseconds(1) != absl::ZeroDuration() ||
         span / parts * parts != span) {
    --parts;
  }
  return span / parts;
}

// The attribute, or the field of a fact, that a key or a distinct names; empty for other words.
std::string AttributeOf(const v1::Document& document, const v1::Window& window,
                        const std::string& word) {
  const std::optional<std::string> event = EventNameIn(window.of());
  const auto fact = document.facts().find(event.value_or(""));
  if (fact != document.facts().end() && word != "account_id" && word != "order_id") return word;
  return AttributeIn(word).value_or("");
}

void SetKey(const v1::Document& document, const v1::Window& window,
            core::WindowDefinition& definition) {
  definition.attribute = AttributeOf(document, window, window.key());
  if (!definition.attribute.empty()) {
    definition.key = core::WindowDefinition::Key::kAttribute;
  } else if (window.key() == "order_id") {
    definition.key = core::WindowDefinition::Key::kOrder;
  }
}

void SetDistinct(const v1::Document& document, const v1::Window& window,
                 core::WindowDefinition& definition) {
  if (window.distinct().empty()) return;
  definition.distinct_attribute = AttributeOf(document, window, window.distinct());
  definition.distinct = definition.distinct_attribute.empty()
                            ? core::WindowDefinition::Distinct::kOrder
                            : core::WindowDefinition::Distinct::kAttribute;
  definition.distinct_max = window.distinct_max() > 0 ? static_cast<size_t>(window.distinct_max())
                                                      : core::kWindowDistinctDefault;
}

constexpr char kHappened[] = "event.status == \"happened\"";
constexpr char kEnded[] = "event.status == \"happened\" || event.status == \"failed\"";

// What is counted of the event, with what the document leaves out.
v1::Window WithDefaults(const v1::Document& document, const std::string& event,
                        const v1::Window& window) {
  v1::Window complete = window;
  if (document.facts().count(event) > 0) return complete;
  if (window.when().empty()) complete.set_when(window.has_ratio() ? kEnded : kHappened);
  if (window.has_ratio() && window.ratio().success().empty()) {
    complete.mutable_ratio()->set_success(kHappened);
  }
  return complete;
}

void SetEvent(const v1::Document& document, const std::string& event, const v1::Window& window,
              core::WindowDefinition& definition) {
  auto counting = std::make_shared<core::EventCounting>();
  counting->event = event;
  counting->when = ConditionOf(document, event, window.when());
  counting->success = ConditionOf(document, event, window.ratio().success());
  if (SumsMoney(document, window)) counting->amount = FieldOf(document, event, "amount");
  definition.of_event = std::move(counting);
  definition.min_samples = window.ratio().min_samples();
  definition.baseline_days = window.ratio().baseline_days();
}

core::WindowDefinition ToWindow(const v1::Document& document, const std::string& name,
                                const v1::Window& declared) {
  const std::optional<std::string> event = EventNameIn(declared.of());
  const v1::Window window = event.has_value() ? WithDefaults(document, *event, declared) : declared;
  core::WindowDefinition definition;
  definition.name = core::WindowName(name);
  SetKey(document, window, definition);
  SetDistinct(document, window, definition);
  definition.span = ToDuration(window.span());
  definition.resolution = window.has_resolution() ? ToDuration(window.resolution())
                                                  : DefaultResolution(definition.span);
  Fnv1a meaning;
  for (const std::string& text :
       {window.of(), window.key().empty() ? "account_id" : window.key(), window.distinct()}) {
    meaning.AddText(text);
  }
  if (event.has_value()) {
    SetEvent(document, *event, window, definition);
    for (const std::string& text : {window.when(), window.ratio().success()}) {
      meaning.AddText(text);
    }
  } else {
    definition.of = MovementKind(window.of());
  }
  definition.meaning = meaning.value();
  return definition;
}

}  // namespace

void AddWindows(const v1::Document& document, core::Policy& policy) {
  for (const std::string& name : NamesOf(document.windows())) {
    const size_t index = policy.windows.size();
    policy.windows.push_back(ToWindow(document, name, document.windows().at(name)));
    const core::WindowDefinition& window = policy.windows.back();
    if (window.of_event != nullptr) {
      policy.windows_of_event[window.of_event->event].push_back(index);
      continue;
    }
    for (core::CheckpointDefinition& checkpoint : policy.checkpoints) {
      if (checkpoint.kind == window.of) checkpoint.windows.push_back(index);
    }
  }
}

}  // namespace fundgate::policy
