// The names CEL itself defines: which of them are here, and what to say of those that are not.
#ifndef SERVER_EXPRESSION_STANDARD_H_
#define SERVER_EXPRESSION_STANDARD_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/expression/ast.h"

namespace fundgate::expression {

// The builtin function called so with that many arguments (the receiver counts), or none.
std::optional<Builtin> FindBuiltin(std::string_view name, bool method, size_t arguments);

// Names of the builtin functions of one style, for hints.
std::vector<std::string> BuiltinNames(bool method);

// What a name is that CEL defines as function or macro and this implementation refuses: "macro",
// "function of time". Empty for all other names.
std::string_view MissingFunction(std::string_view name);

// What a plain name is that CEL defines and this implementation refuses: types as values.
bool IsTypeName(std::string_view name);

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
