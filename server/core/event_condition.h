// A condition on an event, as matches and windows have them.
#ifndef SERVER_CORE_EVENT_CONDITION_H_
#define SERVER_CORE_EVENT_CONDITION_H_

#include <vector>

#include "server/core/event_field.h"
#include "server/core/events.h"
#include "server/expression/program.h"

namespace fundgate::core {

struct EventCondition {
  expression::Program program;
  std::vector<EventField> fields;  // by slot

  // False also if the condition can't be evaluated: it isn't true then.
  bool HoldsFor(const Event& event) const;
};

}  // namespace fundgate::core

#endif  // SERVER_CORE_EVENT_CONDITION_H_
