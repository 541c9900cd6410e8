// Groups of what happened for one cause, and the alerts that tell people of them, as values.
#ifndef SERVER_CORE_ALERT_RECORDS_H_
#define SERVER_CORE_ALERT_RECORDS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "fundgate/types/money.h"
#include "server/core/review_record.h"

namespace fundgate::core {

// Labels by name, sorted: {"currency", "CNY"}, {"table", "pay.refund"}.
using Labels = std::vector<std::pair<std::string, std::string>>;

// What makes members of one group: the name of what happened, and these labels.
struct GroupKey {
  std::string name;  // a violation's, or one of the names of grouping.h
  Labels by;

  friend auto operator<=>(const GroupKey&, const GroupKey&) = default;
};

// How many members of one name a group has.
struct NameCount {
  std::string name;
  int64_t count = 0;
  int64_t open = 0;  // neither resolved nor ended

  friend bool operator==(const NameCount&, const NameCount&) = default;
};

// What has probably one cause. Kept for ever under its id; joined by new members until resolved.
struct Group {
  std::string id;  // "g", the journal sequence in hexadecimal, "-" and a count within the input
  GroupKey key;
  Review review;
  std::string risk_class;  // the most urgent of its members'; empty: none
  absl::Time since;        // first member
  absl::Time last_at;      // newest member
  int64_t count = 0;
  int64_t open = 0;
  int64_t found_late = 0;        // members found later than their class asks for
  std::vector<NameCount> names;  // sorted; past kMaxGroupNames the rest counts as "other"
  std::vector<Money> sums;       // of all members, sorted by currency; stay put past 64 bits
  Labels common;                 // what all members have in common
  std::string first;             // the first member: a violation's id, or a key's
  std::string newest;            //
  std::string message;           // the first member's
  uint32_t level = 0;            // how often it was escalated, at most kMaxLevel

  friend bool operator==(const Group&, const Group&) = default;
};

// The group that takes new members of its key now.
struct OpenGroup {
  std::string id;
  absl::Time escalate_at = absl::InfiniteFuture();

  friend bool operator==(const OpenGroup&, const OpenGroup&) = default;
};

// Numbers are on disk: never renumber.
enum class AlertKind : uint8_t {
  kOpened = 1,     // a new group
  kRenewed = 2,    // a group grew again after it had been quiet for long
  kEscalated = 3,  // nobody answered, or nobody contained it, in time
  kResolved = 4,   // a group has come to its end
  kCall = 5,       // somebody outside is asked to do something
};
std::string_view ToString(AlertKind kind);  // "opened"

// Something to be told to somebody outside, at least once. What is told of a group is what stands
// in it when it is told.
struct Alert {
  std::string id;  // "a...", like a group's; the same however often it is told
  AlertKind kind = AlertKind::kOpened;
  absl::Time at;
  std::string group;
  uint32_t level = 0;
  int64_t stands_for = 0;  // earlier alerts that were still waiting and were taken over by this one
  // Of a call:
  std::string action;     // its name in the policy
  std::string endpoint;   // its name in the settings
  std::string violation;  // what it is about

  friend bool operator==(const Alert&, const Alert&) = default;
};

// How the violations of one name turned out.
struct Tally {
  int64_t raised = 0;
  int64_t real_loss = 0;
  int64_t bad_data = 0;
  int64_t wrong_rule = 0;

  friend bool operator==(const Tally&, const Tally&) = default;
};

}  // namespace fundgate::core

#endif  // SERVER_CORE_ALERT_RECORDS_H_
