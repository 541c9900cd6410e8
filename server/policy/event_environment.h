// The `event` of expressions: what may be read of a movement's or a fact's event. See
// server/core/event_fields.h for the paths and their meaning.
#ifndef SERVER_POLICY_EVENT_ENVIRONMENT_H_
#define SERVER_POLICY_EVENT_ENVIRONMENT_H_

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "fundgate/policy/v1/document.pb.h"
#include "server/expression/environment.h"
#include "server/expression/type.h"

namespace fundgate::policy {

// Names that are not free for fields of facts.
bool IsReservedFactField(std::string_view name);

// The field that says whose a fact is; empty if none does.
std::string AccountFieldOf(const v1::Fact& fact);

// Sorted names of all events that a policy knows: movements and facts.
std::vector<std::string> EventNames(const v1::Document& document);

// "bid" of "event.bid"; nothing for a text of another form.
std::optional<std::string> EventNameIn(std::string_view text);

// Names of the sources that report the event. Sorted.
std::vector<std::string> SourcesOfEvent(const v1::Document& document, const std::string& event);

// The type of a field of the event by its path below "event.", such as "price", "before.price",
// "amount"; nothing if it has none. Attributes are Dynamic.
std::optional<expression::Type> TypeOfEventField(const v1::Document& document,
                                                 const std::string& event, std::string_view path);

// Declares the variable `event` for one event of the document, with exact types: naming a field
// that it doesn't have is a load error. Money must have been added (AddMoney). ALREADY_EXISTS if
// there is an `event` already.
absl::Status AddEvent(const v1::Document& document, const std::string& event,
                      expression::Environment& environment);

// Declares the variable `origin`, as event.origin is, for transactions of these sources.
absl::Status AddOrigin(const v1::Document& document, const std::vector<std::string>& sources,
                       expression::Environment& environment);

}  // namespace fundgate::policy

#endif  // SERVER_POLICY_EVENT_ENVIRONMENT_H_
