// Facts of a check or an event, fetched as an expression asks for them.
#ifndef SERVER_CORE_RULES_RULE_ACTIVATION_H_
#define SERVER_CORE_RULES_RULE_ACTIVATION_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "server/core/draft.h"
#include "server/core/events.h"
#include "server/core/input.h"
#include "server/core/rules/rule_facts.h"
#include "server/core/windows/windows.h"
#include "server/expression/program.h"

namespace fundgate::core {

// What a rule is asked about: one of the two.
struct RuleSubject {
  explicit RuleSubject(const CheckInput& asked);
  explicit RuleSubject(const Event& happened);

  const CheckInput* check = nullptr;
  const Event* event = nullptr;
  WindowSubject who;  // whose books and windows are read
};

// The sentence of the error that stands for what can't be said yet; nothing is wrong with a rule
// that meets it.
inline constexpr char kUnknown[] = "not known yet: the window has fewer samples than it asks for";

class RuleActivation final : public expression::Activation {
 public:
  // All must outlive it, and values fetched from it. `facts` are the slots.
  RuleActivation(Draft& draft, const std::vector<RuleFact>& facts, const RuleSubject& subject)
      : draft_(draft), facts_(facts), subject_(subject) {}

  // The slot's fact; absent if there is none.
  expression::Value Fetch(uint32_t slot) const override;

  // What the expression read, by path, as text: constants are left out.
  std::vector<std::pair<std::string, std::string>> Explain(
      const expression::Program& program) const;

 private:
  Draft& draft_;
  const std::vector<RuleFact>& facts_;
  const RuleSubject& subject_;
};

}  // namespace fundgate::core

#endif  // SERVER_CORE_RULES_RULE_ACTIVATION_H_
