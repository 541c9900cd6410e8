#include "tests/model/policy_under_test.h"

#include <cstdlib>
#include <initializer_list>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/core/event_fields.h"
#include "server/core/money_value.h"
#include "server/core/rate.h"
#include "server/core/records.h"
#include "server/core/windows/event_windows.h"
#include "server/expression/program.h"
#include "server/policy/money_functions.h"

namespace fundgate::model {
namespace {

using core::Influence;

constexpr size_t kMerchant = 0;
constexpr size_t kOrder = 1;
constexpr size_t kWallet = 2;

std::vector<SourceName> Names(std::initializer_list<const char*> names) {
  return {names.begin(), names.end()};
}

core::MovementDefinition Movement(const char* kind, std::vector<core::Effect> effects, bool gated,
                                  std::vector<SourceName> sources) {
  core::MovementDefinition movement;
  movement.kind = MovementKind(kind);
  movement.effects = std::move(effects);
  movement.gated = gated;
  movement.sources = std::move(sources);
  return movement;
}

core::CheckpointDefinition Checkpoint(const Terms& terms, const char* kind, size_t movement,
                                      std::vector<SourceName> sources) {
  const CheckpointFacts& chosen = *terms.FindCheckpoint(kind);
  core::CheckpointDefinition checkpoint;
  checkpoint.kind = MovementKind(kind);
  checkpoint.movement = movement;
  checkpoint.max_staleness = chosen.max_staleness;
  checkpoint.valid_for = chosen.valid_for;
  checkpoint.overdue_after = chosen.overdue_after;
  checkpoint.auto_release = chosen.auto_release;
  if (chosen.allows_stale) {
    checkpoint.when_stale = core::Verdict::kAllow;
    checkpoint.blind_budget =
        core::Budget{terms.blind_calls, Money{*Currency::FromCode("CNY"), terms.blind_amount}};
  }
  checkpoint.sources = std::move(sources);
  return checkpoint;
}

core::InvariantDefinition Invariant(const core::BookDefinition& book, size_t place,
                                    const char* name, const char* text,
                                    std::vector<Influence> influence, core::OnEvent on_event,
                                    std::vector<SourceName> cures) {
  expression::Environment environment;
  for (const std::string& counter : book.counters) {
    if (!environment.AddVariable(counter, expression::Type::Int()).ok()) std::abort();
  }
  expression::Compiled compiled = expression::Compile(environment, text, expression::Type::Bool());
  if (!compiled.ok()) {
    std::cerr << "The invariant " << name << " does not compile.\n";
    std::abort();
  }
  return {name,
          place,
          std::move(*compiled.program),
          text,
          std::move(influence),
          core::Verdict::kBlock,
          on_event,
          std::move(cures)};
}

void AddBooksAndMovements(core::Policy& policy) {
  policy.books = {
      {"merchant",
       false,
       {"settled", "cashed_out", "clawed_back"},
       false,
       Names({"bank", "pay_db"})},
      {"order",
       true,
       {"paid", "refunded", "refunded_late", "settled"},
       true,
       Names({"pay_db", "till"})},
      {"wallet", false, {"loaded", "spent"}, false, Names({"till"})},
  };
  policy.movements = {
      Movement("cash_out", {{kMerchant, 1, 1, ""}}, true, Names({"bank"})),
      Movement("chargeback", {{kOrder, 0, -1, ""}}, false, Names({"pay_db"})),
      Movement("goodwill", {{kWallet, 1, 1, ""}}, true, {}),
      Movement("late_refund", {{kOrder, 2, 1, ""}, {kMerchant, 2, 1, ""}}, true, Names({"pay_db"})),
      Movement("payment", {{kOrder, 0, 1, ""}}, false, Names({"pay_db", "till"})),
      Movement("refund", {{kOrder, 1, 1, ""}}, true, Names({"pay_db"})),
      Movement("settlement", {{kOrder, 3, 1, ""}, {kMerchant, 0, 1, "net"}}, true,
               Names({"pay_db"})),
      Movement("top_up", {{kWallet, 0, 1, ""}}, false, Names({"till"})),
  };
  policy.movements[0].identity = {"payee"};
  policy.movements[1].reversible = true;
  policy.movements[6].many_lines = true;
  policy.movements[6].parts = {"fee", "net"};
}

void AddInvariants(const Terms& terms, core::Policy& policy) {
  constexpr Influence kT = Influence::kTightens;
  constexpr Influence kL = Influence::kLoosens;
  constexpr Influence kN = Influence::kNone;
  const std::vector<core::BookDefinition>& books = policy.books;
  policy.invariants.push_back(Invariant(books[kMerchant], kMerchant, "cash_out_within_settled",
                                        "cashed_out + clawed_back <= settled", {kL, kT, kT},
                                        core::OnEvent::kTrip, Names({"bank", "pay_db"})));
  policy.invariants.push_back(Invariant(books[kOrder], kOrder, "escrow_covers",
                                        "refunded + settled <= paid", {kL, kT, kN, kT},
                                        core::OnEvent::kFreeze, Names({"pay_db", "till"})));
  policy.invariants.push_back(Invariant(books[kOrder], kOrder, "refunds_within_paid",
                                        "refunded + refunded_late <= paid", {kL, kT, kT, kN},
                                        core::OnEvent::kFreeze, Names({"pay_db", "till"})));
  policy.invariants.push_back(Invariant(books[kWallet], kWallet, "spent_within_loaded",
                                        "spent <= loaded", {kL, kT}, core::OnEvent::kAlert,
                                        Names({"till"})));
  for (core::InvariantDefinition& invariant : policy.invariants) {
    invariant.otherwise = terms.Otherwise(invariant.name);
    if (!terms.invariants_react) invariant.on_event = core::OnEvent::kAlert;
  }
}

// An expression of so many fen.
std::string Yuan(int64_t fen) {
  return absl::StrFormat("money('CNY %d.%02d')", fen / 100, fen % 100);
}

// What the rules read, by the names that they use.
core::WindowFact Read(size_t window, core::WindowFact::Field field) { return {"", field, window}; }

// A program over variables, each of a movement's field of the same name.
struct EventProgram {
  expression::Environment environment;
  std::vector<core::EventField> fields;

