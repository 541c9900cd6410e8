#include "server/sequencer/probe_requests.h"

#include <algorithm>

namespace fundgate::sequencer {

void ProbeRequests::Need(const SourceName& source, absl::Time proven_past) {
  Request& request = requests_[source];
  request.needed = true;
  request.needed_past = std::max(request.needed_past, proven_past);
}

absl::Duration ProbeRequests::DueAt(const Request& request) const {
  if (!request.needed) return absl::InfiniteDuration();
  const bool underway = request.asked_at >= request.needed_past;
  return request.asked_steady + (underway ? retry_ : spacing_);
}

std::vector<SourceName> ProbeRequests::TakeDue(
    absl::Duration steady_now, absl::Time now,
    const std::function<bool(const SourceName&)>& is_awaited) {
  std::vector<SourceName> due;
  for (auto& [source, request] : requests_) {
    if (DueAt(request) > steady_now) continue;
    if (!is_awaited(source)) {
      request.needed = false;
      request.needed_past = absl::InfinitePast();
      continue;
    }
    request.asked_at = now;
    request.asked_steady = steady_now;
    due.push_back(source);
  }
  return due;
}

absl::Duration ProbeRequests::next_due() const {
  absl::Duration next = absl::InfiniteDuration();
  for (const auto& [source, request] : requests_) next = std::min(next, DueAt(request));
  return next;
}

}  // namespace fundgate::sequencer
