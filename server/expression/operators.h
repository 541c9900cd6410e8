// What CEL's operators mean for operands of given static types.
#ifndef SERVER_EXPRESSION_OPERATORS_H_
#define SERVER_EXPRESSION_OPERATORS_H_

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "server/expression/ast.h"
#include "server/expression/environment.h"
#include "server/expression/type.h"

namespace fundgate::expression {

struct OperatorMeaning {
  // Of the result; also where there are problems, if it has no other (a comparison is a bool).
  Type type;
  // The host's overloads that can apply.
  std::vector<std::shared_ptr<const Function>> overloads;

  // What is wrong: a sentence, about the operand or, without one, about the operator.
  struct Problem {
    std::optional<size_t> operand;
    std::string sentence;
  };
  std::vector<Problem> problems;
};

// Operands whose type is Error were reported before and raise no further problem.
OperatorMeaning MeaningOf(const Environment& environment, Operator op,
                          std::span<const Type> operands);

}  // namespace fundgate::expression

#endif  // SERVER_EXPRESSION_OPERATORS_H_
