#include "server/core/machine.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/worked_policy.h"
#include "tests/core/world.h"

namespace fundgate::core::testing {
namespace {

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
  EXPECT_EQ(SequenceOfDecision(decision.id), before + 1);
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

TEST(DecisionId, NamesItsSequenceAndNothingElseParses) {
  EXPECT_EQ(DecisionIdOf(255), "d00000000000000ff");
  EXPECT_EQ(SequenceOfDecision("d00000000000000ff"), 255U);
  for (const char* text :
       {"", "d", "00000000000000ff0", "d00000000000000fg", "d00000000000000FF"}) {
    EXPECT_FALSE(SequenceOfDecision(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace fundgate::core::testing
