// The macros of CEL: calls whose arguments are not values but expressions over new variables.
#ifndef SERVER_EXPRESSION_MACROS_H_
#define SERVER_EXPRESSION_MACROS_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "server/expression/ast.h"

namespace fundgate::expression {

// What a macro makes of a call, or why it can't.
struct Expansion {
  // kind, loop, text, variables, children and literal are set.
  Node node;
  // A sentence if the call is a macro but its arguments are no good, and the argument it is about;
  // without one it is about the whole call.
  std::string problem;
  std::optional<NodeId> place;
};

// The node that a call stands for, or nothing if it is no macro: an ordinary call then. `children`
// are the arguments, of a method the receiver first; they are nodes of `ast` already.
//
//   has(e.f)                                      kHas of f with the child e
//   e.all(x, p), e.exists(x, p),                  kLoop, children e and p
//   e.exists_one(x, p), e.filter(x, p)
//   e.map(x, t), e.map(x, p, t)                   kLoop, children e and t; or e, p and t
//   e.all(i, x, p), e.exists(i, x, p),            the same over index and element of a list, or key
//   e.existsOne(i, x, p)                          and value of a map
//   e.transformList(i, x, t), (i, x, p, t)        kLoop kMap
//   e.transformMap(k, x, t), (k, x, p, t)         kLoop kTransformMap
//   cel.bind(x, v, e)                             kBind, children v and e
std::optional<Expansion> ExpandMacro(const Ast& ast, std::string_view name, bool method,
                                     std::span<const NodeId> children);

// Whether a macro is called so, so that no function may be.
bool IsMacroName(std::string_view name);

}  // namespace fundgate::expression

#endif  // SERVER_EXPRESSION_MACROS_H_
