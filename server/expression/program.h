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
// What is here means what CEL says it means; docs/expressions.md lists it. In: all of CEL's
// literals, operators, standard functions and macros, its extensions for strings, math and
// bindings, maps, bytes, timestamps and durations. Out, and refused at load by name: messages of
// protobuf, zones with names, patterns that are computed, optional values.
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
#include "server/expression/scratch.h"
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

  // Runs it. The result is a value of result_type() or an error value with the place in source();
  // it may view the program's constants and the slots' strings and lists.
  //
  // Allocates nothing unless builds(), except that RE2 may fill its cache of states in matches(),
  // within Options::regex_memory_max. What a run builds lies in memory of its own, at first on the
  // stack; a result that lies there is the error kNoScratch. With `scratch` it lies in that, and
  // stays until the scratch is cleared.
  //
  // `slots` is the environment's frame: at least every slot of slots_used(); one beyond its end
  // counts as absent. Reading an absent slot is the error kNoSuchField. A slot with another type
  // than declared is never misread: operators meet it with kNoSuchOverload.
  Value Evaluate(std::span<const Value> slots) const;
  Value Evaluate(const Activation& activation) const;
  Value Evaluate(std::span<const Value> slots, Scratch& scratch) const;
  Value Evaluate(const Activation& activation, Scratch& scratch) const;

  // The static type; Dynamic if only the run can tell.
  const Type& result_type() const;
  const std::string& source() const;
  // The slots the text names, ascending, each once.
  const std::vector<uint32_t>& slots_used() const;
  // Upper bound of steps of one run, if no value is longer than its declared type says: see
  // Options::cost_max.
  uint64_t cost() const;
  // Whether a run may build text, lists or maps.
  bool builds() const;
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
