// A rule of the policy, as the machine runs it.
#ifndef SERVER_CORE_RULES_RULE_H_
#define SERVER_CORE_RULES_RULE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/core/verdict.h"
#include "server/expression/program.h"

namespace fundgate::core {

enum class Severity : uint8_t { kLow = 1, kMedium = 2, kHigh = 3, kCritical = 4 };
std::string_view ToString(Severity severity);  // "high"

// The share of checks for which an enforced rule counts; for the others it is in shadow.
struct Rollout {
  enum class By : uint8_t { kAccount, kOrder, kKey, kAttribute };

  int64_t percent = 100;
  By by = By::kAccount;
  std::string attribute;  // with kAttribute: its name
};

std::string FieldOf(const Rollout& rollout);  // "account_id", "attributes.channel"

// Whether `value` is within the first `percent` of a hundred equal shares of the rule. Each value
// keeps its share for ever, and a larger percentage takes in all that a smaller one did: the share
// is (h ^ h >> 32) mod 100, where h is FNV-1a with 64 bits over the rule's name, a zero byte and
// the value.
bool IsInShare(std::string_view rule, std::string_view value, int64_t percent);

// What people need of a rule: no answer depends on it.
struct RuleDescription {
  std::string owner;                 // who answers for it; empty: nobody
  std::optional<Severity> severity;  // how bad it is where it is true; by default its violation's
  std::string runbook;               // where it says what to do
  std::vector<std::pair<std::string, std::string>> labels;  // sorted by name
};

struct RuleDefinition {
  std::string name;
  expression::Program when;  // slots are those of Policy::check_facts; its text is for explanations
  Verdict then = Verdict::kAllow;     // kAllow: it is reported, and denies nothing
  std::optional<Severity> violation;  // besides, a violation is recorded
  std::string action;                 // of the violation: "alert", "freeze", "trip" or another name
  bool enforced = false;              // otherwise it is in shadow
  Rollout rollout;
  std::optional<Verdict> on_error;  // if it can't be judged; nothing: the checkpoint's when_error
  int64_t alerts_per_minute = 0;    // violations recorded in a minute; 0: all
  // A hash of all that its answers depend on, within the rule: a rule with another one has changed.
  uint64_t meaning = 0;
  RuleDescription description = {};
};

// Names of actions that the machine carries out itself.
inline constexpr std::string_view kAlertAction = "alert";
inline constexpr std::string_view kFreezeAction = "freeze";
inline constexpr std::string_view kTripAction = "trip";

}  // namespace fundgate::core

#endif  // SERVER_CORE_RULES_RULE_H_
