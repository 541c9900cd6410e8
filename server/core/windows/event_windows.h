// Windows over what sources report: movements that happened, failed or are on their way, and facts.
#ifndef SERVER_CORE_WINDOWS_EVENT_WINDOWS_H_
#define SERVER_CORE_WINDOWS_EVENT_WINDOWS_H_

#include <optional>
#include <string>

#include "server/core/draft.h"
#include "server/core/event_condition.h"
#include "server/core/event_field.h"
#include "server/core/events.h"

namespace fundgate::core {

// What a window counts of events, and which of that were successes.
struct EventCounting {
  std::string event;                      // its name
  std::optional<EventCondition> when;     // nothing: all
  std::optional<EventCondition> success;  // nothing: they aren't told apart
  EventField amount;                      // money that is summed up; kNothing: none is
};

// Counts an event that says something new, by input time, before rules are asked about it. A row
// counts when it comes to meet the window's condition: one that met it before the change is not
// counted again. An event that names no account, order or attribute as the window's key does is not
// counted there.
void CountInWindows(Draft& draft, const Event& event);

}  // namespace fundgate::core

#endif  // SERVER_CORE_WINDOWS_EVENT_WINDOWS_H_
