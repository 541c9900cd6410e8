#include "server/core/actions.h"

#include <algorithm>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/core/breaker_scope.h"
#include "server/core/breakers.h"
#include "server/core/outbox.h"

namespace fundgate::core {
namespace {

std::string ValueOf(const Violation& violation, const std::string& field) {
  if (field == "account") return violation.account.value();
  if (field == "order") return violation.order.value();
  if (field == "currency") return std::string(violation.amount.currency.code());
  for (const auto& [name, value] : violation.fields) {
    if (name == absl::StrCat("attribute.", field)) return value;
  }
  return "";
}

BreakerScope ScopeOf(const Action& action, const Violation& violation) {
  if (action.field.empty()) return {action.checkpoint, "", ""};
  const std::string value = ValueOf(violation, action.field);
  if (!value.empty()) return {action.checkpoint, action.field, value};
  if (violation.account.empty()) return {action.checkpoint, "", ""};
  return {action.checkpoint, "account", violation.account.value()};
}

void Take(Draft& draft, const Action& action, const Violation& violation) {
  if (action.checkpoint.empty()) return PostCall(draft, action, violation);
  OpenAutomatically(
      draft, ScopeOf(action, violation).ToString(),
      action.checkpoint == kEverything ? BreakerOrigin::kFreeze : BreakerOrigin::kTrip,
      absl::StrCat("action ", action.name, ", ", violation.name, " ", violation.id, ": ",
                   violation.message),
      action.mode,
      action.lasts.has_value() ? std::optional(draft.now() + *action.lasts) : std::nullopt);
}

}  // namespace

void TakeActions(Draft& draft, const Violation& violation) {
  for (const Action& action : draft.policy().responses.actions) {
    if (std::binary_search(action.on.begin(), action.on.end(), violation.name)) {
      Take(draft, action, violation);
    }
  }
}

}  // namespace fundgate::core
