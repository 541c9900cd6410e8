#include "server/policy/violation_names.h"

namespace fundgate::policy {

std::vector<std::string> ReactableViolations() {
  return {"ungated",       "after_release", "after_block", "duplicate_movement", "amount_mismatch",
          "unit_mismatch", "other_account", "other_order", "other_currency",     "movement_undone"};
}

std::vector<std::string> AllViolationNames(const v1::Document& document) {
  std::vector<std::string> names = ReactableViolations();
  names.insert(names.end(), {"overdue", "hold"});
  for (const auto& [name, invariant] : document.invariants()) names.push_back(name);
  return names;
}

}  // namespace fundgate::policy
