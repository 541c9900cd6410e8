#include "server/policy/compile_breakers.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/core/breaker_scope.h"
#include "server/policy/breaker_environment.h"
#include "server/policy/fnv1a.h"
#include "server/policy/scalars.h"
#include "server/policy/validate_parts.h"

namespace fundgate::policy {
namespace {

constexpr int64_t kGrowthDefault = 2;

core::Verdict ToVerdict(v1::BreakerMode mode) {
  switch (mode) {
    case v1::BREAKER_MODE_BLOCK:
      return core::Verdict::kBlock;
    case v1::BREAKER_MODE_WATCH:
      return core::Verdict::kAllow;
    default:
      return core::Verdict::kHold;
  }
}

core::Verdict ToVerdict(v1::Verdict verdict, core::Verdict fallback) {
  switch (verdict) {
    case v1::VERDICT_ALLOW:
      return core::Verdict::kAllow;
    case v1::VERDICT_HOLD:
      return core::Verdict::kHold;
    case v1::VERDICT_BLOCK:
      return core::Verdict::kBlock;
    default:
      return fallback;
  }
}

Money ToMoney(const ::fundgate::v1::Money& money) {
  return {Currency::FromCode(money.currency_code()).value_or(Currency()), money.minor_units()};
}

core::Budget ToBudget(const v1::Budget& budget) {
  return {budget.calls(), ToMoney(budget.amount())};
}

// At most the usual number of buckets, of whole seconds.
absl::Duration ResolutionOf(absl::Duration span) {
  const int64_t seconds = absl::ToInt64Seconds(span);
  int64_t parts = std::min(core::kWindowBucketsDefault, seconds);
  while (seconds % parts != 0) --parts;
  return absl::Seconds(seconds / parts);
}

core::TripWindow ToWindow(const std::string& name, const ScopeTemplate& scope,
                          const BreakerEnvironment::Span& span) {
  core::TripWindow counted;
  counted.of_violations = span.of_violations;
  const char* const what = span.of_violations ? "violations" : "answers";
  core::WindowDefinition& window = counted.window;
  // No window of a policy has a blank in its name.
  window.name =
      core::WindowName(absl::StrCat("breaker ", name, " ", what, " ", DurationText(span.length)));
  window.span = span.length;
  window.resolution = ResolutionOf(span.length);
  Fnv1a meaning;
  for (const std::string& text : {name, scope.checkpoint, scope.field, std::string(what)}) {
    meaning.AddText(text);
  }
  window.meaning = meaning.value();
  return counted;
}

core::BreakerRule ToRule(const v1::Document& document, const v1::AutoBreaker& from) {
  BreakerEnvironment environment(document);
  expression::Compiled compiled = environment.Compile(from.trip_when());
  const ScopeTemplate scope = ParseScopeTemplate(from.scope()).value_or(ScopeTemplate{});
  core::BreakerRule rule{.name = NameOf(from),
                         .checkpoint = scope.checkpoint,
                         .field = scope.field,
                         .trip_when = *std::move(compiled.program),
                         .facts = environment.Facts(),
                         .windows = {}};
  for (const BreakerEnvironment::Span& span : environment.spans()) {
    rule.windows.push_back(ToWindow(rule.name, scope, span));
  }
  rule.mode = ToVerdict(from.mode());
  if (!from.has_half_open_after()) return rule;
  rule.half_open_after = ToDuration(from.half_open_after());
  rule.half_open_budget = ToBudget(from.half_open_budget());
  rule.growth = from.growth() > 0 ? from.growth() : kGrowthDefault;
  if (from.has_longest_wait()) rule.longest_wait = ToDuration(from.longest_wait());
  rule.success_calls =
      from.success_calls() > 0 ? from.success_calls() : rule.half_open_budget.calls;
  if (from.has_quiet()) rule.quiet = ToDuration(from.quiet());
  if (from.failure_violations() > 0) rule.failure_violations = from.failure_violations();
  return rule;
}

core::PlanDefinition ToPlan(const std::string& name, const v1::Plan& from) {
  core::PlanDefinition plan{name, from.about(), from.owner(), from.runbook()};
  if (from.has_lasts()) plan.lasts = ToDuration(from.lasts());
  for (const v1::Toggle& toggle : from.toggles()) {
    const auto scope = core::BreakerScope::Parse(toggle.scope());
    plan.toggles.push_back(
        {scope.ok() ? scope->ToString() : toggle.scope(), ToVerdict(toggle.mode())});
  }
  std::sort(plan.toggles.begin(), plan.toggles.end(),
            [](const core::Toggle& a, const core::Toggle& b) { return a.scope < b.scope; });
  return plan;
}

}  // namespace

void AddBreakers(const v1::Document& document, core::Policy& policy) {
  for (const v1::AutoBreaker& breaker : document.breakers().auto_()) {
    policy.breaker_rules.push_back(ToRule(document, breaker));
  }
  std::sort(policy.breaker_rules.begin(), policy.breaker_rules.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  for (const std::string& text : document.breakers().two_person()) {
    const ScopeTemplate scope = ParseScopeTemplate(text).value_or(ScopeTemplate{});
    policy.two_person.push_back(
        core::KindOfScope(core::BreakerScope{scope.checkpoint, scope.field, ""}));
  }
  std::sort(policy.two_person.begin(), policy.two_person.end());
  for (const std::string& name : NamesOf(document.plans())) {
    policy.plans.push_back(ToPlan(name, document.plans().at(name)));
  }
}

void AddDegradation(const v1::Checkpoint& from, core::CheckpointDefinition& to) {
  to.when_overloaded = ToVerdict(from.when_overloaded(), to.when_overloaded);
  to.when_unreachable = ToVerdict(from.when_unreachable(), to.when_unreachable);
  for (const v1::AmountRow& row : from.by_amount()) {
    to.by_amount.push_back({ToMoney(row.up_to()),
                            {ToVerdict(row.when_stale(), to.when_stale),
                             ToVerdict(row.when_unproven(), to.when_unproven),
                             ToVerdict(row.when_error(), to.when_error),
                             ToVerdict(row.when_overloaded(), to.when_overloaded),
                             ToVerdict(row.when_unreachable(), to.when_unreachable)}});
  }
  if (from.has_blind_budget()) to.blind_budget = ToBudget(from.blind_budget());
  if (!from.has_lease()) return;
  core::LeaseTerms& lease = to.lease.emplace();
  lease.budget = ToBudget(from.lease().budget());
  if (from.lease().has_valid_for()) lease.valid_for = ToDuration(from.lease().valid_for());
  if (from.lease().has_report_within()) {
    lease.report_within = ToDuration(from.lease().report_within());
  }
}

}  // namespace fundgate::policy
