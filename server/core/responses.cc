#include "server/core/responses.h"

#include <algorithm>

namespace fundgate::core {

const RiskClass* Responses::FindClass(std::string_view name) const {
  const auto found =
      std::find_if(risk_classes.begin(), risk_classes.end(),
                   [name](const RiskClass& candidate) { return candidate.name == name; });
  return found == risk_classes.end() ? nullptr : &*found;
}

bool Responses::HasAction(std::string_view violation) const {
  return std::any_of(actions.begin(), actions.end(), [violation](const Action& action) {
    return std::binary_search(action.on.begin(), action.on.end(), violation);
  });
}

const RiskClass* Responses::ClassOf(std::string_view violation) const {
  const auto found = std::find_if(
      risk_classes.begin(), risk_classes.end(), [violation](const RiskClass& candidate) {
        return std::binary_search(candidate.violations.begin(), candidate.violations.end(),
                                  violation);
      });
  return found == risk_classes.end() ? nullptr : &*found;
}

}  // namespace fundgate::core
