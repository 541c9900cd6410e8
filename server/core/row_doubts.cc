#include "server/core/row_doubts.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/core/gaps.h"

namespace fundgate::core {
namespace {

// Orders that one row may leave unproven.
constexpr size_t kMaxDoubts = 8;

bool Speaks(const std::optional<Contribution>& side) {
  return side.has_value() && side->status != MovementStatus::kNone;
}

// The change's row among those of the key; null if the key or the row isn't known.
const RowContribution* FindRow(Draft& draft, const KeyId& key, const SourceDefinition& source,
                               const MovementEvent& change) {
  const KeyRecord* record = draft.FindKey(key);
  if (record == nullptr) return nullptr;
  const auto row =
      std::find_if(record->rows.begin(), record->rows.end(), [&](const RowContribution& known) {
        return known.source == source.name && known.row == change.row;
      });
  return row == record->rows.end() ? nullptr : &*row;
}

bool HasHappened(const Contribution& side) { return side.status == MovementStatus::kHappened; }

// Whether the image says what was said last.
bool SaysTheSame(const Contribution& side, const RowContribution& known) {
  const Line& said = SaidLine(known);
  if (!HasHappened(side)) return said.amount == 0;
  return side.line == said && side.account == known.account &&
         side.currency == known.amount.currency;
}

// Whether what is known under the key is this very change, by its name or by the image it left.
bool IsNewest(Draft& draft, const SourceDefinition& source, const Event& event,
              const MovementEvent& change, const IdempotencyKey& key) {
  const RowContribution* known = FindRow(draft, {change.kind, key}, source, change);
  return known != nullptr &&
         (known->event_id == event.id || known->image_hash == change.image_hash);
}

GapScope ScopeOf(const MovementKind& kind, const AccountId& account, const OrderId& order) {
  if (account.empty()) return {kind, AccountId(), OrderId()};
  return {kind, account, order};
}

// What the change may have moved: where the row was known, and where it says that it is.
std::set<GapScope> ScopesOf(const MovementEvent& change, const RowContribution& known) {
  std::set<GapScope> scopes = {ScopeOf(change.kind, known.account, known.line.order)};
  if (Speaks(change.after)) {
    scopes.insert(ScopeOf(change.kind, change.after->account, change.after->line.order));
  }
  return scopes;
}

// The gaps are noted with all of the row's entries: there may be two, see PostSecond.
void SetDoubts(Draft& draft, const KeyId& key, const SourceDefinition& source,
               const MovementEvent& change, const std::vector<GapScope>& doubts) {
  for (RowContribution& row : draft.MutableKey(key).rows) {
    if (row.source == source.name && row.row == change.row) row.doubts = doubts;
  }
}

}  // namespace

bool DoubtChange(Draft& draft, const SourceDefinition& source, const Event& event,
                 const MovementEvent& change) {
  if (!change.before.has_value() || !draft.ReadSource(source.name).coordinates_changed) {
    return false;
  }
  // An image that says nothing of the movement has no key: then the row is known by the other's.
  const std::optional<Contribution>& named = Speaks(change.before) ? change.before : change.after;
  if (!Speaks(named)) return false;
  const KeyId key{change.kind, named->key};
  const RowContribution* known = FindRow(draft, key, source, change);
  if (known == nullptr || SaysTheSame(*change.before, *known)) return false;
  const IdempotencyKey& newest_key = Speaks(change.after) ? change.after->key : named->key;
  if (IsNewest(draft, source, event, change, newest_key)) return false;
  std::vector<GapScope> doubts = known->doubts;
  for (const GapScope& scope : ScopesOf(change, *known)) {
    if (std::find(doubts.begin(), doubts.end(), scope) != doubts.end()) continue;
    if (doubts.size() > kMaxDoubts) break;
    // Past the bound all of the kind is, once.
    const bool is_last = doubts.size() == kMaxDoubts;
    doubts.push_back(MarkGap(
        draft, is_last ? GapScope{change.kind, AccountId(), OrderId()} : scope, source.name,
        absl::StrCat("a change of row ", change.row.primary_key, " of ", change.row.table,
                     " does not follow on what is known of it: an old one that was told again, or"
                     " one before it was lost (event ",
                     event.id, ")")));
  }
  if (doubts != known->doubts) SetDoubts(draft, key, source, change, doubts);
  return true;
}

void EndDoubt(Draft& draft, const KeyId& key, const SourceDefinition& source,
              const MovementEvent& change) {
  const RowContribution* known = FindRow(draft, key, source, change);
  if (known == nullptr || known->doubts.empty()) return;
  for (const GapScope& scope : known->doubts) UnmarkGap(draft, scope);
  SetDoubts(draft, key, source, change, {});
}

const Line& SaidLine(const RowContribution& row) {
  return row.said.has_value() ? *row.said : row.line;
}

}  // namespace fundgate::core
