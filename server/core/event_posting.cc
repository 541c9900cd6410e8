#include "server/core/event_posting.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/core/books.h"
#include "server/core/event_violations.h"
#include "server/core/reservations.h"
#include "server/core/suspects.h"

namespace fundgate::core {
namespace {

void MarkGap(Draft& draft, GapScope scope, const SourceName& source, const std::string& reason) {
  if (draft.FindGap(scope) == nullptr && draft.before().gaps.size() >= kMaxGaps) {
    scope.account = AccountId();
    scope.order = OrderId();
  }
  Gap& gap = draft.MutableGap(scope);
  if (gap.count == 0) {
    gap.since = draft.now();
    gap.source = source;
    gap.reason = reason;
  }
  gap.count += 1;
}

bool Counts(const std::optional<Contribution>& contribution) {
  return contribution.has_value() && contribution->status == MovementStatus::kHappened;
}

// Why the contribution can't be posted, or nothing if it can.
std::optional<std::string> Unpostable(const Policy& policy, const MovementDefinition& movement,
                                      const Contribution& contribution) {
  if (contribution.key.empty()) return "the row has no idempotency key";
  if (contribution.account.empty()) return "the row has no account";
  if (contribution.line.order.empty() && NeedsOrder(policy, movement)) {
    return "the row has no order";
  }
  if (contribution.status != MovementStatus::kHappened) return std::nullopt;
  if (contribution.currency.empty()) return "the row has no currency";
  if (contribution.line.amount <= 0) return "the row's amount is not more than 0";
  return PartsMismatch(movement, contribution.line);
}

// One movement event on one key.
class RowChange {
 public:
  RowChange(Draft& draft, const SourceDefinition& source, const Event& event,
            const MovementEvent& change, const MovementDefinition& movement, KeyId key)
      : draft_(draft),
        source_(source),
        event_(event),
        change_(change),
        movement_(movement),
        key_(std::move(key)) {}

  // The row said `before` of this key and says `after` now; either may be missing.
  void Apply(const std::optional<Contribution>& before, const std::optional<Contribution>& after) {
    if (IsRedelivery(after)) return;
    Note(after);
    const bool counts = Counts(after);
    RowContribution* row = FindRow();
    if (row != nullptr && row->line.amount > 0) {
      if (counts && !before.has_value()) return PostSecond(*after);
      return counts ? Repost(*row, *after) : Reverse(*row, after);
    }
    if (!counts) return;
    if (row == nullptr && Counts(before)) return PostGrowth(*before, *after);
    PostNew(*after);
  }

 private:
  KeyRecord& record() { return draft_.MutableKey(key_); }

  RowContribution* FindRow() {
    std::vector<RowContribution>& rows = record().rows;
    const auto found = std::find_if(rows.begin(), rows.end(), [this](const RowContribution& row) {
      return row.source == source_.name && row.row == change_.row;
    });
    return found == rows.end() ? nullptr : &*found;
  }

  bool IsRedelivery(const std::optional<Contribution>& after) {
    const KeyRecord* known = draft_.FindKey(key_);
    if (known == nullptr) return false;
    const bool may_repeat = draft_.ReadSource(source_.name).coordinates_changed;
    return std::any_of(known->rows.begin(), known->rows.end(), [&](const RowContribution& row) {
      if (row.source != source_.name || row.row != change_.row) return false;
      if (row.event_id == event_.id) return true;
      return may_repeat && Counts(after) && row.image_hash == change_.image_hash &&
             row.account == after->account && row.line == after->line;
    });
  }

  // Keeps what the event says about the key beside its amount.
  void Note(const std::optional<Contribution>& after) {
    KeyRecord& key = record();
    key.event_seen = true;
    if (!key.wake_at.has_value()) {
      draft_.WakeBy(key_, draft_.now() + draft_.policy().key_retention);
    }
    if (!after.has_value()) return;
    const bool is_open =
        key.reservation.has_value() && (key.reservation->state == ReservationState::kPending ||
                                        key.reservation->state == ReservationState::kConfirmed);
    if (after->status == MovementStatus::kInProgress) {
      key.in_progress = true;
      if (is_open) key.reservation->pinned = true;
    }
    if (after->status == MovementStatus::kFailed) {
      key.in_progress = false;
      // Which generation failed is only certain while there was one.
      if (is_open && key.generation == 1 && !key.moved) {
        EndReservation(draft_, key_, ReservationState::kReleased);
      }
    }
  }

