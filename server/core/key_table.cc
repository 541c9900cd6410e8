#include "server/core/key_table.h"

#include "absl/strings/str_cat.h"
#include "server/core/breakers.h"

namespace fundgate::core {
namespace {

Reason KeyReason(ReasonCode code, Verdict verdict, const KeyRecord& record, std::string message) {
  Reason reason{code, "idempotency_key", std::move(message), verdict, {}};
  if (record.decision.has_value()) {
    reason.fields.emplace_back("first_decision_id", record.decision->id);
  }
  return reason;
}

Reason ConflictReason(const KeyRecord& record, const std::string& field) {
  Reason reason = KeyReason(ReasonCode::kIdempotencyConflict, Verdict::kBlock, record,
                            absl::StrCat("this key was first asked for with another ", field,
                                         "; a new movement needs a new key"));
  reason.name = field;
  return reason;
}

bool HasMoved(const KeyRecord& record) {
  return record.moved || record.state == KeyState::kMoved ||
         (record.state == KeyState::kAllowed &&
          (record.reservation->state == ReservationState::kConfirmed ||
           record.reservation->state == ReservationState::kPosted));
}

// The key is allowed and nothing was heard of it since.
KeyAnswer AnswerPending(Draft& draft, const CheckInput& check, const KeyRecord& record) {
  KeyAnswer answer;
  if (draft.now() >= record.reservation->valid_until && !draft.before().clock.drifted) {
    answer.reasons.push_back(KeyReason(
        ReasonCode::kInDoubt, Verdict::kHold, record,
        "it was allowed, and the time to start it has passed: confirm it if it moved, release it "
        "if it did not, then ask again"));
    return answer;
  }
  answer.reasons = OpenBreakersOver(draft, check);
  if (draft.before().clock.drifted) {
    answer.reasons.push_back({ReasonCode::kStaleSource,
                              "clock",
                              "it was allowed, but whether that is still valid can't be told until "
                              "an operator accepts the time",
                              Verdict::kHold,
                              {}});
  }
  if (answer.reasons.empty()) answer.replay = &*record.decision;
  return answer;
}

}  // namespace

KeyAnswer ConsultKey(Draft& draft, const CheckInput& check, const MovementDefinition& movement) {
  KeyAnswer answer;
  const KeyRecord* record = draft.FindKey(check.key);
  if (record == nullptr) return answer;

  if (record->state == KeyState::kRejected) {
    answer.reasons.push_back(KeyReason(ReasonCode::kRejected, Verdict::kBlock, *record,
                                       "an operator rejected this movement for good"));
    return answer;
  }
  if (record->fingerprint.has_value()) {
    const std::optional<std::string> field =
        DifferingField(*record->fingerprint, FingerprintOf(check, movement));
    if (field.has_value()) {
      answer.reasons.push_back(ConflictReason(*record, *field));
      return answer;
    }
  }
  if (HasMoved(*record)) {
    answer.reasons.push_back(KeyReason(ReasonCode::kAlreadyMoved, Verdict::kBlock, *record,
                                       "this movement has been made already"));
    return answer;
  }
  if (record->closed_at.has_value() && check.arrived_at <= *record->closed_at) {
    answer.reasons.push_back(KeyReason(ReasonCode::kHeld, Verdict::kHold, *record,
                                       "it was released while this check was on its way; ask again "
                                       "if it is still wanted"));
    return answer;
  }
  if (record->state == KeyState::kAllowed &&
      record->reservation->state == ReservationState::kPending) {
    return AnswerPending(draft, check, *record);
  }
  return answer;
}

Fingerprint FingerprintOf(const CheckInput& check, const MovementDefinition& movement) {
  Fingerprint fingerprint{check.account, check.amount, check.lines, {}};
  for (const std::string& name : movement.identity) {
    const auto found = check.attributes.find(name);
    fingerprint.identity.emplace_back(
        name, found == check.attributes.end() ? "" : ToString(found->second));
  }
  return fingerprint;
}

std::optional<std::string> DifferingField(const Fingerprint& bound, const Fingerprint& asked) {
  if (bound.account != asked.account) return "account_id";
  if (bound.amount.currency != asked.amount.currency) return "amount.currency_code";
  if (bound.amount != asked.amount) return "amount.minor_units";
  if (bound.lines != asked.lines) {
    return bound.lines.size() == 1 && asked.lines.size() == 1 &&
                   bound.lines.front().order != asked.lines.front().order
               ? "order_id"
               : "lines";
  }
  // A field that only one of the two names is no difference: the policy has changed in between.
  for (const auto& [name, value] : asked.identity) {
    for (const auto& [bound_name, bound_value] : bound.identity) {
      if (name == bound_name && value != bound_value) {
        return absl::StrCat("attributes[", name, "]");
      }
    }
  }
  return std::nullopt;
}

}  // namespace fundgate::core
