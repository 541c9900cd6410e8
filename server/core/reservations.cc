#include "server/core/reservations.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/core/key_table.h"

namespace fundgate::core {
namespace {

Refusal Precondition(const std::string& message) {
  return Refusal{absl::FailedPreconditionError(message)};
}

ReservationAnswer AnswerOf(const KeyId& id, const AccountId& account, const KeyRecord& record) {
  return {id, account, record.decision->id, *record.reservation};
}

KeyState StateFor(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAllow:
      return KeyState::kAllowed;
    case Verdict::kHold:
      return KeyState::kHeld;
    case Verdict::kBlock:
      return KeyState::kBlocked;
  }
  return KeyState::kHeld;
}

// Why a command can't act on the generation it names, or nothing if it can.
std::optional<Refusal> WrongGeneration(const KeyRecord& record, const AccountId& account,
                                       const std::string& decision_id) {
  if (!record.decision.has_value()) {
    return Precondition("no check of this key was answered: there is nothing to act on");
  }
  if (record.fingerprint->account != account) {
    return Precondition("account_id: this key belongs to another account");
  }
  if (record.decision->id != decision_id) {
    return Precondition(absl::StrCat("decision_id: the newest decision of this key is ",
                                     record.decision->id.ToString(), ", not \"", decision_id,
                                     "\""));
  }
  if (record.state == KeyState::kRejected) {
    return Precondition("an operator rejected this movement: nothing is reserved");
  }
  if (!record.reservation.has_value()) {
    return Precondition(absl::StrCat("decision ", decision_id, " was ",
                                     std::string(ToString(record.decision->verdict)),
                                     ": nothing is reserved"));
  }
  return std::nullopt;
}

// The differences that take a reservation of `from` down to `to`, or nothing if it can't be told
// how they are shared out.
std::optional<Deltas> Shrinkage(const Reservation& reservation, int64_t to) {
  const int64_t from = reservation.amount.minor_units;
  Deltas difference = reservation.deltas;
  for (Delta& delta : difference) {
    if (delta.amount != from && delta.amount != -from) return std::nullopt;
    delta.amount = delta.amount < 0 ? to - from : from - to;
  }
  return difference;
}

// Gives back what a smaller confirmed amount leaves over.
std::optional<Refusal> ConfirmAmount(Draft& draft, const ConfirmInput& input) {
  const KeyRecord& record = *draft.FindKey(input.key);
  const Reservation& reservation = *record.reservation;
  if (!input.amount.has_value() || *input.amount == reservation.amount) return std::nullopt;
  if (input.amount->currency != reservation.amount.currency ||
      input.amount->minor_units > reservation.amount.minor_units ||
      input.amount->minor_units <= 0) {
    return Precondition(absl::StrCat("amount: ", input.amount->ToString(), " is not within the ",
                                     reservation.amount.ToString(), " that was allowed"));
  }
  const std::optional<Deltas> rest = Shrinkage(reservation, input.amount->minor_units);
  if (!rest.has_value()) {
    return Precondition(
        "amount: a movement of several lines or parts is confirmed whole; release it and ask "
        "again for the part that moved");
  }
  if (!ApplyDeltas(draft, *rest, input.account, reservation.amount.currency, Posting::kUnreserve)) {
    return Precondition("amount: the reservation's books do not hold what it reserved");
  }
  Reservation& shrunk = *draft.MutableKey(input.key).reservation;
  for (Delta& delta : shrunk.deltas) {
    delta.amount = delta.amount < 0 ? -input.amount->minor_units : input.amount->minor_units;
  }
  shrunk.amount = *input.amount;
  return std::nullopt;
}

// Kinds that no source reports have moved when the service says so.
void PostAtConfirm(Draft& draft, const ConfirmInput& input) {
  KeyRecord& record = draft.MutableKey(input.key);
  const Deltas deltas = record.reservation->deltas;
  EndReservation(draft, input.key, ReservationState::kPosted);
  // Posting what was pending keeps every counter within the bounds it was reserved in.
  ApplyDeltas(draft, deltas, input.account, record.reservation->amount.currency, Posting::kPost);
  record.moved = true;
}

// Nothing was asked yet, or nothing but earlier releases: later checks only.
Answer CloseUnknown(Draft& draft, const ReleaseInput& input) {
  if (draft.policy().FindCheckpoint(input.key.kind) == nullptr) {
    return Refusal{absl::InvalidArgumentError(absl::StrCat("checkpoint: \"", input.key.kind.value(),
                                                           "\" is no checkpoint of the policy"))};
  }
  const KeyRecord* known = draft.FindKey(input.key);
  if (known != nullptr && (known->moved || known->in_progress)) {
    return Precondition("an event says that this movement was made or is under way");
  }
  KeyRecord& record = draft.MutableKey(input.key);
  record.state = KeyState::kClosed;
  record.closed_at = draft.now();
  draft.WakeBy(input.key, draft.now() + draft.policy().key_retention);
  Reservation released;
  released.state = ReservationState::kReleased;
  return ReservationAnswer{input.key, input.account, input.decision_id, released};
}

}  // namespace