  std::optional<std::vector<Delta>> Deltas(const Line& line) const {
    return DeltasOf(draft_.policy(), movement_, {&line, 1});
  }

  // Adds to the posted counters; what doesn't fit leaves the book unproven.
  void Post(const std::vector<Delta>& deltas, const AccountId& account, const OrderId& order,
            Currency currency) {
    if (!ApplyDeltas(draft_, deltas, account, currency, Posting::kPost)) {
      return MarkGap(draft_, {movement_.kind, account, order}, source_.name,
                     absl::StrCat("the counters would leave 64 bits at event ", event_.id));
    }
    BindCurrencies(draft_, deltas, account, currency);
    SuspectInvariants(draft_, deltas, account, currency, source_.name, event_.id);
  }

  void Unpost(const RowContribution& row) {
    std::optional<std::vector<Delta>> deltas = Deltas(row.line);
    if (!deltas.has_value()) return;  // they fitted when they were posted
    for (Delta& delta : *deltas) delta.amount = -delta.amount;
    Post(*deltas, row.account, row.line.order, row.amount.currency);
  }

  EventViolations violations() { return {draft_, source_, event_, movement_, key_}; }

  void Remember(const Contribution& after) {
    RowContribution* row = FindRow();
    if (row == nullptr) row = &record().rows.emplace_back();
    *row = RowContribution{source_.name,
                           change_.row,
                           after.part_key,
                           event_.id,
                           change_.image_hash,
                           after.account,
                           Money{after.currency, after.line.amount},
                           after.line};
  }

  // A row counts for the first time.
  void PostNew(const Contribution& after) {
    const std::optional<std::vector<Delta>> deltas = Deltas(after.line);
    const bool is_duplicate = HasTwin(after);
    violations().Compare(after, is_duplicate);
    if (!is_duplicate) SettleReservation(after);
    Remember(after);
    MarkMoved();
    if (deltas.has_value()) Post(*deltas, after.account, after.line.order, after.currency);
  }

  void MarkMoved() {
    KeyRecord& key = record();
    key.moved = true;
    if (key.state != KeyState::kAllowed && key.state != KeyState::kRejected) {
      key.state = KeyState::kMoved;
    }
  }

  // The same row came into being a second time without having gone.
  void PostSecond(const Contribution& after) {
    violations().Compare(after, true);
    const std::optional<std::vector<Delta>> deltas = Deltas(after.line);
    FindRow()->event_id = event_.id;
    if (deltas.has_value()) Post(*deltas, after.account, after.line.order, after.currency);
  }

  // Another row has posted this key (and part) before.
  bool HasTwin(const Contribution& after) {
    const std::vector<RowContribution>& rows = record().rows;
    return std::any_of(rows.begin(), rows.end(), [&](const RowContribution& row) {
      const bool same_row = row.source == source_.name && row.row == change_.row;
      return !same_row && (!movement_.many_lines || row.part_key == after.part_key);
    });
  }

  // What was reserved for this movement is not pending any more.
  void SettleReservation(const Contribution& after) {
    KeyRecord& key = record();
    if (key.state != KeyState::kAllowed) return;
    Reservation& reservation = *key.reservation;
    if (reservation.state != ReservationState::kPending &&
        reservation.state != ReservationState::kConfirmed) {
      return;
    }
    if (!movement_.many_lines) return EndReservation(draft_, key_, ReservationState::kPosted);
    const auto of_line = std::stable_partition(
        reservation.deltas.begin(), reservation.deltas.end(),
        [&after](const Delta& delta) { return delta.line != after.line.order; });
    const std::vector<Delta> settled(of_line, reservation.deltas.end());
    ApplyDeltas(draft_, settled, key.fingerprint->account, reservation.amount.currency,
                Posting::kUnreserve);
    reservation.deltas.erase(of_line, reservation.deltas.end());
    reservation.pinned = true;
    if (reservation.deltas.empty()) reservation.state = ReservationState::kPosted;
  }

