// How much work an expression can be at most, proven before it runs.
#ifndef SERVER_EXPRESSION_COST_H_
#define SERVER_EXPRESSION_COST_H_

#include <cstdint>
#include <vector>

#include "server/expression/ast.h"
#include "server/expression/issue.h"
#include "server/expression/options.h"

namespace fundgate::expression {

// An upper bound of the steps of one run, as Options::cost_max counts them, if every list, map and
// text is at most as long as its type says (Type::AtMost). Text without a bound counts as
// Options::string_bytes_assumed, and other values without one as a text of that length; a run that
// meets longer ones is held by its budget.
//
// Appends issues for macros that run over something without a bound, and if the cost is above
// cost_max.
uint64_t BoundCost(const CheckedExpression& checked, const Options& options,
                   std::vector<Issue>* issues);

}  // namespace fundgate::expression

#endif  // SERVER_EXPRESSION_COST_H_
