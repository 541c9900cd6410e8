#include "server/core/machine.h"

#include <algorithm>
#include <functional>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/worked_policy.h"
#include "tests/core/world.h"

namespace fundgate::core::testing {
namespace {

bool IsRefund(const MovementDefinition& movement) {
  return movement.kind == MovementKind("refund");
}

MovementDefinition& Refund(Policy& policy) {
  return *std::find_if(policy.movements.begin(), policy.movements.end(), IsRefund);
}

TEST(Machine, TimeNeverRunsBackwards) {
  MemoryState state;
  Changes changes;
  changes.clock = ClockRecord{5, absl::FromUnixSeconds(100)};
  state.Absorb(changes);
  EXPECT_EQ(Machine(state).Apply({absl::FromUnixSeconds(99), TickInput{}}).status().code(),
            absl::StatusCode::kInternal);
}

TEST(Machine, BeforeTheFirstPolicyOnlyBreakersAndPoliciesWork) {
  MemoryState state;
  const Machine machine(state);
  const absl::Time now = absl::FromUnixSeconds(100);
  absl::StatusOr<Outcome> check = machine.Apply({now, CheckInput{}});
  EXPECT_EQ(std::get<Refusal>(check->answer).status.code(), absl::StatusCode::kFailedPrecondition);
  absl::StatusOr<Outcome> trip =
      machine.Apply({now, TripBreakerInput{"*", Verdict::kHold, "ann", "first", {}}});
  EXPECT_EQ(std::get<BreakerAnswer>(trip->answer).breaker.state, BreakerState::kOpen);
}

TEST(Machine, EveryRecordedOutcomeTakesTheNextSequence) {
  World world;
  const Sequence before = world.state().resident().clock.sequence;
  const Decision decision = world.Check("refund", "r1", "CNY 1.00");
  EXPECT_EQ(world.state().resident().clock.sequence, before + 1);
  EXPECT_EQ(decision.id.sequence(), before + 1);
  world.RefusalOf(CheckInput{});
  EXPECT_EQ(world.state().resident().clock.sequence, before + 2);
}

TEST(Machine, ARefusalChangesNothingButTheSequence) {
  World world;
  MemoryState before = world.state();
  world.RefusalOf(ConfirmInput{
      AccountId("m1"), {MovementKind("refund"), IdempotencyKey("x")}, "d", std::nullopt});
  EXPECT_EQ(world.state().of<core::Keys>(), before.of<core::Keys>());
  EXPECT_EQ(world.state().of<core::Books>(), before.of<core::Books>());
}

TEST(Machine, NewPoliciesCountUpAndMayNotChangeBooksInUse) {
  World world;
  ApplyPolicyInput next;
  next.policy = WorkedPolicy();
  next.expected_version = 1;
  EXPECT_EQ(world.Get<PolicyAnswer>(next).version, 2U);
  EXPECT_EQ(world.RefusalOf(next), absl::StatusCode::kFailedPrecondition);  // expects 1
  next.expected_version.reset();
  next.policy = WorkedPolicy([](Policy& policy) { policy.books[0].counters.push_back("new"); });
  EXPECT_EQ(world.RefusalOf(next), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(world.state().resident().policy_version, 2U);
}

// Each may have been posted or reserved already by what the kind was before.
TEST(Machine, NewPoliciesMayNotChangeWhatMovementsDo) {
  const std::vector<std::function<void(Policy&)>> changes = {
      [](Policy& policy) { std::erase_if(policy.movements, IsRefund); },
      [](Policy& policy) { Refund(policy).effects[0].counter = 3; },
      [](Policy& policy) { Refund(policy).effects[0].sign = -1; },
      [](Policy& policy) {
        Refund(policy).effects.push_back({0, 2, 1, ""});
      },
      [](Policy& policy) { Refund(policy).many_lines = true; },
      [](Policy& policy) { Refund(policy).sources.clear(); },
  };
  World world;
  for (size_t i = 0; i < changes.size(); ++i) {
    ApplyPolicyInput next;
    next.policy = WorkedPolicy(changes[i]);
    EXPECT_EQ(world.RefusalOf(next), absl::StatusCode::kFailedPrecondition) << i;
  }
  EXPECT_EQ(world.state().resident().policy_version, 1U);
}

TEST(Machine, ANewPolicyMayGateAKindAndMayMoveBooksInItsLists) {
  World world;
  ApplyPolicyInput next;
  next.policy = WorkedPolicy([](Policy& policy) {
    policy.movements[1].gated = true;
    // Books are listed by name: this one comes first and moves the others on.
    policy.books.insert(policy.books.begin(), BookDefinition{.name = "agent", .counters = {"in"}});
    for (MovementDefinition& movement : policy.movements) {
      for (Effect& effect : movement.effects) effect.book += 1;
    }
    for (InvariantDefinition& invariant : policy.invariants) invariant.book += 1;
  });
  EXPECT_EQ(world.Get<PolicyAnswer>(next).version, 2U);
}

TEST(DecisionId, NamesItsSequenceAndNothingElseParses) {
  EXPECT_EQ(DecisionId(255).ToString(), "d00000000000000ff");
  EXPECT_EQ(SequenceOfDecision("d00000000000000ff"), 255U);
  for (const char* text : {"", "d", "d0000000000000000", "00000000000000ff0", "d00000000000000fg",
                           "d00000000000000FF"}) {
    EXPECT_FALSE(SequenceOfDecision(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace fundgate::core::testing
