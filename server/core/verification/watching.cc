#include "server/core/verification/watching.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "server/core/event_violations.h"
#include "server/core/money_value.h"
#include "server/core/snapshots.h"

namespace fundgate::core {
namespace {

using expression::Value;

void AppendEscaped(std::string_view text, std::string& out) {
  for (const char c : text) {
    if (c == ',' || c == '%') {
      out += c == ',' ? "%2C" : "%25";
    } else {
      out += c;
    }
  }
}

// Cut between two characters of UTF-8.
std::string Cut(const std::string& text, size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  size_t size = max_bytes;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) --size;
  return text.substr(0, size);
}

}  // namespace

void SetTurn(Draft& draft, const WatchId& id, Watch& watch, std::optional<absl::Time> at) {
  if (watch.turn == at) return;
  if (watch.turn.has_value()) draft.Erase<WatchTurns>({id.check, *watch.turn, id.key});
  if (at.has_value()) draft.Put<WatchTurns>({id.check, *at, id.key}, Nothing());
  watch.turn = at;
}

void Forget(Draft& draft, const WatchId& id, Watch& watch) {
  SetTurn(draft, id, watch, std::nullopt);
  draft.Erase<Watches>(id);
}

absl::Time ProvenUntil(Draft& draft, const std::vector<SourceName>& sources) {
  absl::Time until = draft.now();
  for (const SourceName& name : sources) {
    until = std::min(until, draft.ReadSource(name).proven_past);
    // What a run has not read yet may be there.
    if (IsBeingRead(draft, {name})) {
      until = std::min(until, draft.Find<SnapshotRuns>(name)->begun_at);
    }
  }
  return until;
}

Sighting SightingOf(const Draft& draft, const SeenEvent& seen) {
  EventOrigin origin = seen.event.origin;
  origin.statement = Cut(origin.statement, kMaxKeptStatementBytes);
  return {seen.source,          seen.event.id,     AccountOf(seen.event),   OrderOf(seen.event),
          draft.now(),          std::move(origin), RowOf(seen.event).table, seen.event.occurred_at,
          draft.finds_history()};
}

std::string ThingOf(const SeenEvent& seen) {
  if (const auto* fact = std::get_if<FactEvent>(&seen.event.body)) return fact->key;
  const auto* movement = std::get_if<MovementEvent>(&seen.event.body);
  if (movement == nullptr) return seen.event.id;
  if (!movement->row.table.empty()) {
    return absl::StrCat(seen.source.value(), " ", movement->row.table, "/",
                        movement->row.primary_key);
  }
  const std::optional<Contribution>& row =
      movement->after.has_value() ? movement->after : movement->before;
  return absl::StrCat(seen.source.value(), " ", row.has_value() ? row->key.value() : "", "/",
                      row.has_value() ? row->part_key : "");
}

std::optional<std::string> KeyText(const std::vector<EventField>& fields, const Event& event) {
  std::string key;
  for (const EventField& field : fields) {
    const Value value = Read(field, event);
    if (value.is_absent() || (value.is_string() && value.string_value().empty())) {
      return std::nullopt;
    }
    if (!key.empty()) key += ',';
    AppendEscaped(TextOf(value), key);
  }
  return key;
}

EventField Before(EventField field) {
  field.before = true;
  return field;
}

std::optional<AttributeValue> ValueOf(const EventField& field, const Event& event) {
  const Value value = Read(field, event);
  if (value.is_string()) return AttributeValue(std::string(value.string_value()));
  if (value.is_int()) return AttributeValue(value.int_value());
  if (value.is_bool()) return AttributeValue(value.bool_value());
  if (value.is_opaque(kMoneyId)) return AttributeValue(ToMoney(value));
  return std::nullopt;
}

std::string TextOf(const std::optional<AttributeValue>& value) {
  return value.has_value() ? ToString(*value) : "nothing";
}

void Note(std::vector<std::string>& recent, std::string thing) {
  if (recent.size() >= kMaxRecent) recent.erase(recent.begin());
  recent.push_back(std::move(thing));
}

bool IsNoted(const std::vector<std::string>& recent, const std::string& thing) {
  return std::find(recent.begin(), recent.end(), thing) != recent.end();
}

Violation NewViolation(const EventCheck& check, ViolationKind kind, const Sighting& seen,
                       std::string message) {
  Violation violation;
  violation.kind = kind;
  violation.name = check.declaration().name;
  violation.account = seen.account;
  violation.order = seen.order;
  violation.source = seen.source;
  violation.event_id = seen.event_id;
  violation.occurred_at = seen.occurred_at;
  violation.message = std::move(message);
  violation.history = seen.history;
  if (!check.declaration().owner.empty()) {
    violation.fields.emplace_back("owner", check.declaration().owner);
  }
  AddOrigin(seen.origin, violation);
  if (!seen.table.empty()) violation.fields.emplace_back("table", seen.table);
  return violation;
}

void Raise(Draft& draft, const EventCheck& check, const MovementKind& kind, Violation violation) {
  React(draft, check.declaration().reaction, kind, violation);
  draft.AddViolation(std::move(violation));
}

}  // namespace fundgate::core
