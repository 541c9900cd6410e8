// Everything that can happen to the machine, in one ordered stream.
#ifndef SERVER_CORE_INPUT_H_
#define SERVER_CORE_INPUT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/time/time.h"
#include "fundgate/types/ids.h"
#include "fundgate/types/money.h"
#include "fundgate/types/position.h"
#include "server/core/events.h"
#include "server/core/movement.h"
#include "server/core/policy.h"

namespace fundgate::core {

// May this movement start?
struct CheckInput {
  std::string request_id;
  KeyId key;
  AccountId account;
  Money amount;  // > 0; the sum of the lines
  // At least one; sorted by order, each order once. A check that names no order has one line with
  // an empty order.
  Lines lines;
  Attributes attributes;
  std::optional<absl::Duration> max_staleness;
  absl::btree_map<SourceName, Position> after_positions;
  absl::Time arrived_at;  // input time of its admission, <= the input's time
  // False once its patience or deadline has run out: then it is answered, whatever is known.
  bool may_wait = true;

  friend bool operator==(const CheckInput&, const CheckInput&) = default;
};

// It moved.
struct ConfirmInput {
  AccountId account;
  KeyId key;
  std::string decision_id;
  std::optional<Money> amount;  // where less moved than was allowed

  friend bool operator==(const ConfirmInput&, const ConfirmInput&) = default;
};

// It did not move and will not.
struct ReleaseInput {
  AccountId account;
  KeyId key;
  std::string decision_id;  // empty if the service never saw an answer
  std::string reason;

  friend bool operator==(const ReleaseInput&, const ReleaseInput&) = default;
};

// An operator ends a hold for good.
struct RejectHoldInput {
  AccountId account;
  KeyId key;
  std::string decision_id;
  std::string actor;
  std::string reason;

  friend bool operator==(const RejectHoldInput&, const RejectHoldInput&) = default;
};

// An operator lets a hold pass, once and soon.
struct ApproveHoldInput {
  AccountId account;
  KeyId key;
  std::string decision_id;
  std::string actor;
  std::string reason;

  friend bool operator==(const ApproveHoldInput&, const ApproveHoldInput&) = default;
};

// Somebody looks into a violation, or into a whole group.
struct AcknowledgeInput {
  std::string id;  // a violation's or a group's
  std::string actor;
  std::string reason;

  friend bool operator==(const AcknowledgeInput&, const AcknowledgeInput&) = default;
};

// Somebody knows what was behind a violation, or behind a whole group.
struct ResolveInput {
  std::string id;  // a violation's or a group's
  Cause cause = Cause::kRealLoss;
  std::string actor;
  std::string reason;

  friend bool operator==(const ResolveInput&, const ResolveInput&) = default;
};

// Alerts that everybody who must know has been told.
struct DeliveredInput {
  std::vector<std::pair<std::string, std::string>> alerts;  // slot in the outbox, id

  friend bool operator==(const DeliveredInput&, const DeliveredInput&) = default;
};

// A feeder asks to be the one that feeds a source.
struct GrantEpochInput {
  SourceName source;
  bool coordinates_changed = false;  // what it will send may repeat rows under other coordinates
  uint64_t mapping_version = 0;      // 0: does not map rows

  friend bool operator==(const GrantEpochInput&, const GrantEpochInput&) = default;
};

// One step of a run that reads tables of a source anew, see snapshots.h.
struct SnapshotStep {
  uint64_t run = 0;
  std::string table;   // "pay.refund"; empty if the step is of no table
  std::string cursor;  // where the table goes on; only the feeder knows what it means
  uint64_t rows = 0;   // of the table that this step brings, whether they say something or not
  uint64_t expected_rows = 0;  // of the whole table, as the database guesses
  bool is_last = false;        // of the table
  bool sweeps = false;         // every table is read: takes back a part of what was not met
  bool begins_anew = false;    // the position jumps, and what lies between can't be read
  std::string problem;         // not empty: the run can't go on, and why

  friend bool operator==(const SnapshotStep&, const SnapshotStep&) = default;
};

// One or more whole transactions of a source, or a part of a large one, or only a probe or a step
// of a run that reads it anew (then position == previous).
struct IngestInput {
  SourceName source;
  uint64_t epoch = 0;
  Position previous;
  Position position;
  uint64_t mapping_version = 0;
  std::vector<Event> events;
  std::optional<Probe> probe;
  std::optional<SnapshotStep> snapshot;
  bool inside_transaction = false;  // the position is: the next part comes later

