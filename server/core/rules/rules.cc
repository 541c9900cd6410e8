#include "server/core/rules/rules.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "fundgate/types/text.h"
#include "server/core/breaker_scope.h"
#include "server/core/breakers.h"
#include "server/core/rules/check_activation.h"
#include "server/expression/issue.h"

namespace fundgate::core {
namespace {

// The value that decides whether a check is in a rule's share; empty if it has none.
std::string ShareKey(const Rollout& rollout, const CheckInput& check) {
  switch (rollout.by) {
    case Rollout::By::kAccount:
      return check.account.value();
    case Rollout::By::kOrder:
      return check.lines.front().order.value();
    case Rollout::By::kKey:
      return check.key.key.value();
    case Rollout::By::kAttribute: {
      const auto found = check.attributes.find(rollout.attribute);
      return found == check.attributes.end() ? std::string() : ToString(found->second);
    }
  }
  return {};
}

bool Counts(const RuleDefinition& rule, const CheckInput& check) {
  if (!rule.enforced) return false;
  return rule.rollout.percent >= 100 ||
         IsInShare(rule.name, ShareKey(rule.rollout, check), rule.rollout.percent);
}

// "the result does not fit in 64 bits, at 1:14 of the rule"
std::string ErrorSentence(const RuleDefinition& rule, const expression::Value& error) {
  const expression::Location place = expression::Locate(rule.when.source(), error.error_offset());
  return absl::StrCat(ToAbsl(error.error_text()), " (at ", place.line, ":", place.column,
                      " of the rule)");
}

Reason ReasonOf(const RuleDefinition& rule, const CheckActivation& facts) {
  return {ReasonCode::kRule, rule.name, absl::StrCat("rule ", rule.name, ": ", rule.when.source()),
          rule.then, facts.Explain(rule.when)};
}

Reason ErrorReason(const RuleDefinition& rule, const CheckpointDefinition& checkpoint,
                   const std::string& error) {
  return {ReasonCode::kLimit,
          rule.name,
          absl::StrCat("rule ", rule.name, " could not be judged: ", error),
          rule.on_error.value_or(checkpoint.when_error),
          {}};
}

absl::Time Floor(absl::Time time, absl::Duration unit) {
  return absl::UnixEpoch() + absl::Floor(time - absl::UnixEpoch(), unit);
}

// False if the rule has had its share of this minute.
bool MayAlert(RuleStatistics& statistics, const RuleDefinition& rule, absl::Time now) {
  const absl::Time minute = Floor(now, absl::Minutes(1));
  if (statistics.minute != minute) {
    statistics.minute = minute;
    statistics.violations_of_minute = 0;
  }
  if (rule.alerts_per_minute > 0 && statistics.violations_of_minute >= rule.alerts_per_minute) {
    ++statistics.suppressed;
    return false;
  }
  ++statistics.violations_of_minute;
  return true;
}

// Carries out an action that is the machine's own.
void Act(Draft& draft, const CheckInput& check, const RuleDefinition& rule,
         const std::string& because) {
  const bool trips = rule.action == kTripAction;
  if (!trips && rule.action != kFreezeAction) return;
  const BreakerScope scope{trips ? check.key.kind.value() : std::string(kEverything), "account",
                           check.account.value()};
  OpenAutomatically(draft, scope.ToString(), trips ? BreakerOrigin::kTrip : BreakerOrigin::kFreeze,
                    because);
}

void Violate(Draft& draft, const CheckInput& check, const RuleDefinition& rule,
             const Reason& reason) {
  Violation violation;
  violation.kind = ViolationKind::kRule;
  violation.name = rule.name;
  violation.key = check.key;
  violation.account = check.account;
  violation.order = check.lines.front().order;
  violation.amount = check.amount;
  violation.message = reason.message;
  violation.fields = {{"severity", std::string(ToString(*rule.violation))},
                      {"action", rule.action}};
  violation.fields.insert(violation.fields.end(), reason.fields.begin(), reason.fields.end());
  draft.AddViolation(std::move(violation));
}

}  // namespace

std::vector<RuleFinding> AskRules(Draft& draft, const CheckInput& check,
                                  const CheckpointDefinition& checkpoint, Findings& findings) {
  std::vector<RuleFinding> found;
  const CheckActivation facts(draft, check);
  for (const size_t index : checkpoint.rules) {
    const RuleDefinition& rule = draft.policy().rules[index];
    const expression::Value hit = rule.when.Evaluate(facts);
    if (hit.is_false()) continue;
    RuleFinding finding{index, Counts(rule, check), {}, {}};
    if (hit.is_true()) {
      finding.reason = ReasonOf(rule, facts);
    } else {
      finding.error = ErrorSentence(rule, hit);
      finding.reason = ErrorReason(rule, checkpoint, finding.error);
    }
    if (finding.counts) findings.Add(finding.reason);
    found.push_back(std::move(finding));
  }
  return found;
}

std::vector<Reason> ShadowReasons(const std::vector<RuleFinding>& found) {
  std::vector<Reason> reasons;
  for (const RuleFinding& finding : found) {
    if (!finding.counts) reasons.push_back(finding.reason);
  }
  std::stable_sort(reasons.begin(), reasons.end(), [](const Reason& a, const Reason& b) {
    return a.verdict != b.verdict ? a.verdict > b.verdict : a.code < b.code;
  });
  return reasons;
}

void NoteRules(Draft& draft, const CheckInput& check, const std::vector<RuleFinding>& found) {
  for (const RuleFinding& finding : found) {
    const RuleDefinition& rule = draft.policy().rules[finding.rule];
    RuleStatistics& statistics = draft.Mutable<RulesSeen>(rule.name);
    if (!finding.error.empty()) {
      ++statistics.errors;
      statistics.last_error = draft.now();
      statistics.error = finding.error;
      continue;
    }
    ++(finding.counts ? statistics.hits : statistics.shadow_hits);
    statistics.last_hit = draft.now();
    const absl::Time day = Floor(draft.now(), absl::Hours(24));
    if (statistics.day != day) statistics.hits_of_day = 0;
    statistics.day = day;
    ++statistics.hits_of_day;
    if (!rule.violation.has_value() || !finding.counts) continue;
    Act(draft, check, rule, finding.reason.message);
    if (MayAlert(statistics, rule, draft.now())) Violate(draft, check, rule, finding.reason);
  }
}

}  // namespace fundgate::core
