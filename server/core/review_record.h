// What people said of a violation, or of a group of them.
#ifndef SERVER_CORE_REVIEW_RECORD_H_
#define SERVER_CORE_REVIEW_RECORD_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace fundgate::core {

// Numbers are on disk: never renumber.
enum class ReviewState : uint8_t { kOpen = 1, kAcknowledged = 2, kResolved = 3 };

// What was behind it. Numbers are on disk: never renumber.
enum class Cause : uint8_t {
  kRealLoss = 1,   // money went, or would have gone, where it must not
  kBadData = 2,    // what a source said was wrong
  kWrongRule = 3,  // the policy was wrong: a false alarm
};
std::string_view ToString(Cause cause);  // "real_loss"

struct Remark {
  std::string actor;
  std::string reason;
  absl::Time at;

  friend bool operator==(const Remark&, const Remark&) = default;
};

struct Review {
  ReviewState state = ReviewState::kOpen;
  std::optional<Remark> acknowledged;
  std::optional<Remark> resolved;
  std::optional<Cause> cause;  // of the resolution; none where everything ended by itself

  friend bool operator==(const Review&, const Review&) = default;
};

}  // namespace fundgate::core

#endif  // SERVER_CORE_REVIEW_RECORD_H_
