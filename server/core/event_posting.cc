#include "server/core/event_posting.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "fundgate/types/checked.h"
#include "server/core/books.h"
#include "server/core/event_violations.h"
#include "server/core/gaps.h"
#include "server/core/reservations.h"
#include "server/core/row_doubts.h"
#include "server/core/snapshots.h"
#include "server/core/suspects.h"

namespace fundgate::core {
namespace {

bool Counts(const std::optional<Contribution>& contribution) {
  return contribution.has_value() && contribution->status == MovementStatus::kHappened;
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
        key_(std::move(key)),
        run_(RunOver(draft, source.name, change.row.table)) {}

  // The row said `before` of this key and says `after` now; either may be missing. False if it was
  // delivered before.
  bool Apply(const std::optional<Contribution>& before, const std::optional<Contribution>& after) {
    if (event_.snapshot && !MayBeSettled()) return false;
    const bool is_known =
        event_.snapshot ? IsKnown(after) : IsRedelivery(!change_.before.has_value(), after);
    if (is_known || !IsOvertaken(before, after)) EndDoubt(draft_, key_, source_, change_);
    if (is_known) return event_.snapshot && MarkSeen();
    // The row of a movement that nobody knows (any more) goes: there is nothing to take back.
    if (after.has_value() || draft_.FindKey(key_) != nullptr) Change(before, after);
    return true;
  }

 private:
  void Change(const std::optional<Contribution>& before, const std::optional<Contribution>& after) {
    const bool settles = event_.snapshot || (run_ != nullptr && MayBeSettled());
    if (!settles && IsOvertaken(before, after)) return;
    Note(before, after);
    if (settles) TakeBackSeconds();
    const RowContribution* row = FindRow();
    const bool is_posted = row != nullptr && row->line.amount > 0;
    if (!Counts(after)) return is_posted ? Reverse(after) : RememberUncounted(after);
    if (settles) return is_posted ? Settle(*after) : PostNew(*after);
    if (is_posted && !before.has_value()) return PostSecond(*after);
    if (Counts(before)) return Edit(*before, *after);
    if (is_posted) SetAside();
    PostNew(*after);
  }

  // Not if its key was forgotten: what is posted of it nobody knows then.
  bool MayBeSettled() { return draft_.Find<ForgottenKeys>(key_) == nullptr; }

  // The row is known to say just this.
  bool IsKnown(const std::optional<Contribution>& after) {
    if (!after.has_value() || draft_.FindKey(key_) == nullptr) return false;
    const RowContribution* row = FindIn(draft_.FindKey(key_)->rows);
    if (row == nullptr || HasSeconds()) return false;
    if (!Counts(after)) return row->line.amount == 0 && row->image_hash == change_.image_hash;
    return PlaceOf(*row) == PlaceOf(*after) && row->line == after->line &&
           !row->shared.has_value() && !row->said.has_value();
  }

  bool MarkSeen() {
    if (run_ != nullptr) FindIn(draft_.Mutable<Keys>(key_).rows)->seen_run = run_->run;
    return false;
  }

  bool HasSeconds() {
    const std::vector<RowContribution>& rows = draft_.FindKey(key_)->rows;
    return std::count_if(rows.begin(), rows.end(),
                         [this](const RowContribution& row) { return IsThis(row); }) > 1;
  }

  // If the row came twice, it had gone in between and nobody saw it.
  void TakeBackSeconds() {
    const RowContribution* const first = FindRow();
    std::erase_if(record().rows, [this, first](const RowContribution& row) {
      return &row != first && IsThis(row) &&
             Post(PlaceOf(row), PostedOf(row), None(row.line.order));
    });
  }

  // The row counts anew though it is posted: nobody saw it end. What is posted stays so, behind.
  void SetAside() {
    RowContribution aside = *FindRow();
    FindRow()->line = Nothing(aside.line.order);
    FindRow()->shared.reset();
    record().rows.push_back(std::move(aside));
  }

  // A row that is posted counts for what it says now, whatever was posted of it.
  void Settle(const Contribution& after) {
    const RowContribution known = *FindRow();
    Repost(&known, PostedOf(known), PlaceOf(known), after, Whole(after.line),
           known.line != after.line);
  }

  KeyRecord& record() { return draft_.MutableKey(key_); }

  bool IsThis(const RowContribution& row) const {
    return row.source == source_.name && row.row == change_.row;
  }

  template <typename Rows>
  auto FindIn(Rows& rows) const -> decltype(rows.data()) {
    const auto found = std::find_if(rows.begin(), rows.end(),
                                    [this](const RowContribution& row) { return IsThis(row); });
    return found == rows.end() ? nullptr : &*found;
  }
  RowContribution* FindRow() { return FindIn(record().rows); }

  bool IsRedelivery(bool is_insert, const std::optional<Contribution>& after) {
    const KeyRecord* known = draft_.FindKey(key_);
    if (known == nullptr) return false;
    const bool may_repeat = draft_.ReadSource(source_.name).coordinates_changed;
    return std::any_of(known->rows.begin(), known->rows.end(), [&](const RowContribution& row) {
      if (row.source != source_.name || row.row != change_.row) return false;
      if (row.event_id == event_.id) return true;
      // A row that is there is not inserted again: this is how it began.
      if (may_repeat && is_insert && row.line.amount > 0) return true;
      return may_repeat && after.has_value() && row.image_hash == change_.image_hash &&
             row.account == after->account &&
             (Counts(after) ? SaidLine(row) == after->line : SaidLine(row).amount == 0);
    });
  }

  // A report from the time before the movement happened, which it has overtaken. Who reports it
  // without an image before takes nothing back.
  bool IsOvertaken(const std::optional<Contribution>& before,
                   const std::optional<Contribution>& after) {
    if (before.has_value() || !after.has_value()) return false;
    if (after->status != MovementStatus::kInProgress) return false;
    if (draft_.FindKey(key_) == nullptr) return false;
    const RowContribution* row = FindRow();
    return row != nullptr && row->line.amount > 0;
  }

  // Keeps what the event says about the key beside its amount.
  void Note(const std::optional<Contribution>& before, const std::optional<Contribution>& after) {
    KeyRecord& key = record();
    key.event_seen = true;
    if (!key.wake_at.has_value()) {
      draft_.WakeBy(key_, draft_.now() + draft_.policy().key_retention);
    }
    if (!after.has_value()) return;
    if (after->status == MovementStatus::kInProgress) {
      key.in_progress = true;
      if (IsOpen(key)) key.reservation->pinned = true;
    }
    if (after->status != MovementStatus::kFailed) return;
    // A row that had failed already says nothing new.
    const bool had_failed = before.has_value() && before->status == MovementStatus::kFailed;
    // Which generation failed is only certain while there was one.
    if (!had_failed && IsOpen(key) && key.generation == 1) Fail(*after);
    // One part that failed says nothing of the others.
    if (!movement_.many_lines || !IsOpen(key)) key.in_progress = false;
  }

  static bool IsOpen(const KeyRecord& key) {
    return key.reservation.has_value() && (key.reservation->state == ReservationState::kPending ||
                                           key.reservation->state == ReservationState::kConfirmed);
  }

  // What was reserved for the row will not move.
  void Fail(const Contribution& row) {
    KeyRecord& key = record();
    if (!movement_.many_lines) {
      if (!key.moved) EndReservation(draft_, key_, ReservationState::kReleased);
      return;
    }
    EndShare(row, key.moved ? ReservationState::kPosted : ReservationState::kReleased);
    // What is left of it is no permission for the whole any more.
    key.reservation->valid_until = std::min(key.reservation->valid_until, draft_.now());
  }

  // What was reserved for the row is pending no more, and the reservation ends as `state` with its
  // last one: its whole line, or of a line that several rows make up at most the row's own share.
  void EndShare(const Contribution& row, ReservationState state) {
    KeyRecord& key = record();
    Reservation& reservation = *key.reservation;
    const bool is_line = PartOf(row) == row.line.order.value();
    const std::optional<Deltas> share =
        DeltasBetween(draft_.policy(), movement_, Nothing(row.line.order), row.line);
    Deltas ended;
    for (Delta& delta : reservation.deltas) {
      if (delta.line != row.line.order) continue;
      Delta part = delta;
      if (!is_line) part.amount = share.has_value() ? Within(delta, *share) : 0;
      delta.amount -= part.amount;
      ended.push_back(std::move(part));
    }
    ApplyDeltas(draft_, ended, key.fingerprint->account, reservation.amount.currency,
                Posting::kUnreserve);
    Drop(reservation.deltas, [](const Delta& delta) { return delta.amount == 0; });
    reservation.pinned = true;
    if (reservation.deltas.empty()) reservation.state = state;
  }

  // As much of `delta` as the share has for its counter.
  static int64_t Within(const Delta& delta, const Deltas& share) {
    for (const Delta& part : share) {
      if (part.book != delta.book || part.counter != delta.counter) continue;
      return delta.amount < 0 ? std::max(delta.amount, part.amount)
                              : std::min(delta.amount, part.amount);
    }
    return 0;
  }

  // Where a row says that its movement took place.
  struct Place {
    AccountId account;
    OrderId order;
    Currency currency;

    friend bool operator==(const Place&, const Place&) = default;
  };
  static Place PlaceOf(const Contribution& said) {
    return {said.account, said.line.order, said.currency};
  }
  static Place PlaceOf(const RowContribution& row) {
    return {row.account, row.line.order, row.amount.currency};
  }
  static Line Nothing(const OrderId& order) { return {order, 0, {}}; }

  // What is posted of a row: to the books of its order, and to those that all orders of the account
  // share. Nearly always the same; see RowContribution::shared.
  struct Posted {
    Line line;
    Line shared;
  };
  static Posted Whole(const Line& line) { return {line, line}; }
  static Posted None(const OrderId& order) { return Whole(Nothing(order)); }
  static Posted PostedOf(const RowContribution& row) {
    return {row.line, row.shared.value_or(row.line)};
  }

  // Changes what is posted at a place. False if that doesn't fit: then nothing changes and the book
  // is unproven.
  bool Post(const Place& place, const Posted& from, const Posted& to) {
    return PostDeltas(place, Difference(from, to));
  }

  bool PostDeltas(const Place& place, const std::optional<Deltas>& deltas) {
    TouchedBooks books;
    if (!deltas.has_value() || !FindBooks(draft_, *deltas, place.account, place.currency, books) ||
        !ApplyDeltas(draft_, books, Posting::kPost)) {
      MarkGap(draft_, {movement_.kind, place.account, place.order}, source_.name,
              absl::StrCat("the counters would leave 64 bits at event ", event_.id));
      return false;
    }
    BindCurrencies(draft_, books);
    if (event_.snapshot && change_.after.has_value() && !deltas->empty()) {
      draft_.Mutable<SnapshotRuns>(source_.name).corrected += 1;
    }
    // While all tables are read for the first time, cures may come later; the sweep looks at all.
    const bool is_swept_later = run_ != nullptr && run_->history && run_->is_whole &&
                                run_->state == SnapshotState::kReading;
    if (is_swept_later) return true;
    SuspectInvariants(draft_, *deltas, place.account, place.currency, source_.name, event_.id);
    return true;
  }

  // Takes back what is posted at one place and posts at another. Books that both places share see
  // only the difference.
  bool MovePosting(const Place& old_place, const Posted& from, const Place& place,
                   const Posted& to) {
    const OrderId& old_order = from.line.order;
    if (!SharesBooks(old_place, place)) {
      (void)Post(old_place, from, None(old_order));
      return Post(place, None(to.line.order), to);
    }
    std::optional<Deltas> taken = Difference(from, {Nothing(old_order), to.shared});
    const std::optional<Deltas> added = Difference({Nothing(to.line.order), to.shared}, to);
    if (!taken.has_value() || !added.has_value()) return PostDeltas(place, std::nullopt);
    taken->insert(taken->end(), added->begin(), added->end());
    return PostDeltas(place, taken);
  }

  static bool SharesBooks(const Place& one, const Place& other) {
    return one.account == other.account && one.currency == other.currency;
  }

  // The deltas of both parts; nothing if they leave 64 bits. Both lines are of one order.
  std::optional<Deltas> Difference(const Posted& from, const Posted& to) {
    std::optional<Deltas> deltas = DeltasBetween(draft_.policy(), movement_, from.line, to.line);
    std::optional<Deltas> shared =
        DeltasBetween(draft_.policy(), movement_, from.shared, to.shared);
    if (!deltas.has_value() || !shared.has_value()) return std::nullopt;
    Drop(*deltas, [](const Delta& delta) { return !delta.by_order; });
    std::copy_if(shared->begin(), shared->end(), std::back_inserter(*deltas),
                 [](const Delta& delta) { return !delta.by_order; });
    return deltas;
  }

  EventViolations violations() { return {draft_, source_, event_, movement_, key_}; }

  // The row's entry, new if it has none, marked with this event.
  RowContribution& Touch() {
    RowContribution* row = FindRow();
    if (row == nullptr) row = &record().rows.emplace_back();
    row->source = source_.name;
    row->row = change_.row;
    row->event_id = event_.id;
    row->image_hash = change_.image_hash;
    if (run_ != nullptr) row->seen_run = run_->run;
    return *row;
  }

  // Keeps what the row says now, and what is posted of it.
  void Remember(const Contribution& said, Posted posted) {
    RowContribution& row = Touch();
    row.part_key = PartOf(said);
    row.account = said.account;
    row.amount = Money{said.currency, posted.line.amount};
    row.shared.reset();
    if (posted.shared.amount != posted.line.amount || posted.shared.parts != posted.line.parts) {
      row.shared = std::move(posted.shared);
    }
    row.said.reset();
    if (said.line != posted.line) row.said = said.line;
    row.line = std::move(posted.line);
    row.counted = true;
  }

  // So that the same event is known again when it is delivered twice.
  void RememberUncounted(const std::optional<Contribution>& after) {
    if (!after.has_value() && FindRow() == nullptr) return;
    RowContribution& row = Touch();
    if (after.has_value() && !row.counted) {
      row.part_key = PartOf(*after);
      row.account = after->account;
      row.line.order = after->line.order;
    }
  }

  void MarkMoved() {
    KeyRecord& key = record();
    key.moved = true;
    if (key.state != KeyState::kAllowed && key.state != KeyState::kRejected) {
      key.state = KeyState::kMoved;
    }
  }

  // A row counts for the first time, or again after it had been taken back.
  void PostNew(const Contribution& after) { PostNew(after, Whole(after.line)); }

  void PostNew(const Contribution& after, const Posted& target) {
    const bool is_duplicate = HasTwin(after);
    violations().Compare(after, is_duplicate);
    if (!is_duplicate) SettleReservation(after);
    MarkMoved();
    const Posted nothing = None(after.line.order);
    const bool posted = Post(PlaceOf(after), nothing, target);
    Remember(after, posted ? target : nothing);
  }

  // The same row came into being a second time without having gone.
  void PostSecond(const Contribution& after) {
    violations().Compare(after, true);
    RowContribution second = Touch();
    if (!Post(PlaceOf(after), None(after.line.order), Whole(after.line))) return;
    second.account = after.account;
    second.amount = Money{after.currency, after.line.amount};
    second.line = after.line;
    second.shared.reset();
    record().rows.push_back(std::move(second));
  }

  // Another row has moved this key (and part) before.
  bool HasTwin(const Contribution& after) {
    const std::vector<RowContribution>& rows = record().rows;
    return std::any_of(rows.begin(), rows.end(), [&](const RowContribution& row) {
      const bool same_row = row.source == source_.name && row.row == change_.row;
      return row.counted && !same_row && (!movement_.many_lines || row.part_key == PartOf(after));
    });
  }

  // What was reserved for this movement is not pending any more.
  void SettleReservation(const Contribution& after) {
    const KeyRecord& key = record();
    if (key.state != KeyState::kAllowed || !IsOpen(key)) return;
    if (!movement_.many_lines) return EndReservation(draft_, key_, ReservationState::kPosted);
    EndShare(after, ReservationState::kPosted);
  }

  // A row that counted still counts, but perhaps otherwise. What is posted follows the images:
  // after minus before, and never below nothing. (Of a row that nobody remembers, because its key
  // was forgotten or it is older than its source's first event here, only the growth is posted to
  // a book that it had changed already.)
  void Edit(const Contribution& before, const Contribution& after) {
    const RowContribution* known = FindRow();
    const bool was_counted = known != nullptr && known->counted;
    const Posted posted = was_counted ? PostedOf(*known) : None(before.line.order);
    const Place old_place = was_counted ? PlaceOf(*known) : PlaceOf(before);
    const Place place = PlaceOf(after);
    const bool moved_place = !(old_place == place);
    Posted target = Whole(after.line);
    if (!moved_place) target.line = Grown(posted.line, before.line, after.line);
    if (SharesBooks(old_place, place)) {
      target.shared = Grown(posted.shared, before.line, after.line);
    }
    if (moved_place && !was_counted) return PostNew(after, target);
    Repost(was_counted ? known : nullptr, posted, old_place, after, target,
           before.line != after.line);
  }

  // What is posted of a row becomes `target` where it says now. `known`: null if it hadn't counted.
  void Repost(const RowContribution* known, const Posted& posted, const Place& old_place,
              const Contribution& after, const Posted& target, bool differs) {
    const Place place = PlaceOf(after);
    const bool moved_place = !(old_place == place);
    if ((moved_place && posted.line.amount > 0) ||
        ShrinksAnEffect(movement_, posted.line, target.line)) {
      violations().Undone(*known, &after);
    }
    // Whichever row says so, it has moved: of a key of many lines the one that the row names now.
    if (known == nullptr || moved_place) SettleReservation(after);
    MarkMoved();
    const bool fits =
        moved_place ? MovePosting(old_place, posted, place, target) : Post(place, posted, target);
    const Posted rest = moved_place ? None(after.line.order) : posted;
    Remember(after, fits ? target : rest);
    if (known != nullptr && (moved_place || differs)) violations().Compare(after, false);
  }

  // posted + (after - before), amount by amount, at least 0.
  static Line Grown(const Line& posted, const Line& before, const Line& after) {
    const auto grown = [](int64_t had, int64_t from, int64_t to) {
      // Amounts are not negative, so their difference fits.
      const std::optional<int64_t> sum = CheckedAdd(had, to - from);
      return std::max<int64_t>(0, sum.value_or(to));
    };
    const auto part = [](const Line& line, const std::string& name) {
      const int64_t* const found = FindPart(line, name);
      return found == nullptr ? 0 : *found;
    };
    Line target{after.order, grown(posted.amount, before.amount, after.amount), {}};
    for (const auto& [name, amount] : after.parts) {
      target.parts.emplace_back(name, grown(part(posted, name), part(before, name), amount));
    }
    return target;
  }

  // A row that is posted counts no more.
  void Reverse(const std::optional<Contribution>& after) {
    const RowContribution posted = *FindRow();
    violations().Undone(posted, after.has_value() ? &*after : nullptr);
    const Posted nothing = None(posted.line.order);
    const bool fits = Post(PlaceOf(posted), PostedOf(posted), nothing);
    RowContribution& row = Touch();
    row.said = nothing.line;
    if (!fits) return;
    row.said.reset();
    row.line = nothing.line;
    row.shared.reset();
    row.amount.minor_units = 0;
  }

  Draft& draft_;
  const SourceDefinition& source_;
  const Event& event_;
  const MovementEvent& change_;
  const MovementDefinition& movement_;
  const KeyId key_;
  const SnapshotRun* const run_;  // that reads the row's table anew; null: none does
};

using ChangeOfKey = RowChange;  // not the enumeration of that name
}  // namespace

bool PostRow(Draft& draft, const SourceDefinition& source, const Event& event,
             const MovementEvent& change, const MovementDefinition& movement,
             const IdempotencyKey& key, const std::optional<Contribution>& before,
             const std::optional<Contribution>& after) {
  return ChangeOfKey(draft, source, event, change, movement, {movement.kind, key})
      .Apply(before, after);
}

}  // namespace fundgate::core
