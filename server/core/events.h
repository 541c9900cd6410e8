// What a source says happened.
#ifndef SERVER_CORE_EVENTS_H_
#define SERVER_CORE_EVENTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "fundgate/types/ids.h"
#include "fundgate/types/money.h"
#include "server/core/movement.h"
#include "server/core/records.h"

namespace fundgate::core {

enum class MovementStatus : uint8_t {
  kNone = 0,        // the row says nothing about a movement
  kHappened = 1,    // counts
  kInProgress = 2,  // may still happen
  kFailed = 3,      // did not happen
};

// What one image of a row contributes to the books.
struct Contribution {
  MovementStatus status = MovementStatus::kNone;
  IdempotencyKey key;
  AccountId account;
  Line line;  // its amount is the row's; the order may be empty where the kind needs none
  Currency currency;
  std::string part_key;  // by default the order, in kinds with many lines
  Attributes attributes;

  friend bool operator==(const Contribution&, const Contribution&) = default;
};

// A change of one row: its effect is contribution(after) - contribution(before). An insert has no
// `before`, a deletion no `after`.
struct MovementEvent {
  MovementKind kind;
  RowId row;
  uint64_t image_hash = 0;  // of the row after; 0 after a deletion
  std::optional<Contribution> before;
  std::optional<Contribution> after;

  friend bool operator==(const MovementEvent&, const MovementEvent&) = default;
};

// Something that happened and is no movement: a bid, a status. Of a row it is a change, as above:
// an insert has no `before`, a deletion no `after`. A service that reports has `after` alone.
struct FactEvent {
  std::string name;
  std::string key;    // what it is about
  AccountId account;  // empty if it is nobody's
  RowId row;          // empty where the source has no rows
  std::optional<Attributes> before;
  std::optional<Attributes> after;

  friend bool operator==(const FactEvent&, const FactEvent&) = default;
};

enum class RowChange : uint8_t { kInsert = 1, kUpdate = 2, kDelete = 3 };  // numbers are on disk

// A column that changed, as people are shown it; nothing where it is NULL or not known.
struct GuardedColumn {
  std::string name;
  std::optional<std::string> before;
  std::optional<std::string> after;

  friend bool operator==(const GuardedColumn&, const GuardedColumn&) = default;
};

// A change of columns that a guard of the policy names.
struct GuardEvent {
  std::string guard;
  RowId row;
  uint64_t image_hash = 0;  // of the row after; 0 after a deletion
  RowChange change = RowChange::kUpdate;
  std::vector<GuardedColumn> columns;
  AccountId account;   // empty if the guard doesn't say
  IdempotencyKey key;  // of the movement whose row it is; empty likewise

  friend bool operator==(const GuardEvent&, const GuardEvent&) = default;
};

// Something that could not be read.
struct GapEvent {
  GapScope scope;
  std::string table;
  std::string reason;
  RowId row = {};  // of a table that is read anew: the row that can't be read

  friend bool operator==(const GapEvent&, const GapEvent&) = default;
};

// Who or what wrote an event, as far as its source tells.
struct EventOrigin {
  uint64_t server_id = 0;  // the session's, in MariaDB; 0 if the source has none
  std::string statement;   // empty if the source doesn't tell
  std::vector<std::pair<std::string, std::string>> marks;  // of the transaction, sorted by name

  friend bool operator==(const EventOrigin&, const EventOrigin&) = default;
};

struct Event {
  std::string id;  // transaction and row index, unique within the source: "0-1-129/3"
  absl::Time occurred_at = absl::InfinitePast();  // the source's clock: shown, never relied upon
  std::variant<MovementEvent, FactEvent, GapEvent, GuardEvent> body;
  EventOrigin origin;
  // No change: the row as it stands, out of a table that is read anew. It has no image before.
  bool snapshot = false;

  friend bool operator==(const Event&, const Event&) = default;
};

}  // namespace fundgate::core

#endif  // SERVER_CORE_EVENTS_H_
