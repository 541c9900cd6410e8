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

std::optional<BreakerScope> ScopeOf(const Action& action, const Violation& violation) {
  if (action.field.empty()) return BreakerScope{action.checkpoint, "", ""};
  const std::string value = ValueOf(violation, action.field);
  if (!value.empty()) return BreakerScope{action.checkpoint, action.field, value};
  if (violation.account.empty()) return std::nullopt;
  return BreakerScope{action.checkpoint, "account", violation.account.value()};
}

void Take(Draft& draft, const Action& action, const Violation& violation) {
  if (action.checkpoint.empty()) return PostCall(draft, action, violation);
  const std::optional<BreakerScope> scope = ScopeOf(action, violation);
  if (!scope.has_value()) {
    draft.Mutable<Violations>(violation.id)
        .fields.emplace_back(absl::StrCat("not_done.", action.name),
                             action.field == "account"
                                 ? "it tells no account"
                                 : absl::StrCat("it tells neither ", action.field, " nor account"));
    return;
  }
  OpenAutomatically(
      draft, scope->ToString(),
      action.checkpoint == kEverything ? BreakerOrigin::kFreeze : BreakerOrigin::kTrip,
      absl::StrCat("action ", action.name, ", ", violation.name, " ", violation.id, ": ",
                   violation.message),
      action.mode,
      action.lasts.has_value() ? std::optional(draft.now() + *action.lasts) : std::nullopt);
}

}  // namespace

std::string ValueOf(const Violation& violation, const std::string& field) {
  if (field == "account") return violation.account.value();
  if (field == "order") return violation.order.value();
  if (field == "currency") return std::string(violation.amount.currency.code());
  for (const auto& [name, value] : violation.fields) {
    if (name == absl::StrCat("attribute.", field)) return value;
  }
  return "";
}

void TakeActions(Draft& draft, const Violation& violation) {
  for (const Action& action : draft.policy().responses.actions) {
    if (std::binary_search(action.on.begin(), action.on.end(), violation.name)) {
      Take(draft, action, violation);
    }
  }
}

}  // namespace fundgate::core
