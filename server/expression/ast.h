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

enum class NodeKind : uint8_t {
  kLiteral,      // literal
  kName,         // text; a leading dot is dropped, because names have one scope only
  kSelect,       // text is the field; one child
  kOperator,     // op; one to three children
  kCall,         // text is the function; children are the arguments, of a method the receiver first
  kList,         // children are the elements
  kUnsupported,  // text says what it is; parsed to the end, refused by the checker
};

struct Node {
  NodeKind kind = NodeKind::kLiteral;
  Operator op = Operator::kNot;
  bool method = false;  // of calls
  uint32_t offset = 0;  // where messages point: the operator's sign, the name, the bracket
  Value literal{};      // strings view Ast::strings
  std::string text{};
  std::vector<NodeId> children{};
};

struct Ast {
  std::string source;
  // Contents of string literals. A deque: views into its elements survive growth and moves.
  std::deque<std::string> strings;
  std::vector<Node> nodes;
  NodeId root = 0;
};

// Functions of the language itself.
enum class Builtin : uint8_t {
  kNone,
  kSize,
  kContains,
  kStartsWith,
  kEndsWith,
  kMatches,
  kInt,
  kUint,
  kDouble,
  kString,
  kDyn,
};

// What the checker found out about the node of the same number.
struct Meaning {
  Type type;
  // The node reads this slot (a variable, or the last selection of a path); its children, which
  // are the path's front, have no value of their own.
  bool reads_slot = false;
  uint32_t slot = 0;
  // Of calls: one of the two.
  Builtin builtin = Builtin::kNone;
  // Of calls, and of operators that may meet opaque values: the overloads that can apply.
  std::vector<std::shared_ptr<const Function>> overloads;
};

struct CheckedExpression {
  Ast ast;
  std::vector<Meaning> meanings;  // one a node
};

}  // namespace fundgate::expression

#endif  // SERVER_EXPRESSION_AST_H_
