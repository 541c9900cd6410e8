// What expressions and checks read of an event, by its path.
//
//   event.FIELD                 of a fact: a field as it is after the change
//   event.key                   the movement's or the fact's key
//   event.account_id            whose it is
//   event.order_id, event.amount, event.status, event.part_key, event.parts.NAME
//                               of a movement; status is "happened", "in_progress" or "failed"
//   event.attributes.NAME       of a movement
//   event.before.…              the same as it was before the change; absent if nothing was
//   event.change                "insert", "update" or "delete"
//   event.statement             the text that wrote it; empty if the source doesn't tell
//   event.origin.server_id      the session's; 0 if the source has none
//   event.origin.statement
//   event.origin.marks.NAME     a mark of the transaction; empty if it has none of that name
//
// After a deletion nothing is but what was before, and key, account and order, which stay readable.
#ifndef SERVER_CORE_EVENT_FIELDS_H_
#define SERVER_CORE_EVENT_FIELDS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "server/core/event_field.h"
#include "server/core/events.h"
#include "server/core/policy.h"
#include "server/expression/value.h"

namespace fundgate::core {

// `path` is what follows "event.". Which fields there are is checked when the policy is loaded.
EventField FactField(std::string_view path);
EventField MovementField(std::string_view path);
// Of the event called so, a fact or a movement of the policy.
EventField FieldOfEvent(const Policy& policy, std::string_view event, std::string_view path);

// The field's value; absent if there is none. It views the event.
expression::Value Read(const EventField& field, const Event& event);

// What the event is called: the movement's kind or the fact's name; empty for other events.
const std::string& NameOf(const Event& event);

// Whether there was, or is, something to be read.
bool HasBefore(const Event& event);
bool HasAfter(const Event& event);

// Whose the event is, and for which order; empty if it doesn't say.
AccountId AccountOf(const Event& event);
OrderId OrderOf(const Event& event);

// The row that changed; empty where the source has none.
const RowId& RowOf(const Event& event);

// Attributes of a movement, fields of a fact, and the currency of its amount, after the change;
// empty where there are none.
const Attributes& AttributesOf(const Event& event);
Currency CurrencyOf(const Event& event);

// A value as people read it: text as it is, "CNY 12.34", "nothing" if it is absent.
std::string TextOf(const expression::Value& value);

}  // namespace fundgate::core

#endif  // SERVER_CORE_EVENT_FIELDS_H_