  void Declare(const char* name, const expression::Type& type) {
    if (!environment.AddVariable(name, type).ok()) std::abort();
    fields.push_back(core::MovementField(name));
  }
  expression::Program Compile(const std::string& text) {
    expression::Compiled compiled =
        expression::Compile(environment, text, expression::Type::Bool());
    if (!compiled.ok()) {
      std::cerr << text << " does not compile.\n";
      std::abort();
    }
    return *std::move(compiled.program);
  }
};

std::shared_ptr<const core::EventCounting> EndedPayments() {
  EventProgram program;
  program.Declare("status", expression::Type::String());
  auto counting = std::make_shared<core::EventCounting>();
  counting->event = "payment";
  counting->when = core::EventCondition{
      program.Compile("status == 'happened' || status == 'failed'"), program.fields};
  counting->success = core::EventCondition{program.Compile("status == 'happened'"), program.fields};
  counting->amount = core::MovementField("amount");
  return counting;
}

void AddWindows(core::Policy& policy) {
  using Key = core::WindowDefinition::Key;
  using Distinct = core::WindowDefinition::Distinct;
  policy.windows = {
      {core::WindowName("by_channel"), MovementKind("refund"), Key::kAttribute, "channel",
       absl::Minutes(2), absl::Seconds(10), Distinct::kNothing, "", 0, 1},
      {core::WindowName("by_order"), MovementKind("settlement"), Key::kOrder, "", absl::Hours(1),
       absl::Minutes(5), Distinct::kNothing, "", 0, 2},
      {core::WindowName("payees"), MovementKind("cash_out"), Key::kAccount, "", absl::Minutes(30),
       absl::Minutes(3), Distinct::kAttribute, "payee", 1, 3},
      {core::WindowName("payments"), MovementKind(), Key::kAccount, "", absl::Minutes(5),
       absl::Seconds(30), Distinct::kNothing, "", 0, 5, EndedPayments(), 3},
      {core::WindowName("refunds"), MovementKind("refund"), Key::kAccount, "", absl::Minutes(10),
       absl::Minutes(1), Distinct::kNothing, "", 0, 4},
  };
  policy.windows_of_event["payment"] = {3};
  policy.checkpoints[0].windows = {2};
  policy.checkpoints[3].windows = {0, 4};
  policy.checkpoints[4].windows = {1};
}

core::RuleDefinition Rule(expression::Environment& environment, const char* name,
                          const std::string& when, core::Verdict then, bool enforced) {
  expression::Compiled compiled = expression::Compile(environment, when, expression::Type::Bool());
  if (!compiled.ok()) {
    std::cerr << "The rule " << name << " does not compile.\n";
    std::abort();
  }
  core::RuleDefinition rule{name, *std::move(compiled.program)};
  rule.then = then;
  rule.enforced = enforced;
  return rule;
}

void AddRules(const Terms& terms, core::Policy& policy) {
  using enum core::WindowFact::Field;
  expression::Environment environment;
  if (!policy::AddMoney(environment).ok()) std::abort();
  const auto declare = [&](const char* name, const expression::Type& type, core::WindowFact fact) {
    if (!environment.AddVariable(name, type).ok()) std::abort();
    policy.check_facts.push_back({name, fact});
  };
  declare("of_channel", expression::Type::Int(), Read(0, kCount));
  declare("settled_of_order", core::MoneyType(), Read(1, kSum));
  declare("payees", expression::Type::Int(), Read(2, kDistinct));
  declare("refunds", expression::Type::Int(), Read(4, kCount));
  declare("largest_refund", core::MoneyType(), Read(4, kLargest));
  declare("payments_ratio", core::RateType(), Read(3, kRatio));
  using core::Verdict;
  policy.rules.push_back(Rule(environment, "channel_burst",
                              absl::StrCat("of_channel > ", terms.channel_burst), Verdict::kBlock,
                              terms.channel_burst_counts));
  policy.rules.push_back(Rule(environment, "many_payees", "payees > 0", Verdict::kAllow, true));
  policy.rules.back().violation = core::Severity::kHigh;
  policy.rules.back().action = core::kAlertAction;
  policy.rules.back().alerts_per_minute = 1;
  policy.rules.push_back(Rule(environment, "many_refunds",
                              absl::StrCat("refunds >= ", terms.many_refunds,
                                           " || largest_refund >= ", Yuan(terms.large_refund)),
                              Verdict::kHold, terms.many_refunds_counts));
  policy.rules.back().on_error = Verdict::kAllow;
  policy.rules.push_back(Rule(environment, "order_settled",
                              absl::StrCat("settled_of_order > ", Yuan(terms.order_settled)),
                              Verdict::kBlock, true));
  policy.rules.back().rollout.percent = terms.order_settled_for_all ? 100 : 50;
  policy.rules.push_back(
      Rule(environment, "payments_fail", "payments_ratio < rate('0.8')", Verdict::kHold, false));
  policy.checkpoints[0].rules = {1};
  policy.checkpoints[3].rules = {0, 2, 4};
  policy.checkpoints[4].rules = {3};
}

void AddEventRules(const Terms& terms, core::Policy& policy) {
  EventProgram program;
  if (!policy::AddMoney(program.environment).ok()) std::abort();
  program.Declare("amount", core::MoneyType());
  core::EventRuleDefinition large{
      core::RuleDefinition{"large_payment",
                           program.Compile(absl::StrCat("amount > ", Yuan(terms.large_payment)))},
      {}};
  large.rule.enforced = true;
  large.rule.violation = core::Severity::kLow;
  large.rule.action = core::kAlertAction;
  large.facts.push_back({"amount", core::EventFact{core::MovementField("amount")}});
  policy.event_rules["payment"].push_back(std::move(large));
}

}  // namespace

PolicyUnderTest CompilePolicy(const Terms& terms) {
  auto policy = std::make_shared<core::Policy>();
  AddBooksAndMovements(*policy);
  AddInvariants(terms, *policy);
  const std::vector<SourceName> all = Names({"bank", "pay_db", "till"});
  policy->checkpoints = {
      Checkpoint(terms, "cash_out", 0, Names({"bank", "pay_db"})),
      Checkpoint(terms, "goodwill", 2, Names({"till"})),
      Checkpoint(terms, "late_refund", 3, all),
      Checkpoint(terms, "refund", 5, Names({"pay_db", "till"})),
      Checkpoint(terms, "settlement", 6, all),
  };
  policy->responses.holds.approval_lasts = terms.approval_lasts;
  AddWindows(*policy);
  AddRules(terms, *policy);
  AddEventRules(terms, *policy);
  policy->on_violation = {{core::ViolationKind::kDuplicateMovement, terms.on_duplicate},
                          {core::ViolationKind::kMovementUndone, core::OnEvent::kAlert},
                          {core::ViolationKind::kUnitMismatch, terms.on_unit_mismatch}};
  policy->sources = {
      {SourceName("bank"), {MovementKind("cash_out")}, {}, 3},
      {SourceName("pay_db"),
       {MovementKind("chargeback"), MovementKind("late_refund"), MovementKind("payment"),
        MovementKind("refund"), MovementKind("settlement")},
       {},
       7},
      {SourceName("till"), {MovementKind("payment"), MovementKind("top_up")}, {}, 0},
  };
  return {terms, std::move(policy)};
}

}  // namespace fundgate::model
