// One cause, one alert: what happens is put into groups, and groups are what people are told of.
#ifndef SERVER_CORE_GROUPING_H_
#define SERVER_CORE_GROUPING_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "fundgate/types/money.h"
#include "server/core/draft.h"
#include "server/core/records.h"

namespace fundgate::core {

// Names of groups whose members aren't violations of that name.
inline constexpr std::string_view kHoldsGroup = "hold";              // holds that wait
inline constexpr std::string_view kCatchUpGroup = "catch_up";        // found while catching up
inline constexpr std::string_view kHistoryGroup = "history";         // happened before go-live
inline constexpr std::string_view kOverflowGroup = "many_causes";    // past the bound of groups
inline constexpr std::string_view kNotCalledGroup = "call_dropped";  // calls that found no room

// Groups that may be open at once. The last ones are kept for whole names, and the very last for
// everything else, so that a flood of causes ends in few alerts and loses none.
inline constexpr size_t kMaxOpenGroups = 256;
inline constexpr size_t kMaxFineGroups = 192;
inline constexpr size_t kMaxGroupNames = 64;  // counted apart in one group
inline constexpr size_t kMaxGroupSums = 16;   // currencies summed up in one group
inline constexpr size_t kMaxTallies = 1024;   // names counted apart; the rest is "other"
// A group that grows after it was quiet for so long is told of again.
inline constexpr absl::Duration kQuiet = absl::Hours(1);
// A source that isn't proven past so long ago is catching up: what it shows makes one group.
inline constexpr absl::Duration kCatchUp = absl::Minutes(1);

// Something that joins a group.
struct Member {
  std::string name;
  std::string id;
  Labels labels;
  Money amount;  // no currency: none
  std::string message;
  bool found_late = false;
};

// Puts the member into the open group of that key, which is new if there is none, and tells people
// if they have to know. Returns the group's id.
std::string Join(Draft& draft, const GroupKey& key, const Member& member);

// A member of that name has ended by itself; a group without open members is resolved.
void Leave(Draft& draft, const std::string& group, std::string_view name);

// Puts every violation that this input found, from the one of that number on, into its group,
// counts it, and does what the policy says is to be done.
void FollowViolations(Draft& draft, size_t first = 0);

// Ends a group: nobody joins it any more, and people are told.
void Resolve(Draft& draft, const std::string& group, Remark remark, std::optional<Cause> cause);

// When a group is to be escalated next, from now on.
absl::Time NextEscalation(const Draft& draft, const Group& group);

// Tells of groups that nobody answered or contained in time, at a higher level each time. For
// ticks.
void EscalateGroups(Draft& draft);

// The name's tally, or that of "other" where there are too many names.
Tally& TallyOf(Draft& draft, const std::string& name);

// A statement with its literals replaced by ?, so that the same statement with other values has the
// same shape; at most kMaxShapeBytes.
inline constexpr size_t kMaxShapeBytes = 200;
std::string ShapeOf(std::string_view statement);

}  // namespace fundgate::core

#endif  // SERVER_CORE_GROUPING_H_
