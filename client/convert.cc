#include "client/convert.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace fundgate::client {
namespace {

google::protobuf::Duration ToProto(absl::Duration duration) {
  google::protobuf::Duration message;
  message.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &duration));
  message.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(duration)));
  return message;
}

absl::Duration FromProto(const google::protobuf::Duration& message) {
  return absl::Seconds(message.seconds()) + absl::Nanoseconds(message.nanos());
}

v1::Value ToProto(const AttributeValue& value) {
  v1::Value message;
  if (const auto* text = std::get_if<std::string>(&value)) message.set_string_value(*text);
  if (const auto* number = std::get_if<int64_t>(&value)) message.set_int_value(*number);
  if (const auto* flag = std::get_if<bool>(&value)) message.set_bool_value(*flag);
  if (const auto* money = std::get_if<Money>(&value)) {
    *message.mutable_money_value() = client::ToProto(*money);
  }
  return message;
}

std::optional<Money> FromProto(const v1::Money& message) {
  const absl::StatusOr<Currency> currency = Currency::FromCode(message.currency_code());
  if (!currency.ok()) return std::nullopt;
  return Money{*currency, message.minor_units()};
}

Verdict FromProto(v1::Verdict verdict) {
  switch (verdict) {
    case v1::VERDICT_ALLOW:
      return Verdict::kAllow;
    case v1::VERDICT_BLOCK:
      return Verdict::kBlock;
    default:
      return Verdict::kHold;
  }
}

ReasonCode FromProto(v1::ReasonCode code) {
  switch (code) {
    case v1::REASON_CODE_INVARIANT:
      return ReasonCode::kInvariant;
    case v1::REASON_CODE_IDEMPOTENCY_CONFLICT:
      return ReasonCode::kIdempotencyConflict;
    case v1::REASON_CODE_ALREADY_MOVED:
      return ReasonCode::kAlreadyMoved;
    case v1::REASON_CODE_IN_DOUBT:
      return ReasonCode::kInDoubt;
    case v1::REASON_CODE_RULE:
      return ReasonCode::kRule;
    case v1::REASON_CODE_BREAKER:
      return ReasonCode::kBreaker;
    case v1::REASON_CODE_STALE_SOURCE:
      return ReasonCode::kStaleSource;
    case v1::REASON_CODE_UNPROVEN:
      return ReasonCode::kUnproven;
    case v1::REASON_CODE_HELD:
      return ReasonCode::kHeld;
    case v1::REASON_CODE_REJECTED:
      return ReasonCode::kRejected;
    case v1::REASON_CODE_LEASE:
      return ReasonCode::kLease;
    case v1::REASON_CODE_LIMIT:
      return ReasonCode::kLimit;
    default:
      return ReasonCode::kOther;
  }
}

ReservationState FromProto(v1::ReservationState state) {
  switch (state) {
    case v1::RESERVATION_STATE_PENDING:
      return ReservationState::kPending;
    case v1::RESERVATION_STATE_CONFIRMED:
      return ReservationState::kConfirmed;
    case v1::RESERVATION_STATE_POSTED:
      return ReservationState::kPosted;
    case v1::RESERVATION_STATE_RELEASED:
      return ReservationState::kReleased;
    default:
      return ReservationState::kUnknown;
  }
}

Reason FromProto(const v1::Reason& message) {
  Reason reason;
  reason.code = FromProto(message.code());
  reason.name = message.name();
  reason.message = message.message();
  reason.verdict = FromProto(message.verdict());
  reason.fields = {message.fields().begin(), message.fields().end()};
  return reason;
}

// The first detail of type Detail, if the status carries one.
template <typename Detail>
std::optional<Detail> DetailOf(const grpc::Status& status) {
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) return std::nullopt;
  for (const google::protobuf::Any& any : details.details()) {
    Detail detail;
    if (any.UnpackTo(&detail)) return detail;
  }
  return std::nullopt;
}

}  // namespace

