// The sections breakers and plans; see validate_parts.h.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/policy/breaker_environment.h"
#include "server/policy/scalars.h"
#include "server/policy/validate_parts.h"

namespace fundgate::policy {
namespace {

constexpr std::string_view kEverything = "*";
constexpr size_t kTextBytesMax = 1024;
constexpr int64_t kGrowthMax = 10;
constexpr int64_t kFailuresMax = 1000;
constexpr absl::Duration kWeek = absl::Hours(24 * 7);
constexpr absl::Duration kMonth = absl::Hours(24 * 30);

void CheckCheckpoint(const Validation& v, const std::string& path, const std::string& checkpoint) {
  if (checkpoint == kEverything || v.document.checkpoints().count(checkpoint) > 0 ||
      v.places.IsDamaged("checkpoints")) {
    return;
  }
  v.AtValue(path, NoSuch("checkpoint", checkpoint, NamesOf(v.document.checkpoints()),
                         "; a scope begins with one, or with *"));
}

// The scope of every value of a field.
std::optional<ScopeTemplate> CheckTemplate(const Validation& v, const std::string& path,
                                           const std::string& text) {
  if (!v.places.IsRead(path)) return std::nullopt;
  std::optional<ScopeTemplate> scope = ParseScopeTemplate(text);
  if (!scope.has_value()) {
    v.AtValue(path, absl::StrCat("'", text,
                                 "' is no scope here; write *, refund, refund/account or "
                                 "refund/account:{account_id}"));
    return std::nullopt;
  }
  CheckCheckpoint(v, path, scope->checkpoint);
  return scope;
}

void CheckDuration(const Validation& v, const std::string& path, bool given,
                   const google::protobuf::Duration& message, absl::Duration least,
                   absl::Duration most) {
  if (!given) return;
  const absl::Duration value = ToDuration(message);
  if (value >= least && value <= most) return;
  v.AtValue(path, absl::StrCat(DurationText(value), " is out of range; ", DurationText(least),
                               " to ", DurationText(most), " is accepted"));
}

void CheckNumber(const Validation& v, const std::string& path, int64_t number, int64_t most) {
  if (!v.places.Has(path) || !v.places.IsRead(path) || (number >= 1 && number <= most)) return;
  v.AtValue(path, absl::StrCat(number, " is out of range; 1 to ", most, " is accepted"));
}

void CheckTrial(const Validation& v, const std::string& path, const v1::AutoBreaker& breaker) {
  if (!breaker.has_half_open_after()) {
    for (const char* field : {".half_open_budget", ".growth", ".longest_wait", ".success_calls",
                              ".quiet", ".failure_violations"}) {
      if (v.places.Has(path + field)) {
        v.AtKey(path + field, "has a meaning only with half_open_after");
      }
    }
    return;
  }
  CheckDuration(v, path + ".half_open_after", true, breaker.half_open_after(), absl::Seconds(1),
                kWeek);
  if (!breaker.has_half_open_budget()) {
    v.AtKey(path + ".half_open_after",
            "what may pass then needs a bound: add half_open_budget: {calls: 20, amount: CNY "
            "1000.00}");
    return;
  }
  const v1::Budget& budget = breaker.half_open_budget();
  if (budget.calls() < 1 && v.places.IsRead(path + ".half_open_budget.calls")) {
    v.AtValue(path + ".half_open_budget.calls", "a budget has 1 call or more");
  }
  if (!budget.amount().currency_code().empty() && budget.amount().minor_units() <= 0) {
    v.AtValue(path + ".half_open_budget.amount", "a budget's amount is more than 0");
  }
  CheckNumber(v, path + ".growth", breaker.growth(), kGrowthMax);
  CheckDuration(v, path + ".longest_wait", breaker.has_longest_wait(), breaker.longest_wait(),
                absl::Seconds(1), kMonth);
  CheckNumber(v, path + ".success_calls", breaker.success_calls(),
              std::max<int64_t>(budget.calls(), 1));
  CheckDuration(v, path + ".quiet", breaker.has_quiet(), breaker.quiet(), absl::ZeroDuration(),
                kWeek);
  CheckNumber(v, path + ".failure_violations", breaker.failure_violations(), kFailuresMax);
}

void CheckCondition(const Validation& v, const std::string& path, const v1::AutoBreaker& breaker,
                    const ScopeTemplate& scope) {
  if (!v.places.IsRead(path + ".trip_when")) return;
  BreakerEnvironment environment(v.document);
  const expression::Compiled compiled = environment.Compile(breaker.trip_when());
  for (const expression::Issue& issue : compiled.issues) {
    v.AtValue(path + ".trip_when", issue.message, issue.offset);
  }
  if (!compiled.ok()) return;
  const std::vector<core::TripFact> facts = environment.Facts();
  const bool reads_lag = std::any_of(facts.begin(), facts.end(), [](const core::TripFact& fact) {
    return fact.measure == core::TripFact::Measure::kLag;
  });
  if (reads_lag && !scope.field.empty()) {
    v.AtValue(path + ".trip_when",
              "a source lags for everybody: only breakers over *, or over a whole checkpoint, ask "
              "for it");
  }
  if (facts.empty()) {
    v.AtValue(path + ".trip_when", "it reads nothing, so that it never changes");
  }
}

void ValidateAuto(const Validation& v) {
  std::map<std::string, int> names;
  for (int i = 0; i < v.document.breakers().auto__size(); ++i) {
    const v1::AutoBreaker& breaker = v.document.breakers().auto_(i);
    const std::string path = absl::StrCat("breakers.auto[", i, "]");
    if (!breaker.name().empty() && !IsEntryName(breaker.name())) {
      v.AtValue(path + ".name", absl::StrCat("'", breaker.name(),
                                             "' is no name: use lower_snake_case, at most 64 "
                                             "bytes, beginning with a letter"));
    }
    const std::optional<ScopeTemplate> scope = CheckTemplate(v, path + ".scope", breaker.scope());
    CheckTrial(v, path, breaker);
    if (!scope.has_value()) continue;
    if (!names.emplace(NameOf(breaker), i).second) {
      v.AtValue(path, absl::StrCat("another breaker is called ", NameOf(breaker),
                                   " already; give each a name of its own"));
    }
    CheckCondition(v, path, breaker, *scope);
  }
}

void ValidateTwoPerson(const Validation& v) {
  std::set<std::string> seen;
  for (int i = 0; i < v.document.breakers().two_person_size(); ++i) {
    const std::string& text = v.document.breakers().two_person(i);
    const std::string path = absl::StrCat("breakers.two_person[", i, "]");
    if (!CheckTemplate(v, path, text).has_value()) continue;
    if (!seen.insert(text).second) {
      v.AtValue(path, absl::StrCat("'", text, "' stands there twice"));
    }
  }
}

bool IsHex(char c) {
  return absl::ascii_isdigit(static_cast<unsigned char>(c)) || (c >= 'A' && c <= 'F');
}

// Values as breaker_scope.h writes them.
bool IsScopeValue(std::string_view value) {
  for (size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (c == '%') {
      if (i + 2 >= value.size() || !IsHex(value[i + 1]) || !IsHex(value[i + 2])) return false;
      i += 2;
    } else if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '.' &&
               c != '_' && c != '~') {
      return false;
    }
  }
  return !value.empty();
}

void CheckToggleScope(const Validation& v, const std::string& path, const std::string& scope) {
  if (!v.places.IsRead(path)) return;
  const size_t slash = scope.find('/');
  CheckCheckpoint(v, path, scope.substr(0, slash));
  if (slash == std::string::npos) return;
  const size_t colon = scope.find(':', slash);
  if (colon == std::string::npos || !IsEntryName(scope.substr(slash + 1, colon - slash - 1)) ||
      !IsScopeValue(std::string_view(scope).substr(colon + 1))) {
    v.AtValue(path,
              "after the checkpoint stands a field with its value, escaped as in URLs: "
              "refund/channel:app",
              slash + 1);
  }
}

void ValidatePlan(const Validation& v, const std::string& path, const v1::Plan& plan) {
  for (const auto& [field, text] :
       {std::pair(".about", &plan.about()), std::pair(".owner", &plan.owner()),
        std::pair(".runbook", &plan.runbook())}) {
    if (text->size() > kTextBytesMax) {
      v.AtValue(path + field, absl::StrCat("at most ", kTextBytesMax, " bytes are accepted"));
    }
  }
  CheckDuration(v, path + ".lasts", plan.has_lasts(), plan.lasts(), absl::Seconds(1), kMonth);
  if (plan.toggles().empty() && v.places.IsRead(path + ".toggles") &&
      v.places.Has(path + ".toggles")) {
    v.AtValue(path + ".toggles", "a plan switches something");
  }
  std::set<std::string> scopes;
  for (int i = 0; i < plan.toggles_size(); ++i) {
    const std::string place = absl::StrCat(path, ".toggles[", i, "]");
    CheckToggleScope(v, place + ".scope", plan.toggles(i).scope());
    if (!scopes.insert(plan.toggles(i).scope()).second) {
      v.AtValue(place + ".scope",
                absl::StrCat("'", plan.toggles(i).scope(), "' stands there twice"));
    }
  }
}

void ValidatePlans(const Validation& v) {
  for (const std::string& name : NamesOf(v.document.plans())) {
    const std::string path = absl::StrCat("plans.", name);
    if (!IsEntryName(name)) {
      v.AtKey(path, absl::StrCat("'", name,
                                 "' is no name for an entry: use lower_snake_case, at most 64 "
                                 "bytes, beginning with a letter"));
    }
    ValidatePlan(v, path, v.document.plans().at(name));
  }
}

}  // namespace

void ValidateBreakers(const Validation& v) {
  ValidateAuto(v);
  ValidateTwoPerson(v);
  ValidatePlans(v);
}

}  // namespace fundgate::policy
