#include "server/core/breakers.h"

#include <functional>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/world.h"

namespace fundgate::core::testing {
namespace {

using ::testing::ElementsAre;

class Breakers : public ::testing::Test {
 protected:
  explicit Breakers(const std::function<void(Policy&)>& adjust = nullptr) : world_(adjust) {
    world_.Insert("payment", 1, {.key = "p1", .amount = "CNY 1000.00"});
    world_.Prove();
  }

  void Trip(const std::string& scope, Verdict mode = Verdict::kHold,
            std::optional<absl::Time> until = std::nullopt) {
    world_.Get<BreakerAnswer>(TripBreakerInput{scope, mode, "ann", "incident", until});
  }
  void HalfOpen(const std::string& scope, int64_t calls, const std::string& amount) {
    world_.Get<BreakerAnswer>(
        HalfOpenBreakerInput{scope, Verdict::kHold, {calls, M(amount)}, "ann", "try", {}});
  }

  World world_;
};

TEST_F(Breakers, AnOpenOneOverAnyCoveringScopeAnswersItsMode) {
  for (const char* scope : {"*", "refund", "refund/account:m1", "*/order:o1", "*/currency:CNY"}) {
    Trip(scope, Verdict::kBlock);
    const Decision decision = world_.Check("refund", std::string("r") + scope, "CNY 1.00");
    EXPECT_EQ(decision.verdict, Verdict::kBlock) << scope;
    EXPECT_EQ(decision.reasons.front().name, scope);
    world_.Get<BreakerAnswer>(ResetBreakerInput{scope, "ann", "over"});
  }
  EXPECT_EQ(world_.Check("refund", "r", "CNY 1.00").verdict, Verdict::kAllow);
}

TEST_F(Breakers, OneOverAnotherScopeSaysNothing) {
  for (const char* scope : {"cash_out", "refund/account:m2", "*/order:o2"}) Trip(scope);
  EXPECT_EQ(world_.Check("refund", "r1", "CNY 1.00").verdict, Verdict::kAllow);
}

TEST_F(Breakers, TheSeverestWinsAndAllAreReported) {
  Trip("*", Verdict::kHold);
  Trip("refund", Verdict::kBlock);
  const Decision decision = world_.Check("refund", "r1", "CNY 5000.00");
  EXPECT_EQ(decision.verdict, Verdict::kBlock);
  EXPECT_THAT(Codes(decision), ElementsAre("INVARIANT", "INVARIANT", "BREAKER", "BREAKER"));
}

TEST_F(Breakers, HalfOpenSpendsCallsAndMoneyOfFinalAllowsOnly) {
  HalfOpen("refund", 2, "CNY 100.00");
  EXPECT_EQ(world_.Check("refund", "r1", "CNY 5000.00").verdict, Verdict::kBlock);  // invariant
  EXPECT_EQ(world_.Check("refund", "r2", "CNY 60.00").verdict, Verdict::kAllow);
  EXPECT_THAT(Codes(world_.Check("refund", "r3", "CNY 60.00")), ElementsAre("BREAKER"));  // money
  EXPECT_EQ(world_.Check("refund", "r4", "CNY 40.00").verdict, Verdict::kAllow);
  EXPECT_THAT(Codes(world_.Check("refund", "r5", "CNY 0.01")), ElementsAre("BREAKER"));  // calls
}

TEST_F(Breakers, HalfOpenBudgetsAreSpentInAllCoveringScopesOrNone) {
  HalfOpen("refund", 10, "CNY 100.00");
  HalfOpen("refund/account:m1", 10, "CNY 50.00");
  EXPECT_EQ(world_.Check("refund", "r1", "CNY 60.00").verdict, Verdict::kHold);
  const auto& breakers = world_.state().resident().of<core::Breakers>();
  EXPECT_EQ(breakers.at("refund").left->calls, 10);
  EXPECT_EQ(world_.Check("refund", "r2", "CNY 50.00").verdict, Verdict::kAllow);
  EXPECT_EQ(breakers.at("refund").left->amount, M("CNY 50.00"));
  EXPECT_EQ(breakers.at("refund/account:m1").left->amount, M("CNY 0.00"));
}

TEST_F(Breakers, AHalfOpenBudgetInAnotherCurrencyDoesNotSuffice) {
  HalfOpen("refund", 10, "USD 100.00");
  EXPECT_THAT(Codes(world_.Check("refund", "r1", "CNY 1.00")), ElementsAre("BREAKER"));
}

TEST_F(Breakers, AReplaySpendsNoBudget) {
  HalfOpen("refund", 1, "CNY 100.00");
  world_.Check("refund", "r1", "CNY 1.00");
  EXPECT_TRUE(world_.Check("refund", "r1", "CNY 1.00").replayed);
  EXPECT_EQ(world_.state().resident().of<core::Breakers>().at("refund").left->calls, 0);
}

TEST_F(Breakers, OneWithAnEndEndsByItself) {
  Trip("refund", Verdict::kHold, world_.now() + absl::Minutes(30));
  world_.Advance(absl::Minutes(30));
  world_.Prove();
  EXPECT_EQ(world_.Check("refund", "r1", "CNY 1.00").verdict, Verdict::kAllow);
  world_.Get<Done>(TickInput{});
  EXPECT_TRUE(world_.state().resident().of<core::Breakers>().empty());
}

TEST_F(Breakers, NothingExpiresWhileTheClockIsInDoubt) {
  Trip("refund", Verdict::kHold, world_.now() + absl::Minutes(30));
  world_.Get<Done>(ClockDriftInput{absl::Hours(24)});
  world_.Advance(absl::Hours(1));
  world_.Prove();
  world_.Get<Done>(TickInput{});
  EXPECT_FALSE(world_.state().resident().of<core::Breakers>().empty());
}

TEST_F(Breakers, CommandsSayWhatIsWrong) {
  EXPECT_EQ(world_.RefusalOf(TripBreakerInput{"no such/", Verdict::kHold, "ann", "", {}}),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(world_.RefusalOf(TripBreakerInput{"refnd", Verdict::kHold, "ann", "", {}}),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(world_.RefusalOf(
                HalfOpenBreakerInput{"refund", Verdict::kAllow, {1, M("CNY 1.00")}, "ann", "", {}}),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(world_.RefusalOf(TripBreakerInput{"refund", Verdict::kHold, "ann", "", world_.now()}),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(world_.RefusalOf(
                HalfOpenBreakerInput{"refund", Verdict::kHold, {0, M("CNY 1.00")}, "ann", "", {}}),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(Breakers, ScopesAreSwitchedByTheirCanonicalText) {
  Trip("refund/channel:a%70p");
  const Breaker closed =
      world_.Get<BreakerAnswer>(ResetBreakerInput{"refund/channel:app", "bob", "over"}).breaker;
  EXPECT_EQ(closed.state, BreakerState::kClosed);
  EXPECT_TRUE(world_.state().resident().of<core::Breakers>().empty());
}

// As many as there may be, each over a value of its own.
void Fill(MemoryState& state) {
  for (size_t i = 0; i < kMaxBreakers; ++i) {
    Breaker breaker;
    breaker.scope = absl::StrCat("refund/account:a", absl::Dec(i, absl::kZeroPad6));
    breaker.state = BreakerState::kOpen;
    Changes changes;
    changes.Put<core::Breakers>(breaker.scope, breaker);
    state.Absorb(changes);
  }
}

class Full : public Breakers {
 protected:
  Full()
      : Breakers([](Policy& policy) {
          policy.plans.push_back({"m1", "m1", "ann", "", {}, {{"*/account:m1", Verdict::kHold}}});
          policy.plans.push_back({"stop",
                                  "it all",
                                  "ann",
                                  "",
                                  {},
                                  {{"*", Verdict::kBlock},
                                   {"cash_out", Verdict::kBlock},
                                   {"refund/account:a000001", Verdict::kBlock}}});
        }) {
    Fill(world_.state());
  }
};

TEST_F(Full, TakesNoNewValueAndSaysWhatToDo) {
  const Answer answer =
      world_.Put(TripBreakerInput{"refund/account:m1", Verdict::kHold, "ann", "", {}});
  ASSERT_TRUE(std::holds_alternative<Refusal>(answer));
  const absl::Status& status = std::get<Refusal>(answer).status;
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("open a wider scope"));
  EXPECT_EQ(world_.RefusalOf(RunPlanInput{"m1", "ann", "", {}}),
            absl::StatusCode::kResourceExhausted);
}

TEST_F(Full, StillStopsEverythingAndACheckpoint) {
  Trip("refund", Verdict::kBlock);
  EXPECT_EQ(world_.Check("refund", "r1", "CNY 1.00").verdict, Verdict::kBlock);
  Trip("*", Verdict::kBlock);
  EXPECT_EQ(world_.Check("late_refund", "r2", "CNY 1.00").verdict, Verdict::kBlock);
  Trip("refund/account:a000001", Verdict::kBlock);  // it is open already
}

TEST_F(Full, RunsAPlanThatBringsNoNewValue) {
  const PlanRun run = world_.Get<PlanAnswer>(RunPlanInput{"stop", "ann", "", {}}).run;
  EXPECT_EQ(run.scopes.size(), 3U);
}

TEST_F(Breakers, AFreezeOutlivesAnOperatorsBreakerThatEndsByItself) {
  Trip("*/order:o9", Verdict::kBlock, world_.now() + absl::Minutes(30));
  world_.Insert("refund", 9, {.key = "r9", .order = "o9", .amount = "CNY 1.00"});
  world_.Prove();  // nobody has paid o9
  world_.Advance(absl::Minutes(31));
  world_.Get<Done>(TickInput{});
  world_.Prove();
  const Decision decision = world_.Check("refund", "r1", "CNY 1.00", "o9");
  EXPECT_THAT(decision.reasons, ::testing::Contains(::testing::Field(&Reason::name, "*/order:o9")));
  EXPECT_EQ(world_.state().resident().of<core::Breakers>().at("*/order:o9").mode, Verdict::kBlock);
}

}  // namespace
}  // namespace fundgate::core::testing
