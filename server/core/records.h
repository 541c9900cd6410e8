// Everything the machine remembers, as values. The store gives each a byte layout with a version.
#ifndef SERVER_CORE_RECORDS_H_
#define SERVER_CORE_RECORDS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/time/time.h"
#include "fundgate/types/ids.h"
#include "fundgate/types/money.h"
#include "fundgate/types/position.h"
#include "server/core/breaker_record.h"
#include "server/core/decision.h"
#include "server/core/hold_record.h"
#include "server/core/movement.h"
#include "server/core/policy.h"
#include "server/core/review_record.h"

namespace fundgate::core {

// ---- Books ----

struct BookId {
  std::string book;  // BookDefinition::name
  AccountId account;
  OrderId order;  // empty unless the book is by order
  Currency currency;

  friend auto operator<=>(const BookId&, const BookId&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const BookId& id) {
    return H::combine(std::move(h), id.book, id.account, id.order, id.currency);
  }
};

// One number of a book, known to lie in [posted - pending_down, posted + pending_up].
// Both pendings are >= 0: what open reservations may still add or take.
struct Counter {
  int64_t posted = 0;
  int64_t pending_up = 0;
  int64_t pending_down = 0;

  friend bool operator==(const Counter&, const Counter&) = default;
};

inline constexpr size_t kFewCounters = 4;  // more lie on the heap
using Counters = absl::InlinedVector<Counter, kFewCounters>;

struct Book {
  Counters counters;  // in the order of BookDefinition::counters

  friend bool operator==(const Book&, const Book&) = default;
};

// What the books of one key have in common over all currencies.
struct FamilyId {
  std::string book;
  AccountId account;
  OrderId order;

  friend auto operator<=>(const FamilyId&, const FamilyId&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const FamilyId& id) {
    return H::combine(std::move(h), id.book, id.account, id.order);
  }
};
struct Family {
  Currency currency;    // of the first book; books of `single_currency` kinds must be in it
  bool closed = false;  // keys of this order have expired: no check can be judged any more

  friend bool operator==(const Family&, const Family&) = default;
};

// ---- Gaps ----

// Something of a source could not be read: what it touches is unproven until it is healed.
// The scope is the narrowest known: kind, kind and account, or kind, account and order.
struct GapScope {
  MovementKind kind;
  AccountId account;  // may be empty
  OrderId order;      // may be empty

  friend auto operator<=>(const GapScope&, const GapScope&) = default;
};
struct Gap {
  SourceName source;
  std::string reason;
  absl::Time since;
  uint64_t count = 0;
  Sequence newest = 0;           // the journal's record of the newest of them
  std::vector<SourceName> also;  // other sources that could not read something of it, sorted

  friend bool operator==(const Gap&, const Gap&) = default;
};

// ---- Keys ----

// What a key is bound to by its first recorded check.
struct Fingerprint {
  AccountId account;
  Money amount;
  Lines lines;  // sorted by order; one with an empty order where the kind needs none
  // The attributes that the policy names as identity, each by name; empty if the check had none.
  std::vector<std::pair<std::string, std::string>> identity;

  friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
};

// One pending effect of a reservation, already as a number.
struct Delta {
  std::string book;
  OrderId line;  // the line it belongs to; also the book's order if the book is by order
  bool by_order = false;
  uint32_t counter = 0;
  int64_t amount = 0;  // signed, minor units

  friend bool operator==(const Delta&, const Delta&) = default;
};

// Most movements change one or two counters.
using Deltas = absl::InlinedVector<Delta, 2>;

// Numbers are on disk: never renumber.
enum class ReservationState : uint8_t { kPending = 1, kConfirmed = 2, kPosted = 3, kReleased = 4 };

// The pending effects of one allowed movement.
struct Reservation {
  ReservationState state = ReservationState::kPending;
  Money amount;   // as allowed, or as confirmed where that was smaller
  Deltas deltas;  // still counted as pending; empty once posted or released
  absl::Time valid_until;
  absl::Time overdue_at;
  bool overdue = false;
  bool pinned = false;  // an event or a confirm says that it is under way: never released by itself

