// A path of an event. See event_fields.h for the paths.
#ifndef SERVER_CORE_EVENT_FIELD_H_
#define SERVER_CORE_EVENT_FIELD_H_

#include <cstdint>
#include <string>

namespace fundgate::core {

// A path, ready to be read.
struct EventField {
  enum class Part : uint8_t {
    kNothing,  // no such path: always absent
    kFact,     // `name` is the field
    kKey,
    kAccount,
    kOrder,
    kAmount,
    kStatus,
    kPartKey,
    kPartAmount,  // `name` is the part
    kAttribute,   // `name` is the attribute
    kChange,
    kStatement,
    kServerId,
    kMark,  // `name` is the mark
  };
  Part part = Part::kNothing;
  bool before = false;
  std::string name;

  friend bool operator==(const EventField&, const EventField&) = default;
};

}  // namespace fundgate::core

#endif  // SERVER_CORE_EVENT_FIELD_H_
