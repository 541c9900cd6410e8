#include "server/core/leases.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "fundgate/types/checked.h"
#include "server/core/books.h"
#include "server/core/breaker_scope.h"
#include "server/core/breakers.h"
#include "server/core/event_violations.h"
#include "server/core/findings.h"
#include "server/core/freshness.h"
#include "server/core/invariants/invariants.h"
#include "server/core/key_table.h"
#include "server/core/preflight.h"
#include "server/core/reservations.h"

namespace fundgate::core {
namespace {

void TakeOut(Budget& left, const Budget& out) {
  left.calls = std::max<int64_t>(0, left.calls - out.calls);
  left.amount.minor_units = std::max<int64_t>(0, left.amount.minor_units - out.amount.minor_units);
}

Violation ViolationOf(ViolationKind kind, const CheckInput& check, std::string message) {
  Violation violation;
  violation.kind = kind;
  violation.name = std::string(ToString(kind));
  violation.key = check.key;
  violation.account = check.account;
  violation.order = check.lines.front().order;
  violation.amount = check.amount;
  violation.message = std::move(message);
  return violation;
}

void Raise(Draft& draft, Violation violation) {
  React(draft, draft.policy().OnViolation(violation.kind), violation.key.kind, violation);
  draft.AddViolation(std::move(violation));
}

// What a source told of, and no lease explains.
void RaiseUngated(Draft& draft, const KeyId& key, const Lease& lease) {
  const KeyRecord* record = draft.FindKey(key);
  if (record == nullptr || !record->moved || record->rows.empty()) return;
  const RowContribution& row = record->rows.front();
  Violation violation;
  violation.kind = ViolationKind::kUngated;
  violation.name = std::string(ToString(violation.kind));
  violation.key = key;
  violation.account = row.account;
  violation.order = row.line.order;
  violation.amount = row.amount;
  violation.source = row.source;
  violation.event_id = row.event_id;
  violation.message = absl::StrCat("it moved without having been asked for, and ", lease.holder,
                                   ", which had lease ", lease.id, ", has not reported it");
  violation.fields = {{"table", row.row.table}, {"primary_key", row.row.primary_key}};
  Raise(draft, std::move(violation));
}

void End(Draft& draft, const Lease& lease) {
  draft.Erase<Leases>(lease.id);
  for (const KeyId& key : lease.unexplained) RaiseUngated(draft, key, lease);
}

// Takes the movement out of its lease; says what is wrong with that, if anything.
std::string Charge(Draft& draft, const ReportLeaseInput& input) {
  const Lease* lease = draft.Find<Leases>(input.lease);
  if (lease == nullptr) return "no lease of that name is out any more";
  Lease& charged = draft.Mutable<Leases>(input.lease);
  std::erase(charged.unexplained, input.check.key);
  std::string wrong;
  if (charged.holder != input.holder) {
    wrong = absl::StrCat("the lease is ", charged.holder, "'s");
  } else if (charged.checkpoint != input.check.key.kind) {
    wrong = absl::StrCat("the lease is for ", charged.checkpoint.value());
  } else if (input.allowed_at >= charged.valid_until) {
    wrong = "the lease had run out";
  } else if (!Suffices(charged.left, input.check.amount)) {
    wrong = absl::StrCat("left of it were ", charged.left.calls, " calls and ",
                         charged.left.amount.ToString());
  } else {
    Spend(charged.left, input.check.amount);
  }
  return wrong;
}

// Spent by leases is spent blindly: the gate knew nothing of it.
void NoteSpent(Draft& draft, const CheckInput& check) {
  Budget spent = draft.BlindSpent(check.key.kind);
  const std::optional<int64_t> amount =
      CheckedAdd(spent.amount.minor_units, check.amount.minor_units);
  spent.calls += 1;
  spent.amount = Money{check.amount.currency, amount.value_or(spent.amount.minor_units)};
  draft.SetBlindSpent(check.key.kind, spent);
}

Decision DecisionOf(Draft& draft, const ReportLeaseInput& input,
                    const CheckpointDefinition& checkpoint) {
  const CheckInput& check = input.check;
  Decision decision;
  decision.id = DecisionId(draft.sequence());
  decision.request_id = check.request_id;
  decision.verdict = Verdict::kAllow;
  decision.key = check.key;
  decision.account = check.account;
  decision.amount = check.amount;
  decision.policy_version = draft.before().policy_version;
  decision.decided_at = draft.now();
  decision.sources = SourcesAsSeen(draft, checkpoint);
  decision.valid_until = std::min(draft.now(), input.allowed_at) + checkpoint.valid_for;
  decision.overdue_at = draft.now() + checkpoint.overdue_after;
  decision.reasons.push_back(
      {ReasonCode::kLease,
       input.lease,
       absl::StrCat(input.holder, " allowed it by lease ", input.lease, " at ",
                    absl::FormatTime(input.allowed_at, absl::UTCTimeZone()),
                    ", when the gate could not be asked"),
       Verdict::kAllow,
       {{"holder", input.holder}}});
  return decision;
}

// What the gate would have said against it. False if its books can't take it.
bool RaiseBroken(Draft& draft, const CheckInput& check, const CheckpointDefinition& checkpoint,
                 const TouchedBooks& books) {
  Findings findings;
  bool fits = true;
  CheckInvariants(draft, check, books, checkpoint, findings);
  for (const Reason& reason : std::move(findings).TakeReasons()) {
    fits &= reason.code != ReasonCode::kLimit;
    if (reason.code != ReasonCode::kInvariant || reason.verdict == Verdict::kAllow) continue;
    Violation violation =
        ViolationOf(ViolationKind::kInvariant, check, "allowed by a lease: " + reason.message);
    violation.name = reason.name;
    violation.fields = reason.fields;
    draft.AddViolation(std::move(violation));
  }
  return fits;
}

// Whether a switch over all of the checkpoint stands against it: whoever allows by a lease asks no
// breaker.
bool IsSwitchedOff(Draft& draft, const MovementKind& checkpoint) {
  for (const std::string& scope : {std::string(kEverything), checkpoint.value()}) {
    const Breaker* breaker = FindBreakerInForce(draft, scope);
    if (breaker != nullptr && breaker->mode != Verdict::kAllow) return true;
  }
  return false;
}

std::string ProblemsOf(const std::vector<FieldProblem>& problems) {
  return absl::StrJoin(problems, "; ", [](std::string* out, const FieldProblem& problem) {
    absl::StrAppend(out, "check.", problem.field, ": ", problem.message);
  });
}

}  // namespace

std::optional<Budget> BlindLeft(Draft& draft, const CheckpointDefinition& checkpoint) {
  if (!checkpoint.blind_budget.has_value()) return std::nullopt;
  Budget left = *checkpoint.blind_budget;
  TakeOut(left, draft.BlindSpent(checkpoint.kind));
  draft.ForEach<Leases>([&](const std::string&, const Lease& lease) {
    if (lease.checkpoint == checkpoint.kind) TakeOut(left, lease.left);
  });
  return left;
}

Answer GrantLease(Draft& draft, const GrantLeaseInput& input) {
  const CheckpointDefinition* checkpoint = draft.policy().FindCheckpoint(input.checkpoint);
  if (checkpoint == nullptr || !checkpoint->lease.has_value()) {
    return Refusal{absl::FailedPreconditionError(absl::StrCat(
        "checkpoint: the policy leases nothing at \"", input.checkpoint.value(), "\""))};
  }
  if (const Lease* old = draft.Find<Leases>(input.ends); old != nullptr) {
    if (old->holder != input.holder) {
      return Refusal{absl::FailedPreconditionError(
          absl::StrCat("ends_lease_id: the lease is ", old->holder, "'s"))};
    }
    End(draft, Lease(*old));
  }
  const std::optional<Budget> left = BlindLeft(draft, *checkpoint);
  Lease lease;
  lease.granted = checkpoint->lease->budget;
  if (left.has_value()) {
    lease.granted.calls = std::min(lease.granted.calls, left->calls);
    lease.granted.amount.minor_units =
        std::min(lease.granted.amount.minor_units, left->amount.minor_units);
  }
  const bool is_empty = lease.granted.calls <= 0 || lease.granted.amount.minor_units <= 0;
  if (!left.has_value() || is_empty || draft.Count<Leases>() >= kMaxLeases ||
      IsSwitchedOff(draft, input.checkpoint)) {
    // An older lease that it ends has ended all the same.
    lease.granted = lease.left = Budget{0, Money{lease.granted.amount.currency, 0}};
    return LeaseAnswer{lease};
  }
  lease.id = absl::StrCat("l", absl::Hex(draft.sequence(), absl::kZeroPad16));
  lease.checkpoint = input.checkpoint;
  lease.holder = input.holder;
  lease.left = lease.granted;
  lease.granted_at = draft.now();
  lease.valid_until = draft.now() + checkpoint->lease->valid_for;
  lease.report_by = lease.valid_until + checkpoint->lease->report_within;
  draft.Put<Leases>(lease.id, lease);
  return LeaseAnswer{lease};
}

Answer ReportLease(Draft& draft, const ReportLeaseInput& input) {
  const Policy& policy = draft.policy();
  const CheckInput& check = input.check;
  const std::vector<FieldProblem> problems = ValidateCheck(policy, check);
  if (!problems.empty()) return Refusal{absl::InvalidArgumentError(ProblemsOf(problems))};
  const CheckpointDefinition& checkpoint = *policy.FindCheckpoint(check.key.kind);
  const MovementDefinition& movement = policy.movements[checkpoint.movement];
  Effects effects;
  if (!FindEffects(draft, movement, check.lines, check.account, check.amount.currency, effects)) {
    return Refusal{absl::InvalidArgumentError("check.amount: out of range")};
  }

  const KeyRecord* record = draft.FindKey(check.key);
  const bool is_bound = record != nullptr && record->fingerprint.has_value();
  const bool is_same =
      is_bound && !DifferingField(*record->fingerprint, FingerprintOf(check, movement)).has_value();
  // Reported before, or allowed by the gate, whose answer was lost.
  if (is_same && record->state == KeyState::kAllowed &&
      record->reservation->state != ReservationState::kReleased) {
    Decision replay = *record->decision;
    replay.replayed = true;
    return replay;
  }
  const std::string wrong = Charge(draft, input);
  NoteSpent(draft, check);
  if (!wrong.empty()) {
    Raise(draft, ViolationOf(ViolationKind::kLeaseOverrun, check,
                             absl::StrCat(input.holder, " allowed it by lease ", input.lease, ": ",
                                          wrong)));
  }
  Decision decision = DecisionOf(draft, input, checkpoint);
  if (record != nullptr && record->moved) return decision;  // it is posted: nothing to reserve
  if (is_bound && !is_same) {
    Raise(draft, ViolationOf(ViolationKind::kDuplicateMovement, check,
                             "it was allowed by a lease, and its key belongs to another movement"));
    return decision;
  }
  if (record != nullptr &&
      (record->state == KeyState::kBlocked || record->state == KeyState::kRejected)) {
    Raise(draft, ViolationOf(ViolationKind::kAfterBlock, check,
                             "it was allowed by a lease, and the gate had refused it"));
  }
  if (!RaiseBroken(draft, check, checkpoint, effects.books)) {
    effects.books.clear();
    effects.deltas.clear();
    Raise(draft, ViolationOf(ViolationKind::kLeaseOverrun, check,
                             "it was allowed by a lease, and its books can't count it"));
  }
  RecordDecision(draft, check, decision, std::move(effects));
  return decision;
}

bool MayBeLeased(Draft& draft, const KeyId& key, const Money& amount) {
  if (draft.before().of<Leases>().empty()) return false;
  std::string found;
  draft.ForEach<Leases>([&](const std::string& id, const Lease& lease) {
    const bool fits = lease.checkpoint == key.kind && Suffices(lease.left, amount) &&
                      lease.unexplained.size() < kMaxUnexplained &&
                      static_cast<int64_t>(lease.unexplained.size()) < lease.left.calls;
    if (fits && (found.empty() || id < found)) found = id;
  });
  if (found.empty()) return false;
  Lease& lease = draft.Mutable<Leases>(found);
  if (std::find(lease.unexplained.begin(), lease.unexplained.end(), key) ==
      lease.unexplained.end()) {
    lease.unexplained.push_back(key);
  }
  return true;
}

void EndLeases(Draft& draft) {
  for (const auto& [id, before] : draft.before().of<Leases>()) {
    const Lease* lease = draft.Find<Leases>(id);
    if (lease != nullptr && lease->report_by <= draft.now()) End(draft, Lease(*lease));
  }
}

}  // namespace fundgate::core
