// Breakers that count, in a world of the worked policy.
#ifndef TESTS_CORE_AUTOMATIC_WORLD_H_
#define TESTS_CORE_AUTOMATIC_WORLD_H_

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "server/core/automatic_breakers.h"
#include "server/expression/program.h"
#include "tests/core/world.h"

namespace fundgate::core::testing {

inline constexpr absl::Duration kSpan = absl::Minutes(10);

// A condition over what one breaker counts. Sums of money and shares: see the policy's tests.
struct Condition {
  const char* name;
  TripFact::Measure measure;
  expression::Type type;
};
inline const Condition kViolations{"violations", TripFact::Measure::kViolations,
                                   expression::Type::Int()};
inline const Condition kAnswers{"answers", TripFact::Measure::kAnswers, expression::Type::Int()};
inline const Condition kRefused{"refused", TripFact::Measure::kRefused, expression::Type::Int()};
inline const Condition kLag{"lag", TripFact::Measure::kLag, expression::Type::Duration()};

// Counts over kSpan, and lags of the ledger.
BreakerRule Rule(const std::string& name, const std::string& checkpoint, const std::string& field,
                 const Condition& condition, const std::string& comparison);

// Refunds of an account are held once three violations were found of them, tried after 15 minutes
// with two calls and CNY 100, and closed after a minute without harm.
BreakerRule Refunds();

inline constexpr char kAccount[] = "refund/account:m1";

// CNY 1000.00 are paid of o1. Plan hold_m1 holds kAccount.
class Automatic : public ::testing::Test {
 protected:
  explicit Automatic(BreakerRule rule = Refunds(),
                     const std::function<void(Policy&)>& adjust = nullptr);

  // Refunds that nobody asked for, each a violation.
  void Ungated(int count, const std::string& account = "m1");
  const Breaker* Find(const std::string& scope) const {
    const auto& all = world_.state().resident().of<core::Breakers>();
    const auto found = all.find(scope);
    return found == all.end() ? nullptr : &found->second;
  }
  BreakerState StateOf(const std::string& scope) const {
    return Find(scope) == nullptr ? BreakerState::kClosed : Find(scope)->state;
  }
  absl::Duration WaitOf(const std::string& scope) const {
    return *Find(scope)->half_open_at - Find(scope)->changed_at;
  }
  int CountTrips() const {
    const std::vector<std::string> all = world_.Violations();
    return static_cast<int>(std::count(all.begin(), all.end(), "breaker_tripped"));
  }
  void Trip(Verdict mode, std::optional<absl::Duration> lasts = std::nullopt) {
    const auto until = lasts.has_value() ? std::optional(world_.now() + *lasts) : std::nullopt;
    world_.Get<BreakerAnswer>(TripBreakerInput{kAccount, mode, "ann", "incident", until});
  }
  void RunPlan(std::optional<absl::Duration> lasts = std::nullopt) {
    world_.Get<PlanAnswer>(RunPlanInput{"hold_m1", "ann", "night", lasts});
  }
  void UndoPlan() { world_.Get<PlanAnswer>(UndoPlanInput{"hold_m1", "ann", "mended"}); }
  // Time passes, the source is proven, and the gate looks after its breakers.
  void Pass(absl::Duration duration) {
    world_.Advance(duration);
    world_.Prove();
    world_.Get<Done>(TickInput{});
  }

  World world_;
  int next_row_ = 100;
};

}  // namespace fundgate::core::testing

#endif  // TESTS_CORE_AUTOMATIC_WORLD_H_
