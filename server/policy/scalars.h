// How documents write values that YAML has no types for.
#ifndef SERVER_POLICY_SCALARS_H_
#define SERVER_POLICY_SCALARS_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace fundgate::policy {

// "200ms", "5s", "2m", "1h", "400d": a whole number and one unit. At most 100 years.
// INVALID_ARGUMENT with a sentence for anything else.
absl::StatusOr<absl::Duration> ParseDuration(std::string_view text);

// RFC 3339: "2026-01-31T00:00:00Z".
absl::StatusOr<absl::Time> ParseTimestamp(std::string_view text);

// "2m" and so on, in the largest unit that is exact.
std::string DurationText(absl::Duration duration);

absl::Duration ToDuration(const google::protobuf::Duration& message);
google::protobuf::Duration ToMessage(absl::Duration duration);
absl::Time ToTime(const google::protobuf::Timestamp& message);
google::protobuf::Timestamp ToMessage(absl::Time time);

// lower_snake_case, 1-64 bytes, beginning with a letter.
bool IsEntryName(std::string_view name);

}  // namespace fundgate::policy

#endif  // SERVER_POLICY_SCALARS_H_
