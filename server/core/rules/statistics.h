// What a rule did so far. Written only when it hits or fails.
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

  friend bool operator==(const RuleStatistics&, const RuleStatistics&) = default;
};

}  // namespace fundgate::core

#endif  // SERVER_CORE_RULES_STATISTICS_H_
