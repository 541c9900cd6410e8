#include "tests/model/machine_picture.h"

#include <string>
#include <variant>

namespace fundgate::model {
namespace {

// Reasons are compared by code, verdict, and by name where it names a thing of the policy.
std::string TextOfReason(const core::Reason& reason) {
  std::string name;
  switch (reason.code) {
    case core::ReasonCode::kInvariant:
    case core::ReasonCode::kBreaker:
    case core::ReasonCode::kUnproven:
    case core::ReasonCode::kStaleSource:
    case core::ReasonCode::kIdempotencyConflict:
    case core::ReasonCode::kRule:
      name = reason.name;
      break;
    default:
      break;
  }
  return ReasonText(reason.code, name, reason.verdict);
}

AnswerPicture PictureOf(const core::Decision& decision) {
  AnswerPicture picture;
  picture.sort = AnswerSort::kDecision;
  picture.verdict = decision.verdict;
  for (const core::Reason& reason : decision.reasons) picture.reasons.insert(TextOfReason(reason));
  for (const core::Reason& reason : decision.shadow_reasons) {
    picture.shadow.insert(TextOfReason(reason));
  }
  picture.replayed = decision.replayed;
  picture.decision_id = decision.id;
  picture.valid_until = decision.valid_until;
  return picture;
}

AnswerPicture PictureOf(const core::ReservationAnswer& answer) {
  AnswerPicture picture;
  picture.sort = AnswerSort::kReservation;
  picture.decision_id = answer.decision_id;
  picture.reservation = answer.reservation.state;
  picture.amount = answer.reservation.amount.minor_units;
  return picture;
}

AnswerPicture PictureOf(const core::EpochGrant& grant) {
  AnswerPicture picture;
  picture.sort = AnswerSort::kEpoch;
  picture.number = grant.epoch;
  return picture;
}

AnswerPicture PictureOf(const core::IngestAnswer& answer) {
  AnswerPicture picture;
  picture.sort = AnswerSort::kIngest;
  picture.number = NumberOf(answer.position);
  return picture;
}

AnswerPicture PictureOf(const core::BreakerAnswer& answer) {
  AnswerPicture picture;
  picture.sort = AnswerSort::kBreaker;
  picture.breaker = answer.breaker.state;
  return picture;
}

AnswerPicture PictureOf(const core::PolicyAnswer& answer) {
  AnswerPicture picture;
  picture.sort = AnswerSort::kPolicy;
  picture.number = answer.version;
  return picture;
}

AnswerPicture PictureOf(const core::Done&) { return AnswerPicture(); }

AnswerPicture PictureOf(const core::SnapshotAnswer&) { return AnswerPicture(); }
AnswerPicture PictureOf(const core::PlanAnswer&) { return AnswerPicture(); }
AnswerPicture PictureOf(const core::LeaseAnswer&) { return AnswerPicture(); }

AnswerPicture PictureOf(const core::Wait& wait) {
  AnswerPicture picture;
  picture.sort = AnswerSort::kWait;
  for (const SourceName& source : wait.sources) picture.wait_sources.insert(source.value());
  picture.wait_until = wait.give_up_at;
  return picture;
}

AnswerPicture PictureOf(const core::Refusal& refusal) {
  AnswerPicture picture;
  picture.sort = AnswerSort::kRefusal;
  picture.code = refusal.status.code();
  return picture;
}

KeyPicture PictureOf(const core::KeyRecord& record) {
  KeyPicture picture{record.state, record.generation, record.moved, record.fingerprint.has_value(),
                     std::nullopt};
  if (record.reservation.has_value()) {
    const core::Reservation& reservation = *record.reservation;
    picture.reservation = {reservation.state, reservation.amount.minor_units, reservation.overdue,
                           !reservation.deltas.empty()};
  }
  return picture;
}

}  // namespace

AnswerPicture PictureOf(const core::Outcome& outcome) {
  AnswerPicture picture =
      std::visit([](const auto& answer) { return PictureOf(answer); }, outcome.answer);
  picture.recorded = outcome.recorded;
  for (const auto& [id, found] : outcome.changes.of<core::Violations>()) {
    const core::Violation& v = *found;
    picture.violations.insert(ViolationText(v.kind, v.name, v.key, v.account, v.order));
  }
  return picture;
}

StatePicture PictureOf(const core::MemoryState& state) {
  StatePicture picture;
  for (const auto& [id, book] : state.of<core::Books>()) {
    BookPicture numbers;
    for (size_t i = 0; i < book.counters.size(); ++i) {
      const core::Counter& counter = book.counters[i];
      numbers[i] = {counter.posted, counter.pending_up, counter.pending_down};
    }
    if (numbers != BookPicture{}) picture.books[id] = numbers;
  }
  for (const auto& [id, record] : state.of<core::Keys>()) picture.keys[id] = PictureOf(record);
  const core::Resident& resident = state.resident();
  for (const auto& [scope, breaker] : resident.of<core::Breakers>()) {
    const core::Budget left = breaker.left.value_or(core::Budget());
    picture.breakers[scope] = {breaker.state, breaker.mode, left.calls, left.amount.minor_units};
  }
  for (const auto& [name, source] : resident.of<core::Sources>()) {
    picture.sources[name.value()] = {source.epoch, NumberOf(source.position), source.proven_past};
  }
  for (const auto& [scope, gap] : resident.of<core::Gaps>()) {
    picture.gaps.insert(scope.kind.value() + " " + scope.account.value() + " " +
                        scope.order.value());
  }
  for (const auto& [name, seen] : state.of<core::RulesSeen>()) {
    picture.rules[name] = {seen.hits, seen.shadow_hits, seen.errors, seen.suppressed,
                           seen.added_version};
  }
  picture.drifted = resident.clock.drifted;
  return picture;
}

}  // namespace fundgate::model