  friend bool operator==(const Reservation&, const Reservation&) = default;
};

// Where a row stands in its database.
struct RowId {
  std::string table;
  std::string primary_key;

  friend auto operator<=>(const RowId&, const RowId&) = default;
};

// What is known of one row that named a key, and what it has posted.
struct RowContribution {
  SourceName source;
  RowId row;
  std::string part_key;     // tells rows of one key apart in kinds with `parts`
  std::string event_id;     // transaction and row index of the newest change applied
  uint64_t image_hash = 0;  // of the row after that change
  AccountId account;
  Money amount;
  Line line;             // what is posted of it; amount 0 if nothing is (any more)
  bool counted = false;  // it has happened once, whatever became of it
  // What is posted of it to books that all orders of the account share, if that isn't `line`: a row
  // that nobody remembered came to another order, and they had its amount already.
  std::optional<Line> shared;
  // What the row itself said last that it counts for, if that isn't `line`.
  std::optional<Line> said;
  // The gaps that it left by saying since what doesn't follow on that; see row_doubts.h.
  std::vector<GapScope> doubts;
  // The newest run that read its table anew and met it, in its table or in the stream; 0: none did.
  uint64_t seen_run = 0;

  friend bool operator==(const RowContribution&, const RowContribution&) = default;
};

// How an earlier generation of a key ended.
struct PastGeneration {
  std::string decision_id;
  ReservationState state = ReservationState::kReleased;
  Money amount;

  friend bool operator==(const PastGeneration&, const PastGeneration&) = default;
};

// Numbers are on disk: never renumber.
enum class KeyState : uint8_t {
  kSeen = 1,      // only in-progress or failed events so far: judged as new
  kClosed = 2,    // released before any check was judged
  kHeld = 3,      //
  kBlocked = 4,   //
  kAllowed = 5,   // see the reservation's state
  kMoved = 6,     // an event came before any ALLOW, or after a block: it moved
  kRejected = 7,  // an operator said no, finally
};

struct KeyRecord {
  KeyState state = KeyState::kSeen;
  uint32_t generation = 0;  // counts judgements that were recorded as new
  std::optional<Fingerprint> fingerprint;
  std::optional<Decision> decision;        // of the present generation
  std::optional<Reservation> reservation;  // of the present generation
  bool moved = false;        // some event, or a confirm that posts, said that it happened
  bool in_progress = false;  // an event said that it is under way, and none that it failed
  bool event_seen = false;   // an event of any status named it
  std::vector<RowContribution> rows;
  std::vector<PastGeneration> past;     // allowed and released ones, newest last; bounded
  std::optional<absl::Time> closed_at;  // the newest Release of it while unknown
  absl::Time changed_at;                // input time of the newest change
  std::optional<absl::Time> wake_at;    // its entry in the timers
  std::optional<Hold> hold;             // while it is in the queue of holds, or was rejected

  friend bool operator==(const KeyRecord&, const KeyRecord&) = default;
};

// ---- Sources ----

// The primary's head position as a feeder read it.
struct Probe {
  Position head;
  // The gate's own time from the newest acknowledgement that the feeder had before it read the
  // head: once `head` is applied, the source is proven past it. Clocks are never compared.
  absl::Time read_after;

  friend bool operator==(const Probe&, const Probe&) = default;
};

// How far a source was applied, and what that proves.
struct Source {
  uint64_t epoch = 0;  // the newest granted; batches of older ones are refused
  Position position;
  absl::Time proven_past = absl::InfinitePast();  // input time
  std::vector<Probe>
      awaited;  // heads that were read but are not applied yet; oldest first, bounded
  // Rows with the same image count as redelivered until the feeder says otherwise (see events.h).
  bool coordinates_changed = false;
  uint64_t mapping_version = 0;
  // The position lies between two parts of a transaction: what is applied never was the truth, so
  // nothing is proven until the rest has come. `proven_past` keeps what was proven before.
  bool inside_transaction = false;

