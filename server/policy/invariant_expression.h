// Invariants as expressions over the counters of their book.
#ifndef SERVER_POLICY_INVARIANT_EXPRESSION_H_
#define SERVER_POLICY_INVARIANT_EXPRESSION_H_

#include <optional>
#include <string>
#include <vector>

#include "fundgate/policy/v1/structure.pb.h"
#include "server/expression/issue.h"
#include "server/expression/monotonicity.h"
#include "server/expression/program.h"

namespace fundgate::policy {

struct InvariantExpression {
  std::optional<expression::Program> program;    // slots are the counters, in their order
  std::vector<expression::Direction> direction;  // by counter; never kUnbounded
  std::vector<expression::Issue> issues;         // if there are any, the rest is empty
};

// Refuses, besides what the language refuses, an expression that names no counter and one whose
// direction can't be told for a counter: such an invariant can't be judged at its worst corner.
InvariantExpression CompileInvariantExpression(const v1::Book& book, const std::string& text);

}  // namespace fundgate::policy

#endif  // SERVER_POLICY_INVARIANT_EXPRESSION_H_
