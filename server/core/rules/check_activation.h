// Facts of a check, fetched as an expression asks for them.
#ifndef SERVER_CORE_RULES_CHECK_ACTIVATION_H_
#define SERVER_CORE_RULES_CHECK_ACTIVATION_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "server/core/draft.h"
#include "server/core/input.h"
#include "server/expression/program.h"

namespace fundgate::core {

class CheckActivation final : public expression::Activation {
 public:
  // Both must outlive it, and values fetched from it.
  CheckActivation(Draft& draft, const CheckInput& check) : draft_(draft), check_(check) {}

  // The slot's fact; absent if the check has none.
  expression::Value Fetch(uint32_t slot) const override;

  // What the expression read, by path, as text: constants are left out.
  std::vector<std::pair<std::string, std::string>> Explain(
      const expression::Program& program) const;

 private:
  Draft& draft_;
  const CheckInput& check_;
};

}  // namespace fundgate::core

#endif  // SERVER_CORE_RULES_CHECK_ACTIVATION_H_
