#include "server/core/automatic_breakers.h"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/core/actions.h"
#include "server/core/breakers.h"
#include "server/core/event_fields.h"
#include "server/core/freshness.h"
#include "server/core/money_value.h"
#include "server/core/rate.h"
#include "server/core/suspects.h"
#include "server/core/windows/windows.h"
#include "server/expression/program.h"

namespace fundgate::core {
namespace {

using expression::ErrorCode;
using expression::Value;

WindowId IdOf(const TripWindow& counted, const std::string& scope) {
  return {AccountId(), counted.window.name, scope};
}

// What the rule has counted at one scope.
class Counts final : public expression::Activation {
 public:
  Counts(Draft& draft, const BreakerRule& rule, const std::string& scope)
      : draft_(draft), rule_(rule), scope_(scope) {}

  Value Fetch(uint32_t slot) const override {
    if (slot >= rule_.facts.size()) return Value::Absent();
    const TripFact& fact = rule_.facts[slot];
    if (fact.measure == TripFact::Measure::kLag) return LagOf(fact.source);
    const WindowTotals totals = TotalsFor(fact);
    switch (fact.measure) {
      case TripFact::Measure::kViolations:
      case TripFact::Measure::kAnswers:
        return Value::Int(totals.count);
      case TripFact::Measure::kRefused:
        return Value::Int(totals.successes);
      case TripFact::Measure::kViolatedAmount:
      case TripFact::Measure::kAtRisk:
        return ToValue(Money{fact.currency, totals.sum});
      case TripFact::Measure::kRefusedShare:
        if (totals.count == 0) return Value::Error(ErrorCode::kHost, "nothing was answered yet");
        return ToValue(ShareOf(totals.successes, totals.count));
      case TripFact::Measure::kLag:
        break;
    }
    return Value::Absent();
  }

  // "violations('10m') is 3, ..."
  std::string Explain() const {
    std::string text;
    for (const uint32_t slot : rule_.trip_when.slots_used()) {
      absl::StrAppend(&text, text.empty() ? "" : ", ", rule_.facts[slot].path, " is ",
                      TextOf(Fetch(slot)));
    }
    return text;
  }

 private:
  Value LagOf(const SourceName& source) const {
    const absl::Time proven = draft_.ReadSource(source).proven_past;
    if (proven == absl::InfinitePast()) {
      return Value::Duration(std::numeric_limits<int64_t>::max());
    }
    return Value::Duration(absl::ToInt64Nanoseconds(draft_.now() - proven));
  }

  WindowTotals TotalsFor(const TripFact& fact) const {
    const TripWindow& counted = rule_.windows[fact.window];
    const Window* window = draft_.Find<Windows>(IdOf(counted, scope_));
    if (window == nullptr) return {};
    return TotalsOf(*window, counted.window, draft_.now(), fact.currency);
  }

