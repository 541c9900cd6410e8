// What the kinds of checks between events have in common.
#ifndef SERVER_CORE_VERIFICATION_WATCHING_H_
#define SERVER_CORE_VERIFICATION_WATCHING_H_

#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "server/core/event_condition.h"
#include "server/core/event_fields.h"
#include "server/core/verification/check.h"
#include "server/core/verification/watch.h"

namespace fundgate::core {

// The watch of the key, a new one of this kind if there is none (or one of another kind).
template <typename Kind>
Kind& MutableWatchOf(Watch& watch) {
  if (!std::holds_alternative<Kind>(watch.of)) watch.of.emplace<Kind>();
  return std::get<Kind>(watch.of);
}

// Changes when the watch is to be looked at; nothing: never.
void SetTurn(Draft& draft, const WatchId& id, Watch& watch, std::optional<absl::Time> at);

// Forgets the watch and its turn.
void Forget(Draft& draft, const WatchId& id, Watch& watch);

// Until when all of the sources are proven; of one whose tables are read anew, at most until that
// began.
absl::Time ProvenUntil(Draft& draft, const std::vector<SourceName>& sources);

// Where the event came from, with as much of its origin as is kept.
Sighting SightingOf(const Draft& draft, const SeenEvent& seen);

// What the event says more of: the row of a movement (or its key and part, where there is no row),
// a fact's key.
std::string ThingOf(const SeenEvent& seen);

// The values of the fields as one text, before or after the change; nothing if one of them is
// missing or empty.
std::optional<std::string> KeyText(const std::vector<EventField>& fields, const Event& event);

// The field as it was before the change.
EventField Before(EventField field);

// The field's value, if it has one that can be kept.
std::optional<AttributeValue> ValueOf(const EventField& field, const Event& event);
std::string TextOf(const std::optional<AttributeValue>& value);  // "nothing" if there is none

// Notes one more of the things that came lately; the oldest one goes when there are too many.
inline constexpr size_t kMaxRecent = 32;
void Note(std::vector<std::string>& recent, std::string thing);
bool IsNoted(const std::vector<std::string>& recent, const std::string& thing);

// A violation of the check, with who wrote the event.
Violation NewViolation(const EventCheck& check, ViolationKind kind, const Sighting& seen,
                       std::string message);

// Adds it and reacts as the check says; `kind` is the movement that it concerns, if it does.
void Raise(Draft& draft, const EventCheck& check, const MovementKind& kind, Violation violation);

}  // namespace fundgate::core

#endif  // SERVER_CORE_VERIFICATION_WATCHING_H_
