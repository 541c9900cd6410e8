// What the checks between events remember: one watch for each check and key, and their turns.
#ifndef SERVER_CORE_VERIFICATION_WATCH_H_
#define SERVER_CORE_VERIFICATION_WATCH_H_

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "fundgate/types/currency.h"
#include "fundgate/types/ids.h"
#include "server/core/events.h"
#include "server/core/movement.h"

namespace fundgate::core {

// Bytes of a statement that are kept for a violation that may come later.
inline constexpr size_t kMaxKeptStatementBytes = 256;

// Where something that is remembered came from.
struct Sighting {
  SourceName source;
  std::string event_id;
  AccountId account;
  OrderId order;
  absl::Time at;  // input time
  EventOrigin origin;
  std::string table;                              // of the row; empty if it is none
  absl::Time occurred_at = absl::InfinitePast();  // by the source's clock; unknown: InfinitePast
  bool history = false;                           // see Violation::history

  friend bool operator==(const Sighting&, const Sighting&) = default;
};

// ---- Matches ----

// One event (or row) on one side of a match.
struct MatchEntry {
  std::string thing;  // the row, or the fact's key: what the event says more of
  Sighting seen;
  std::vector<std::optional<AttributeValue>> values;  // of the match's fields, then of its sum

  friend bool operator==(const MatchEntry&, const MatchEntry&) = default;
};

struct MatchWatch {
  std::vector<MatchEntry> left;
  std::vector<MatchEntry> right;
  // Since when the sides don't agree; nothing while they do.
  std::optional<absl::Time> open_since;
  absl::Time changed_at;
  bool missing_said = false;  // since they last agreed
  bool differs_said = false;
  bool overflowed = false;  // more entries came than are kept: not judged any more

  friend bool operator==(const MatchWatch&, const MatchWatch&) = default;
};

// ---- Chains ----

struct ChainRow {
  Sighting seen;
  std::string thing;
  int64_t amount = 0;
  int64_t balance = 0;
  int64_t sequence = 0;

  friend bool operator==(const ChainRow&, const ChainRow&) = default;
};

struct ChainWatch {
  Currency currency;                // of money; empty for whole numbers
  std::optional<int64_t> balance;   // after the last row that is linked up
  std::optional<int64_t> sequence;  // of that row
  std::vector<ChainRow> waiting;    // in the order in which they came
  std::vector<std::string> recent;  // things and events linked up lately, oldest first; bounded

  friend bool operator==(const ChainWatch&, const ChainWatch&) = default;
};

// ---- Transitions ----

struct StatusStep {
  Sighting seen;
  std::string status;

  friend bool operator==(const StatusStep&, const StatusStep&) = default;
};

struct TransitionWatch {
  std::optional<std::string> status;
  Sighting entered;                 // into that status
  std::vector<StatusStep> waiting;  // in the order in which they came
  bool stuck_said = false;
  std::vector<std::string> recent;  // events, oldest first; bounded

  friend bool operator==(const TransitionWatch&, const TransitionWatch&) = default;
};

// ---- Guards ----

// A change that was found to be forbidden, so that it is known again.
struct GuardWatch {
  std::string event_id;
  uint64_t image_hash = 0;  // of the row after it

  friend bool operator==(const GuardWatch&, const GuardWatch&) = default;
};

// ---- All of them ----

struct WatchId {
  std::string check;  // "matches.order_vs_payment"
  std::string key;

  friend auto operator<=>(const WatchId&, const WatchId&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const WatchId& id) {
    return H::combine(std::move(h), id.check, id.key);
  }
};

struct Watch {
  std::variant<MatchWatch, ChainWatch, TransitionWatch, GuardWatch> of;  // order is on disk
  std::optional<absl::Time> turn;                                        // its entry in the turns

  friend bool operator==(const Watch&, const Watch&) = default;
};

// A watch to be looked at once every source of its check is proven past `at`. By check, then by
// time: the turns of a check whose sources lag keep no other check waiting.
struct WatchTurn {
  std::string check;
  absl::Time at = absl::InfinitePast();
  std::string key;

  friend std::strong_ordering operator<=>(const WatchTurn& a, const WatchTurn& b) {
    if (const auto order = a.check <=> b.check; order != 0) return order;
    if (a.at != b.at) {
      return a.at < b.at ? std::strong_ordering::less : std::strong_ordering::greater;
    }
    return a.key <=> b.key;
  }
  friend bool operator==(const WatchTurn&, const WatchTurn&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const WatchTurn& turn) {
    return H::combine(std::move(h), turn.check, turn.at, turn.key);
  }
};

}  // namespace fundgate::core

#endif  // SERVER_CORE_VERIFICATION_WATCH_H_
