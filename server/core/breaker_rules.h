// Breakers that trip by themselves, as the policy declares them.
#ifndef SERVER_CORE_BREAKER_RULES_H_
#define SERVER_CORE_BREAKER_RULES_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "fundgate/types/currency.h"
#include "fundgate/types/ids.h"
#include "server/core/budget.h"
#include "server/core/verdict.h"
#include "server/core/windows/definition.h"
#include "server/expression/program.h"

namespace fundgate::core {

// What the condition of a breaker reads. All but the lag is counted of the breaker's own scope:
//   violations('10m')                how many were found
//   violated_amount('10m', 'CNY')    their amounts together
//   answers('10m')                   keys that were answered ALLOW or BLOCK, each once
//   refused('10m')                   of them those answered BLOCK, but not because of a breaker
//   refused_share('10m')             refused / answers; unknown while there are no answers
//   at_risk('10m', 'CNY')            what was allowed
//   source('pay_db').lag             how long ago the source is proven past
struct TripFact {
  enum class Measure : uint8_t {
    kViolations,
    kViolatedAmount,
    kAnswers,
    kRefused,
    kRefusedShare,
    kAtRisk,
    kLag,
  };
  std::string path;  // as the condition writes it
  Measure measure = Measure::kViolations;
  size_t window = 0;  // into BreakerRule::windows
  Currency currency = {};
  SourceName source = {};  // kLag
};

// What is counted over one span. Kept under no account, by the breaker's scope.
struct TripWindow {
  bool of_violations = false;  // otherwise of answers
  WindowDefinition window;
};

// A breaker for every value of a field, or for a whole checkpoint, or for everything.
struct BreakerRule {
  std::string name;
  std::string checkpoint;         // "*" or a kind
  std::string field;              // "account", "order", "currency", an attribute; empty: all of it
  expression::Program trip_when;  // slots are `facts`
  std::vector<TripFact> facts;
  std::vector<TripWindow> windows;
  Verdict mode = Verdict::kHold;  // kAllow: it only reports

  // Since it opened. Nothing: it stays open until an operator ends it.
  std::optional<absl::Duration> half_open_after = {};
  int64_t growth = 1;  // each trip out of HALF_OPEN makes the next wait so many times as long
  absl::Duration longest_wait = absl::Hours(24);
  Budget half_open_budget = {};
  // HALF_OPEN ends well once so many checks were allowed (or the budget did not suffice for one),
  // and for `quiet` nothing went wrong, which every source of its checkpoints has proven.
  int64_t success_calls = 1;
  absl::Duration quiet = absl::Minutes(1);
  int64_t failure_violations = 1;  // HALF_OPEN ends badly with so many

  bool ReadsSources() const {
    for (const TripFact& fact : facts) {
      if (fact.measure == TripFact::Measure::kLag) return true;
    }
    return false;
  }
};

}  // namespace fundgate::core

#endif  // SERVER_CORE_BREAKER_RULES_H_