void RecordDecision(Draft& draft, const CheckInput& check, const Decision& decision,
                    Effects&& effects) {
  const MovementDefinition& movement = *draft.policy().FindMovement(check.key.kind);
  KeyRecord& record = draft.MutableKey(check.key);
  if (record.reservation.has_value()) {
    if (record.past.size() == kMaxPastGenerations) record.past.erase(record.past.begin());
    record.past.push_back(
        {record.decision->id, record.reservation->state, record.reservation->amount});
    record.reservation.reset();
  }
  record.state = StateFor(decision.verdict);
  record.generation += 1;
  if (!record.fingerprint.has_value()) record.fingerprint = FingerprintOf(check, movement);
  record.decision = decision;
  if (decision.verdict != Verdict::kAllow) {
    return draft.WakeBy(check.key, draft.now() + draft.policy().key_retention);
  }
  ApplyDeltas(draft, effects.books, Posting::kReserve);
  BindCurrencies(draft, effects.books);
  Reservation& reservation = record.reservation.emplace();
  reservation.amount = check.amount;
  reservation.deltas = std::move(effects.deltas);
  reservation.valid_until = *decision.valid_until;
  reservation.overdue_at = *decision.overdue_at;
  reservation.pinned = record.in_progress;
  draft.WakeBy(check.key, reservation.overdue_at);
}

Answer Confirm(Draft& draft, const ConfirmInput& input) {
  const KeyRecord* record = draft.FindKey(input.key);
  if (record == nullptr) {
    return Refusal{absl::NotFoundError("no check of this key was answered: nothing to confirm")};
  }
  if (const auto refusal = WrongGeneration(*record, input.account, input.decision_id)) {
    return *refusal;
  }
  const Reservation& reservation = *record->reservation;
  switch (reservation.state) {
    case ReservationState::kReleased:
      return Precondition("it was released: ask again before moving money");
    case ReservationState::kPosted:
      return AnswerOf(input.key, input.account, *record);
    case ReservationState::kConfirmed:
      if (input.amount.has_value() && *input.amount != reservation.amount) {
        return Precondition(absl::StrCat("amount: it was confirmed with ",
                                         reservation.amount.ToString(), " before"));
      }
      return AnswerOf(input.key, input.account, *record);
    case ReservationState::kPending:
      break;
  }
  if (const auto refusal = ConfirmAmount(draft, input)) return *refusal;
  KeyRecord& confirmed = draft.MutableKey(input.key);
  confirmed.reservation->state = ReservationState::kConfirmed;
  confirmed.reservation->pinned = true;
  if (draft.policy().FindMovement(input.key.kind) == nullptr ||
      draft.policy().FindMovement(input.key.kind)->sources.empty()) {
    PostAtConfirm(draft, input);
  }
  return AnswerOf(input.key, input.account, confirmed);
}

Answer Release(Draft& draft, const ReleaseInput& input) {
  const KeyRecord* record = draft.FindKey(input.key);
  if (record == nullptr || !record->decision.has_value()) return CloseUnknown(draft, input);
  const auto past = std::find_if(
      record->past.begin(), record->past.end(),
      [&input](const PastGeneration& old) { return old.decision_id == input.decision_id; });
  if (past != record->past.end() && record->fingerprint->account == input.account) {
    Reservation ended;
    ended.state = past->state;
    ended.amount = past->amount;
    return ReservationAnswer{input.key, input.account, input.decision_id, ended};
  }
  if (const auto refusal = WrongGeneration(*record, input.account, input.decision_id)) {
    return *refusal;
  }
  switch (record->reservation->state) {
    case ReservationState::kReleased:
      return AnswerOf(input.key, input.account, *record);
    case ReservationState::kPosted:
      return Precondition("it moved: an event has posted it");
    case ReservationState::kConfirmed:
      return Precondition("it was confirmed as moved");
    case ReservationState::kPending:
      break;
  }
  if (record->moved || record->in_progress) {
    return Precondition("an event says that this movement was made or is under way");
  }
  EndReservation(draft, input.key, ReservationState::kReleased);
  return AnswerOf(input.key, input.account, *draft.FindKey(input.key));
}

void EndReservation(Draft& draft, const KeyId& id, ReservationState state) {
  KeyRecord& record = draft.MutableKey(id);
  Reservation& reservation = *record.reservation;
  ApplyDeltas(draft, reservation.deltas, record.fingerprint->account, reservation.amount.currency,
              Posting::kUnreserve);
  reservation.deltas.clear();
  reservation.state = state;
}

}  // namespace fundgate::core
