// The names CEL itself defines: which functions and types are here, and what to say of those that
// are not. The functions lie in tables by subject in functions/.
#ifndef SERVER_EXPRESSION_STANDARD_H_
#define SERVER_EXPRESSION_STANDARD_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/expression/ast.h"

namespace fundgate::expression {

// All overloads of a function (or method) of the language.
std::vector<std::shared_ptr<const Function>> FindStandard(std::string_view name, bool method);

// Names of the language's functions of one style, for hints.
std::vector<std::string> StandardNames(bool method);

// What a name is that CEL or one of its extensions defines as function or macro and this
// implementation refuses: "macro", "function". Empty for all other names.
std::string_view MissingFunction(std::string_view name);

// The type that a plain or qualified name says: int, map, google.protobuf.Duration.
std::optional<Value> FindTypeName(std::string_view name);

// Whether CEL defines the function, here or not: hosts may not give it another meaning.
bool IsStandardFunction(std::string_view name);

// The operator called `_+_` and so on in declarations that hosts may overload; with its count of
// operands.
struct OverloadableOperator {
  std::string_view function;
  Operator op;
  size_t operands;
};
const OverloadableOperator* FindOverloadable(std::string_view function);
const OverloadableOperator* FindOverloadable(Operator op);

}  // namespace fundgate::expression

#endif  // SERVER_EXPRESSION_STANDARD_H_
