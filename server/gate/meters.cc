#include "server/gate/meters.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"

namespace fundgate::gate {
namespace {

size_t PlaceOf(core::ReasonCode code) {
  return std::min(size_t{static_cast<uint8_t>(code)}, DecisionCounts::kReasons - 1);
}

}  // namespace

void Meters::CheckAnswered(const core::Decision& decision, const CallTimes& times,
                           absl::Duration now) {
  admission_.Observe(absl::ToInt64Nanoseconds(times.admitted - times.arrived));
  total_.Observe(absl::ToInt64Nanoseconds(now - times.arrived));
  DecisionCounts& counts = decisions_.Of(decision.key.kind.value());
  const size_t first = decision.reasons.empty() ? 0 : PlaceOf(decision.reasons.front().code);
  counts.decisions[static_cast<uint8_t>(decision.verdict)][first].Add();
  for (const core::Reason& reason : decision.reasons) counts.reasons[PlaceOf(reason.code)].Add();
  if (decision.replayed) counts.replayed.Add();
}

void Meters::Recorded(Sequence sequence, const core::Outcome& outcome, const core::Policy* policy) {
  reservations.Recorded(outcome.changes);
  for (const auto& [key, record] : outcome.changes.of<core::Keys>()) {
    if (!record.has_value()) keys_forgotten_.Add();
  }
  const auto& violations = outcome.changes.of<core::Violations>();
  if (violations.empty()) return;
  // Its id names the record that found it: any other one has changed by a review.
  const std::string found_now = absl::StrFormat("v%016x-", sequence);
  const sequencer::MutexLock lock(mutex_);
  for (const auto& [id, violation] : violations) {
    if (!violation.has_value() || !absl::StartsWith(id, found_now)) continue;
    const core::RiskClass* risk =
        policy != nullptr ? policy->responses.ClassOf(violation->name) : nullptr;
    ++violations_[{std::string(core::ToString(violation->kind)), violation->name,
                   risk != nullptr ? risk->name : ""}];
  }
}

void Meters::CallFailed(int code) {
  if (code > 0 && static_cast<size_t>(code) < kCodes) failed_[static_cast<size_t>(code)].Add();
}

std::map<ViolationSort, uint64_t> Meters::violations() const {
  const sequencer::MutexLock lock(mutex_);
  return violations_;
}

}  // namespace fundgate::gate
