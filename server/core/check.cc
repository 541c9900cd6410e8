#include "server/core/check.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "fundgate/types/checked.h"
#include "server/core/automatic_breakers.h"
#include "server/core/books.h"
#include "server/core/breakers.h"
#include "server/core/findings.h"
#include "server/core/freshness.h"
#include "server/core/holds.h"
#include "server/core/invariants/invariants.h"
#include "server/core/key_table.h"
#include "server/core/leases.h"
#include "server/core/preflight.h"
#include "server/core/reservations.h"
#include "server/core/rules/check_rules.h"
#include "server/core/windows/windows.h"

namespace fundgate::core {
namespace {

// What a caller is told to wait before it asks again, at least.
constexpr absl::Duration kRetryAfterMin = absl::Milliseconds(100);

Decision NewDecision(Draft& draft, const CheckInput& check, const CheckpointDefinition& checkpoint,
                     std::vector<Reason> reasons) {
  Decision decision;
  decision.id = DecisionId(draft.sequence());
  decision.request_id = check.request_id;
  decision.key = check.key;
  decision.account = check.account;
  decision.amount = check.amount;
  decision.policy_version = draft.before().policy_version;
  decision.decided_at = draft.now();
  decision.sources = SourcesAsSeen(draft, checkpoint);
  decision.verdict = Verdict::kAllow;
  for (const Reason& reason : reasons) {
    decision.verdict = std::max(decision.verdict, reason.verdict);
    const bool waits_for_proof = reason.code == ReasonCode::kUnproven ||
                                 reason.code == ReasonCode::kStaleSource ||
                                 reason.code == ReasonCode::kHeld;
    if (waits_for_proof && reason.verdict == Verdict::kHold) {
      decision.retry_after = std::max(checkpoint.patience, kRetryAfterMin);
    }
  }
  if (decision.verdict != Verdict::kHold) decision.retry_after.reset();
  decision.reasons = std::move(reasons);
  return decision;
}

Decision Replay(const Decision& first, const CheckInput& check) {
  Decision replay = first;
  replay.request_id = check.request_id;
  replay.replayed = true;
  return replay;
}

bool IsDeclaredAllow(const Reason& reason) {
  return reason.verdict == Verdict::kAllow &&
         (reason.code == ReasonCode::kStaleSource || reason.code == ReasonCode::kUnproven);
}

// What will have been spent of the checkpoint's budget for allowing blindly once this check is; or
// nothing if it does not suffice. What leases have of it is spent.
std::optional<Budget> BlindSpentWith(Draft& draft, const CheckInput& check,
                                     const CheckpointDefinition& checkpoint) {
  const std::optional<Budget> left = BlindLeft(draft, checkpoint);
  if (!left.has_value() || !Suffices(*left, check.amount)) return std::nullopt;
  const Budget spent = draft.BlindSpent(check.key.kind);
  const std::optional<int64_t> amount =
      CheckedAdd(spent.amount.minor_units, check.amount.minor_units);
  if (!amount.has_value()) return std::nullopt;
  return Budget{spent.calls + 1, Money{check.amount.currency, *amount}};
}

// Declared ALLOWs cost a budget: where it does not suffice they ask for HOLD instead. Returns the
// budget spent if the check is allowed.
std::optional<Budget> ChargeDeclaredAllows(Draft& draft, const CheckInput& check,
                                           const CheckpointDefinition& checkpoint,
                                           std::vector<Reason>& reasons) {
  if (std::none_of(reasons.begin(), reasons.end(), IsDeclaredAllow)) return std::nullopt;
  const std::optional<Budget> spent = BlindSpentWith(draft, check, checkpoint);
  if (spent.has_value()) return spent;
  for (Reason& reason : reasons) {
    if (!IsDeclaredAllow(reason)) continue;
    reason.verdict = Verdict::kHold;
    absl::StrAppend(&reason.message, "; the budget for allowing without proof is spent");
  }
  return std::nullopt;
}

// Makes the decision of the reasons found, records it, and reserves if it is ALLOW.
Answer Conclude(Draft& draft, const CheckInput& check, const CheckpointDefinition& checkpoint,
                Effects&& effects, std::vector<Reason> reasons,
                const std::vector<RuleFinding>& rules) {
  const bool blind = std::any_of(reasons.begin(), reasons.end(), [](const Reason& reason) {
    return reason.code == ReasonCode::kStaleSource || reason.code == ReasonCode::kUnproven;
  });
  const std::optional<Budget> spent = ChargeDeclaredAllows(draft, check, checkpoint, reasons);
  std::stable_sort(reasons.begin(), reasons.end(),
                   [](const Reason& a, const Reason& b) { return a.verdict > b.verdict; });
  Answer answer(NewDecision(draft, check, checkpoint, std::move(reasons)));
  Decision& decision = std::get<Decision>(answer);
  decision.shadow_reasons = ShadowReasons(rules);
  NoteRules(draft, check, rules);
  if (decision.verdict == Verdict::kAllow) {
    decision.valid_until = draft.now() + checkpoint.valid_for;
    decision.overdue_at = draft.now() + checkpoint.overdue_after;
    CountInWindows(draft, check, checkpoint);
    if (spent.has_value()) draft.SetBlindSpent(check.key.kind, spent);
  }
  if (!blind && draft.BlindSpent(check.key.kind).calls > 0 &&
      !(checkpoint.MayAllow(Condition::kUnproven) && HasGap(draft, checkpoint))) {
    draft.SetBlindSpent(check.key.kind, std::nullopt);
  }
  SpendBudgets(draft, check, decision.verdict);
  CountAnswer(draft, check, decision);
  RecordDecision(draft, check, decision, std::move(effects));
  if (decision.verdict == Verdict::kHold) KeepHold(draft, check.key, decision);
  return answer;
}

absl::Status Refused(const std::vector<FieldProblem>& problems) {
  return absl::InvalidArgumentError(
      absl::StrJoin(problems, "; ", [](std::string* out, const FieldProblem& problem) {
        absl::StrAppend(out, problem.field, ": ", problem.message);
      }));
}

Wait WaitFor(const Findings& findings, const CheckInput& check,
             const CheckpointDefinition& checkpoint) {
  return {findings.awaited_sources(), findings.awaited_positions(), check.arrived_at,
          check.arrived_at + checkpoint.patience};
}

}  // namespace

Answer JudgeCheck(Draft& draft, const CheckInput& check) {
  const Policy& policy = draft.policy();
  const std::vector<FieldProblem> problems = ValidateCheck(policy, check);
  if (!problems.empty()) return Refusal{Refused(problems)};
  const CheckpointDefinition& checkpoint = *policy.FindCheckpoint(check.key.kind);
  const MovementDefinition& movement = policy.movements[checkpoint.movement];

  KeyAnswer key = ConsultKey(draft, check, movement);
  if (key.replay != nullptr) return Replay(*key.replay, check);
  if (!key.reasons.empty()) return NewDecision(draft, check, checkpoint, std::move(key.reasons));

  Effects effects;
  if (!FindEffects(draft, movement, check.lines, check.account, check.amount.currency, effects)) {
    return Refusal{absl::InvalidArgumentError("amount: out of range")};
  }

  Findings findings;
  CheckBreakers(draft, check, findings);
  CheckFreshness(draft, check, effects.books, checkpoint, findings);
  CheckInvariants(draft, check, effects.books, checkpoint, findings);
  const std::vector<RuleFinding> rules = AskRules(draft, check, checkpoint, findings);
  WaiveApproved(draft, check, findings);

  const bool has_patience = check.may_wait && draft.now() < check.arrived_at + checkpoint.patience;
  if (has_patience && findings.WaitingMayHelp()) return WaitFor(findings, check, checkpoint);
  return Conclude(draft, check, checkpoint, std::move(effects), std::move(findings).TakeReasons(),
                  rules);
}

}  // namespace fundgate::core
