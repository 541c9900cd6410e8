#include "tests/core/worked_policy.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "server/expression/program.h"

namespace fundgate::core::testing {
namespace {

constexpr size_t kMerchant = 0;
constexpr size_t kOrder = 1;
constexpr size_t kPayee = 2;

InvariantDefinition Invariant(std::string name, const BookDefinition& book, size_t index,
                              const std::string& text, std::vector<Influence> influence,
                              OnEvent on_event) {
  expression::Environment environment;
  for (const std::string& counter : book.counters) {
    (void)environment.AddVariable(counter, expression::Type::Int());
  }
  expression::Compiled compiled = expression::Compile(environment, text, expression::Type::Bool());
  return {.name = std::move(name),
          .book = index,
          .holds = *std::move(compiled.program),
          .text = text,
          .influence = std::move(influence),
          .otherwise = Verdict::kBlock,
          .on_event = on_event,
          .cures = {SourceName("ledger")}};
}

MovementDefinition Movement(const char* kind, std::vector<Effect> effects, bool gated) {
  MovementDefinition movement;
  movement.kind = MovementKind(kind);
  movement.effects = std::move(effects);
  movement.gated = gated;
  movement.sources = {SourceName("ledger")};
  return movement;
}

void AddMovements(Policy& policy) {
  policy.movements.push_back(Movement("cash_out", {{kMerchant, 1, 1, ""}}, true));
  policy.movements.back().identity = {"payee"};
  policy.movements.push_back(Movement("chargeback", {{kOrder, 0, -1, ""}}, false));
  policy.movements.back().reversible = true;
  policy.movements.push_back(
      Movement("late_refund", {{kOrder, 2, 1, ""}, {kMerchant, 2, 1, ""}}, true));
  policy.movements.push_back(Movement("payment", {{kOrder, 0, 1, ""}}, false));
  policy.movements.push_back(Movement("payout", {{kPayee, 0, 1, ""}}, true));
  policy.movements.back().sources.clear();
  policy.movements.push_back(Movement("refund", {{kOrder, 1, 1, ""}}, true));
  policy.movements.push_back(
      Movement("settlement", {{kOrder, 3, 1, ""}, {kMerchant, 0, 1, "net"}}, true));
  policy.movements.back().many_lines = true;
  policy.movements.back().parts = {"fee", "net"};
}

void AddCheckpoints(Policy& policy) {
  for (size_t i = 0; i < policy.movements.size(); ++i) {
    if (!policy.movements[i].gated) continue;
    CheckpointDefinition checkpoint;
    checkpoint.kind = policy.movements[i].kind;
    checkpoint.movement = i;
    checkpoint.sources = policy.movements[i].sources;
    policy.checkpoints.push_back(std::move(checkpoint));
  }
}

}  // namespace

std::shared_ptr<const Policy> WorkedPolicy(const std::function<void(Policy&)>& adjust) {
  auto policy = std::make_shared<Policy>();
  const std::vector<SourceName> ledger = {SourceName("ledger")};
  policy->books = {{"merchant", false, {"settled", "cashed_out", "clawed_back"}, false, ledger},
                   {"order", true, {"paid", "refunded", "refunded_late", "settled"}, true, ledger},
                   {"payee", false, {"paid_out"}, false, {}}};
  AddMovements(*policy);
  AddCheckpoints(*policy);
  using enum Influence;
  policy->invariants.push_back(Invariant("cash_out_within_settled", policy->books[kMerchant],
                                         kMerchant, "cashed_out + clawed_back <= settled",
                                         {kLoosens, kTightens, kTightens}, OnEvent::kTrip));
  policy->invariants.push_back(
      Invariant("escrow_covers", policy->books[kOrder], kOrder, "refunded + settled <= paid",
                {kLoosens, kTightens, kNone, kTightens}, OnEvent::kFreeze));
  policy->invariants.push_back(Invariant("payout_limit", policy->books[kPayee], kPayee,
                                         "paid_out <= 1000000", {kTightens}, OnEvent::kAlert));
  policy->invariants.back().cures.clear();
  policy->invariants.push_back(Invariant(
      "refunds_within_paid", policy->books[kOrder], kOrder, "refunded + refunded_late <= paid",
      {kLoosens, kTightens, kTightens, kNone}, OnEvent::kFreeze));
  SourceDefinition source;
  source.name = SourceName("ledger");
  for (const MovementDefinition& movement : policy->movements) {
    if (!movement.sources.empty()) source.emits.push_back(movement.kind);
  }
  policy->sources.push_back(std::move(source));
  if (adjust) adjust(*policy);
  return policy;
}

}  // namespace fundgate::core::testing
