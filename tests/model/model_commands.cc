// Confirms, releases, rejected holds, breakers, policies, and what time alone brings about.
#include <algorithm>

#include "tests/model/model.h"

namespace fundgate::model {
namespace {

constexpr absl::StatusCode kPrecondition = absl::StatusCode::kFailedPrecondition;

// Nobody could say which order or which part the rest comes from.
bool CanBeSmaller(const Key& key) {
  if (key.binding->lines.size() > 1) return false;
  return std::all_of(
      key.reservation->open.begin(), key.reservation->open.end(),
      [&](const Step& step) { return step.amount == key.reservation->amount.minor_units; });
}

}  // namespace

AnswerPicture Model::Apply(const core::ConfirmInput& input) {
  const auto found = keys_.find(input.key);
  if (found == keys_.end()) return Refused(absl::StatusCode::kNotFound);
  Key& key = found->second;
  if (!key.reservation.has_value() || key.decision_id != input.decision_id) {
    return Refused(kPrecondition);
  }
  if (key.binding->account != input.account) return Refused(kPrecondition);
  Reserved& reserved = *key.reservation;
  if (reserved.state == core::ReservationState::kReleased) return Refused(kPrecondition);
  if (reserved.state == core::ReservationState::kPosted) return Answer(key);
  const Money amount = input.amount.value_or(reserved.amount);
  if (amount.currency != key.binding->amount.currency || amount.minor_units <= 0 ||
      amount.minor_units > key.binding->amount.minor_units) {
    return Refused(kPrecondition);
  }
  if (reserved.state != core::ReservationState::kPending) {
    if (amount != reserved.amount) return Refused(kPrecondition);
    return Answer(key);
  }
  if (amount != reserved.amount) {
    if (!CanBeSmaller(key)) return Refused(kPrecondition);
    MakeSmaller(key, input.key, amount);
  }
  reserved.state = core::ReservationState::kConfirmed;
  key.changed_at = now_;
  if (!FindKind(input.key.kind.value())->has_source) {
    confirmed_.insert(confirmed_.end(), reserved.open.begin(), reserved.open.end());
    End(key, core::ReservationState::kPosted);
    key.moved = true;
  }
  return Answer(key);
}

void Model::MakeSmaller(Key& key, const core::KeyId& id, const Money& amount) {
  core::Line line = key.binding->lines.front();
  line.amount = amount.minor_units;
  for (auto& [name, part] : line.parts) part = part == 0 ? 0 : amount.minor_units;
  key.reservation->amount = amount;
  key.reservation->open = StepsOf(id.kind.value(), key.binding->account, amount.currency, line);
}

AnswerPicture Model::Apply(const core::ReleaseInput& input) {
  const auto found = keys_.find(input.key);
  const bool unknown = found == keys_.end() || found->second.state == core::KeyState::kClosed ||
                       found->second.state == core::KeyState::kSeen;
  if (unknown && found != keys_.end() && found->second.in_progress) return Refused(kPrecondition);
  if (unknown) {
    if (terms_.FindCheckpoint(input.key.kind.value()) == nullptr) {
      return Refused(absl::StatusCode::kInvalidArgument);
    }
    Key& key = keys_[input.key];
    key.state = core::KeyState::kClosed;
    key.closed_at = now_;
    key.changed_at = now_;
    AnswerPicture answer = Answer(key);
    answer.decision_id = input.decision_id;
    return answer;
  }
  Key& key = found->second;
  if (key.binding.has_value() && key.binding->account != input.account) {
    return Refused(kPrecondition);
  }
  const auto earlier = key.released.find(input.decision_id);
  if (earlier != key.released.end()) {
    AnswerPicture answer;
    answer.sort = AnswerSort::kReservation;
    answer.decision_id = input.decision_id;
    answer.reservation = core::ReservationState::kReleased;
    answer.amount = earlier->second;
    return answer;
  }
  if (!key.reservation.has_value() || key.decision_id != input.decision_id) {
    return Refused(kPrecondition);
  }
  switch (key.reservation->state) {
    case core::ReservationState::kReleased:
      return Answer(key);
    case core::ReservationState::kPending:
      if (key.in_progress || key.moved) return Refused(kPrecondition);
      End(key, core::ReservationState::kReleased);
      key.changed_at = now_;
      return Answer(key);
    default:
      return Refused(kPrecondition);
  }
}

AnswerPicture Model::Apply(const core::RejectHoldInput& input) {
  const auto found = keys_.find(input.key);
  if (found == keys_.end()) return Refused(absl::StatusCode::kNotFound);
  Key& key = found->second;
  if (key.state != core::KeyState::kHeld || key.decision_id != input.decision_id ||
      key.binding->account != input.account) {
    return Refused(kPrecondition);
  }
  key.state = core::KeyState::kRejected;
  key.changed_at = now_;
  return AnswerPicture();
}

AnswerPicture Model::Apply(const core::ApproveHoldInput& input) {
  const auto found = keys_.find(input.key);
  if (found == keys_.end()) return Refused(absl::StatusCode::kNotFound);
  Key& key = found->second;
  if (key.state != core::KeyState::kHeld || key.decision_id != input.decision_id ||
      key.binding->account != input.account || !key.waits) {
    return Refused(kPrecondition);
  }
  key.approved.insert(key.held_by.begin(), key.held_by.end());
  if (key.approved.empty()) return Refused(kPrecondition);
  key.approved_until = now_ + terms_.approval_lasts;
  key.approved_as_of = key.decided_at;
  key.approval_unused = true;
  return AnswerPicture();
}

AnswerPicture Model::Apply(const core::TripBreakerInput& input) {
  if (input.until.has_value() && *input.until <= now_) {
    return Refused(absl::StatusCode::kInvalidArgument);
  }
  breakers_[input.scope] = {core::BreakerState::kOpen, input.mode, 0, Money{}, input.until, now_};
  AnswerPicture answer;
  answer.sort = AnswerSort::kBreaker;
  answer.breaker = core::BreakerState::kOpen;
  return answer;
}

AnswerPicture Model::Apply(const core::HalfOpenBreakerInput& input) {
  if (input.mode == core::Verdict::kAllow) return Refused(absl::StatusCode::kInvalidArgument);
  if (input.until.has_value() && *input.until <= now_) {
    return Refused(absl::StatusCode::kInvalidArgument);
  }
  breakers_[input.scope] = {core::BreakerState::kHalfOpen, input.mode,  input.budget.calls,
                            input.budget.amount,           input.until, now_};
  AnswerPicture answer;
  answer.sort = AnswerSort::kBreaker;
  answer.breaker = core::BreakerState::kHalfOpen;
  return answer;
}

AnswerPicture Model::Apply(const core::ResetBreakerInput& input) {
  breakers_.erase(input.scope);
  AnswerPicture answer;
  answer.sort = AnswerSort::kBreaker;
  answer.breaker = core::BreakerState::kClosed;
  return answer;
}

AnswerPicture Model::Apply(const core::ApplyPolicyInput& input) {
  if (input.expected_version.has_value() && *input.expected_version != policy_version_) {
    return Refused(kPrecondition);
  }
  AnswerPicture answer;
  answer.sort = AnswerSort::kPolicy;
  answer.number = ++policy_version_;
  for (const char* rule : {"channel_burst", "large_payment", "many_payees", "many_refunds",
                           "order_settled", "payments_fail"}) {
    if (!rules_.contains(rule)) rules_[rule].since = policy_version_;
  }
  return answer;
}

AnswerPicture Model::Apply(const core::ClockDriftInput&) {
  drifted_ = true;
  return AnswerPicture();
}

AnswerPicture Model::Apply(const core::AcceptTimeInput&) {
  if (!drifted_) return Refused(kPrecondition);
  drifted_ = false;
  return AnswerPicture();
}

AnswerPicture Model::Apply(const core::TickInput&) {
  AnswerPicture answer;
  answer.recorded = false;
  if (drifted_) return answer;
  answer.recorded = std::erase_if(breakers_, [&](const auto& breaker) {
                      return breaker.second.until.has_value() && *breaker.second.until <= now_;
                    }) > 0;
  std::vector<core::KeyId> forgotten;
  for (auto& [id, key] : keys_) {
    bool forget = false;
    if (LookAfter(id, key, forget)) answer.recorded = true;
    if (forget) forgotten.push_back(id);
  }
  for (const core::KeyId& id : forgotten) Forget(id);
  return answer;
}

// Whether it is proven that an allowed movement did not happen, by those who would have reported
// it.
bool Model::MayRelease(const core::KeyId& id, const Key& key) const {
  const CheckpointFacts& checkpoint = *terms_.FindCheckpoint(id.kind.value());
  if (!checkpoint.auto_release || key.event_seen) return false;
  if (key.reservation->state != core::ReservationState::kPending) return false;
  if (key.reservation->overdue_at > now_) return false;
  const std::set<core::GapScope> unknown = Unknown();
  const bool gap = std::any_of(unknown.begin(), unknown.end(), [&](const core::GapScope& scope) {
    return scope.kind == id.kind &&
           (scope.account.empty() || scope.account == key.binding->account);
  });
  return !gap && IsProven(checkpoint.reporter, key.reservation->valid_until + absl::Minutes(1));
}

// Returns whether anything came of it.
bool Model::LookAfter(const core::KeyId& id, Key& key, bool& forget) {
  using core::KeyState;
  using core::ReservationState;
  // Its approval ran out, or nobody asks for it any more.
  if (key.waits && !key.approved.empty() && HasRunOut(key)) {
    key.waits = !key.approval_unused;
    key.approved.clear();
  }
  if (key.approved.empty() && now_ >= key.decided_at + absl::Hours(24)) key.waits = false;
  const bool open =
      key.state == KeyState::kAllowed && (key.reservation->state == ReservationState::kPending ||
                                          key.reservation->state == ReservationState::kConfirmed);
  const bool looks = open && (!key.reservation->overdue || released_by_machine_.contains(id));
  if (looks && MayRelease(id, key)) {
    End(key, ReservationState::kReleased);
    key.changed_at = now_;
    return true;
  }
  bool changed = false;
  if (open && !key.reservation->overdue && key.reservation->overdue_at <= now_) {
    key.reservation->overdue = true;
    const Binding& bound = *key.binding;
    Violate(core::ViolationKind::kOverdue, "", id, bound.account, bound.lines.front().order);
    changed = true;
  }
  const bool unfinished = open || (key.in_progress && !key.moved);
  forget = !unfinished && key.changed_at + absl::Hours(24 * 400) <= now_;
  return changed || forget;
}

void Model::Forget(const core::KeyId& id) {
  const Key& key = keys_.at(id);
  const KindFacts& kind = *FindKind(id.kind.value());
  const bool closes = kind.needs_order && kind.gated;
  const bool decided = key.moved || key.state == core::KeyState::kRejected;
  if (closes && key.binding.has_value() && decided) {
    for (const core::Line& line : key.binding->lines) {
      closed_.insert({key.binding->account, line.order});
    }
  }
  std::erase_if(rows_, [&](const auto& entry) {
    if (entry.first.second != id) return false;
    const RowNow& row = entry.second;
    if (closes) closed_.insert({row.account, row.order});
    history_.push_back(row);
    return true;
  });
  std::erase_if(changes_, [&](const auto& change) { return change.second.key == id; });
  std::erase_if(places_, [&](const auto& place) { return place.first.second == id; });
  keys_.erase(id);
}

}  // namespace fundgate::model
