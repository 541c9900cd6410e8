#include "server/core/timers.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/core/automatic_breakers.h"
#include "server/core/breakers.h"
#include "server/core/freshness.h"
#include "server/core/grouping.h"
#include "server/core/holds.h"
#include "server/core/leases.h"
#include "server/core/plans.h"
#include "server/core/reservations.h"
#include "server/core/verification/verification.h"
#include "server/core/windows/windows.h"

namespace fundgate::core {
namespace {

// How often a reservation that stays open past overdue_at is looked at again.
constexpr absl::Duration kOverdueRecheck = absl::Minutes(1);

bool IsOpen(const KeyRecord& record) {
  return record.state == KeyState::kAllowed &&
         (record.reservation->state == ReservationState::kPending ||
          record.reservation->state == ReservationState::kConfirmed);
}

bool HasGap(const Draft& draft, const KeyId& key, const AccountId& account) {
  const auto& gaps = draft.before().of<Gaps>();
  return std::any_of(gaps.begin(), gaps.end(), [&](const auto& gap) {
    return gap.first.kind == key.kind &&
           (gap.first.account.empty() || gap.first.account == account);
  });
}

// It was allowed, and everything there is to know says that it did not move.
bool ProvenNotToHaveMoved(Draft& draft, const KeyId& key, const KeyRecord& record) {
  const CheckpointDefinition* checkpoint = draft.policy().FindCheckpoint(key.kind);
  if (checkpoint == nullptr || !checkpoint->auto_release) return false;
  const std::vector<SourceName>& sources = draft.policy().movements[checkpoint->movement].sources;
  const Reservation& reservation = *record.reservation;
  return !sources.empty() && reservation.state == ReservationState::kPending &&
         !reservation.pinned && !record.event_seen && !record.moved &&
         !HasGap(draft, key, record.fingerprint->account) &&
         NotProvenPast(draft, sources, reservation.valid_until + checkpoint->auto_release_grace)
             .empty();
}

void RaiseOverdue(Draft& draft, const KeyId& key) {
  KeyRecord& record = draft.MutableKey(key);
  record.reservation->overdue = true;
  Violation violation;
  violation.kind = ViolationKind::kOverdue;
  violation.name = std::string(ToString(ViolationKind::kOverdue));
  violation.key = key;
  violation.account = record.fingerprint->account;
  violation.order = record.fingerprint->lines.front().order;
  violation.amount = record.reservation->amount;
  violation.message =
      absl::StrCat("it was allowed by ", record.decision->id.ToString(), " and ",
                   record.reservation->state == ReservationState::kConfirmed
                       ? "confirmed, but no source has reported it"
                       : "neither confirmed, released nor reported; confirm or release it");
  draft.AddViolation(std::move(violation));
}

// Closes the books of one order of the key's account.
void CloseOrder(Draft& draft, const MovementDefinition& movement, const AccountId& account,
                const OrderId& order) {
  for (const Effect& effect : movement.effects) {
    const BookDefinition& book = draft.policy().books[effect.book];
    if (book.by_order) draft.MutableFamily({book.name, account, order}).closed = true;
  }
}

// Forgets a finished key. The orders that it moved or was refused for good take no more checks:
// nobody could tell any more whether one of them was made or rejected before.
void Expire(Draft& draft, const KeyId& key) {
  const KeyRecord record = *draft.FindKey(key);
  const MovementDefinition* movement = draft.policy().FindMovement(key.kind);
  const bool matters = record.moved || record.state == KeyState::kRejected;
  if (matters && movement != nullptr && movement->gated) {
    if (record.fingerprint.has_value()) {
      for (const Line& line : record.fingerprint->lines) {
        CloseOrder(draft, *movement, record.fingerprint->account, line.order);
      }
    }
    for (const RowContribution& row : record.rows) {
      if (row.counted) CloseOrder(draft, *movement, row.account, row.line.order);
    }
  }
  if (std::any_of(record.rows.begin(), record.rows.end(),
                  [](const RowContribution& row) { return row.counted; })) {
    draft.Put<ForgottenKeys>(key, Nothing());
  }
  draft.EraseKey(key);
}

void LookAt(Draft& draft, const KeyId& key) {
  if (const std::optional<absl::Time> again = LookAtHold(draft, key)) draft.WakeBy(key, *again);
  const KeyRecord& record = *draft.FindKey(key);
  if (!IsOpen(record)) {
    // A source says that it is under way: it is not finished, however long that takes.
    if (record.in_progress && !record.moved) {
      return draft.WakeBy(key, draft.now() + draft.policy().key_retention);
    }
    const absl::Time expires = record.changed_at + draft.policy().key_retention;
    return draft.now() >= expires ? Expire(draft, key) : draft.WakeBy(key, expires);
  }
  if (draft.now() < record.reservation->overdue_at) {
    return draft.WakeBy(key, record.reservation->overdue_at);
  }
  if (ProvenNotToHaveMoved(draft, key, record)) {
    EndReservation(draft, key, ReservationState::kReleased);
    return draft.WakeBy(key, draft.now() + draft.policy().key_retention);
  }
  if (!record.reservation->overdue) RaiseOverdue(draft, key);
  draft.WakeBy(key, draft.now() + kOverdueRecheck);
}

}  // namespace

void Tick(Draft& draft, const StateReader& state) {
  if (draft.before().clock.drifted || draft.before().policy == nullptr) return;
  ExpireBreakers(draft);
  EndPlans(draft);
  TendBreakers(draft);
  EndLeases(draft);
  EscalateGroups(draft);
  for (const Timer& timer : state.Due<Timers>(draft.now(), kMaxTimersPerTick)) {
    draft.RemoveTimer(timer);
    const KeyRecord* record = draft.FindKey(timer.key);
    if (record == nullptr || record->wake_at != timer.at) continue;
    draft.ClearWake(timer.key);
    LookAt(draft, timer.key);
  }
  ForgetEmptyWindows(draft, state);
  TakeTurns(draft);
}

}  // namespace fundgate::core
