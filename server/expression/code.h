// A checked expression, laid out for running.
#ifndef SERVER_EXPRESSION_CODE_H_
#define SERVER_EXPRESSION_CODE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "re2/re2.h"
#include "server/expression/ast.h"
#include "server/expression/environment.h"
#include "server/expression/issue.h"
#include "server/expression/program.h"

namespace fundgate::expression {

enum class Op : uint8_t {
  kConstant,  // constants[extra]
  kSlot,      // slot number `extra`
  kNot,
  kNegate,
  kArithmetic,  // the four of + - * /, and %: see `sign`
  kAddInt,      // +, - and * whose operands are of static type int: tried first, then kArithmetic
  kSubtractInt,
  kMultiplyInt,
  kOrder,  // < <= >= >
  kEqual,  // == and !=
  kIn,
  kAnd,
  kOr,
  kConditional,
  kIndex,
  kList,     // elements go to the scratch memory from `extra` on
  kBuiltin,  // `builtin`; matches() has its pattern at regexes[extra]
  kCall,     // arguments go to the scratch memory from `extra` on
};

// One node of the program. Steps form a tree; operands have smaller numbers.
struct Step {
  Op op = Op::kConstant;
  Operator sign = Operator::kAdd;
  Builtin builtin = Builtin::kNone;
  uint32_t offset = 0;    // in the source, for errors
  uint32_t operands = 0;  // where they begin in Code::operands
  uint32_t count = 0;     // of operands
  uint32_t extra = 0;
  uint32_t overloads = 0;  // where they begin in Code::overloads
  uint32_t overload_count = 0;
};

struct Code {
  CheckedExpression checked;
  Type result;
  bool check_result = false;  // the static type does not vouch for the wanted one
  Type wanted;

  std::vector<Step> steps;
  uint32_t root = 0;
  std::vector<uint32_t> operands;
  std::vector<Value> constants;
  std::deque<std::string> strings;       // of folded constants
  std::deque<std::vector<Value>> lists;  // of constants
  std::vector<std::unique_ptr<RE2>> regexes;
  std::vector<std::shared_ptr<const Function>> overloads;
  std::vector<OpaqueType> opaques;
  std::vector<uint32_t> slots;
  size_t scratch = 0;  // values of scratch memory that a run needs
  uint64_t cost = 0;
};

// Lays out a checked expression, or returns null and at least one issue: what only constants can
// tell, such as a pattern that RE2 refuses or a literal that a host function refuses.
std::unique_ptr<Code> Generate(const Environment& environment, CheckedExpression checked,
                               const Type& expected, std::vector<Issue>* issues);

// Runs one step. `lazy` may be null: then `slots` is read. `scratch` has room for code.scratch.
Value Run(const Code& code, uint32_t step, std::span<const Value> slots, const Activation* lazy,
          Value* scratch);

}  // namespace fundgate::expression

#endif  // SERVER_EXPRESSION_CODE_H_
