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
  kConstant,    // constants[extra]
  kSlot,        // slot number `extra`
  kLocal,       // variable of a macro number `extra`
  kFail,        // the error code `extra`
  kNot,         // of a
  kNegate,      // of a
  kArithmetic,  // + - * / % of a and b: see `sign`
  kAddInt,      // +, - and * whose operands are of static type int: tried first, then kArithmetic
  kSubtractInt,
  kMultiplyInt,
  kOrder,        // < <= >= >
  kEqual,        // == and !=
  kIn,           // a in b
  kAnd,          // && of a and b
  kOr,           // || of a and b
  kConditional,  // a ? b : c
  kIndex,        // a[b]
  kSelect,       // the field of a that constants[extra] names
  kHas,          // whether it is there
  kHasSlot,      // whether slot number `extra` is there and not null
  kList,         // of the operands
  kMap,          // of the operands: keys and values in turn
  kCall,         // of one of the overloads with the operands
  kMatches,      // a against regexes[extra]
  kLoop,         // loops[extra] over a; b is the condition, c the transformation
  kBind,         // c where variable number `extra` is a
};

// Calls with more arguments than these pass them in scratch memory.
inline constexpr size_t kArgumentsOnStack = 4;

// One node of the program. Steps form a tree; operands have smaller numbers than what uses them.
// Aligned to its size, so that a step's place is a shift away from its number.
struct alignas(32) Step {
  static constexpr uint32_t kNone = UINT32_MAX;

  Op op = Op::kConstant;
  Operator sign = Operator::kAdd;
  // Of calls, and of operators that may meet opaque values: how many of Code::overloads can apply,
  // and where they begin.
  uint16_t overload_count = 0;
  uint32_t overloads = 0;
  uint32_t offset = 0;  // in the source, for errors
  // The first three operands. Of lists, maps and calls `a` is where they begin in Code::operands
  // and `b` is their count.
  uint32_t a = kNone;
  uint32_t b = kNone;
  uint32_t c = kNone;
  uint32_t extra = 0;
};

// What a loop needs beside its step.
struct LoopPlan {
  Loop loop = Loop::kAll;
  bool two_variables = false;
  uint32_t local = 0;   // the first variable's place
  uint32_t weight = 0;  // steps of one turn, inner loops' turns aside
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
  std::deque<std::vector<Value>> lists;  // elements and entries of constants
  std::vector<LoopPlan> loops;
  std::vector<std::unique_ptr<RE2>> regexes;
  std::vector<std::shared_ptr<const Function>> overloads;
  std::vector<OpaqueType> opaques;
  std::vector<uint32_t> slots;
  bool builds = false;  // a run may need scratch memory
  uint64_t cost = 0;    // proven bound of steps
  int64_t budget = 0;   // steps after which a run is ended
  size_t scratch_max = 0;
};

// Lays out a checked expression, or returns null and at least one issue: what only constants can
// tell, such as a pattern that RE2 refuses or a literal that a host function refuses.
std::unique_ptr<Code> Generate(const Environment& environment, CheckedExpression checked,
                               const Type& expected, std::vector<Issue>* issues);

// What a run reads and uses beside its code.
struct Frame {
  std::span<const Value> slots;
  const Activation* lazy = nullptr;  // if not null, slots come from here
  Scratch* scratch = nullptr;        // must be there if the code builds
  Value* locals = nullptr;           // room for checked.locals values
};

// Runs one step.
Value Run(const Code& code, uint32_t step, const Frame& frame);

}  // namespace fundgate::expression

#endif  // SERVER_EXPRESSION_CODE_H_