  friend bool operator==(const IngestInput&, const IngestInput&) = default;
};

// An operator wants tables of a source to be read anew.
struct ResnapshotInput {
  SourceName source;
  std::vector<std::string> tables;  // sorted; none: all of them
  // What it finds happened before go-live: it is reported apart, and nothing is done about it.
  bool history = false;
  bool begin_anew = false;  // at the source's present position, whatever is at the gate's
  std::string actor;
  std::string reason;

  friend bool operator==(const ResnapshotInput&, const ResnapshotInput&) = default;
};

// An operator ends the run of a source. Gaps stay.
struct CancelResnapshotInput {
  SourceName source;
  std::string actor;
  std::string reason;

  friend bool operator==(const CancelResnapshotInput&, const CancelResnapshotInput&) = default;
};

struct TripBreakerInput {
  std::string scope;
  Verdict mode = Verdict::kHold;  // kAllow: it only reports
  std::string actor;
  std::string reason;
  std::optional<absl::Time> until;
  bool forced = false;  // nothing that happens changes it until then

  friend bool operator==(const TripBreakerInput&, const TripBreakerInput&) = default;
};

struct HalfOpenBreakerInput {
  std::string scope;
  Verdict mode = Verdict::kHold;
  Budget budget;
  std::string actor;
  std::string reason;
  std::optional<absl::Time> until;

  friend bool operator==(const HalfOpenBreakerInput&, const HalfOpenBreakerInput&) = default;
};

struct ResetBreakerInput {
  std::string scope;
  std::string actor;
  std::string reason;

  friend bool operator==(const ResetBreakerInput&, const ResetBreakerInput&) = default;
};

// Switches what a plan of the policy names.
struct RunPlanInput {
  std::string plan;
  std::string actor;
  std::string reason;
  std::optional<absl::Duration> lasts;  // nothing: as the plan says

  friend bool operator==(const RunPlanInput&, const RunPlanInput&) = default;
};

// Takes back what a plan has switched.
struct UndoPlanInput {
  std::string plan;
  std::string actor;
  std::string reason;

  friend bool operator==(const UndoPlanInput&, const UndoPlanInput&) = default;
};

// A caller wants money that it may allow by itself while the gate can't be asked.
struct GrantLeaseInput {
  MovementKind checkpoint;
  std::string holder;
  std::string ends;  // an older lease of the holder, all of which is reported; empty: none

  friend bool operator==(const GrantLeaseInput&, const GrantLeaseInput&) = default;
};

// A movement that a caller allowed by its lease.
struct ReportLeaseInput {
  std::string lease;
  std::string holder;
  CheckInput check;
  absl::Time allowed_at;  // by the gate's time, as the caller reckons

  friend bool operator==(const ReportLeaseInput&, const ReportLeaseInput&) = default;
};

// A new policy, already compiled and tested by the shell. Compared by its text.
struct ApplyPolicyInput {
  std::string text;
  std::shared_ptr<const Policy> policy;
  std::string actor;
  std::string comment;
  std::optional<uint64_t> expected_version;  // the version it is meant to replace

  friend bool operator==(const ApplyPolicyInput& a, const ApplyPolicyInput& b) {
    return a.text == b.text && a.actor == b.actor && a.comment == b.comment &&
           a.expected_version == b.expected_version;
  }
};

// Time has passed: overdue reservations, expired breakers and keys are looked after.
struct TickInput {
  friend bool operator==(const TickInput&, const TickInput&) = default;
};

// The wall clock and input time have drifted apart by more than the limit.
struct ClockDriftInput {
  absl::Duration drift;  // wall minus input time

  friend bool operator==(const ClockDriftInput&, const ClockDriftInput&) = default;
};

// An operator says that the time is right now.
struct AcceptTimeInput {
  std::string actor;
  std::string reason;

  friend bool operator==(const AcceptTimeInput&, const AcceptTimeInput&) = default;
};

struct Input {
  absl::Time time;  // input time: never earlier than that of the input before
  std::variant<CheckInput, ConfirmInput, ReleaseInput, RejectHoldInput, GrantEpochInput,
               IngestInput, TripBreakerInput, HalfOpenBreakerInput, ResetBreakerInput,
               ApplyPolicyInput, TickInput, ClockDriftInput, AcceptTimeInput, ApproveHoldInput,
               AcknowledgeInput, ResolveInput, DeliveredInput, ResnapshotInput,
               CancelResnapshotInput, RunPlanInput, UndoPlanInput, GrantLeaseInput,
               ReportLeaseInput>
      body;

  friend bool operator==(const Input&, const Input&) = default;
};

}  // namespace fundgate::core

#endif  // SERVER_CORE_INPUT_H_
