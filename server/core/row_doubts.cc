#include "server/core/row_doubts.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "server/core/gaps.h"

namespace fundgate::core {
namespace {

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

bool Counts(const Contribution& side) { return side.status == MovementStatus::kHappened; }

// Whether the image says what was said last.
bool SaysTheSame(const Contribution& side, const RowContribution& known) {
  const Line& said = SaidLine(known);
  if (!Counts(side)) return said.amount == 0;
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

GapScope ScopeOf(const KeyId& key, const RowContribution& row) {
  if (row.account.empty()) return {key.kind, AccountId(), OrderId()};
  return {key.kind, row.account, row.line.order};
}

void SetDoubt(Draft& draft, const KeyId& key, const SourceDefinition& source,
              const MovementEvent& change, bool in_doubt) {
  for (RowContribution& row : draft.MutableKey(key).rows) {
    if (row.source == source.name && row.row == change.row) row.in_doubt = in_doubt;
  }
}

}  // namespace

bool DoubtChange(Draft& draft, const SourceDefinition& source, const Event& event,
                 const MovementEvent& change) {
  if (!change.before.has_value() || !draft.ReadSource(source.name).coordinates_changed) {
    return false;
  }
  // An image that says nothing of the movement has no key: then the row is known by the other's.
  const auto speaks = [](const std::optional<Contribution>& side) {
    return side.has_value() && side->status != MovementStatus::kNone;
  };
  const std::optional<Contribution>& named = speaks(change.before) ? change.before : change.after;
  if (!speaks(named)) return false;
  const KeyId key{change.kind, named->key};
  const RowContribution* known = FindRow(draft, key, source, change);
  if (known == nullptr || SaysTheSame(*change.before, *known)) return false;
  const IdempotencyKey& newest_key = speaks(change.after) ? change.after->key : named->key;
  if (IsNewest(draft, source, event, change, newest_key)) return false;
  if (known->in_doubt) return true;
  MarkGap(draft, ScopeOf(key, *known), source.name,
          absl::StrCat("a change of row ", change.row.primary_key, " of ", change.row.table,
                       " does not follow on what is known of it: an old one that was told again, or"
                       " one before it was lost (event ",
                       event.id, ")"));
  SetDoubt(draft, key, source, change, true);
  return true;
}

void EndDoubt(Draft& draft, const KeyId& key, const SourceDefinition& source,
              const MovementEvent& change) {
  const RowContribution* known = FindRow(draft, key, source, change);
  if (known == nullptr || !known->in_doubt) return;
  UnmarkGap(draft, ScopeOf(key, *known));
  SetDoubt(draft, key, source, change, false);
}

const Line& SaidLine(const RowContribution& row) {
  return row.said.has_value() ? *row.said : row.line;
}

}  // namespace fundgate::core
