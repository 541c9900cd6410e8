// Compiles expressions of a strict subset of CEL, and runs them.
//
//   Environment environment;
//   environment.AddVariable("refunded", Type::Int());          // slot 0
//   environment.AddVariable("paid", Type::Int());              // slot 1
//   Compiled compiled = Compile(environment, "refunded <= paid", Type::Bool());
//   if (!compiled.program) return Render(source, compiled.issues);
//   const Value frame[] = {Value::Int(30), Value::Int(100)};
//   const Value holds = compiled.program->Evaluate(frame);     // true, false or an error
//
// What is here means what CEL says it means. In: int, uint, double, bool, string and null literals,
// list literals; + - * / % with 64-bit integers that fail instead of wrapping; comparison; && || !
// with CEL's absorption of errors; ?:; field selection; `in` and indexing for lists; size,
// contains, startsWith, endsWith, matches; int(), uint(), double(), dyn(). Everything else that CEL
// has (maps, messages, bytes, macros, time, types as values, concatenation of what isn't constant)
// is refused at load by name.
#ifndef SERVER_EXPRESSION_PROGRAM_H_
#define SERVER_EXPRESSION_PROGRAM_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/expression/environment.h"
#include "server/expression/issue.h"
#include "server/expression/type.h"
#include "server/expression/value.h"

namespace fundgate::expression {

struct CheckedExpression;
struct Code;

// Values fetched when they are first needed, for hosts with many columns of which few are read. A
// slot that occurs twice in the text may be fetched twice.
class Activation {
 public:
  virtual ~Activation() = default;
  // The value of a slot: Absent when there is none. An error value is passed on as it is. What the
  // value views must stay until Evaluate's result has been used.
  virtual Value Fetch(uint32_t slot) const = 0;
};

// A compiled expression. Immutable; any number of threads may run one at the same time.
class Program {
 public:
  Program(Program&&) noexcept;
  Program& operator=(Program&&) noexcept;
  ~Program();

  // Runs it. Allocates nothing, except that RE2 may fill its cache of states in matches(), within
  // Options::regex_memory_max. The result is a value of result_type() or an error value with the
  // place in source(); it may view the program's constants and the slots' strings and lists.
  //
  // `slots` is the environment's frame: at least every slot of slots_used(); one beyond its end
  // counts as absent. Reading an absent slot is the error kNoSuchField. A slot with another type
  // than declared is never misread: operators meet it with kNoSuchOverload.
  Value Evaluate(std::span<const Value> slots) const;
  Value Evaluate(const Activation& activation) const;

  // The static type; Dynamic if only the run can tell.
  const Type& result_type() const;
  const std::string& source() const;
  // The slots the text names, ascending, each once.
  const std::vector<uint32_t>& slots_used() const;
  // Upper bound of steps of one run: nodes, plus elements of literals it may look through.
  uint64_t cost() const;
  // For analyses over the tree, such as monotonicity.h.
  const CheckedExpression& checked() const;

  // Made by Compile() alone.
  explicit Program(std::unique_ptr<const Code> code);

 private:
  std::unique_ptr<const Code> code_;
};

// Either the program, or all problems in the order of their places and no program.
struct Compiled {
  std::optional<Program> program;
  std::vector<Issue> issues;

  bool ok() const { return program.has_value(); }
};

// Reads, checks and compiles `source`. `expected` is the type the host wants: another static type
// is an issue; a Dynamic expression is accepted and checked when it runs (kWrongResult). Expecting
// Dynamic accepts every type. The names used are resolved to slots of `environment`, which may grow
// even when there are issues.
Compiled Compile(Environment& environment, std::string_view source, const Type& expected);

}  // namespace fundgate::expression

#endif  // SERVER_EXPRESSION_PROGRAM_H_
