// The sections holds, risk_classes and actions; see validate_parts.h.
#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/policy/breaker_environment.h"
#include "server/policy/scalars.h"
#include "server/policy/validate_parts.h"
#include "server/policy/violation_names.h"

namespace fundgate::policy {
namespace {

constexpr size_t kMaxRunbookBytes = 1024;
// The groups of server/core/grouping.h, and what is counted past their bounds.
constexpr std::string_view kOwnNames[] = {"hold", "catch_up", "many_causes", "call_dropped",
                                          "other"};
constexpr std::string_view kBuiltInActions[] = {"alert", "freeze", "trip"};

void CheckRange(const Validation& v, const std::string& path, bool given,
                const google::protobuf::Duration& message, absl::Duration least,
                absl::Duration most) {
  if (!given) return;
  const absl::Duration duration = ToDuration(message);
  if (duration >= least && duration <= most) return;
  v.AtValue(path, absl::StrCat("must be ", DurationText(least), " to ", DurationText(most)));
}

void CheckEntryName(const Validation& v, const std::string& path, const std::string& name) {
  if (IsEntryName(name)) return;
  v.AtKey(path, absl::StrCat("'", name,
                             "' is no name for an entry: use lower_snake_case, at most 64 bytes, "
                             "beginning with a letter"));
}

// Each name must be one that violations can have, once in the list.
template <typename Names>
void CheckViolationNames(const Validation& v, const std::string& path, const Names& names,
                         const std::vector<std::string>& known) {
  std::vector<std::string> seen;
  for (int i = 0; i < names.size(); ++i) {
    const std::string place = absl::StrCat(path, "[", i, "]");
    if (std::count(known.begin(), known.end(), names[i]) == 0) {
      v.AtValue(place, NoSuch("violation", names[i], known));
    } else if (std::count(seen.begin(), seen.end(), names[i]) > 0) {
      v.AtValue(place, absl::StrCat("'", names[i], "' stands there twice"));
    }
    seen.push_back(names[i]);
  }
}

// Groups that aren't of one name have names of their own.
void ValidateNames(const Validation& v) {
  for (const std::string& name : DeclaredViolations(v.document)) {
    if (std::count(std::begin(kOwnNames), std::end(kOwnNames), name) == 0) continue;
    for (const char* section :
         {"invariants", "rules", "facts", "matches", "chains", "transitions", "guards"}) {
      const std::string path = absl::StrCat(section, ".", name);
      if (v.places.Has(path)) {
        v.AtKey(path, absl::StrCat("'", name, "' is what the gate itself calls a group of alerts"));
      }
    }
  }
}

void ValidateHolds(const Validation& v) {
  const v1::Holds& holds = v.document.holds();
  CheckRange(v, "holds.approval_lasts", holds.has_approval_lasts(), holds.approval_lasts(),
             absl::Seconds(1), absl::Hours(1));
  CheckRange(v, "holds.expire_after", holds.has_expire_after(), holds.expire_after(),
             absl::Minutes(1), absl::Hours(24 * 30));
}

void ValidateTargets(const Validation& v, const std::string& path, const v1::RiskClass& risk) {
  const absl::Duration most = absl::Hours(24 * 30);
  CheckRange(v, path + ".found", risk.has_found(), risk.found(), absl::Seconds(1), most);
  CheckRange(v, path + ".answered", risk.has_answered(), risk.answered(), absl::Seconds(1), most);
  CheckRange(v, path + ".contained", risk.has_contained(), risk.contained(), absl::Seconds(1),
             most);
  if (risk.has_answered() && risk.has_contained() &&
      ToDuration(risk.contained()) < ToDuration(risk.answered())) {
    v.AtValue(path + ".contained",
              "must not be less than `answered`: first somebody answers, then it is contained");
  }
  if (risk.runbook().size() > kMaxRunbookBytes) {
    v.AtValue(path + ".runbook", absl::StrCat("at most ", kMaxRunbookBytes, " bytes are accepted"));
  }
}

void ValidateSeverities(const Validation& v, const std::string& path, const v1::RiskClass& risk,
                        const std::string& name, std::map<int, std::string>& owners) {
  for (int i = 0; i < risk.severities_size(); ++i) {
    const auto [owner, is_new] = owners.emplace(risk.severities(i), name);
    if (is_new) continue;
    v.AtValue(absl::StrCat(path, ".severities[", i, "]"),
              owner->second == name ? "this severity stands there twice"
                                    : absl::StrCat("this severity is in the class '", owner->second,
                                                   "' already; a severity has one class"));
  }
}

void ValidateRiskClasses(const Validation& v) {
  std::vector<std::string> known = AllViolationNames(v.document);
  known.insert(known.end(), {"hold", "call_dropped"});
  const std::map<std::string, v1::RiskClass> sorted(v.document.risk_classes().begin(),
                                                    v.document.risk_classes().end());
  std::map<std::string, std::string> owners;
  std::map<int, std::string> severity_owners;
  for (const auto& [name, risk] : sorted) {
    const std::string path = absl::StrCat("risk_classes.", name);
    CheckEntryName(v, path, name);
    CheckViolationNames(v, path + ".violations", risk.violations(), known);
    ValidateSeverities(v, path, risk, name, severity_owners);
    ValidateTargets(v, path, risk);
    if (risk.violations_size() == 0 && risk.severities_size() == 0) {
      v.AtKey(path, "at least one violation or severity is needed");
    }
    for (int i = 0; i < risk.violations_size(); ++i) {
      const auto [owner, is_new] = owners.emplace(risk.violations(i), name);
      if (is_new || owner->second == name) continue;
      v.AtValue(absl::StrCat(path, ".violations[", i, "]"),
                absl::StrCat("'", risk.violations(i), "' is in the class '", owner->second,
                             "' already; a violation has one class"));
    }
  }
}

void ValidateTrip(const Validation& v, const std::string& path, const std::string& trip) {
  const size_t slash = trip.find('/');
  const std::string checkpoint = trip.substr(0, slash);
  if (v.document.checkpoints().count(checkpoint) == 0 && !v.places.IsDamaged("checkpoints")) {
    v.AtValue(path, NoSuch("checkpoint", checkpoint, NamesOf(v.document.checkpoints())));
  }
  if (slash != std::string::npos && !IsEntryName(trip.substr(slash + 1))) {
    v.AtValue(path,
              "after the checkpoint stands account, order, currency or an attribute's name: "
              "refund/account",
              slash + 1);
  }
}

void ValidateAction(const Validation& v, const std::string& path, const v1::Action& action) {
  const int ways = (action.freeze().empty() ? 0 : 1) + (action.trip().empty() ? 0 : 1) +
                   (action.call().empty() ? 0 : 1);
  if (ways != 1) v.AtKey(path, "an action does exactly one of freeze, trip and call");
  if (!action.freeze().empty() && !IsEntryName(action.freeze())) {
    v.AtValue(path + ".freeze", "is account, order, currency or an attribute's name");
  }
  if (!action.trip().empty()) ValidateTrip(v, path + ".trip", action.trip());
  if (!action.call().empty() && !IsEntryName(action.call())) {
    v.AtValue(path + ".call",
              "is the name of an endpoint in the gate's settings: lower_snake_case, at most 64 "
              "bytes");
  }
  if (action.mode() == v1::VERDICT_ALLOW) v.AtValue(path + ".mode", "must be HOLD or BLOCK");
  CheckRange(v, path + ".lasts", action.has_lasts(), action.lasts(), absl::Seconds(1),
             absl::Hours(24 * 30));
  if (action.call().empty()) return;
  for (const char* field : {".mode", ".lasts"}) {
    if (v.places.Has(path + field)) {
      v.AtKey(path + field, "has a meaning only for freeze and trip");
    }
  }
}

bool IsBuiltIn(const std::string& action) {
  return std::count(std::begin(kBuiltInActions), std::end(kBuiltInActions), action) > 0;
}

// Rules name actions of the policy, or what the machine does itself.
void ValidateRuleActions(const Validation& v, std::set<std::string>& named) {
  for (const auto& [name, rule] : v.document.rules()) {
    const std::string& action = rule.then().action();
    if (action.empty() || IsBuiltIn(action) || !IsEntryName(action)) continue;
    named.insert(action);
    if (v.document.actions().count(action) > 0 || v.places.IsDamaged("actions")) continue;
    std::vector<std::string> known = NamesOf(v.document.actions());
    known.insert(known.end(), std::begin(kBuiltInActions), std::end(kBuiltInActions));
    v.AtValue(absl::StrCat("rules.", name, ".then.action"),
              NoSuch("action", action, known, "; declare it under `actions`"));
  }
}

void ValidateActions(const Validation& v) {
  std::set<std::string> named_by_rules;
  ValidateRuleActions(v, named_by_rules);
  const std::vector<std::string> known = AllViolationNames(v.document);
  for (const auto& [name, action] : v.document.actions()) {
    const std::string path = absl::StrCat("actions.", name);
    CheckEntryName(v, path, name);
    if (IsBuiltIn(name))
      v.AtKey(path, "rules call what the gate does itself so; name it otherwise");
    CheckViolationNames(v, path + ".on", action.on(), known);
    if (action.on_size() == 0 && named_by_rules.count(name) == 0) {
      v.AtKey(path, "nothing leads to it: no rule names it, and `on` has no violations");
    }
    ValidateAction(v, path, action);
  }
}

}  // namespace

void ValidateResponses(const Validation& v) {
  ValidateNames(v);
  ValidateHolds(v);
  ValidateRiskClasses(v);
  ValidateActions(v);
}

}  // namespace fundgate::policy
