// What a policy counts over a sliding span of time.
#ifndef SERVER_CORE_WINDOWS_DEFINITION_H_
#define SERVER_CORE_WINDOWS_DEFINITION_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "fundgate/types/ids.h"

namespace fundgate::core {

// A window is kept in buckets of its resolution. What was counted in a bucket counts until the
// span has passed since the bucket's end: so everything of the last `span` counts, and nothing
// older than span + resolution.
struct WindowDefinition {
  // What it is kept by, always below the account.
  enum class Key : uint8_t { kAccount, kOrder, kAttribute };
  // Whose values are told apart.
  enum class Distinct : uint8_t { kNothing, kOrder, kAttribute };

  std::string name;
  MovementKind of;  // checks of this kind, as they are allowed
  Key key = Key::kAccount;
  std::string attribute;  // with kAttribute: its name
  absl::Duration span = absl::Hours(1);
  absl::Duration resolution = absl::Minutes(1);  // the span is a multiple of it
  Distinct distinct = Distinct::kNothing;
  std::string distinct_attribute;  // with kAttribute: its name
  size_t distinct_max = 0;         // values that are told apart exactly
  // A hash of what is counted by what: records with another one are of another window.
  uint64_t meaning = 0;

  int64_t Buckets() const {
    absl::Duration rest;
    return absl::IDivDuration(span, resolution, &rest);
  }
  // The number of the bucket that `time` lies in.
  int64_t BucketOf(absl::Time time) const {
    absl::Duration rest;
    return absl::IDivDuration(time - absl::UnixEpoch(), resolution, &rest);
  }
  // When what was counted in the bucket counts no more.
  absl::Time EndOf(int64_t bucket) const {
    return absl::UnixEpoch() + (bucket + Buckets() + 1) * resolution;
  }
};

// Bounds of what may be declared.
inline constexpr absl::Duration kWindowSpanMax = absl::Hours(24 * 31);
inline constexpr int64_t kWindowBucketsMax = 1000;
inline constexpr int64_t kWindowBucketsDefault = 60;
inline constexpr size_t kWindowDistinctMax = 1000;
inline constexpr size_t kWindowDistinctDefault = 100;

}  // namespace fundgate::core

#endif  // SERVER_CORE_WINDOWS_DEFINITION_H_
