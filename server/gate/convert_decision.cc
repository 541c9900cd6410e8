#include "server/gate/convert_decision.h"

#include <span>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/gate/convert_values.h"

namespace fundgate::gate {
namespace {

void FillOrders(std::span<const core::Line> lines, v1::Reservation& proto) {
  for (const core::Line& line : lines) {
    if (!line.order.empty()) proto.add_order_ids(line.order.value());
  }
}

void Describe(const core::KeyId& key, const AccountId& account, const std::string& decision_id,
              core::ReservationState state, v1::Reservation& proto) {
  proto.set_decision_id(decision_id);
  proto.set_state(ToProto(state));
  proto.set_account_id(account.value());
  proto.set_checkpoint(key.kind.value());
  proto.set_idempotency_key(key.key.value());
}

v1::Reservation Describe(const core::KeyId& key, const AccountId& account,
                         const std::string& decision_id, core::ReservationState state) {
  v1::Reservation proto;
  Describe(key, account, decision_id, state, proto);
  return proto;
}

// A key that was closed before any check has a reservation of nothing.
void FillFrom(const core::Reservation& reservation, v1::Reservation& proto) {
  if (reservation.amount.currency.empty()) return;
  *proto.mutable_amount() = ToProto(reservation.amount);
  *proto.mutable_valid_until() = ToProto(reservation.valid_until);
  *proto.mutable_overdue_at() = ToProto(reservation.overdue_at);
  proto.set_overdue(reservation.overdue);
}

bool NamesFirstDecision(core::ReasonCode code) {
  return code == core::ReasonCode::kAlreadyMoved || code == core::ReasonCode::kInDoubt ||
         code == core::ReasonCode::kIdempotencyConflict;
}

}  // namespace

v1::Verdict ToProto(core::Verdict verdict) {
  switch (verdict) {
    case core::Verdict::kAllow:
      return v1::VERDICT_ALLOW;
    case core::Verdict::kHold:
      return v1::VERDICT_HOLD;
    case core::Verdict::kBlock:
      return v1::VERDICT_BLOCK;
  }
  return v1::VERDICT_UNSPECIFIED;
}

v1::ReasonCode ToProto(core::ReasonCode code) {
  switch (code) {
    case core::ReasonCode::kInvariant:
      return v1::REASON_CODE_INVARIANT;
    case core::ReasonCode::kIdempotencyConflict:
      return v1::REASON_CODE_IDEMPOTENCY_CONFLICT;
    case core::ReasonCode::kAlreadyMoved:
      return v1::REASON_CODE_ALREADY_MOVED;
    case core::ReasonCode::kInDoubt:
      return v1::REASON_CODE_IN_DOUBT;
    case core::ReasonCode::kRule:
      return v1::REASON_CODE_RULE;
    case core::ReasonCode::kBreaker:
      return v1::REASON_CODE_BREAKER;
    case core::ReasonCode::kStaleSource:
      return v1::REASON_CODE_STALE_SOURCE;
    case core::ReasonCode::kUnproven:
      return v1::REASON_CODE_UNPROVEN;
    case core::ReasonCode::kHeld:
      return v1::REASON_CODE_HELD;
    case core::ReasonCode::kRejected:
      return v1::REASON_CODE_REJECTED;
    case core::ReasonCode::kLimit:
      return v1::REASON_CODE_LIMIT;
    case core::ReasonCode::kLease:
      return v1::REASON_CODE_LEASE;
  }
  return v1::REASON_CODE_UNSPECIFIED;
}

v1::ReservationState ToProto(core::ReservationState state) {
  switch (state) {
    case core::ReservationState::kPending:
      return v1::RESERVATION_STATE_PENDING;
    case core::ReservationState::kConfirmed:
      return v1::RESERVATION_STATE_CONFIRMED;
    case core::ReservationState::kPosted:
      return v1::RESERVATION_STATE_POSTED;
    case core::ReservationState::kReleased:
      return v1::RESERVATION_STATE_RELEASED;
  }
  return v1::RESERVATION_STATE_UNSPECIFIED;
}

v1::Reason ToProto(const core::Reason& reason) {
  v1::Reason proto;
  proto.set_code(ToProto(reason.code));
  proto.set_name(reason.name);
  proto.set_message(reason.message);
  proto.set_verdict(ToProto(reason.verdict));
  for (const auto& [name, value] : reason.fields) (*proto.mutable_fields())[name] = value;
  return proto;
}

core::Verdict ToMode(v1::Verdict verdict, std::optional<core::Verdict> otherwise,
                     const std::string& field, Problems& problems) {
  if (verdict == v1::VERDICT_HOLD) return core::Verdict::kHold;
  if (verdict == v1::VERDICT_BLOCK) return core::Verdict::kBlock;
  if (verdict == v1::VERDICT_UNSPECIFIED && otherwise.has_value()) return *otherwise;
  problems.Add(field, "must be VERDICT_HOLD or VERDICT_BLOCK");
  return core::Verdict::kHold;
}

void Fill(const core::Decision& decision, v1::Decision& proto) {
  proto.set_decision_id(decision.id);
  proto.set_request_id(decision.request_id);
  proto.set_verdict(ToProto(decision.verdict));
  for (const core::Reason& reason : decision.reasons) {
    *proto.add_reasons() = ToProto(reason);
    if (!NamesFirstDecision(reason.code) || !proto.first_decision_id().empty()) continue;
    for (const auto& [name, value] : reason.fields) {
      if (name == "first_decision_id") proto.set_first_decision_id(value);
    }
  }
  for (const core::Reason& reason : decision.shadow_reasons) {
    *proto.add_shadow_reasons() = ToProto(reason);
  }
  proto.set_replayed(decision.replayed);
  proto.set_checkpoint(decision.key.kind.value());
  proto.set_idempotency_key(decision.key.key.value());
  proto.set_account_id(decision.account.value());
  proto.set_policy_version(decision.policy_version);
  *proto.mutable_decided_at() = ToProto(decision.decided_at);
  if (decision.valid_until.has_value()) {
    *proto.mutable_valid_until() = ToProto(*decision.valid_until);
  }
  for (const core::SourceSighting& source : decision.sources) {
    v1::SourceFreshness& added = *proto.add_sources();
    added.set_name(source.name.value());
    added.set_position(source.position.ToString());
    if (source.proven_past != absl::InfinitePast()) {
      *added.mutable_as_of() = ToProto(source.proven_past);
    }
  }
  if (decision.retry_after.has_value()) {
    *proto.mutable_retry_after() = ToProto(*decision.retry_after);
  }
  proto.set_sequence(decision.id.sequence());
}

v1::Decision ToProto(const core::Decision& decision) {
  v1::Decision proto;
  Fill(decision, proto);
  return proto;
}

void FillReservation(const core::Decision& allow, v1::Reservation& proto) {
  Describe(allow.key, allow.account, allow.id, core::ReservationState::kPending, proto);
  *proto.mutable_amount() = ToProto(allow.amount);
  if (allow.valid_until.has_value()) *proto.mutable_valid_until() = ToProto(*allow.valid_until);
  if (allow.overdue_at.has_value()) *proto.mutable_overdue_at() = ToProto(*allow.overdue_at);
}

v1::Reservation NewReservation(const core::Decision& allow, const core::CheckInput& check) {
  v1::Reservation proto;
  FillReservation(allow, proto);
  FillOrders(check.lines, proto);
  return proto;
}

std::optional<v1::Reservation> ReservationOf(const core::KeyId& key,
                                             const core::KeyRecord& record) {
  if (!record.reservation.has_value() || !record.decision.has_value()) return std::nullopt;
  v1::Reservation proto =
      Describe(key, record.decision->account, record.decision->id, record.reservation->state);
  FillFrom(*record.reservation, proto);
  if (record.fingerprint.has_value()) FillOrders(record.fingerprint->lines, proto);
  return proto;
}

std::optional<v1::Reservation> ReservationOf(const core::KeyId& key, const core::KeyRecord& record,
                                             const std::string& decision_id) {
  if (record.decision.has_value() && record.decision->id == decision_id) {
    return ReservationOf(key, record);
  }
  for (const core::PastGeneration& past : record.past) {
    if (past.decision_id != decision_id) continue;
    const AccountId account =
        record.fingerprint.has_value() ? record.fingerprint->account : AccountId();
    v1::Reservation proto = Describe(key, account, decision_id, past.state);
    *proto.mutable_amount() = ToProto(past.amount);
    if (record.fingerprint.has_value()) FillOrders(record.fingerprint->lines, proto);
    return proto;
  }
  return std::nullopt;
}

v1::Reservation ToProto(const core::ReservationAnswer& answer, const core::KeyRecord* record) {
  v1::Reservation proto =
      Describe(answer.key, answer.account, answer.decision_id, answer.reservation.state);
  FillFrom(answer.reservation, proto);
  if (record != nullptr && record->fingerprint.has_value()) {
    FillOrders(record->fingerprint->lines, proto);
  }
  return proto;
}

}  // namespace fundgate::gate
