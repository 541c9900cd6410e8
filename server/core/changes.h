// The difference that one input makes to the state, as whole new values of records.
#ifndef SERVER_CORE_CHANGES_H_
#define SERVER_CORE_CHANGES_H_

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "server/core/alert_records.h"
#include "server/core/records.h"

namespace fundgate::core {

// A moment at which a key must be looked at again. Ordered by time, then by key.
struct Timer {
  absl::Time at;
  KeyId key;

  friend auto operator<=>(const Timer& a, const Timer& b) {
    if (a.at != b.at)
      return a.at < b.at ? std::strong_ordering::less : std::strong_ordering::greater;
    return a.key <=> b.key;
  }
  friend bool operator==(const Timer&, const Timer&) = default;
};

// Each list is sorted by key and names a key once. A null value means: the record goes.
struct Changes {
  std::vector<std::pair<BookId, Book>> books;
  std::vector<std::pair<FamilyId, Family>> families;
  std::vector<std::pair<KeyId, std::optional<KeyRecord>>> keys;
  std::vector<Timer> timers_added;
  std::vector<Timer> timers_removed;
  std::vector<HoldEntry> holds_added;
  std::vector<HoldEntry> holds_removed;
  std::vector<std::pair<SourceName, Source>> sources;
  std::vector<std::pair<std::string, std::optional<Breaker>>> breakers;
  std::vector<std::pair<GapScope, std::optional<Gap>>> gaps;
  std::vector<std::pair<SuspectId, std::optional<Suspect>>> suspects;
  std::vector<std::pair<MovementKind, std::optional<Budget>>> blind_spent;  // null: nothing spent
  std::vector<Violation> violations;                                        // found by this input
  std::vector<Violation> violations_reviewed;  // found before, as they stand now
  std::vector<std::pair<std::string, std::optional<Group>>> groups;
  std::vector<std::pair<GroupKey, std::optional<OpenGroup>>> open_groups;
  std::vector<std::pair<std::string, std::optional<Alert>>> outbox;
  std::vector<std::pair<std::string, std::optional<Tally>>> tallies;
  std::optional<PolicyRecord> policy_record;
  std::shared_ptr<const Policy> policy;  // the compiled form of policy_record
  std::optional<ClockRecord> clock;      // set in every recorded outcome
};

}  // namespace fundgate::core

#endif  // SERVER_CORE_CHANGES_H_