v1::Money ToProto(const Money& money) {
  v1::Money message;
  message.set_currency_code(std::string(money.currency.code()));
  message.set_minor_units(money.minor_units);
  return message;
}

v1::CheckRequest ToProto(const CheckRequest& request) {
  v1::CheckRequest message;
  message.set_request_id(request.request_id);
  message.set_checkpoint(request.checkpoint.value());
  message.set_idempotency_key(request.idempotency_key.value());
  message.set_account_id(request.account.value());
  message.set_order_id(request.order.value());
  *message.mutable_amount() = ToProto(request.amount);
  for (const Line& line : request.lines) {
    v1::Line& to = *message.add_lines();
    to.set_order_id(line.order.value());
    *to.mutable_amount() = ToProto(line.amount);
    for (const auto& [name, part] : line.parts) (*to.mutable_parts())[name] = ToProto(part);
  }
  for (const auto& [name, value] : request.attributes) {
    (*message.mutable_attributes())[name] = ToProto(value);
  }
  if (request.max_staleness.has_value()) {
    *message.mutable_max_staleness() = ToProto(*request.max_staleness);
  }
  for (const auto& [source, position] : request.after_positions) {
    (*message.mutable_after_positions())[source] = position;
  }
  return message;
}

absl::Time FromProto(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

Reservation FromProto(const v1::Reservation& message) {
  Reservation reservation;
  reservation.decision_id = message.decision_id();
  reservation.state = FromProto(message.state());
  if (message.has_amount()) reservation.amount = FromProto(message.amount());
  if (message.has_valid_until()) reservation.valid_until = FromProto(message.valid_until());
  if (message.has_overdue_at()) reservation.overdue_at = FromProto(message.overdue_at());
  reservation.overdue = message.overdue();
  return reservation;
}

Decision FromProto(const v1::Decision& message) {
  Decision decision;
  decision.verdict = FromProto(message.verdict());
  for (const v1::Reason& reason : message.reasons()) {
    decision.reasons.push_back(FromProto(reason));
  }
  decision.decision_id = message.decision_id();
  decision.request_id = message.request_id();
  decision.checkpoint = MovementKind(message.checkpoint());
  decision.idempotency_key = IdempotencyKey(message.idempotency_key());
  decision.account = AccountId(message.account_id());
  decision.replayed = message.replayed();
  decision.first_decision_id = message.first_decision_id();
  decision.policy_version = message.policy_version();
  if (message.has_decided_at()) decision.decided_at = FromProto(message.decided_at());
  if (message.has_valid_until()) decision.valid_until = FromProto(message.valid_until());
  if (message.has_reservation()) decision.reservation = FromProto(message.reservation());
  if (message.has_retry_after()) decision.retry_after = FromProto(message.retry_after());
  return decision;
}

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  std::string text = status.error_message();
  if (const auto bad_request = DetailOf<google::rpc::BadRequest>(status)) {
    for (const auto& violation : bad_request->field_violations()) {
      absl::StrAppend(&text, "; ", violation.field(), ": ", violation.description());
    }
  }
  return {static_cast<absl::StatusCode>(status.error_code()), text};
}

std::optional<absl::Duration> RetryHintOf(const grpc::Status& status) {
  const auto info = DetailOf<google::rpc::RetryInfo>(status);
  if (!info.has_value() || !info->has_retry_delay()) return std::nullopt;
  return FromProto(info->retry_delay());
}

std::optional<Stop> StopOf(const grpc::Status& status) {
  const auto info = DetailOf<google::rpc::ErrorInfo>(status);
  if (!info.has_value() || info->domain() != "fundgate" || info->reason() != "BREAKER") {
    return std::nullopt;
  }
  const auto text = [&info](const char* name) {
    const auto found = info->metadata().find(name);
    return found == info->metadata().end() ? std::string() : found->second;
  };
  return Stop{text("breaker"), text("verdict") == "BLOCK" ? Verdict::kBlock : Verdict::kHold};
}

}  // namespace fundgate::client
