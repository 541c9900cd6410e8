#include "server/core/apply_event.h"

#include <algorithm>
#include <optional>
#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "server/core/books.h"
#include "server/core/event_posting.h"
#include "server/core/fact_events.h"
#include "server/core/gaps.h"
#include "server/core/row_doubts.h"
#include "server/core/snapshots.h"
#include "server/core/verification/verification.h"

namespace fundgate::core {
namespace {

// Why the contribution can't be posted, or nothing if it can.
std::optional<std::string> Unpostable(const Policy& policy, const MovementDefinition& movement,
                                      const Contribution& contribution) {
  if (contribution.key.empty()) return "the row has no idempotency key";
  if (contribution.account.empty()) return "the row has no account";
  if (contribution.line.order.empty() && NeedsOrder(policy, movement)) {
    return "the row has no order";
  }
  if (contribution.status != MovementStatus::kHappened) return std::nullopt;
  if (contribution.currency.empty()) return "the row has no currency";
  if (contribution.line.amount <= 0) return "the row's amount is not more than 0";
  return PartsMismatch(movement, contribution.line);
}

// The narrowest scope that is known of what could not be posted.
GapScope ScopeOf(const MovementKind& kind, const Contribution& contribution) {
  if (contribution.account.empty()) return {kind, AccountId(), OrderId()};
  return {kind, contribution.account, contribution.line.order};
}

bool IsDeclared(const Policy& policy, const SourceDefinition& source,
                const MovementEvent& movement) {
  return policy.FindMovement(movement.kind) != nullptr &&
         std::binary_search(source.emits.begin(), source.emits.end(), movement.kind);
}

// False if it was delivered before.
bool ApplyMovement(Draft& draft, const SourceDefinition& source, const Event& event,
                   const MovementEvent& change) {
  const MovementDefinition* movement = draft.policy().FindMovement(change.kind);
  if (!IsDeclared(draft.policy(), source, change)) {
    MarkGap(
        draft, {change.kind, AccountId(), OrderId()}, source.name,
        absl::StrCat("the policy does not let this source report \"", change.kind.value(), "\""));
    return true;
  }
  const auto speaks = [](const std::optional<Contribution>& side) {
    return side.has_value() && side->status != MovementStatus::kNone;
  };
  std::optional<std::string> why;
  for (const auto* side : {&change.before, &change.after}) {
    if (speaks(*side) && !why.has_value()) why = Unpostable(draft.policy(), *movement, **side);
  }
  if (why.has_value()) {  // then neither side is posted
    if (event.snapshot) NoteUnreadable(draft, source.name, change.row);
    for (const auto* side : {&change.before, &change.after}) {
      if (!speaks(*side)) continue;
      MarkGap(draft, ScopeOf(change.kind, **side), source.name,
              absl::StrCat(*why, " (event ", event.id, ")"));
    }
    return true;
  }
  // Where a run reads the table anew, images before say nothing.
  const bool is_read = RunOver(draft, source.name, change.row.table) != nullptr;
  if (!is_read && DoubtChange(draft, source, event, change)) return false;
  const auto apply = [&](const IdempotencyKey& key, const std::optional<Contribution>& before,
                         const std::optional<Contribution>& after) {
    return PostRow(draft, source, event, change, *movement, key, before, after);
  };
  const bool was = speaks(change.before);
  const bool is = speaks(change.after);
  if (was && is && change.before->key == change.after->key) {
    return apply(change.after->key, change.before, change.after);
  }
  bool is_new = !was && !is;
  if (was) is_new |= apply(change.before->key, change.before, std::nullopt);
  if (is) is_new |= apply(change.after->key, std::nullopt, change.after);
  return is_new;
}

}  // namespace

bool ApplyEvent(Draft& draft, const SourceDefinition& source, const Event& event) {
  if (const auto* movement = std::get_if<MovementEvent>(&event.body)) {
    const bool is_new = ApplyMovement(draft, source, event, *movement);
    if (IsDeclared(draft.policy(), source, *movement)) VerifyEvent(draft, source, event);
    return is_new && !event.snapshot;
  }
  if (std::holds_alternative<GuardEvent>(event.body)) {
    VerifyEvent(draft, source, event);
  } else if (const auto* fact = std::get_if<FactEvent>(&event.body)) {
    return ApplyFact(draft, source, event, *fact) && !event.snapshot;
  } else if (const auto* gap = std::get_if<GapEvent>(&event.body)) {
    if (event.snapshot) NoteUnreadable(draft, source.name, gap->row);
    MarkGap(draft, gap->scope, source.name,
            gap->table.empty() ? gap->reason : absl::StrCat(gap->table, ": ", gap->reason));
  }
  return true;
}

}  // namespace fundgate::core
