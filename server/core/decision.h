// The answer to one check.
#ifndef SERVER_CORE_DECISION_H_
#define SERVER_CORE_DECISION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/time/time.h"
#include "fundgate/types/ids.h"
#include "fundgate/types/money.h"
#include "fundgate/types/position.h"
#include "server/core/decision_id.h"
#include "server/core/movement.h"
#include "server/core/policy.h"

namespace fundgate::core {

// Why a check was answered as it was. Declared in order of precedence among reasons of equal
// verdict: a decision lists them in this order. Numbers are on disk: never renumber.
enum class ReasonCode : uint8_t {
  kIdempotencyConflict = 1,  // the key is bound to another movement; names the field
  kAlreadyMoved = 2,         // confirmed, posted, or an event said so
  kRejected = 3,             // an operator said no, finally
  kInDoubt = 4,              // allowed before, past valid_until, neither confirmed nor released
  kHeld = 5,                 // closed by a release that came while the check was waiting
  kInvariant = 6,            // an invariant would break
  kBreaker = 7,              // a breaker is open, or a half-open budget does not suffice
  kUnproven = 8,             // knowledge is missing and was not proven in time
  kStaleSource = 9,          // a needed source is not proven within max_staleness
  kRule = 10,                // a rule of the policy
  kLimit = 11,               // arithmetic overflow, a failed expression, a closed order
  kLease = 12,               // allowed by a caller while the gate could not be asked
};

std::string_view ToString(ReasonCode code);  // "INVARIANT"
std::string_view ToString(Verdict verdict);  // "ALLOW"

// True if the same check may be answered otherwise later without anybody changing the movement.
bool IsTransient(ReasonCode code);

struct Reason {
  ReasonCode code = ReasonCode::kLimit;
  std::string name;  // the invariant, breaker scope, source or field
  std::string message;
  Verdict verdict = Verdict::kHold;  // what this reason alone asks for; kAllow: only reported
  std::vector<std::pair<std::string, std::string>> fields;  // the numbers used, by name

  friend bool operator==(const Reason&, const Reason&) = default;
};

// What was known of a source when a check was judged.
struct SourceSighting {
  SourceName name;
  Position position;
  absl::Time proven_past = absl::InfinitePast();

  friend bool operator==(const SourceSighting&, const SourceSighting&) = default;
};

// Most checkpoints need one source.
using SourceSightings = absl::InlinedVector<SourceSighting, 1>;

struct Decision {
  DecisionId id;
  std::string request_id;
  Verdict verdict = Verdict::kHold;
  std::vector<Reason> reasons;  // severest first, then by code
  bool replayed = false;
  KeyId key;
  AccountId account;
  Money amount;  // of the check; an ALLOW reserves it
  uint64_t policy_version = 0;
  absl::Time decided_at;
  std::optional<absl::Time> valid_until;  // only of an ALLOW, as is overdue_at
  std::optional<absl::Time> overdue_at;
  SourceSightings sources;  // those the checkpoint needs, by name
  std::optional<absl::Duration> retry_after;
  std::vector<Reason> shadow_reasons;  // what rules in shadow would have said; they don't count

  friend bool operator==(const Decision&, const Decision&) = default;
};

}  // namespace fundgate::core

#endif  // SERVER_CORE_DECISION_H_
