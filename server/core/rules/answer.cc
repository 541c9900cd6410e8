#include "server/core/rules/answer.h"

#include "absl/strings/str_cat.h"
#include "fundgate/types/text.h"
#include "server/expression/issue.h"

namespace fundgate::core {
namespace {

// "the result does not fit in 64 bits (at 1:14 of the rule)"
std::string ErrorSentence(const RuleDefinition& rule, const expression::Value& error) {
  const expression::Location place = expression::Locate(rule.when.source(), error.error_offset());
  return absl::StrCat(ToAbsl(error.error_text()), " (at ", place.line, ":", place.column,
                      " of the rule)");
}

absl::Time Floor(absl::Time time, absl::Duration unit) {
  return absl::UnixEpoch() + absl::Floor(time - absl::UnixEpoch(), unit);
}

}  // namespace

RuleAnswer Ask(const RuleDefinition& rule, const RuleActivation& facts) {
  RuleAnswer answer;
  const expression::Value value = rule.when.Evaluate(facts);
  const bool unknown = value.is_error() && value.error_text() == kUnknown;
  if (value.is_false() || unknown) return answer;
  answer.is_true = value.is_true();
  if (answer.is_true) {
    answer.message = absl::StrCat("rule ", rule.name, ": ", rule.when.source());
    answer.fields = facts.Explain(rule.when);
  } else {
    answer.error = ErrorSentence(rule, value);
    answer.message = absl::StrCat("rule ", rule.name, " could not be judged: ", answer.error);
  }
  return answer;
}

bool Counts(const RuleDefinition& rule, std::string_view share_key) {
  return rule.enforced &&
         (rule.rollout.percent >= 100 || IsInShare(rule.name, share_key, rule.rollout.percent));
}

void Note(RuleStatistics& statistics, const RuleAnswer& answer, bool counts, absl::Time now) {
  if (!answer.error.empty()) {
    ++statistics.errors;
    statistics.last_error = now;
    statistics.error = answer.error;
    return;
  }
  ++(counts ? statistics.hits : statistics.shadow_hits);
  statistics.last_hit = now;
  const absl::Time day = Floor(now, absl::Hours(24));
  if (statistics.day != day) statistics.hits_of_day = 0;
  statistics.day = day;
  ++statistics.hits_of_day;
}

bool MayRecord(RuleStatistics& statistics, const RuleDefinition& rule, const Responses& responses,
               absl::Time now) {
  if (responses.HasAction(rule.name)) return true;
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

void Describe(const RuleDefinition& rule, const RuleAnswer& answer, Violation& violation) {
  violation.kind = ViolationKind::kRule;
  violation.name = rule.name;
  violation.message = answer.message;
  violation.fields = {{"severity", std::string(ToString(*rule.violation))},
                      {"action", rule.action}};
  violation.fields.insert(violation.fields.end(), answer.fields.begin(), answer.fields.end());
}

OnEvent ReactionOf(const RuleDefinition& rule) {
  if (rule.action == kFreezeAction) return OnEvent::kFreeze;
  return rule.action == kTripAction ? OnEvent::kTrip : OnEvent::kAlert;
}

}  // namespace fundgate::core
