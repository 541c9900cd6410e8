// What a rule did so far, and since when it is there. Written only when it hits or fails, and by
// the policy that brings or changes it; gone with the policy that drops it.
#ifndef SERVER_CORE_RULES_STATISTICS_H_
#define SERVER_CORE_RULES_STATISTICS_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace fundgate::core {

// By the rule's name, over all accounts. Times are input times.
struct RuleStatistics {
  int64_t hits = 0;                            // that counted
  int64_t shadow_hits = 0;                     // that would have: in shadow, or outside its share
  int64_t errors = 0;                          // it could not be judged: it is broken
  absl::Time last_hit = absl::InfinitePast();  // of either sort
  absl::Time last_error = absl::InfinitePast();
  std::string error;                      // what the last one was, with its place in the expression
  absl::Time day = absl::InfinitePast();  // the day (UTC) of the newest hit
  int64_t hits_of_day = 0;                // of either sort
  absl::Time minute = absl::InfinitePast();  // the minute of the newest violation
  int64_t violations_of_minute = 0;
  int64_t suppressed = 0;  // violations above alerts_per_minute: counted, not recorded
  // The policy that brought it, and the one that changed its meaning last.
  uint64_t added_version = 0;
  absl::Time added_at = absl::InfinitePast();
  uint64_t changed_version = 0;
  absl::Time changed_at = absl::InfinitePast();
  uint64_t meaning = 0;  // RuleDefinition::meaning since then

  friend bool operator==(const RuleStatistics&, const RuleStatistics&) = default;
};

}  // namespace fundgate::core

#endif  // SERVER_CORE_RULES_STATISTICS_H_