  Draft& draft_;
  const BreakerRule& rule_;
  const std::string& scope_;
};

absl::Duration WaitOf(const BreakerRule& rule, uint32_t trips) {
  absl::Duration wait = *rule.half_open_after;
  for (uint32_t i = 1; i < trips && wait < rule.longest_wait; ++i) wait *= rule.growth;
  return std::min(wait, std::max(rule.longest_wait, *rule.half_open_after));
}

// People are told, whatever it was that tripped it.
void RaiseTripped(Draft& draft, const BreakerRule& rule, const Breaker& breaker) {
  Violation violation;
  violation.kind = ViolationKind::kBreakerTripped;
  violation.name = std::string(ToString(violation.kind));
  const absl::StatusOr<BreakerScope> scope = BreakerScope::Parse(breaker.scope);
  if (scope.ok() && scope->field == "account") violation.account = AccountId(scope->value);
  if (scope.ok() && scope->field == "order") violation.order = OrderId(scope->value);
  violation.message = absl::StrCat("breaker ", breaker.scope, " has opened: ", breaker.reason);
  violation.fields = {{"breaker", rule.name}, {"scope", breaker.scope}};
  draft.AddViolation(std::move(violation));
}

// Where only two people loosen, nothing is tried by itself.
bool IsTried(const Draft& draft, const BreakerRule& rule, const std::string& scope) {
  return rule.half_open_after.has_value() && !NeedsTwoPeople(draft, scope);
}

void Open(Draft& draft, const BreakerRule& rule, const std::string& scope, uint32_t trips,
          const std::string& why) {
  Breaker breaker{scope,        BreakerState::kOpen,  rule.mode, std::nullopt,
                  std::nullopt, BreakerOrigin::kTrip, kMachine,  absl::StrCat(rule.name, ": ", why),
                  draft.now(),  std::nullopt};
  breaker.rule = rule.name;
  breaker.trips = trips;
  if (IsTried(draft, rule, scope)) breaker.half_open_at = draft.now() + WaitOf(rule, trips);
  if (OpenOver(draft, breaker)) RaiseTripped(draft, rule, breaker);
}

bool IsTryingOf(const Breaker* breaker, const BreakerRule& rule) {
  return breaker != nullptr && breaker->state == BreakerState::kHalfOpen &&
         breaker->rule == rule.name;
}

// Opens the breaker if its condition is true.
void Judge(Draft& draft, const BreakerRule& rule, const std::string& scope) {
  const Counts counts(draft, rule, scope);
  if (!rule.trip_when.Evaluate(counts).is_true()) return;
  const std::string target = ScopeWithRoom(draft, scope);
  const Breaker* present = FindBreakerBeneath(draft, target);
  const uint32_t trips = IsTryingOf(present, rule) ? present->trips + 1 : 1;
  Open(draft, rule, target, trips, absl::StrCat(rule.trip_when.source(), "; ", counts.Explain()));
}

// What was allowed to try went wrong.
void NoteFailure(Draft& draft, const BreakerRule& rule, const std::string& scope,
                 const Violation& violation) {
  const Breaker* present = FindBreakerBeneath(draft, scope);
  if (!IsTryingOf(present, rule)) return;
  const int64_t failures = present->failures + 1;
  if (failures < rule.failure_violations) {
    MutableBreakerBeneath(draft, scope).failures = failures;
  } else {
    Open(draft, rule, scope, present->trips + 1,
         absl::StrCat("it was tried, and ", violation.name, " ", violation.id, " was found"));
  }
}

std::vector<std::string> ScopesOf(const BreakerRule& rule, const std::vector<std::string>& values) {
  std::vector<std::string> scopes;
  for (const std::string& value : values) {
    scopes.push_back(BreakerScope{rule.checkpoint, rule.field, value}.ToString());
  }
  return scopes;
}

std::vector<std::string> ScopesOf(const BreakerRule& rule, const CheckInput& check) {
  if (rule.checkpoint != kEverything && rule.checkpoint != check.key.kind.value()) return {};
  if (rule.field.empty()) return {rule.checkpoint};
  return ScopesOf(rule, ValuesOf(check, rule.field));
}

// The checkpoints that a violation concerns: of its movement, or those that can worsen an
// invariant.
std::set<std::string> CheckpointsOf(const Policy& policy, const Violation& violation) {
  if (!violation.key.kind.empty()) return {violation.key.kind.value()};
  const InvariantDefinition* invariant =
      violation.kind == ViolationKind::kInvariant ? FindInvariant(policy, violation.name) : nullptr;
  return invariant == nullptr ? std::set<std::string>() : CheckpointsThatWorsen(policy, *invariant);
}

std::vector<std::string> ScopesOf(const Policy& policy, const BreakerRule& rule,
                                  const Violation& violation) {
  if (rule.checkpoint != kEverything && !CheckpointsOf(policy, violation).contains(rule.checkpoint))
    return {};
  if (rule.field.empty()) return {rule.checkpoint};
  const std::string value = ValueOf(violation, rule.field);
  return value.empty() ? std::vector<std::string>() : ScopesOf(rule, std::vector{value});
}

// True if there is something to count of that sort.
bool CountInto(Draft& draft, const BreakerRule& rule, bool of_violations, const std::string& scope,
               const Counted& counted) {
  bool is_counted = false;
  for (const TripWindow& window : rule.windows) {
    if (window.of_violations != of_violations) continue;
    Count(draft, window.window, IdOf(window, scope), counted);
    is_counted = true;
  }
  return is_counted;
}

void ForgetCountsOf(Draft& draft, const BreakerRule& rule, const std::string& scope) {
  for (const TripWindow& counted : rule.windows) {
    const WindowId id = IdOf(counted, scope);
    if (draft.Find<Windows>(id) != nullptr) draft.Erase<Windows>(id);
  }
}

// Of all checkpoints that the scope covers.
std::vector<SourceName> SourcesUnder(const Policy& policy, const std::string& checkpoint) {
  std::set<SourceName> sources;
  for (const CheckpointDefinition& definition : policy.checkpoints) {
    if (checkpoint != kEverything && checkpoint != definition.kind.value()) continue;
    sources.insert(definition.sources.begin(), definition.sources.end());
  }
  return {sources.begin(), sources.end()};
}

bool HasGoneWell(Draft& draft, const BreakerRule& rule, const Breaker& breaker) {
  if (!breaker.proving_since.has_value()) return false;
  const absl::Time until = *breaker.proving_since + rule.quiet;
  return draft.now() >= until &&
         NotProvenPast(draft, SourcesUnder(draft.policy(), rule.checkpoint), until).empty();
}

void HalfOpenByItself(Draft& draft, const BreakerRule& rule, const std::string& scope) {
  ForgetCountsOf(draft, rule, scope);  // what opened it does not count against the trial
  Breaker& breaker = MutableBreakerInForce(draft, scope);
  breaker.state = BreakerState::kHalfOpen;
  breaker.budget = breaker.left = rule.half_open_budget;
  breaker.half_open_at.reset();
  breaker.changed_at = draft.now();
  breaker.reason =
      absl::StrCat(rule.name, ": tried after ", absl::FormatDuration(WaitOf(rule, breaker.trips)));
  breaker.wanted.reset();
}

void Tend(Draft& draft, const BreakerRule* rule, const Breaker& breaker) {
  const std::string scope = breaker.scope;
  if (breaker.state == BreakerState::kOpen && breaker.half_open_at.has_value() &&
      *breaker.half_open_at <= draft.now()) {
    if (rule != nullptr && IsTried(draft, *rule, scope)) {
      HalfOpenByItself(draft, *rule, scope);
    } else {  // a newer policy leaves it to people
      MutableBreakerInForce(draft, scope).half_open_at.reset();
    }
  } else if (breaker.state == BreakerState::kHalfOpen && rule != nullptr &&
             HasGoneWell(draft, *rule, breaker) && !NeedsTwoPeople(draft, scope)) {
    ForgetCountsOf(draft, *rule, scope);
    Breaker& closed = MutableBreakerInForce(draft, scope);
    closed.state = BreakerState::kClosed;
    closed.changed_at = draft.now();
    closed.reason = absl::StrCat(rule->name, ": tried, and it went well");
  }
}

}  // namespace

void CountAnswer(Draft& draft, const CheckInput& check, const Decision& decision) {
  if (draft.policy().breaker_rules.empty() || decision.verdict == Verdict::kHold) return;
  const KeyRecord* record = draft.FindKey(check.key);
  const bool is_first = record == nullptr || (record->state != KeyState::kAllowed &&
                                              record->state != KeyState::kBlocked);
  if (!is_first) return;
  const bool by_breaker =
      std::any_of(decision.reasons.begin(), decision.reasons.end(), [](const Reason& reason) {
        return reason.code == ReasonCode::kBreaker && reason.verdict == Verdict::kBlock;
      });
  if (by_breaker) return;
  const bool is_allowed = decision.verdict == Verdict::kAllow;
  Counted counted;
  counted.amount = Money{check.amount.currency, is_allowed ? check.amount.minor_units : 0};
  counted.success = !is_allowed;
  for (const BreakerRule& rule : draft.policy().breaker_rules) {
    for (const std::string& scope : ScopesOf(rule, check)) {
      if (CountInto(draft, rule, false, scope, counted)) Judge(draft, rule, scope);
    }
  }
}

void CountViolations(Draft& draft) {
  const std::vector<std::string> found = draft.found_violations();
  if (found.empty()) return;  // so there is a policy
  const Policy& policy = draft.policy();
  for (const std::string& id : found) {
    const Violation violation = *draft.Find<Violations>(id);
    if (violation.history || violation.kind == ViolationKind::kBreakerTripped) continue;
    for (const BreakerRule& rule : policy.breaker_rules) {
      for (const std::string& scope : ScopesOf(policy, rule, violation)) {
        NoteFailure(draft, rule, scope, violation);
        const Counted counted{violation.amount, {}, false};
        if (CountInto(draft, rule, true, scope, counted)) Judge(draft, rule, scope);
      }
    }
  }
}

void TendBreakers(Draft& draft) {
  for (const auto& [scope, before] : draft.before().of<Breakers>()) {
    if (before.rule.empty()) continue;
    const Breaker* present = FindBreakerInForce(draft, scope);
    if (present == nullptr || present->rule.empty()) continue;
    Tend(draft, draft.policy().FindBreakerRule(present->rule), Breaker(*present));
  }
  for (const BreakerRule& rule : draft.policy().breaker_rules) {
    if (rule.field.empty() && rule.ReadsSources()) Judge(draft, rule, rule.checkpoint);
  }
}

void ForgetCounts(Draft& draft, const BreakerScope& scope) {
  if (draft.before().policy == nullptr) return;
  for (const BreakerRule& rule : draft.policy().breaker_rules) {
    if (rule.checkpoint == scope.checkpoint && rule.field == scope.field) {
      ForgetCountsOf(draft, rule, scope.ToString());
    }
  }
}

const WindowDefinition* FindTripWindow(const Policy& policy, const WindowName& name) {
  for (const BreakerRule& rule : policy.breaker_rules) {
    for (const TripWindow& counted : rule.windows) {
      if (counted.window.name == name) return &counted.window;
    }
  }
  return nullptr;
}

}  // namespace fundgate::core
