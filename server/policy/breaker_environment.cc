#include "server/policy/breaker_environment.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "fundgate/types/text.h"
#include "server/policy/money_functions.h"
#include "server/policy/scalars.h"
#include "server/policy/validate_parts.h"

namespace fundgate::policy {
namespace {

using core::TripFact;
using expression::Type;

constexpr std::string_view kEverything = "*";

}  // namespace

std::optional<ScopeTemplate> ParseScopeTemplate(std::string_view text) {
  ScopeTemplate scope;
  const size_t slash = text.find('/');
  scope.checkpoint = std::string(text.substr(0, slash));
  if (scope.checkpoint != kEverything && !IsEntryName(scope.checkpoint)) return std::nullopt;
  if (slash == std::string_view::npos) return scope;
  const std::string_view rest = text.substr(slash + 1);
  const size_t colon = rest.find(':');
  scope.field = std::string(rest.substr(0, colon));
  if (!IsEntryName(scope.field)) return std::nullopt;
  if (colon == std::string_view::npos) return scope;
  const std::string_view value = rest.substr(colon + 1);
  const bool names_field = value == "{" + scope.field + "}" || value == "{" + scope.field + "_id}";
  return names_field ? std::optional(scope) : std::nullopt;
}

bool TakesTwoPeople(const v1::Document& document, const ScopeTemplate& scope) {
  const auto& named = document.breakers().two_person();
  return std::any_of(named.begin(), named.end(), [&scope](const std::string& text) {
    const std::optional<ScopeTemplate> one = ParseScopeTemplate(text);
    return one.has_value() && one->checkpoint == scope.checkpoint && one->field == scope.field;
  });
}

std::string NameOf(const v1::AutoBreaker& breaker) {
  if (!breaker.name().empty()) return breaker.name();
  const ScopeTemplate scope = ParseScopeTemplate(breaker.scope()).value_or(ScopeTemplate{});
  const std::string checkpoint = scope.checkpoint == kEverything ? "everything" : scope.checkpoint;
  return scope.field.empty() ? checkpoint : absl::StrCat(checkpoint, "_by_", scope.field);
}

BreakerEnvironment::BreakerEnvironment(const v1::Document& document) : document_(document) {
  (void)AddMoney(environment_);
  using enum TripFact::Measure;
  AddMeasure("violations", kViolations, true, Type::Int(), false);
  AddMeasure("violated_amount", kViolatedAmount, true, MoneyType(), true);
  AddMeasure("answers", kAnswers, false, Type::Int(), false);
  AddMeasure("refused", kRefused, false, Type::Int(), false);
  AddMeasure("refused_share", kRefusedShare, false, RateType(), false);
  AddMeasure("at_risk", kAtRisk, false, MoneyType(), true);
  AddSources();
}

absl::StatusOr<size_t> BreakerEnvironment::SpanOf(const char* name, bool of_violations,
                                                  Arguments arguments) {
  const absl::StatusOr<absl::Duration> length = ParseDuration(arguments[0].text.value_or(""));
  if (!length.ok() || *length < absl::Seconds(1) || *length > kTripSpanMax ||
      *length % absl::Seconds(1) != absl::ZeroDuration()) {
    return absl::InvalidArgumentError(absl::StrCat("a span is a text of whole seconds up to ",
                                                   DurationText(kTripSpanMax), ": ", name,
                                                   "('10m')"));
  }
  const Span span{of_violations, *length};
  const auto found = std::find(spans_.begin(), spans_.end(), span);
  const auto index = static_cast<size_t>(found - spans_.begin());
  if (found == spans_.end()) spans_.push_back(span);
  return index;
}

void BreakerEnvironment::AddMeasure(const char* name, TripFact::Measure measure, bool of_violations,
                                    const Type& type, bool of_money) {
  const size_t count = of_money ? 2 : 1;
  (void)environment_.AddAccessor(
      {name, count, count,
       [this, name, measure, of_violations, type, of_money](
           const std::string& call, Arguments arguments) -> absl::StatusOr<Type> {
         TripFact fact;
         fact.path = call;
         fact.measure = measure;
         FUNDGATE_ASSIGN_OR_RETURN(fact.window, SpanOf(name, of_violations, arguments));
         if (of_money) {
           const auto currency = Currency::FromCode(arguments[1].text.value_or(""));
           if (!currency.ok()) {
             return absl::InvalidArgumentError(
                 absl::StrCat("money is summed up in one currency, named by its code: ", name,
                              "('10m', 'CNY')"));
           }
           fact.currency = *currency;
         }
         facts_[call] = fact;
         return type;
       }});
}

void BreakerEnvironment::AddSources() {
  (void)environment_.AddRecord({"source_state", {{"lag", Type::Duration()}}, false});
  (void)environment_.AddAccessor(
      {"source", 1, 1,
       [this](const std::string& call, Arguments arguments) -> absl::StatusOr<Type> {
         const std::string name = arguments[0].text.value_or("");
         if (document_.sources().count(name) == 0) {
           return absl::NotFoundError(NoSuch("source", name, NamesOf(document_.sources())));
         }
         TripFact fact;
         fact.path = call + ".lag";
         fact.measure = TripFact::Measure::kLag;
         fact.source = SourceName(name);
         facts_[fact.path] = fact;
         return Type::Record("source_state");
       }});
}

std::vector<TripFact> BreakerEnvironment::Facts() const {
  std::vector<TripFact> facts;
  for (const expression::Slot& slot : environment_.slots()) {
    const auto known = facts_.find(slot.path);
    facts.push_back(known != facts_.end() ? known->second : TripFact{slot.path});
  }
  return facts;
}

}  // namespace fundgate::policy
