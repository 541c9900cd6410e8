// Gives every node of a tree its meaning: types, slots and overloads.
#ifndef SERVER_EXPRESSION_CHECKER_H_
#define SERVER_EXPRESSION_CHECKER_H_

#include <optional>
#include <vector>

#include "server/expression/ast.h"
#include "server/expression/environment.h"
#include "server/expression/issue.h"
#include "server/expression/type.h"

namespace fundgate::expression {

// The checked tree, or nothing and all issues found, up to the environment's issues_max. A wrong
// part is reported once; what is built on it is not reported again.
std::optional<CheckedExpression> Check(Environment& environment, Ast ast, const Type& expected,
                                       std::vector<Issue>* issues);

}  // namespace fundgate::expression

#endif  // SERVER_EXPRESSION_CHECKER_H_
