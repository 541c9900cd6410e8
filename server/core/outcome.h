// What one input leads to: changes to keep, and an answer to give once they are kept.
#ifndef SERVER_CORE_OUTCOME_H_
#define SERVER_CORE_OUTCOME_H_

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/core/changes.h"
#include "server/core/decision.h"
#include "server/core/records.h"
#include "server/core/snapshot_record.h"

namespace fundgate::core {

// The answer to Confirm and Release.
struct ReservationAnswer {
  KeyId key;
  AccountId account;
  std::string decision_id;
  Reservation reservation;

  friend bool operator==(const ReservationAnswer&, const ReservationAnswer&) = default;
};

// The answer to GrantEpoch.
struct EpochGrant {
  uint64_t epoch = 0;
  Position position;

  friend bool operator==(const EpochGrant&, const EpochGrant&) = default;
};

// The answer to Ingest: this position is applied.
struct IngestAnswer {
  Position position;
  size_t violations = 0;

  friend bool operator==(const IngestAnswer&, const IngestAnswer&) = default;
};

// The answer to breaker commands.
struct BreakerAnswer {
  Breaker breaker;

  friend bool operator==(const BreakerAnswer&, const BreakerAnswer&) = default;
};

// The answer to commands about reading a source anew: the run as it stands now.
struct SnapshotAnswer {
  SnapshotRun run;

  friend bool operator==(const SnapshotAnswer&, const SnapshotAnswer&) = default;
};

// The answer to commands about plans: the run as it stands, or as it ended.
struct PlanAnswer {
  PlanRun run;
  bool in_force = false;

  friend bool operator==(const PlanAnswer&, const PlanAnswer&) = default;
};

// The answer to who wants a lease.
struct LeaseAnswer {
  Lease lease;

  friend bool operator==(const LeaseAnswer&, const LeaseAnswer&) = default;
};

struct PolicyAnswer {
  uint64_t version = 0;

  friend bool operator==(const PolicyAnswer&, const PolicyAnswer&) = default;
};

// Nothing to say: ticks, clock inputs, and a rejected hold.
struct Done {
  friend bool operator==(const Done&, const Done&) = default;
};

// No answer yet: a check that knowledge on its way may still turn. Nothing was changed and nothing
// is recorded. Put the same check in again once every source in `sources` is proven past
// `proven_past` and has applied `positions`, or, with `may_wait` false, at `give_up_at` or when
// its caller's deadline nears.
struct Wait {
  std::vector<SourceName> sources;                        // sorted
  absl::btree_map<SourceName, Position> after_positions;  // sorted
  absl::Time proven_past;
  absl::Time give_up_at;

  friend bool operator==(const Wait&, const Wait&) = default;
};

// The input itself can't be: an absl::Status with FAILED_PRECONDITION (somebody has to change the
// state first), NOT_FOUND, ABORTED (a feeder has to start again from GetPosition) or
// INVALID_ARGUMENT ("field: why"). It is recorded and changes nothing else.
struct Refusal {
  absl::Status status;

  friend bool operator==(const Refusal&, const Refusal&) = default;
};

using Answer =
    std::variant<Decision, ReservationAnswer, EpochGrant, IngestAnswer, BreakerAnswer, PolicyAnswer,
                 Done, Wait, Refusal, SnapshotAnswer, PlanAnswer, LeaseAnswer>;

// `changes` and the journal record of (input, answer) become durable together, before `answer`
// leaves the process. An outcome that is not `recorded` has no changes and no journal record, and
// takes no sequence number.
struct Outcome {
  Answer answer;
  Changes changes;
  bool recorded = true;
};

}  // namespace fundgate::core

#endif  // SERVER_CORE_OUTCOME_H_
