#include "server/core/verification/guard.h"

#include <variant>

#include "absl/strings/str_cat.h"

namespace fundgate::core {
namespace {

using expression::Value;

class ChangeFields final : public expression::Activation {
 public:
  ChangeFields(const std::vector<GuardDefinition::Slot>& slots, const Event& event,
               const std::vector<Value>& columns, bool gated)
      : slots_(slots), event_(event), columns_(columns), gated_(gated) {}

  Value Fetch(uint32_t slot) const override {
    if (slot >= slots_.size()) return Value::Absent();
    switch (slots_[slot].kind) {
      case GuardDefinition::Slot::Kind::kEvent:
        return Read(slots_[slot].field, event_);
      case GuardDefinition::Slot::Kind::kColumns:
        return Value::List(columns_);
      case GuardDefinition::Slot::Kind::kGated:
        return Value::Bool(gated_);
    }
    return Value::Absent();
  }

 private:
  const std::vector<GuardDefinition::Slot>& slots_;
  const Event& event_;
  const std::vector<Value>& columns_;
  const bool gated_;
};

std::string_view ChangeText(RowChange change) {
  switch (change) {
    case RowChange::kInsert:
      return "inserted";
    case RowChange::kUpdate:
      return "updated";
    case RowChange::kDelete:
      return "deleted";
  }
  return "changed";
}

std::string ShownOrNothing(const std::optional<std::string>& value) {
  return value.value_or("nothing");
}

}  // namespace

void Guard::See(Draft& draft, const SeenEvent& seen) const {
  const auto* change = std::get_if<GuardEvent>(&seen.event.body);
  if (change == nullptr || IsAllowed(draft, seen, *change) || WasSaid(draft, seen, *change)) {
    return;
  }
  const WatchId id = IdOf(absl::StrCat(change->row.table, "/", change->row.primary_key));
  Watch& watch = draft.Mutable<Watches>(id);
  MutableWatchOf<GuardWatch>(watch) = {seen.event.id, change->image_hash};
  SetTurn(draft, id, watch, draft.now() + kGuardMemory);
  const MovementKind concerned =
      definition_.movements.size() == 1 ? definition_.movements.front() : MovementKind();
  Raise(draft, *this, concerned, Forbidden(draft, seen, *change));
}

void Guard::Judge(Draft& draft, const WatchId& id, Watch& watch) const { Forget(draft, id, watch); }

const MovementKind* Guard::AllowedMovement(Draft& draft, const GuardEvent& change) const {
  if (change.key.empty()) return nullptr;
  for (const MovementKind& kind : definition_.movements) {
    const KeyRecord* key = draft.FindKey({kind, change.key});
    if (key == nullptr || key->state != KeyState::kAllowed || !key->reservation.has_value()) {
      continue;
    }
    if (key->reservation->state != ReservationState::kReleased) return &kind;
  }
  return nullptr;
}

bool Guard::IsAllowed(Draft& draft, const SeenEvent& seen, const GuardEvent& change) const {
  std::vector<Value> columns;
  for (const GuardedColumn& column : change.columns) columns.push_back(Value::String(column.name));
  const bool gated = AllowedMovement(draft, change) != nullptr;
  return definition_.allow.Evaluate(ChangeFields(definition_.slots, seen.event, columns, gated))
      .is_true();
}

bool Guard::WasSaid(Draft& draft, const SeenEvent& seen, const GuardEvent& change) const {
  const Watch* watch =
      draft.Find<Watches>(IdOf(absl::StrCat(change.row.table, "/", change.row.primary_key)));
  const auto* known = watch == nullptr ? nullptr : std::get_if<GuardWatch>(&watch->of);
  if (known == nullptr) return false;
  if (known->event_id == seen.event.id) return true;
  return draft.ReadSource(seen.source).coordinates_changed && change.image_hash != 0 &&
         known->image_hash == change.image_hash;
}

Violation Guard::Forbidden(const Draft& draft, const SeenEvent& seen,
                           const GuardEvent& change) const {
  std::string columns;
  for (const GuardedColumn& column : change.columns) {
    absl::StrAppend(&columns, columns.empty() ? "" : ", ", column.name, " from ",
                    ShownOrNothing(column.before), " to ", ShownOrNothing(column.after));
  }
  const std::string who = seen.event.origin.server_id == 0
                              ? ""
                              : absl::StrCat(" by server_id ", seen.event.origin.server_id);
  Violation violation =
      NewViolation(*this, ViolationKind::kGuard, SightingOf(draft, seen),
                   absl::StrCat("row ", change.row.primary_key, " of ", change.row.table, " was ",
                                std::string(ChangeText(change.change)), who, " (", columns,
                                "), which \"", definition_.text, "\" does not allow"));
  if (definition_.movements.size() == 1 && !change.key.empty()) {
    violation.key = {definition_.movements.front(), change.key};
  }
  if (!change.key.empty()) violation.fields.emplace_back("key", change.key.value());
  violation.fields.emplace_back("row", change.row.primary_key);
  for (const GuardedColumn& column : change.columns) {
    if (violation.fields.size() + 2 > 60) break;  // of the 64 that the contract has
    violation.fields.emplace_back(column.name + ".before", ShownOrNothing(column.before));
    violation.fields.emplace_back(column.name + ".after", ShownOrNothing(column.after));
  }
  return violation;
}

}  // namespace fundgate::core
