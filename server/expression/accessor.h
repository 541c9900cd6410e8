// Calls that stand for variables: book('order', request.order_id).refunded. They are resolved when
// an expression is loaded, so a run only reads slots.
#ifndef SERVER_EXPRESSION_ACCESSOR_H_
#define SERVER_EXPRESSION_ACCESSOR_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/expression/type.h"

namespace fundgate::expression {

// What a call of an accessor is given: a string literal, or a variable or field of a record.
struct AccessorArgument {
  std::optional<std::string> text;  // of a literal
  std::string path;                 // of a variable: "request.order_id"
  uint32_t slot = 0;                // of a variable
  Type type = Type::String();
};

struct Accessor {
  std::string name;  // an identifier that no function has
  size_t arguments_min = 1;
  size_t arguments_max = 1;

  // Called at load for each call, with `call`, its one spelling: the same variables give the same
  // text. The type of what it stands for, mostly a record; or a status whose message is a sentence,
  // reported at the call. Slots of its fields are called by `call` and the field.
  std::function<absl::StatusOr<Type>(const std::string& call,
                                     std::span<const AccessorArgument> arguments)>
      resolve;
};

class Environment;
struct Ast;
struct Issue;

// Puts variables in place of all calls of the environment's accessors. False if one of them can't
// be resolved: then there is an issue.
bool ResolveAccessors(Environment& environment, Ast& ast, std::vector<Issue>* issues);

}  // namespace fundgate::expression

#endif  // SERVER_EXPRESSION_ACCESSOR_H_
