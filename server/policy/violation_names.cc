#include "server/policy/violation_names.h"

#include <algorithm>

namespace fundgate::policy {
namespace {

template <typename Map>
void AddNames(const Map& section, std::vector<std::string>& names) {
  for (const auto& [name, entry] : section) names.push_back(name);
}

}  // namespace

std::vector<std::string> ReactableViolations() {
  return {"ungated",       "after_release", "after_block", "duplicate_movement", "amount_mismatch",
          "unit_mismatch", "other_account", "other_order", "other_currency",     "movement_undone"};
}

std::vector<std::string> DeclaredViolations(const v1::Document& document) {
  std::vector<std::string> names;
  AddNames(document.invariants(), names);
  AddNames(document.rules(), names);
  AddNames(document.facts(), names);
  AddNames(document.matches(), names);
  AddNames(document.chains(), names);
  AddNames(document.transitions(), names);
  AddNames(document.guards(), names);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::vector<std::string> AllViolationNames(const v1::Document& document) {
  std::vector<std::string> names = ReactableViolations();
  names.insert(names.end(), {"overdue", "breaker_tripped", "lease_overrun"});
  const std::vector<std::string> declared = DeclaredViolations(document);
  names.insert(names.end(), declared.begin(), declared.end());
  return names;
}

}  // namespace fundgate::policy
