#include "server/policy/compile_rules.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "server/core/event_fields.h"
#include "server/policy/event_environment.h"
#include "server/policy/fnv1a.h"
#include "server/policy/rule_environment.h"
#include "server/policy/scalars.h"
#include "server/policy/validate_parts.h"

namespace fundgate::policy {
namespace {

constexpr int64_t kAlertsPerMinuteDefault = 60;

// ---- Windows ----

// The largest count of parts, up to the usual one, that are whole milliseconds.
absl::Duration DefaultResolution(absl::Duration span) {
  int64_t parts = core::kWindowBucketsDefault;
  while (span / parts % absl::Milliseconds(1) != absl::ZeroDuration() ||
         span / parts * parts != span) {
    --parts;
  }
  return span / parts;
}

void SetKey(const v1::Window& window, core::WindowDefinition& definition) {
  if (window.key() == "order_id") {
    definition.key = core::WindowDefinition::Key::kOrder;
  } else if (const auto attribute = AttributeIn(window.key())) {
    definition.key = core::WindowDefinition::Key::kAttribute;
    definition.attribute = *attribute;
  }
}

void SetDistinct(const v1::Window& window, core::WindowDefinition& definition) {
  if (window.distinct().empty()) return;
  definition.distinct = core::WindowDefinition::Distinct::kOrder;
  if (const auto attribute = AttributeIn(window.distinct())) {
    definition.distinct = core::WindowDefinition::Distinct::kAttribute;
    definition.distinct_attribute = *attribute;
  }
  definition.distinct_max = window.distinct_max() > 0 ? static_cast<size_t>(window.distinct_max())
                                                      : core::kWindowDistinctDefault;
}

core::WindowDefinition ToWindow(const std::string& name, const v1::Window& window) {
  core::WindowDefinition definition;
  definition.name = name;
  definition.of = MovementKind(window.of());
  SetKey(window, definition);
  SetDistinct(window, definition);
  definition.span = ToDuration(window.span());
  definition.resolution = window.has_resolution() ? ToDuration(window.resolution())
                                                  : DefaultResolution(definition.span);
  Fnv1a meaning;
  for (const std::string& text :
       {window.of(), window.key().empty() ? "account_id" : window.key(), window.distinct()}) {
    meaning.AddText(text);
  }
  definition.meaning = meaning.value();
  return definition;
}

// ---- Rules ----

core::Verdict ToVerdict(v1::Verdict verdict) {
  if (verdict == v1::VERDICT_BLOCK) return core::Verdict::kBlock;
  return verdict == v1::VERDICT_HOLD ? core::Verdict::kHold : core::Verdict::kAllow;
}

core::Rollout ToRollout(const v1::Rule& rule) {
  core::Rollout rollout;
  if (!rule.has_rollout()) return rollout;
  rollout.percent = rule.rollout().percent();
  const std::string& by = rule.rollout().by();
  if (by == "order_id") rollout.by = core::Rollout::By::kOrder;
  if (by == "idempotency_key") rollout.by = core::Rollout::By::kKey;
  if (const auto attribute = AttributeIn(by)) {
    rollout.by = core::Rollout::By::kAttribute;
    rollout.attribute = *attribute;
  }
  return rollout;
}

core::RuleDefinition ToRule(const std::string& name, const v1::Rule& rule,
                            expression::Program program) {
  core::RuleDefinition definition{.name = name,
                                  .when = std::move(program),
                                  .action = {},
                                  .rollout = ToRollout(rule),
                                  .on_error = {}};
  definition.then = ToVerdict(rule.then().verdict());
  if (rule.then().violation() != v1::SEVERITY_UNSPECIFIED) {
    definition.violation = static_cast<core::Severity>(rule.then().violation());
    definition.action =
        rule.then().action().empty() ? std::string(core::kAlertAction) : rule.then().action();
  }
  definition.enforced = rule.mode() == v1::RULE_MODE_ENFORCE;
  if (rule.on_error() != v1::VERDICT_UNSPECIFIED) definition.on_error = ToVerdict(rule.on_error());
  definition.alerts_per_minute =
      rule.has_alerts_per_minute() ? rule.alerts_per_minute() : kAlertsPerMinuteDefault;
  return definition;
}

template <typename Entry>
size_t IndexOf(const std::vector<Entry>& entries, const std::string& name) {
  return static_cast<size_t>(
      std::find_if(entries.begin(), entries.end(),
                   [&name](const Entry& entry) { return entry.name == name; }) -
      entries.begin());
}

// Fills in where the fact's book, counter or window stands in the policy.
void Locate(const core::Policy& policy, core::RuleFact& fact) {
  if (auto* book = std::get_if<core::BookFact>(&fact.what)) {
    book->book_index = IndexOf(policy.books, book->book);
    const std::vector<std::string>& counters = policy.books[book->book_index].counters;
    book->counter_index = static_cast<size_t>(
        std::find(counters.begin(), counters.end(), book->counter) - counters.begin());
  } else if (auto* window = std::get_if<core::WindowFact>(&fact.what)) {
    window->index = IndexOf(policy.windows, window->window);
  }
}

// The rule is asked by the checkpoints that it names, or by all.
void AddToCheckpoints(RuleEnvironment& environment, size_t index, core::Policy& policy) {
  const auto named = environment.CheckpointsOf(policy.rules[index].when);
  for (core::CheckpointDefinition& checkpoint : policy.checkpoints) {
    const bool concerned =
        !named.has_value() || std::any_of(named->begin(), named->end(), [&](const auto& one) {
          return one.name == checkpoint.kind.value();
        });
    if (concerned) checkpoint.rules.push_back(index);
  }
}

void AddEventRule(const v1::Document& document, const std::string& name, const v1::Rule& rule,
                  const std::string& event, core::Policy& policy) {
  RuleEnvironment environment(document, event);
  expression::Compiled compiled = environment.Compile(rule.when());
  core::EventRuleDefinition definition{ToRule(name, rule, *std::move(compiled.program)),
                                       environment.Facts()};
  constexpr size_t kFront = std::string_view("event.").size();
  for (core::RuleFact& fact : definition.facts) {
    Locate(policy, fact);
    auto* read = std::get_if<core::EventFact>(&fact.what);
    if (read == nullptr) continue;
    read->field = core::FieldOfEvent(policy, event, std::string_view(fact.path).substr(kFront));
  }
  policy.constants.push_back(environment.TakeConstants());
  policy.event_rules[event].push_back(std::move(definition));
}

void AddEachRule(const v1::Document& document, core::Policy& policy) {
  RuleEnvironment environment(document);
  for (const std::string& name : NamesOf(document.rules())) {
    const v1::Rule& rule = document.rules().at(name);
    if (const std::optional<std::string> event = EventNameIn(rule.on())) {
      AddEventRule(document, name, rule, *event, policy);
      continue;
    }
    expression::Compiled compiled = environment.Compile(rule.when());
    policy.rules.push_back(ToRule(name, rule, *std::move(compiled.program)));
    AddToCheckpoints(environment, policy.rules.size() - 1, policy);
  }
  policy.check_facts = environment.Facts();
  for (core::RuleFact& fact : policy.check_facts) Locate(policy, fact);
  policy.constants.push_back(environment.TakeConstants());
}

}  // namespace

void AddRules(const v1::Document& document, core::Policy& policy) {
  for (const std::string& name : NamesOf(document.attributes())) {
    policy.attributes[name] = static_cast<core::AttributeType>(document.attributes().at(name) - 1);
  }
  for (const std::string& name : NamesOf(document.windows())) {
    policy.windows.push_back(ToWindow(name, document.windows().at(name)));
    for (core::CheckpointDefinition& checkpoint : policy.checkpoints) {
      if (checkpoint.kind != policy.windows.back().of) continue;
      checkpoint.windows.push_back(policy.windows.size() - 1);
    }
  }
  if (!document.rules().empty()) AddEachRule(document, policy);
}

}  // namespace fundgate::policy
