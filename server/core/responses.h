// What the policy says of holds, of risk and of actions: the answers to what went wrong.
#ifndef SERVER_CORE_RESPONSES_H_
#define SERVER_CORE_RESPONSES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

namespace fundgate::core {

enum class Verdict : uint8_t;  // policy.h

struct HoldRules {
  absl::Duration approval_lasts = absl::Minutes(10);
  absl::Duration expire_after = absl::Hours(24);  // since it was last asked for
};

// How fast violations of some names must be seen to. Times run from a group's first member.
struct RiskClass {
  std::string name;
  std::vector<std::string> violations;  // names, sorted
  std::optional<absl::Duration> found;  // from the event to the violation
  absl::Duration answered;              // until somebody acknowledges it
  absl::Duration contained;             // until it is resolved
  std::string runbook;                  // an address; may be empty
};

// Something done when a violation of one of these names is found. Exactly one of `field` (with
// `checkpoint`) and `endpoint` is what it does.
struct Action {
  std::string name;
  std::vector<std::string> on;  // names of violations, sorted; those of rules that ask for it too
  std::string checkpoint;       // the breaker's: "*" or a kind; empty: a call
  std::string field;            // the breaker's: account, order, an attribute; empty: all of it
  Verdict mode{2};              // of the breaker: Verdict::kHold or kBlock
  std::optional<absl::Duration> lasts;  // of the breaker; none: until an operator resets it
  std::string endpoint;                 // who is called, by its name in the gate's settings
};

struct Responses {
  HoldRules holds;
  std::vector<RiskClass> risk_classes;  // sorted by name
  std::vector<Action> actions;          // sorted by name

  // Whether something is done because of violations of this name.
  bool HasAction(std::string_view violation) const;

  // The class with that name, or that lists this violation; null if there is none.
  const RiskClass* FindClass(std::string_view name) const;
  const RiskClass* ClassOf(std::string_view violation) const;
};

}  // namespace fundgate::core

#endif  // SERVER_CORE_RESPONSES_H_
