#include "server/store/backtest.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "fundgate/types/checked.h"
#include "fundgate/types/status_macros.h"

namespace fundgate::store {

void BacktestSum::Add(const Money& amount) {
  movements += 1;
  int64_t& sum = minor_units[amount.currency];
  sum = CheckedAdd(sum, amount.minor_units).value_or(std::numeric_limits<int64_t>::max());
}

Backtest::Backtest(BacktestOptions options) : options_(std::move(options)) {}

absl::Status Backtest::Apply(JournalEntry entry) {
  const bool is_policy = std::holds_alternative<core::ApplyPolicyInput>(entry.input.body);
  if (!by_candidate_ && state_.resident().policy != nullptr && entry.input.time >= options_.from) {
    FUNDGATE_RETURN_IF_ERROR(ApplyCandidate(entry));
  }
  if (by_candidate_ && is_policy) return absl::OkStatus();
  if (by_candidate_) {
    FUNDGATE_RETURN_IF_ERROR(JudgeWaiting(entry.input.time, /*is_proof=*/false));
    if (const auto* before = std::get_if<core::Decision>(&entry.answer)) {
      return Judge({entry.input, entry.sequence, *before, {}}, entry.input.time, true);
    }
  }
  if (auto* apply = std::get_if<core::ApplyPolicyInput>(&entry.input.body)) {
    FUNDGATE_ASSIGN_OR_RETURN(apply->policy, options_.compile_policy(apply->text));
  }
  FUNDGATE_ASSIGN_OR_RETURN(core::Outcome outcome, Run(entry.input, entry.sequence));
  state_.Absorb(outcome.changes);
  if (!by_candidate_ || !std::holds_alternative<core::IngestInput>(entry.input.body)) {
    return absl::OkStatus();
  }
  return JudgeWaiting(entry.input.time, /*is_proof=*/true);
}

absl::StatusOr<BacktestReport> Backtest::Finish() {
  FUNDGATE_RETURN_IF_ERROR(JudgeWaiting(absl::InfiniteFuture(), /*is_proof=*/false));
  BacktestReport report;
  for (const auto& [key, movement] : movements_) {
    if (!movement.before.has_value()) continue;
    report.judged.Add(movement.amount);
    for (const auto& reason : movement.before->reasons) {
      report.reasons[reason].before.Add(movement.amount);
    }
    if (!movement.after.has_value()) {
      report.refused.Add(movement.amount);
      continue;
    }
    for (const auto& reason : movement.after->reasons) {
      report.reasons[reason].after.Add(movement.amount);
    }
    if (movement.before->verdict == movement.after->verdict) continue;
    BacktestReport::Turned& turned =
        report.turned[{key.kind, movement.before->verdict, movement.after->verdict}];
    turned.sum.Add(movement.amount);
    if (turned.decision_ids.size() < BacktestReport::kMaxExamples) {
      turned.decision_ids.push_back(movement.before->decision_id);
    }
  }
  return report;
}

absl::Status Backtest::ApplyCandidate(const JournalEntry& entry) {
  core::ApplyPolicyInput apply;
  apply.text = options_.candidate_text;
  apply.policy = options_.candidate;
  FUNDGATE_ASSIGN_OR_RETURN(core::Outcome outcome,
                            Run({entry.input.time, std::move(apply)}, entry.sequence));
  if (const auto* refusal = std::get_if<core::Refusal>(&outcome.answer)) {
    return absl::FailedPreconditionError(
        absl::StrCat("it could not have followed policy ", state_.resident().policy_version,
                     ", which was present then: ", refusal->status.message()));
  }
  state_.Absorb(outcome.changes);
  by_candidate_ = true;
  return absl::OkStatus();
}

// Judges a check, or puts it off.
absl::Status Backtest::Judge(PastCheck check, absl::Time now, bool may_wait) {
  core::Input input = check.input;
  input.time = now;
  auto& asked = std::get<core::CheckInput>(input.body);
  asked.may_wait = may_wait;
  Movement& movement = movements_[asked.key];
  if (movement.amount.currency.empty()) movement.amount = asked.amount;
  FUNDGATE_ASSIGN_OR_RETURN(core::Outcome outcome, Run(input, check.sequence));
  if (const auto* wait = std::get_if<core::Wait>(&outcome.answer)) {
    check.give_up_at = wait->give_up_at;
    waiting_.push_back(std::move(check));
    return absl::OkStatus();
  }
  state_.Absorb(outcome.changes);
  Note(check.answer, movement.before);
  if (const auto* answer = std::get_if<core::Decision>(&outcome.answer)) {
    Note(*answer, movement.after);
  }
  return absl::OkStatus();
}

// Judges again those whose patience is over and, after proof has come, the others.
absl::Status Backtest::JudgeWaiting(absl::Time now, bool is_proof) {
  for (PastCheck& check : std::exchange(waiting_, {})) {
    const bool is_over = now >= check.give_up_at;
    if (!is_over && !is_proof) {
      waiting_.push_back(std::move(check));
      continue;
    }
    const absl::Time at = is_over ? check.give_up_at : now;
    FUNDGATE_RETURN_IF_ERROR(Judge(std::move(check), at, !is_over));
  }
  return absl::OkStatus();
}

// As the record of that number: decisions keep the names by which Confirms and Releases call them.
absl::StatusOr<core::Outcome> Backtest::Run(core::Input input, Sequence sequence) {
  core::Changes clock;
  clock.clock = state_.resident().clock;
  clock.clock->sequence = sequence - 1;
  state_.Absorb(clock);
  // A check that waited is judged at the end of its patience, which may lie before another's.
  input.time = std::max(input.time, clock.clock->time);
  return machine_.Apply(input);
}

void Backtest::Note(const core::Decision& decision, std::optional<Answered>& answered) {
  const bool is_conflict =
      std::any_of(decision.reasons.begin(), decision.reasons.end(), [](const core::Reason& reason) {
        return reason.code == core::ReasonCode::kIdempotencyConflict;
      });
  if (is_conflict) return;  // of another movement
  if (answered.has_value() && answered->verdict == core::Verdict::kAllow) return;
  answered = Answered{decision.verdict, decision.id, {}};
  for (const core::Reason& reason : decision.reasons) {
    answered->reasons.emplace_back(reason.code, reason.name);
  }
}

}  // namespace fundgate::store
