// A movement that waits for an operator or for new knowledge, as values.
#ifndef SERVER_CORE_HOLD_RECORD_H_
#define SERVER_CORE_HOLD_RECORD_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "server/core/decision.h"
#include "server/core/movement.h"

namespace fundgate::core {

// Decisions of one hold that are remembered by name.
inline constexpr size_t kMaxHoldDecisions = 8;

// Numbers are on disk: never renumber.
enum class HoldState : uint8_t { kOpen = 1, kApproved = 2, kRejected = 3 };

// What an operator has let pass, once.
struct Approval {
  std::vector<std::pair<ReasonCode, std::string>> covers;  // reasons, by code and name
  // When the decision that was approved had been made: a breaker that was switched later isn't
  // what the operator saw.
  absl::Time seen_at;
  absl::Time until;

  friend bool operator==(const Approval&, const Approval&) = default;
};

// Of a key in KeyState::kHeld or kRejected. What is held, and why, stands in the key's record.
struct Hold {
  HoldState state = HoldState::kOpen;
  absl::Time held_at;
  absl::Time last_asked_at;
  int64_t asked = 0;
  std::vector<std::string> decisions;  // the newest last, at most kMaxHoldDecisions
  std::optional<Approval> approval;
  std::string reviewed_by;
  std::string review_reason;
  std::string group;  // the alert that speaks of it; empty: nobody needs to be told

  friend bool operator==(const Hold&, const Hold&) = default;
};

// A hold's place in the queue: by state, the oldest first.
struct HoldEntry {
  HoldState state = HoldState::kOpen;
  absl::Time held_at;
  KeyId key;

  friend std::strong_ordering operator<=>(const HoldEntry& a, const HoldEntry& b) {
    if (a.state != b.state) return a.state <=> b.state;
    if (a.held_at != b.held_at) {
      return a.held_at < b.held_at ? std::strong_ordering::less : std::strong_ordering::greater;
    }
    return a.key <=> b.key;
  }
  friend bool operator==(const HoldEntry&, const HoldEntry&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const HoldEntry& entry) {
    return H::combine(std::move(h), entry.state, entry.held_at, entry.key);
  }
};

}  // namespace fundgate::core

#endif  // SERVER_CORE_HOLD_RECORD_H_