  bool IsProvenPast(absl::Time time) const { return !inside_transaction && proven_past >= time; }

  friend bool operator==(const Source&, const Source&) = default;
};

// ---- Suspects ----

// An invariant that events broke, whose cure may still be on its way from a source.
struct SuspectId {
  BookId book;
  std::string invariant;

  friend auto operator<=>(const SuspectId&, const SuspectId&) = default;
};
struct Suspect {
  absl::Time since;
  SourceName source;
  std::string event_id;
  // What worsened it after `since`, summed up by counter, and its newest event; empty if nothing
  // did. It is judged after `since` is, so that steady events can't put a judgement off.
  std::vector<int64_t> late;
  absl::Time late_since = absl::InfinitePast();
  SourceName late_source;
  std::string late_event_id;
  bool history = false;       // what `since` stands for happened before go-live
  bool late_history = false;  // so did what stands for `late_since`

  friend bool operator==(const Suspect&, const Suspect&) = default;
};

// ---- Violations ----

// Numbers are on disk: never renumber.
enum class ViolationKind : uint8_t {
  kUngated = 1,
  kAfterRelease = 2,
  kAfterBlock = 3,
  kDuplicateMovement = 4,
  kAmountMismatch = 5,
  kUnitMismatch = 6,  // amounts differ by a power of ten
  kOtherAccount = 7,
  kOtherOrder = 8,
  kOtherCurrency = 9,
  kMovementUndone = 10,
  kInvariant = 11,
  kOverdue = 12,
  kMatchMissing = 20,    // one side of a match never came
  kMatchDiffers = 21,    // its sides don't agree
  kChainBroken = 22,     // a balance isn't the last one plus the row's amount
  kTransition = 23,      // a status moved along no declared edge
  kStuck = 24,           // a status stayed for too long
  kGuard = 25,           // columns were changed by somebody who may not
  kFactUnreadable = 26,  // a fact isn't what the policy declares
  kRule = 40,
  kBreakerTripped = 50,  // a breaker of the policy has opened by itself
  kLeaseOverrun = 51,    // more was allowed under a lease than it covers
};
std::string_view ToString(ViolationKind kind);  // "ungated", "unit_mismatch"

// Fields of a violation, as the contract has it.
inline constexpr size_t kMaxViolationFields = 64;

struct Violation {
  std::string id;  // "v", the journal sequence in hexadecimal, "-" and a count within the input
  ViolationKind kind = ViolationKind::kUngated;
  std::string name;  // the invariant's, or the kind's
  KeyId key;         // empty for invariants
  AccountId account;
  OrderId order;
  Money amount;
  SourceName source;
  std::string event_id;
  absl::Time at;
  std::string message;
  std::vector<std::pair<std::string, std::string>> fields;
  absl::Time occurred_at = absl::InfinitePast();  // by the source's clock; unknown: InfinitePast
  std::string group;                              // the group it belongs to
  Review review;                                  // its own; see EffectiveReview in reviews.h
  bool history = false;  // happened before go-live: found when the source's tables were first read

  friend bool operator==(const Violation&, const Violation&) = default;
};

// ---- The rest ----

struct PolicyRecord {
  uint64_t version = 0;
  std::string text;
  std::string actor;
  std::string comment;
  absl::Time applied_at;

  friend bool operator==(const PolicyRecord&, const PolicyRecord&) = default;
};

// Input time against the wall clock.
struct ClockRecord {
  Sequence sequence = 0;                        // of the newest journaled input
  absl::Time time = absl::InfinitePast();       // its input time
  bool drifted = false;                         // the wall clock ran away and nobody accepted it
  absl::Duration drift = absl::ZeroDuration();  // wall minus input time when it was noticed

  friend bool operator==(const ClockRecord&, const ClockRecord&) = default;
};

}  // namespace fundgate::core

#endif  // SERVER_CORE_RECORDS_H_
