// What a policy counts over a sliding span of time.
#ifndef SERVER_CORE_WINDOWS_DEFINITION_H_
#define SERVER_CORE_WINDOWS_DEFINITION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "fundgate/types/ids.h"
#include "server/core/windows/window_name.h"

namespace fundgate::core {

struct EventCounting;  // event_windows.h

// A window is kept in buckets of its resolution. What was counted in a bucket counts until the
// span has passed since the bucket's end: so everything of the last `span` counts, and nothing
// older than span + resolution.
struct WindowDefinition {
  // What it is kept by, always below the account. An attribute is also a field of a fact.
  enum class Key : uint8_t { kAccount, kOrder, kAttribute };
  // Whose values are told apart.
  enum class Distinct : uint8_t { kNothing, kOrder, kAttribute };

  WindowName name;
  MovementKind of;  // checks of this kind, as they are allowed; empty: events
  Key key = Key::kAccount;
  std::string attribute;  // with kAttribute: its name
  absl::Duration span = absl::Hours(1);
  absl::Duration resolution = absl::Minutes(1);  // the span is a multiple of it
  Distinct distinct = Distinct::kNothing;
  std::string distinct_attribute;  // with kAttribute: its name
  size_t distinct_max = 0;         // values that are told apart exactly
  // A hash of what is counted by what: records with another one are of another window.
  uint64_t meaning = 0;
  std::shared_ptr<const EventCounting> of_event = nullptr;  // which ones; null: checks
  // Of windows that tell successes from the rest: with fewer samples nothing can be said.
  int64_t min_samples = 0;
  // How many earlier days, in the same hour (UTC), what is found is compared with.
  int64_t baseline_days = 0;

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
inline constexpr int64_t kWindowSamplesMax = 1'000'000;
inline constexpr int64_t kWindowBaselineDaysMax = 30;
inline constexpr absl::Duration kWindowBaselineSpanMax = absl::Hours(24);

}  // namespace fundgate::core

#endif  // SERVER_CORE_WINDOWS_DEFINITION_H_
