// Named sets of switches, prepared for a bad hour.
#ifndef SERVER_CORE_PLAN_DEFINITION_H_
#define SERVER_CORE_PLAN_DEFINITION_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/core/verdict.h"

namespace fundgate::core {

struct Toggle {
  std::string scope;              // canonical, see breaker_scope.h
  Verdict mode = Verdict::kHold;  // kAllow: it only reports
};

struct PlanDefinition {
  std::string name;
  std::string about;                         // when it is the right one
  std::string owner;                         // who answers for it
  std::string runbook;                       // an address; may be empty
  std::optional<absl::Duration> lasts = {};  // unless whoever runs it says otherwise
  std::vector<Toggle> toggles = {};          // sorted by scope
};

}  // namespace fundgate::core

#endif  // SERVER_CORE_PLAN_DEFINITION_H_
