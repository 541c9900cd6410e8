#include "client/retry.h"

#include <algorithm>

namespace fundgate::client {

bool MayTryAgain(absl::StatusCode code) {
  return code == absl::StatusCode::kUnavailable || code == absl::StatusCode::kResourceExhausted ||
         code == absl::StatusCode::kDeadlineExceeded;
}

PauseRange PauseAfter(const RetryOptions& options, int attempt,
                      std::optional<absl::Duration> hint) {
  absl::Duration pause = options.initial_pause;
  for (int i = 1; i < attempt && pause < options.longest_pause; ++i) pause *= 2;
  pause = std::min(pause, options.longest_pause);
  // The gate's own wish is a least, not an average: jitter comes on top of it.
  if (hint.has_value()) return {*hint, *hint + pause};
  return {pause / 2, pause};
}

}  // namespace fundgate::client
