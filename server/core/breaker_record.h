// What is remembered of breakers, of plans that switch several, and of leases.
#ifndef SERVER_CORE_BREAKER_RECORD_H_
#define SERVER_CORE_BREAKER_RECORD_H_

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "fundgate/types/ids.h"
#include "server/core/budget.h"
#include "server/core/movement.h"
#include "server/core/verdict.h"

namespace fundgate::core {

enum class BreakerState : uint8_t { kClosed = 1, kOpen = 2, kHalfOpen = 3 };
enum class BreakerOrigin : uint8_t { kOperator = 1, kFreeze = 2, kTrip = 3, kPlan = 4 };

// What one person wants and another must want too: a breaker, or a plan, to be loosened.
struct Loosening {
  std::string actor;
  std::string reason;
  absl::Time at;
  std::optional<Budget> budget = {};  // half open with it; nothing: closed
  Verdict mode = Verdict::kHold;      // of the half-open breaker
  std::optional<absl::Time> until = {};

  friend bool operator==(const Loosening&, const Loosening&) = default;
};

// A switch over a scope. A scope without a record is CLOSED.
struct Breaker {
  std::string scope;  // canonical text, see breaker_scope.h
  BreakerState state = BreakerState::kClosed;
  // The answer while OPEN, and HALF_OPEN past the budget. kAllow: it only reports.
  Verdict mode = Verdict::kHold;
  std::optional<Budget> budget;  // HALF_OPEN: as granted
  std::optional<Budget> left;    // HALF_OPEN: what is left of it
  BreakerOrigin origin = BreakerOrigin::kOperator;
  std::string actor;
  std::string reason;
  absl::Time changed_at;
  std::optional<absl::Time> until;  // OPEN or HALF_OPEN ends by itself then

  bool forced = false;    // nothing but a person changes it; it has an end
  std::string plan = {};  // that switched it
  std::string rule = {};  // of the policy, that tripped it; with it also:
  uint32_t trips = 0;     // one upon the other, without a time of peace between
  std::optional<absl::Time> half_open_at = {};   // OPEN: half opens by itself then
  int64_t failures = 0;                          // HALF_OPEN: violations found since
  std::optional<absl::Time> proving_since = {};  // HALF_OPEN: enough was allowed; has it gone well?
  std::optional<Loosening> wanted = {};          // waits for a second person

  friend bool operator==(const Breaker&, const Breaker&) = default;
};

// One change of a breaker; the record is the breaker as it became.
struct BreakerChangeId {
  std::string scope;
  Sequence sequence = 0;

  friend auto operator<=>(const BreakerChangeId&, const BreakerChangeId&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const BreakerChangeId& id) {
    return H::combine(std::move(h), id.scope, id.sequence);
  }
};

// A plan of the policy that is in force.
struct PlanRun {
  std::string plan;
  std::string actor;
  std::string reason;
  absl::Time started_at;
  std::optional<absl::Time> until;
  uint64_t policy_version = 0;         // whose plan it is
  std::vector<std::string> scopes;     // that it switched, sorted
  std::vector<Breaker> before;         // what stood there and comes back, by scope
  std::optional<Loosening> undo = {};  // waits for a second person

  friend bool operator==(const PlanRun&, const PlanRun&) = default;
};

// Money that one caller may allow by itself while the gate can't be asked.
struct Lease {
  std::string id;  // "l" and the journal sequence in hexadecimal
  MovementKind checkpoint;
  std::string holder;
  Budget granted;
  Budget left;  // less what was reported
  absl::Time granted_at;
  absl::Time valid_until;  // nothing may be allowed by it from then on
  absl::Time report_by;    // it ends then
  // Movements that a source told of and nobody had asked for: they may be of this lease.
  std::vector<KeyId> unexplained;

  friend bool operator==(const Lease&, const Lease&) = default;
};

}  // namespace fundgate::core

#endif  // SERVER_CORE_BREAKER_RECORD_H_
