#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "fundgate/types/money.h"
#include "server/core/rules/rule.h"
#include "server/policy/event_environment.h"
#include "server/policy/rule_environment.h"
#include "server/policy/scalars.h"
#include "server/policy/validate_parts.h"
#include "server/policy/validate_references.h"

namespace fundgate::policy {
namespace {

constexpr int64_t kAlertsPerMinuteMax = 10'000;
constexpr size_t kTextBytesMax = 1024;

// ---- Lists, numbers, attributes ----

void ValidateLists(const Validation& v) {
  for (const auto& [name, list] : v.document.lists()) {
    const std::string path = absl::StrCat("lists.", name);
    CheckReadName(v, path, name);
    if (list.values().empty() && v.places.IsRead(path)) {
      v.AtKey(path, "a list needs at least one value");
    }
    std::set<std::string> seen;
    for (int i = 0; i < list.values_size(); ++i) {
      const ::fundgate::v1::Value& value = list.values(i);
      const std::string place = absl::StrCat(path, "[", i, "]");
      const bool fits = value.has_string_value() || value.has_int_value();
      if (!fits || value.kind_case() != list.values(0).kind_case()) {
        v.AtValue(place, "a list holds texts or whole numbers, all of one sort");
      } else if (!seen.insert(value.SerializeAsString()).second) {
        v.AtValue(place, "this value stands there twice");
      }
    }
  }
}

void ValidateNumbers(const Validation& v) {
  for (const auto& [name, value] : v.document.numbers()) {
    const std::string path = absl::StrCat("numbers.", name);
    CheckReadName(v, path, name);
    const bool is_number = value.has_int_value() ||
                           (value.has_string_value() && Money::Parse(value.string_value()).ok());
    if (!is_number && v.places.IsRead(path)) {
      v.AtValue(path, "a whole number or an amount like CNY 100.00 was expected here");
    }
  }
}

void ValidateAttributes(const Validation& v) {
  for (const auto& [name, type] : v.document.attributes()) {
    CheckReadName(v, absl::StrCat("attributes.", name), name);
  }
}

// ---- Rules ----

void ValidateConsequence(const Validation& v, const std::string& path, const v1::Rule& rule) {
  const v1::Consequence& then = rule.then();
  if (!v.places.IsRead(path + ".then")) return;
  if (then.verdict() == v1::VERDICT_ALLOW) {
    v.AtValue(path + ".then",
              "a rule can't ask for ALLOW: it would hide what others found; write HOLD, BLOCK or a "
              "violation");
  } else if (then.verdict() == v1::VERDICT_UNSPECIFIED &&
             then.violation() == v1::SEVERITY_UNSPECIFIED) {
    v.AtValue(path + ".then", "a rule asks for a verdict, a violation or both");
  }
  if (then.violation() != v1::SEVERITY_UNSPECIFIED) {
    // Whether there is such an action is looked at where actions are.
    if (!then.action().empty() && !IsEntryName(then.action())) {
      v.AtValue(path + ".then.action",
                absl::StrCat("'", then.action(), "' is no name for an action"));
    }
    return;
  }
  for (const char* field : {".then.action", ".alerts_per_minute"}) {
    if (v.places.Has(path + field)) {
      v.AtKey(path + field, "this has a meaning only with a violation");
    }
  }
}

void ValidateRollout(const Validation& v, const std::string& path, const v1::Rule& rule) {
  if (!rule.has_rollout()) return;
  if (v.places.IsRead(path + ".rollout.percent") &&
      (rule.rollout().percent() < 0 || rule.rollout().percent() > 100)) {
    v.AtValue(path + ".rollout.percent", "0 to 100 is accepted");
  }
  CheckKey(v, path + ".rollout.by", rule.rollout().by(),
           {"account_id", "order_id", "idempotency_key"});
}

void ValidateWhen(const Validation& v, const std::string& path, const v1::Rule& rule,
                  RuleEnvironment& environment) {
  if (!v.places.IsRead(path + ".when")) return;
  const expression::Compiled compiled = environment.Compile(rule.when());
  for (const expression::Issue& issue : compiled.issues) {
    v.AtValue(path + ".when", issue.message, issue.offset);
  }
  if (!compiled.ok() || v.places.IsDamaged("checkpoints")) return;
  const auto named = environment.CheckpointsOf(*compiled.program);
  if (!named.has_value()) return;
  for (const RuleEnvironment::NamedCheckpoint& checkpoint : *named) {
    if (v.document.checkpoints().count(checkpoint.name) > 0) continue;
    v.AtValue(path + ".when",
              NoSuch("checkpoint", checkpoint.name, NamesOf(v.document.checkpoints())),
              checkpoint.offset);
  }
}

void ValidateEventName(const Validation& v, const std::string& path, const std::string& on,
                       const std::optional<std::string>& event) {
  const std::vector<std::string> events = EventNames(v.document);
  if (!event.has_value()) {
    v.AtValue(path + ".on",
              absl::StrCat("a rule looks at `check` or at an event like event.payment, not at '",
                           on, "'"));
  } else if (!v.places.IsDamaged("movements") && !v.places.IsDamaged("facts")) {
    v.AtValue(path + ".on", NoSuch("movement or fact", *event, events),
              std::string_view("event.").size());
  }
}

void ValidateEventRule(const Validation& v, const std::string& path, const v1::Rule& rule) {
  const std::optional<std::string> event = EventNameIn(rule.on());
  const std::vector<std::string> events = EventNames(v.document);
  if (!event.has_value() || std::find(events.begin(), events.end(), *event) == events.end()) {
    return ValidateEventName(v, path, rule.on(), event);
  }
  if (rule.then().verdict() != v1::VERDICT_UNSPECIFIED) {
    v.AtValue(
        path + ".then",
        "an event has happened: nothing is held or blocked any more; write {violation: high}, "
        "and action: freeze or trip for what comes after");
  }
  if (v.places.Has(path + ".on_error")) {
    v.AtKey(path + ".on_error",
            "on_error is an answer to checks; a rule over events that can't be judged counts as "
            "broken");
  }
  const auto fact = v.document.facts().find(*event);
  const bool reacts =
      rule.then().action() == core::kFreezeAction || rule.then().action() == core::kTripAction;
  if (reacts && fact != v.document.facts().end() && AccountFieldOf(fact->second).empty()) {
    v.AtValue(path + ".then.action", "this fact says nothing of an account that could be held");
  }
  if (AttributeIn(rule.rollout().by()).has_value()) {
    v.AtValue(path + ".rollout.by", "an event goes by account_id, order_id or idempotency_key");
  }
  if (!v.places.IsRead(path + ".when")) return;
  RuleEnvironment environment(v.document, *event);
  for (const expression::Issue& issue : environment.Compile(rule.when()).issues) {
    v.AtValue(path + ".when", issue.message, issue.offset);
  }
}

void ValidateTexts(const Validation& v, const std::string& path, const v1::Rule& rule) {
  for (const auto& [field, text] :
       {std::pair(".owner", &rule.owner()), std::pair(".runbook", &rule.runbook())}) {
    if (text->size() > kTextBytesMax) {
      v.AtValue(path + field, absl::StrCat("at most ", kTextBytesMax, " bytes are accepted"));
    }
  }
  if (rule.alerts_per_minute() < 0 || rule.alerts_per_minute() > kAlertsPerMinuteMax) {
    v.AtValue(path + ".alerts_per_minute",
              absl::StrCat("0 to ", kAlertsPerMinuteMax, " is accepted"));
  }
}

void ValidateEachRule(const Validation& v) {
  RuleEnvironment environment(v.document);
  for (const std::string& name : NamesOf(v.document.rules())) {
    const v1::Rule& rule = v.document.rules().at(name);
    const std::string path = absl::StrCat("rules.", name);
    CheckReadName(v, path, name);
    if (v.document.invariants().count(name) > 0) {
      v.AtKey(path, "an invariant has this name: reasons could not be told apart");
    }
    ValidateConsequence(v, path, rule);
    ValidateRollout(v, path, rule);
    ValidateTexts(v, path, rule);
    if (rule.on() == "check") {
      ValidateWhen(v, path, rule, environment);
    } else if (v.places.IsRead(path + ".on")) {
      ValidateEventRule(v, path, rule);
    }
  }
}

}  // namespace

void ValidateRules(const Validation& v) {
  ValidateLists(v);
  ValidateNumbers(v);
  ValidateAttributes(v);
  ValidateEachRule(v);
}

}  // namespace fundgate::policy
