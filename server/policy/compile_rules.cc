#include "server/policy/compile_rules.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "server/core/event_fields.h"
#include "server/policy/compile_windows.h"
#include "server/policy/event_environment.h"
#include "server/policy/fnv1a.h"
#include "server/policy/rule_environment.h"
#include "server/policy/stable_bytes.h"
#include "server/policy/validate_parts.h"

namespace fundgate::policy {
namespace {

constexpr int64_t kAlertsPerMinuteDefault = 60;

core::Verdict GivenVerdict(v1::Verdict verdict) {
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

core::RuleDescription ToDescription(const v1::Rule& rule) {
  core::RuleDescription description{rule.owner(), std::nullopt, rule.runbook(), {}};
  const v1::Severity severity =
      rule.severity() == v1::SEVERITY_UNSPECIFIED ? rule.then().violation() : rule.severity();
  if (severity != v1::SEVERITY_UNSPECIFIED) {
    description.severity = static_cast<core::Severity>(severity);
  }
  description.labels.assign(rule.labels().begin(), rule.labels().end());
  std::sort(description.labels.begin(), description.labels.end());
  return description;
}

// Of all but its description.
uint64_t MeaningOf(const v1::Rule& rule) {
  v1::Rule meant = rule;
  meant.clear_owner();
  meant.clear_severity();
  meant.clear_runbook();
  meant.clear_labels();
  Fnv1a hash;
  hash.AddText(StableBytes(meant));
  return hash.value();
}

core::RuleDefinition ToRule(const std::string& name, const v1::Rule& rule,
                            expression::Program program) {
  core::RuleDefinition definition{.name = name,
                                  .when = std::move(program),
                                  .action = {},
                                  .rollout = ToRollout(rule),
                                  .on_error = {}};
  definition.then = GivenVerdict(rule.then().verdict());
  if (rule.then().violation() != v1::SEVERITY_UNSPECIFIED) {
    definition.violation = static_cast<core::Severity>(rule.then().violation());
    definition.action =
        rule.then().action().empty() ? std::string(core::kAlertAction) : rule.then().action();
  }
  definition.enforced = rule.mode() == v1::RULE_MODE_ENFORCE;
  if (rule.on_error() != v1::VERDICT_UNSPECIFIED) {
    definition.on_error = GivenVerdict(rule.on_error());
  }
  definition.alerts_per_minute =
      rule.has_alerts_per_minute() ? rule.alerts_per_minute() : kAlertsPerMinuteDefault;
  definition.meaning = MeaningOf(rule);
  definition.description = ToDescription(rule);
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
  AddWindows(document, policy);
  if (!document.rules().empty()) AddEachRule(document, policy);
}

}  // namespace fundgate::policy
