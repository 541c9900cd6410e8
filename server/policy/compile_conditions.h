// Conditions on events, and fields of them, from a document's text to what the core runs.
#ifndef SERVER_POLICY_COMPILE_CONDITIONS_H_
#define SERVER_POLICY_COMPILE_CONDITIONS_H_

#include <optional>
#include <string>

#include "fundgate/policy/v1/document.pb.h"
#include "server/core/event_condition.h"
#include "server/core/event_field.h"

namespace fundgate::policy {

// `path` is what follows "event."; `event` is a movement or a fact of the document.
core::EventField FieldOf(const v1::Document& document, const std::string& event,
                         const std::string& path);

// Nothing for an empty text. The text must have been validated.
std::optional<core::EventCondition> ConditionOf(const v1::Document& document,
                                                const std::string& event, const std::string& text);

}  // namespace fundgate::policy

#endif  // SERVER_POLICY_COMPILE_CONDITIONS_H_
