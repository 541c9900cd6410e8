#include "server/policy/invariant_expression.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "server/expression/environment.h"

namespace fundgate::policy {
namespace {

using expression::Direction;

expression::Issue IssueAt(const std::string& text, size_t offset, std::string message) {
  const auto at = static_cast<uint32_t>(offset == std::string::npos ? 0 : offset);
  return {at, expression::Locate(text, at), std::move(message)};
}

}  // namespace

InvariantExpression CompileInvariantExpression(const v1::Book& book, const std::string& text) {
  InvariantExpression result;
  expression::Environment environment;
  std::vector<uint32_t> slots;
  for (const std::string& counter : book.counters()) {
    // A counter that can't be a variable is reported where it is declared.
    if (!environment.AddVariable(counter, expression::Type::Int()).ok()) return result;
    slots.push_back(static_cast<uint32_t>(slots.size()));
  }
  expression::Compiled compiled = expression::Compile(environment, text, expression::Type::Bool());
  result.issues = std::move(compiled.issues);
  if (!compiled.program.has_value()) return result;
  if (compiled.program->slots_used().empty()) {
    result.issues.push_back(IssueAt(text, 0, "the invariant names no counter of its book"));
  }
  result.direction = expression::Monotonicity(*compiled.program, slots);
  for (size_t i = 0; i < slots.size(); ++i) {
    if (result.direction[i] != Direction::kUnbounded) continue;
    const std::string& counter = book.counters(static_cast<int>(i));
    result.issues.push_back(IssueAt(
        text, text.find(counter),
        absl::StrCat("it can't be told whether raising '", counter,
                     "' breaks or cures this invariant; write it as comparisons in which every "
                     "counter pulls one way only, like 'refunded + settled <= paid', and split an "
                     "invariant that bounds a counter from both sides into two")));
  }
  if (result.issues.empty()) result.program = std::move(compiled.program);
  if (!result.program.has_value()) result.direction.clear();
  return result;
}

}  // namespace fundgate::policy