  // A row that has posted still counts, but perhaps otherwise.
  void Repost(RowContribution& row, const Contribution& after) {
    const RowContribution posted = row;
    Remember(after);
    const bool same_place = posted.account == after.account &&
                            posted.amount.currency == after.currency &&
                            posted.line.order == after.line.order;
    if (same_place && posted.line == after.line) return;
    const bool grew = same_place && after.line.amount > posted.line.amount;
    if (!grew) violations().Undone(posted, &after);
    Unpost(posted);
    const std::optional<std::vector<Delta>> deltas = Deltas(after.line);
    if (deltas.has_value()) Post(*deltas, after.account, after.line.order, after.currency);
    violations().Compare(after, false);
  }

  // A row that has posted counts no more.
  void Reverse(RowContribution& row, const std::optional<Contribution>& after) {
    const RowContribution posted = row;
    row.line.amount = 0;
    for (auto& [name, amount] : row.line.parts) amount = 0;
    row.amount.minor_units = 0;
    row.event_id = event_.id;
    row.image_hash = change_.image_hash;
    violations().Undone(posted, after.has_value() ? &*after : nullptr);
    Unpost(posted);
  }

  // A row whose earlier image was never posted here: only what it grew by is news.
  void PostGrowth(const Contribution& before, const Contribution& after) {
    const bool same_place = before.account == after.account && before.currency == after.currency &&
                            before.line.order == after.line.order;
    if (!same_place) return PostNew(after);
    std::optional<std::vector<Delta>> grown = Deltas(after.line);
    const std::optional<std::vector<Delta>> had = Deltas(before.line);
    if (!grown.has_value() || !had.has_value() || grown->size() != had->size()) return;
    if (after.line.amount <= before.line.amount) return;
    for (size_t i = 0; i < grown->size(); ++i) (*grown)[i].amount -= (*had)[i].amount;
    Post(*grown, after.account, after.line.order, after.currency);
    MarkMoved();
  }

  Draft& draft_;
  const SourceDefinition& source_;
  const Event& event_;
  const MovementEvent& change_;
  const MovementDefinition& movement_;
  const KeyId key_;
};

// The narrowest scope that is known of what could not be posted.
GapScope ScopeOf(const MovementKind& kind, const Contribution& contribution) {
  if (contribution.account.empty()) return {kind, AccountId(), OrderId()};
  return {kind, contribution.account, contribution.line.order};
}

void ApplyMovement(Draft& draft, const SourceDefinition& source, const Event& event,
                   const MovementEvent& change) {
  const MovementDefinition* movement = draft.policy().FindMovement(change.kind);
  const bool declared = std::binary_search(source.emits.begin(), source.emits.end(), change.kind);
  if (movement == nullptr || !declared) {
    return MarkGap(
        draft, {change.kind, AccountId(), OrderId()}, source.name,
        absl::StrCat("the policy does not let this source report \"", change.kind.value(), "\""));
  }
  for (const auto* side : {&change.before, &change.after}) {
    if (!side->has_value() || (*side)->status == MovementStatus::kNone) continue;
    const std::optional<std::string> why = Unpostable(draft.policy(), *movement, **side);
    if (why.has_value()) {
      return MarkGap(draft, ScopeOf(change.kind, **side), source.name,
                     absl::StrCat(*why, " (event ", event.id, ")"));
    }
  }
  const auto speaks = [](const std::optional<Contribution>& side) {
    return side.has_value() && side->status != MovementStatus::kNone;
  };
  const auto apply = [&](const IdempotencyKey& key, const std::optional<Contribution>& before,
                         const std::optional<Contribution>& after) {
    RowChange(draft, source, event, change, *movement, {change.kind, key}).Apply(before, after);
  };
  const bool was = speaks(change.before);
  const bool is = speaks(change.after);
  if (was && is && change.before->key == change.after->key) {
    return apply(change.after->key, change.before, change.after);
  }
  if (was) apply(change.before->key, change.before, std::nullopt);
  if (is) apply(change.after->key, std::nullopt, change.after);
}

}  // namespace

void ApplyEvent(Draft& draft, const SourceDefinition& source, const Event& event) {
  if (const auto* movement = std::get_if<MovementEvent>(&event.body)) {
    ApplyMovement(draft, source, event, *movement);
  } else if (const auto* gap = std::get_if<GapEvent>(&event.body)) {
    MarkGap(draft, gap->scope, source.name,
            gap->table.empty() ? gap->reason : absl::StrCat(gap->table, ": ", gap->reason));
  }
}

}  // namespace fundgate::core
