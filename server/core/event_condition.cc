#include "server/core/event_condition.h"

#include "server/core/event_fields.h"

namespace fundgate::core {
namespace {

// Reads an event's fields as they are asked for.
class FieldsOfEvent final : public expression::Activation {
 public:
  FieldsOfEvent(const std::vector<EventField>& fields, const Event& event)
      : fields_(fields), event_(event) {}

  expression::Value Fetch(uint32_t slot) const override {
    return slot < fields_.size() ? Read(fields_[slot], event_) : expression::Value::Absent();
  }

 private:
  const std::vector<EventField>& fields_;
  const Event& event_;
};

}  // namespace

bool EventCondition::HoldsFor(const Event& event) const {
  return program.Evaluate(FieldsOfEvent(fields, event)).is_true();
}

}  // namespace fundgate::core
