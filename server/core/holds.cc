#include "server/core/holds.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/core/breaker_scope.h"
#include "server/core/grouping.h"

namespace fundgate::core {
namespace {

Refusal Precondition(const std::string& message) {
  return Refusal{absl::FailedPreconditionError(message)};
}

// A breaker that was switched after the decision isn't the one that was approved.
bool IsAsSeen(Draft& draft, const Approval& approval, const Reason& reason) {
  if (reason.code != ReasonCode::kBreaker) return true;
  const Breaker* breaker = draft.FindBreaker(reason.name);
  return breaker != nullptr && breaker->changed_at <= approval.seen_at;
}

bool Covers(Draft& draft, const Approval& approval, const Reason& reason) {
  return std::find(approval.covers.begin(), approval.covers.end(),
                   std::pair(reason.code, reason.name)) != approval.covers.end() &&
         IsAsSeen(draft, approval, reason);
}

// The hold of a key, new if it has none. Not a change of the key itself: changed_at stays.
Hold& MutableHold(Draft& draft, const KeyId& id) {
  KeyRecord& record = draft.Mutable<Keys>(id);
  return record.hold.has_value() ? *record.hold : record.hold.emplace();
}

void EndHold(Draft& draft, const KeyId& id) { draft.Mutable<Keys>(id).hold.reset(); }

std::optional<HoldEntry> EntryOf(const KeyId& key, const Hold* hold) {
  if (hold == nullptr) return std::nullopt;
  return HoldEntry{hold->state, hold->held_at, key};
}

// The queue follows the records of keys.
void Enqueue(Draft& draft, const KeyId& key, const Hold* before) {
  const KeyRecord* record = draft.FindKey(key);
  const Hold* after = record != nullptr && record->hold.has_value() ? &*record->hold : nullptr;
  const std::optional<HoldEntry> entry_before = EntryOf(key, before);
  const std::optional<HoldEntry> entry_after = EntryOf(key, after);
  if (entry_before == entry_after) return;
  if (entry_before.has_value()) draft.Erase<HoldQueue>(*entry_before);
  if (entry_after.has_value()) draft.Put<HoldQueue>(*entry_after, Nothing());
}

// Whether what is called so can be nothing but a rule: invariants may reach limits too.
bool IsOfRuleAlone(const Policy& policy, const std::string& name) {
  return policy.FindRule(name) != nullptr &&
         std::none_of(
             policy.invariants.begin(), policy.invariants.end(),
             [&name](const InvariantDefinition& invariant) { return invariant.name == name; });
}

bool Waits(const KeyRecord& record) {
  return record.hold.has_value() && record.hold->state != HoldState::kRejected;
}

std::string TextOf(const Decision& decision) {
  return absl::StrCat(
      decision.id.ToString(), ", ", std::string(ToString(decision.verdict)),
      decision.reasons.empty() ? "" : ": ",
      absl::StrJoin(decision.reasons, "; ", [](std::string* out, const Reason& reason) {
        absl::StrAppend(out, std::string(ToString(reason.code)), " ", reason.name);
      }));
}

// Why the hold that a review names can't be reviewed, or nothing if it can.
std::optional<Refusal> NotHeld(const KeyRecord* record, const AccountId& account,
                               const std::string& decision_id) {
  if (record == nullptr || !record->decision.has_value()) {
    return Refusal{absl::NotFoundError("no check of this key was answered")};
  }
  if (record->fingerprint->account != account) {
    return Precondition("account_id: this key belongs to another account");
  }
  if (record->state == KeyState::kHeld && !record->moved && record->decision->id == decision_id) {
    return std::nullopt;
  }
  const std::string why = record->state == KeyState::kRejected ? "; it was rejected"
                          : record->moved                      ? "; it has moved"
                                                               : "";
  return Precondition(absl::StrCat("this key is not held by ", decision_id,
                                   " any more; its newest decision is ", TextOf(*record->decision),
                                   why));
}

// The group that an open hold belongs to: one for each reason that operators may judge.
std::optional<GroupKey> GroupOf(const Policy& policy, const KeyId& key, const Decision& decision) {
  for (const Reason& reason : decision.reasons) {
    if (!IsForOperators(policy, reason)) continue;
    return GroupKey{
        std::string(kHoldsGroup),
        {{"movement", key.kind.value()},
         {"reason", absl::StrCat(std::string(ToString(reason.code)), " ", reason.name)}}};
  }
  return std::nullopt;
}

void JoinHolds(Draft& draft, const KeyId& key, const KeyRecord& record) {
  const Decision& decision = *record.decision;
  const std::optional<GroupKey> group = GroupOf(draft.policy(), key, decision);
  if (!group.has_value()) return;
  Member member;
  member.name = std::string(kHoldsGroup);
  member.id = key.key.value();
  member.labels = group->by;
  member.labels.emplace_back("account", decision.account.value());
  member.labels.emplace_back("currency", std::string(decision.amount.currency.code()));
  member.amount = decision.amount;
  member.message = decision.reasons.front().message;
  const std::string id = Join(draft, *group, member);
  MutableHold(draft, key).group = id;
}

}  // namespace

bool IsForOperators(const Policy& policy, const Reason& reason) {
  if (reason.verdict != Verdict::kHold) return false;
  if (reason.code == ReasonCode::kBreaker) return reason.name != kEverything;
  return reason.code == ReasonCode::kRule ||
         (reason.code == ReasonCode::kLimit && IsOfRuleAlone(policy, reason.name));
}

void WaiveApproved(Draft& draft, const CheckInput& check, Findings& findings) {
  const KeyRecord* record = draft.FindKey(check.key);
  if (record == nullptr || record->state != KeyState::kHeld || !Waits(*record)) return;
  const Hold& hold = *record->hold;
  if (!hold.approval.has_value() || draft.now() >= hold.approval->until) return;
  for (Reason& reason : findings.certain()) {
    if (!IsForOperators(draft.policy(), reason) || !Covers(draft, *hold.approval, reason)) continue;
    reason.verdict = Verdict::kAllow;
    absl::StrAppend(&reason.message, "; ", hold.reviewed_by, " approved it: ", hold.review_reason);
    reason.fields.emplace_back("approved_by", hold.reviewed_by);
  }
}

void KeepHold(Draft& draft, const KeyId& key, const Decision& decision) {
  Hold& hold = MutableHold(draft, key);
  if (hold.asked == 0) hold.held_at = draft.now();
  hold.asked += 1;
  hold.last_asked_at = draft.now();
  if (hold.decisions.size() == kMaxHoldDecisions) hold.decisions.erase(hold.decisions.begin());
  hold.decisions.push_back(decision.id);
  const bool run_out = hold.approval.has_value() && draft.now() >= hold.approval->until;
  if (run_out) hold.approval.reset();
  // What was covered is a mere report by now.
  const auto is_for_operators = [&draft](const Reason& reason) {
    return IsForOperators(draft.policy(), reason);
  };
  if (run_out || std::any_of(decision.reasons.begin(), decision.reasons.end(), is_for_operators)) {
    hold.state = HoldState::kOpen;
  }
  draft.WakeBy(key, draft.now() + draft.policy().responses.holds.expire_after);
}

Answer ApproveHold(Draft& draft, const ApproveHoldInput& input) {
  const KeyRecord* record = draft.FindKey(input.key);
  if (const auto refusal = NotHeld(record, input.account, input.decision_id)) return *refusal;
  if (!record->hold.has_value()) {
    return Precondition(
        "nobody has asked for this key for so long that its hold has ended; its service has to ask "
        "again first");
  }
  Approval approval;
  if (record->hold->approval.has_value()) approval.covers = record->hold->approval->covers;
  for (const Reason& reason : record->decision->reasons) {
    const std::pair covered(reason.code, reason.name);
    const bool is_new =
        std::find(approval.covers.begin(), approval.covers.end(), covered) == approval.covers.end();
    if (IsForOperators(draft.policy(), reason) && is_new) approval.covers.push_back(covered);
  }
  if (approval.covers.empty()) {
    return Precondition(absl::StrCat(
        "nothing that this key is held for is for an operator to decide; its newest decision is ",
        TextOf(*record->decision)));
  }
  approval.seen_at = record->decision->decided_at;
  approval.until = draft.now() + draft.policy().responses.holds.approval_lasts;
  draft.WakeBy(input.key, approval.until);
  Hold& hold = MutableHold(draft, input.key);
  hold.state = HoldState::kApproved;
  hold.approval = std::move(approval);
  hold.reviewed_by = input.actor;
  hold.review_reason = input.reason;
  return Done{};
}

Answer RejectHold(Draft& draft, const RejectHoldInput& input) {
  if (const auto refusal = NotHeld(draft.FindKey(input.key), input.account, input.decision_id)) {
    return *refusal;
  }
  KeyRecord& record = draft.MutableKey(input.key);
  record.state = KeyState::kRejected;
  Hold& hold = MutableHold(draft, input.key);
  if (hold.asked == 0) hold.held_at = hold.last_asked_at = record.decision->decided_at;
  hold.state = HoldState::kRejected;
  hold.approval.reset();
  hold.reviewed_by = input.actor;
  hold.review_reason = input.reason;
  return Done{};
}

std::optional<absl::Time> LookAtHold(Draft& draft, const KeyId& key) {
  const KeyRecord* record = draft.FindKey(key);
  if (!Waits(*record)) return std::nullopt;
  if (record->hold->approval.has_value()) {
    if (draft.now() < record->hold->approval->until) return record->hold->approval->until;
    // One that was held for something else since goes on waiting.
    const bool unused = record->hold->state == HoldState::kApproved;
    MutableHold(draft, key).approval.reset();
    if (unused) {
      EndHold(draft, key);
      return std::nullopt;
    }
  }
  const absl::Time end = record->hold->last_asked_at + draft.policy().responses.holds.expire_after;
  if (draft.now() < end) return end;
  EndHold(draft, key);
  return std::nullopt;
}

void SettleHolds(Draft& draft) {
  for (const KeyId& key : draft.Changed<Keys>()) {
    const KeyRecord* record = draft.FindKey(key);
    const Hold* before = draft.HoldBefore(key);
    if (record != nullptr && Waits(*record) &&
        (record->state != KeyState::kHeld || record->moved)) {
      EndHold(draft, key);
    }
    const bool waits = record != nullptr && Waits(*record);
    if (waits && record->hold->group.empty()) JoinHolds(draft, key, *record);
    const bool waited = before != nullptr && before->state != HoldState::kRejected;
    if (waited && !waits && !before->group.empty()) Leave(draft, before->group, kHoldsGroup);
    Enqueue(draft, key, before);
  }
}

}  // namespace fundgate::core
