#include "server/gate/reservation_counts.h"

#include <algorithm>
#include <optional>

#include "absl/hash/hash.h"
#include "absl/time/time.h"
#include "fundgate/types/status_macros.h"

namespace fundgate::gate {
namespace {

bool IsOpen(const core::KeyRecord& record) {
  return record.state == core::KeyState::kAllowed && record.reservation.has_value() &&
         (record.reservation->state == core::ReservationState::kPending ||
          record.reservation->state == core::ReservationState::kConfirmed);
}

}  // namespace

absl::Status ReservationCounts::Load(const store::View& view) {
  const core::Resident& resident = view.resident();
  if (resident.policy == nullptr) return absl::OkStatus();
  // An open reservation is looked at again when it gets overdue, and then every minute. An hour
  // more, for policies that waited for longer.
  absl::Duration longest = absl::Hours(1);
  for (const core::CheckpointDefinition& checkpoint : resident.policy->checkpoints) {
    longest = std::max(longest, checkpoint.overdue_after + absl::Hours(1));
  }
  absl::Status status;
  const absl::Status scanned =
      view.ScanTimers(resident.clock.time + longest, [&](const core::Timer& timer) {
        absl::StatusOr<std::optional<core::KeyRecord>> record = view.Find<core::Keys>(timer.key);
        status.Update(record.status());
        if (record.ok() && record->has_value()) Set(timer.key, &**record);
        return status.ok() && open_.size() < kMaxLoaded;
      });
  FUNDGATE_RETURN_IF_ERROR(scanned);
  return status;
}

void ReservationCounts::Recorded(const core::Changes& changes) {
  for (const auto& [key, record] : changes.of<core::Keys>()) {
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
