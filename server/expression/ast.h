// The tree between the rooms: the parser writes an Ast, the checker adds what each node means, and
// the compiler and the analyses read the result.
#ifndef SERVER_EXPRESSION_AST_H_
#define SERVER_EXPRESSION_AST_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/expression/environment.h"
#include "server/expression/type.h"
#include "server/expression/value.h"

namespace fundgate::expression {

// Index into Ast::nodes. Children always have smaller numbers than their parents.
using NodeId = uint32_t;

enum class Operator : uint8_t {
  kNot,
  kNegate,
  kMultiply,
  kDivide,
  kRemainder,
  kAdd,
  kSubtract,
  kLess,
  kLessEqual,
  kGreaterEqual,
  kGreater,
  kEqual,
  kNotEqual,
  kIn,
  kAnd,
  kOr,
  kConditional,
  kIndex,
};

// As the language writes it, for messages: "+", "&&", "?:", "[]".
std::string_view ToString(Operator op);

// The macros that run over the elements of a list or the entries of a map.
enum class Loop : uint8_t {
  kAll,
  kExists,
  kExistsOne,
  kFilter,        // the list of what the condition lets through
  kMap,           // the list of what the transformation yields, of all or of what passes a filter
  kTransformMap,  // the map of the same keys with what the transformation yields
};

enum class NodeKind : uint8_t {
  kLiteral,      // literal
  kName,         // text
  kSelect,       // text is the field; one child
  kHas,          // the same, asked whether it is there
  kOperator,     // op; one to three children
  kCall,         // text is the function; children are the arguments, of a method the receiver first
  kList,         // children are the elements
  kMap,          // children are keys and values in turn
  kLoop,         // loop; children are the range, then conditions and transformations: see macros.h
  kBind,         // cel.bind: text is the variable, children are its value and where it is known
  kUnsupported,  // text says what it is; parsed to the end, refused by the checker
};

struct Node {
  NodeKind kind = NodeKind::kLiteral;
  Operator op = Operator::kNot;
  Loop loop = Loop::kAll;
  bool method = false;  // of calls
  bool absolute =
      false;            // of names: written with a leading dot, so no variable of a macro is meant
  uint32_t offset = 0;  // where messages point: the operator's sign, the name, the bracket
  Value literal{};      // strings view Ast::strings
  std::string text{};
  std::vector<std::string> variables{};  // of loops and binds: one or two
  std::vector<NodeId> children{};
};

struct Ast {
  std::string source;
  // Contents of string literals. A deque: views into its elements survive growth and moves.
  std::deque<std::string> strings;
  std::vector<Node> nodes;
  NodeId root = 0;
};

// What the checker found out about the node of the same number.
struct Meaning {
  Type type;
  // The node reads this slot (a variable, or the last selection of a path); its children, which
  // are the path's front, have no value of their own.
  bool reads_slot = false;
  uint32_t slot = 0;
  // The node reads this variable of a macro around it. Of loops and binds: their first variable.
  bool reads_local = false;
  uint32_t local = 0;
  // The node can only fail, with this; kNone for all others. Only of Options::typed = false.
  ErrorCode fails = ErrorCode::kNone;
  // Of calls, and of operators that may meet opaque values: the overloads that can apply.
  std::vector<std::shared_ptr<const Function>> overloads;
};

struct CheckedExpression {
  Ast ast;
  std::vector<Meaning> meanings;  // one a node
  uint32_t locals = 0;            // variables of macros that are alive at the same time, at most
};

}  // namespace fundgate::expression

#endif  // SERVER_EXPRESSION_AST_H_
