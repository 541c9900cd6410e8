#include "tests/core/automatic_world.h"

#include <string>
#include <utility>

namespace fundgate::core::testing {

BreakerRule Rule(const std::string& name, const std::string& checkpoint, const std::string& field,
                 const Condition& condition, const std::string& comparison) {
  expression::Environment environment;
  (void)environment.AddVariable(condition.name, condition.type);
  expression::Compiled compiled = expression::Compile(
      environment, std::string(condition.name) + comparison, expression::Type::Bool());
  BreakerRule rule{.name = name,
                   .checkpoint = checkpoint,
                   .field = field,
                   .trip_when = *std::move(compiled.program),
                   .facts = {{condition.name, condition.measure, 0, {}, SourceName("ledger")}},
                   .windows = {}};
  const bool of_violations = condition.measure == TripFact::Measure::kViolations ||
                             condition.measure == TripFact::Measure::kViolatedAmount;
  TripWindow counted{of_violations, {}};
  counted.window.name = WindowName("breaker " + name);
  counted.window.span = kSpan;
  counted.window.resolution = absl::Seconds(10);
  rule.windows.push_back(std::move(counted));
  return rule;
}

BreakerRule Refunds() {
  BreakerRule rule = Rule("bad_refunds", "refund", "account", kViolations, " >= 3");
  rule.half_open_after = absl::Minutes(15);
  rule.growth = 2;
  rule.longest_wait = absl::Minutes(50);
  rule.half_open_budget = {2, M("CNY 100.00")};
  rule.success_calls = 2;
  rule.quiet = absl::Minutes(1);
  return rule;
}

Automatic::Automatic(BreakerRule rule, const std::function<void(Policy&)>& adjust)
    : world_([&rule, &adjust](Policy& policy) {
        policy.breaker_rules.push_back(std::move(rule));
        policy.plans.push_back(
            {"hold_m1", "m1 looks wrong", "payments", "", {}, {{kAccount, Verdict::kHold}}});
        if (adjust) adjust(policy);
      }) {
  world_.Insert("payment", 1, {.key = "p1", .amount = "CNY 1000.00"});
  world_.Prove();
}

void Automatic::Ungated(int count, const std::string& account) {
  for (int i = 0; i < count; ++i) {
    const int row = next_row_++;
    world_.Insert("refund", row,
                  {.key = "u" + std::to_string(row),
                   .account = account,
                   .order = account == "m1" ? "o1" : "o-" + account,
                   .amount = "CNY 1.00"});
  }
  world_.Prove();
}

}  // namespace fundgate::core::testing
