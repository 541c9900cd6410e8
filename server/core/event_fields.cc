#include "server/core/event_fields.h"

#include <algorithm>
#include <optional>
#include <variant>

#include "absl/strings/str_cat.h"
#include "server/core/money_value.h"
#include "server/core/rate.h"

namespace fundgate::core {
namespace {

using expression::Value;
using Part = EventField::Part;

constexpr std::string_view kBefore = "before.";
constexpr std::string_view kOrigin = "origin.";
constexpr std::string_view kMarks = "marks.";
constexpr std::string_view kAttributes = "attributes.";
constexpr std::string_view kParts = "parts.";

bool Strip(std::string_view prefix, std::string_view& path) {
  if (path.substr(0, prefix.size()) != prefix) return false;
  path.remove_prefix(prefix.size());
  return true;
}

// What facts and movements have in common.
EventField CommonField(std::string_view path) {
  if (path == "key") return {Part::kKey, false, ""};
  if (path == "account_id") return {Part::kAccount, false, ""};
  if (path == "change") return {Part::kChange, false, ""};
  if (path == "statement") return {Part::kStatement, false, ""};
  if (!Strip(kOrigin, path)) return {};
  if (path == "server_id") return {Part::kServerId, false, ""};
  if (path == "statement") return {Part::kStatement, false, ""};
  if (Strip(kMarks, path)) return {Part::kMark, false, std::string(path)};
  return {};
}

Value AsValue(const AttributeValue& value) {
  struct Convert {
    Value operator()(const std::string& text) const { return Value::String(text); }
    Value operator()(int64_t number) const { return Value::Int(number); }
    Value operator()(bool flag) const { return Value::Bool(flag); }
    Value operator()(const Money& money) const { return ToValue(money); }
  };
  return std::visit(Convert(), value);
}

Value Named(const Attributes& attributes, const std::string& name) {
  const auto found = attributes.find(name);
  return found == attributes.end() ? Value::Absent() : AsValue(found->second);
}

std::string_view StatusText(MovementStatus status) {
  switch (status) {
    case MovementStatus::kHappened:
      return "happened";
    case MovementStatus::kInProgress:
      return "in_progress";
    case MovementStatus::kFailed:
      return "failed";
    case MovementStatus::kNone:
      break;
  }
  return "none";
}

Value PartOf(const Contribution& row, const std::string& name) {
  for (const auto& [part, amount] : row.line.parts) {
    if (part == name) return ToValue(Money{row.currency, amount});
  }
  return Value::Absent();
}

Value ReadRow(const EventField& field, const Contribution& row) {
  switch (field.part) {
    case Part::kKey:
      return Value::String(row.key.value());
    case Part::kAccount:
      return Value::String(row.account.value());
    case Part::kOrder:
      return Value::String(row.line.order.value());
    case Part::kAmount:
      if (row.currency.empty()) return Value::Absent();
      return ToValue(Money{row.currency, row.line.amount});
    case Part::kStatus:
      return Value::String(StatusText(row.status));
    case Part::kPartKey:
      return Value::String(row.part_key);
    case Part::kPartAmount:
      return PartOf(row, field.name);
    case Part::kAttribute:
      return Named(row.attributes, field.name);
    default:
      return Value::Absent();
  }
}

// Names stay readable after a deletion.
bool IsNamePart(Part part) {
  return part == Part::kKey || part == Part::kAccount || part == Part::kOrder;
}

// A side of the change, or null.
template <typename Image>
const Image* SideOf(const EventField& field, const std::optional<Image>& before,
                    const std::optional<Image>& after) {
  if (field.before) return before.has_value() ? &*before : nullptr;
  if (after.has_value()) return &*after;
  return IsNamePart(field.part) && before.has_value() ? &*before : nullptr;
}

Value ReadFact(const EventField& field, const FactEvent& fact) {
  if (field.part == Part::kKey) return Value::String(fact.key);
  if (field.part == Part::kAccount) return Value::String(fact.account.value());
  const Attributes* side = SideOf(field, fact.before, fact.after);
  return side == nullptr || field.part != Part::kFact ? Value::Absent() : Named(*side, field.name);
}

Value Mark(const EventOrigin& origin, const std::string& name) {
  for (const auto& [mark, text] : origin.marks) {
    if (mark == name) return Value::String(text);
  }
  return Value::String("");
}

std::string_view ChangeText(const Event& event) {
  if (const auto* guarded = std::get_if<GuardEvent>(&event.body)) {
    if (guarded->change == RowChange::kUpdate) return "update";
    return guarded->change == RowChange::kInsert ? "insert" : "delete";
  }
  if (!HasAfter(event)) return "delete";
  return HasBefore(event) ? "update" : "insert";
}

const Contribution* AnySide(const MovementEvent& movement) {
  if (movement.after.has_value()) return &*movement.after;
  return movement.before.has_value() ? &*movement.before : nullptr;
}

}  // namespace

EventField FactField(std::string_view path) {
  if (Strip(kBefore, path)) return {Part::kFact, true, std::string(path)};
  EventField common = CommonField(path);
  if (common.part != Part::kNothing) return common;
  return {Part::kFact, false, std::string(path)};
}

EventField MovementField(std::string_view path) {
  const bool before = Strip(kBefore, path);
  EventField field = CommonField(path);
  if (path == "order_id") field.part = Part::kOrder;
  if (path == "amount") field.part = Part::kAmount;
  if (path == "status") field.part = Part::kStatus;
  if (path == "part_key") field.part = Part::kPartKey;
  if (Strip(kParts, path)) field = {Part::kPartAmount, false, std::string(path)};
  if (Strip(kAttributes, path)) field = {Part::kAttribute, false, std::string(path)};
  field.before = before;
  return field;
}

EventField FieldOfEvent(const Policy& policy, std::string_view event, std::string_view path) {
  return policy.FindFact(event) != nullptr ? FactField(path) : MovementField(path);
}

Value Read(const EventField& field, const Event& event) {
  switch (field.part) {
    case Part::kNothing:
      return Value::Absent();
    case Part::kChange:
      return Value::String(ChangeText(event));
    case Part::kStatement:
      return Value::String(event.origin.statement);
    case Part::kServerId:
      return Value::Int(static_cast<int64_t>(event.origin.server_id));
    case Part::kMark:
      return Mark(event.origin, field.name);
    default:
      break;
  }
  if (const auto* fact = std::get_if<FactEvent>(&event.body)) return ReadFact(field, *fact);
  if (const auto* movement = std::get_if<MovementEvent>(&event.body)) {
    const Contribution* side = SideOf(field, movement->before, movement->after);
    return side == nullptr ? Value::Absent() : ReadRow(field, *side);
  }
  return Value::Absent();
}

const std::string& NameOf(const Event& event) {
  static const std::string kNone;
  if (const auto* movement = std::get_if<MovementEvent>(&event.body)) {
    return movement->kind.value();
  }
  const auto* fact = std::get_if<FactEvent>(&event.body);
  return fact != nullptr ? fact->name : kNone;
}

bool HasBefore(const Event& event) {
  if (const auto* movement = std::get_if<MovementEvent>(&event.body)) {
    return movement->before.has_value();
  }
  const auto* fact = std::get_if<FactEvent>(&event.body);
  return fact != nullptr && fact->before.has_value();
}

bool HasAfter(const Event& event) {
  if (const auto* movement = std::get_if<MovementEvent>(&event.body)) {
    return movement->after.has_value();
  }
  const auto* fact = std::get_if<FactEvent>(&event.body);
  return fact != nullptr && fact->after.has_value();
}

AccountId AccountOf(const Event& event) {
  if (const auto* fact = std::get_if<FactEvent>(&event.body)) return fact->account;
  if (const auto* guarded = std::get_if<GuardEvent>(&event.body)) return guarded->account;
  const auto* movement = std::get_if<MovementEvent>(&event.body);
  const Contribution* row = movement != nullptr ? AnySide(*movement) : nullptr;
  return row != nullptr ? row->account : AccountId();
}

OrderId OrderOf(const Event& event) {
  if (const auto* movement = std::get_if<MovementEvent>(&event.body)) {
    const Contribution* row = AnySide(*movement);
    return row != nullptr ? row->line.order : OrderId();
  }
  const Value order = Read(FactField("order_id"), event);
  return order.is_string() ? OrderId(std::string(order.string_value())) : OrderId();
}

const RowId& RowOf(const Event& event) {
  static const RowId kNone;
  return std::visit(
      [](const auto& body) -> const RowId& {
        if constexpr (requires { body.row; }) {
          return body.row;
        } else {
          return kNone;
        }
      },
      event.body);
}

const Attributes& AttributesOf(const Event& event) {
  static const Attributes kNone;
  if (const auto* movement = std::get_if<MovementEvent>(&event.body)) {
    return movement->after.has_value() ? movement->after->attributes : kNone;
  }
  const auto* fact = std::get_if<FactEvent>(&event.body);
  return fact != nullptr && fact->after.has_value() ? *fact->after : kNone;
}

Currency CurrencyOf(const Event& event) {
  const auto* movement = std::get_if<MovementEvent>(&event.body);
  if (movement != nullptr) {
    return movement->after.has_value() ? movement->after->currency : Currency();
  }
  const Value amount = Read(FactField("amount"), event);
  return amount.is_opaque(kMoneyId) ? ToMoney(amount).currency : Currency();
}

std::string TextOf(const Value& value) {
  if (value.is_absent() || value.is_null()) return "nothing";
  if (value.is_string()) return std::string(value.string_value());
  if (value.is_opaque(kMoneyId)) return ToMoney(value).ToString();
  if (value.is_opaque(kRateId)) return ToString(ToRate(value));
  return expression::ToString(value);
}

}  // namespace fundgate::core
