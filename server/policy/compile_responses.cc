#include "server/policy/compile_responses.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "server/core/breaker_scope.h"
#include "server/core/policy.h"
#include "server/policy/scalars.h"

namespace fundgate::policy {
namespace {

template <typename Names>
std::vector<std::string> Sorted(const Names& names) {
  std::vector<std::string> sorted(names.begin(), names.end());
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

// Names of the rules for which `fits(rule)` is true.
template <typename Fits>
std::vector<std::string> RulesThat(const v1::Document& document, const Fits& fits) {
  std::vector<std::string> names;
  for (const auto& [name, rule] : document.rules()) {
    if (fits(rule)) names.push_back(name);
  }
  return names;
}

void AddSorted(const std::vector<std::string>& more, std::vector<std::string>& names) {
  names.insert(names.end(), more.begin(), more.end());
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
}

// Rules that no class names are in that of their severity.
void AddRulesBySeverity(const v1::Document& document, core::Responses& responses) {
  std::vector<std::vector<std::string>> added;
  for (const core::RiskClass& risk : responses.risk_classes) {
    const auto& severities = document.risk_classes().at(risk.name).severities();
    added.push_back(RulesThat(document, [&severities](const v1::Rule& rule) {
      return std::count(severities.begin(), severities.end(), rule.then().violation()) > 0;
    }));
    std::erase_if(added.back(), [&responses](const std::string& name) {
      return responses.ClassOf(name) != nullptr;
    });
  }
  for (size_t i = 0; i < added.size(); ++i) {
    AddSorted(added[i], responses.risk_classes[i].violations);
  }
}

core::RiskClass ToRiskClass(const std::string& name, const v1::RiskClass& from) {
  core::RiskClass risk;
  risk.name = name;
  risk.violations = Sorted(from.violations());
  if (from.has_found()) risk.found = ToDuration(from.found());
  risk.answered = ToDuration(from.answered());
  risk.contained = ToDuration(from.contained());
  risk.runbook = from.runbook();
  return risk;
}

core::Action ToAction(const std::string& name, const v1::Action& from) {
  core::Action action;
  action.name = name;
  action.on = Sorted(from.on());
  action.mode = from.mode() == v1::VERDICT_BLOCK ? core::Verdict::kBlock : core::Verdict::kHold;
  if (from.has_lasts()) action.lasts = ToDuration(from.lasts());
  if (!from.freeze().empty()) {
    action.checkpoint = std::string(core::kEverything);
    action.field = from.freeze();
  } else if (!from.trip().empty()) {
    const size_t slash = from.trip().find('/');
    action.checkpoint = from.trip().substr(0, slash);
    if (slash != std::string::npos) action.field = from.trip().substr(slash + 1);
  } else {
    action.endpoint = from.call();
  }
  return action;
}

}  // namespace

core::Responses CompileResponses(const v1::Document& document) {
  core::Responses responses;
  if (document.holds().has_approval_lasts()) {
    responses.holds.approval_lasts = ToDuration(document.holds().approval_lasts());
  }
  if (document.holds().has_expire_after()) {
    responses.holds.expire_after = ToDuration(document.holds().expire_after());
  }
  for (const auto& [name, risk] : document.risk_classes()) {
    responses.risk_classes.push_back(ToRiskClass(name, risk));
  }
  for (const auto& [name, action] : document.actions()) {
    responses.actions.push_back(ToAction(name, action));
    AddSorted(
        RulesThat(document,
                  [name = name](const v1::Rule& rule) { return rule.then().action() == name; }),
        responses.actions.back().on);
  }
  const auto by_name = [](const auto& a, const auto& b) { return a.name < b.name; };
  std::sort(responses.risk_classes.begin(), responses.risk_classes.end(), by_name);
  std::sort(responses.actions.begin(), responses.actions.end(), by_name);
  AddRulesBySeverity(document, responses);
  return responses;
}

}  // namespace fundgate::policy
