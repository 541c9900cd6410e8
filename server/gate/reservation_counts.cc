#include "server/gate/reservation_counts.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "absl/hash/hash.h"
#include "fundgate/types/status_macros.h"

namespace fundgate::gate {
namespace {

bool IsOpen(const core::KeyRecord& record) {
  return record.state == core::KeyState::kAllowed && record.reservation.has_value() &&
         (record.reservation->state == core::ReservationState::kPending ||
          record.reservation->state == core::ReservationState::kConfirmed);
}

// An open reservation is looked at again when it gets overdue, and then every minute. An hour more,
// for policies that waited for longer.
absl::Time LastLookAt(const core::Resident& resident) {
  if (resident.policy == nullptr) return absl::InfinitePast();
  absl::Duration longest = absl::Hours(1);
  for (const core::CheckpointDefinition& checkpoint : resident.policy->checkpoints) {
    longest = std::max(longest, checkpoint.overdue_after + absl::Hours(1));
  }
  return resident.clock.time + longest;
}

}  // namespace

absl::Status ReservationCounts::Load(std::shared_ptr<const store::View> view, size_t at_once) {
  const absl::Time until = LastLookAt(view->resident());
  FUNDGATE_ASSIGN_OR_RETURN(const size_t looked_at, LoadSome(*view, until, 0, at_once));
  if (looked_at < at_once) {
    const sequencer::MutexLock lock(mutex_);
    loading_ = false;
    return absl::OkStatus();
  }
  rest_ = std::thread([this, view = std::move(view), until, looked_at] {
    // What can't be read here stops whoever needs it; a count is worth less.
    (void)LoadSome(*view, until, looked_at, std::numeric_limits<size_t>::max());
    const sequencer::MutexLock lock(mutex_);
    loading_ = false;
    newer_ = {};
  });
  return absl::OkStatus();
}

absl::StatusOr<size_t> ReservationCounts::LoadSome(const store::View& view, absl::Time until,
                                                   size_t skipped, size_t most) {
  size_t looked_at = 0;
  absl::Status status;
  const absl::Status scanned = view.ScanTimers(until, [&](const core::Timer& timer) {
    if (skipped > 0) return --skipped, !stopping_;
    if (looked_at == most) return false;
    ++looked_at;
    absl::StatusOr<std::optional<core::KeyRecord>> record = view.Find<core::Keys>(timer.key);
    status.Update(record.status());
    const sequencer::MutexLock lock(mutex_);
    if (record.ok() && record->has_value() && !newer_.contains(absl::HashOf(timer.key))) {
      Set(timer.key, &**record);
    }
    return status.ok() && !stopping_ && open_.size() < kMaxLoaded;
  });
  FUNDGATE_RETURN_IF_ERROR(scanned);
  FUNDGATE_RETURN_IF_ERROR(status);
  return looked_at;
}

void ReservationCounts::AwaitLoaded() {
  if (rest_.joinable()) rest_.join();
}

void ReservationCounts::Stop() {
  stopping_ = true;
  AwaitLoaded();
}

void ReservationCounts::Recorded(const core::Changes& changes) {
  const auto& keys = changes.of<core::Keys>();
  if (keys.empty()) return;
  const sequencer::MutexLock lock(mutex_);
  for (const auto& [key, record] : keys) {
    if (loading_) newer_.insert(absl::HashOf(key));
    Set(key, record.has_value() ? &*record : nullptr);
  }
}

void ReservationCounts::Set(const core::KeyId& key, const core::KeyRecord* record) {
  const uint64_t hash = absl::HashOf(key);
  const auto was = open_.find(hash);
  if (was != open_.end()) {
    Row& row = *was->second.row;
    (was->second.confirmed ? row.confirmed : row.pending).Subtract();
    if (was->second.overdue) row.overdue.Subtract();
  }
  if (record == nullptr || !IsOpen(*record)) {
    if (was != open_.end()) open_.erase(was);
    return;
  }
  const Open is{&rows_.Of(key.kind.value()),
                record->reservation->state == core::ReservationState::kConfirmed,
                record->reservation->overdue};
  (is.confirmed ? is.row->confirmed : is.row->pending).Add();
  if (is.overdue) is.row->overdue.Add();
  open_.insert_or_assign(hash, is);
}

}  // namespace fundgate::gate
