#include "server/expression/program.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

#include "server/expression/accessor.h"
#include "server/expression/checker.h"
#include "server/expression/code.h"
#include "server/expression/parser.h"

namespace fundgate::expression {
namespace {

// Memory on the stack for what a run builds when the caller hands in none.
constexpr size_t kFirstScratchBytes = 2048;

// Whether the result lies in memory that ends with the run.
bool ViewsScratch(const Value& value, const Scratch& scratch) {
  if (value.is_string() || value.is_bytes()) return scratch.Owns(value.string_value().data());
  if (value.is_list()) return scratch.Owns(value.list_value().data());
  return value.is_map() && scratch.Owns(value.map_entries().data());
}

Value RunBuilding(const Code& code, Frame& frame) {
  alignas(Value) std::byte memory[kFirstScratchBytes];
  Scratch scratch(std::span<std::byte>(memory), code.scratch_max);
  frame.scratch = &scratch;
  const Value value = Run(code, code.root, frame);
  if (!ViewsScratch(value, scratch)) return value;
  return Value::Error(ErrorCode::kNoScratch, nullptr, code.steps[code.root].offset);
}

Value RunFrame(const Code& code, Frame frame) {
  if (code.builds && frame.scratch == nullptr) return RunBuilding(code, frame);
  return Run(code, code.root, frame);
}

// Values are written before they are read, so the memory need not be initialised.
Value RunWithLocals(const Code& code, Frame frame) {
  alignas(Value) std::byte memory[kVariablesLimit * sizeof(Value)];
  frame.locals = reinterpret_cast<Value*>(memory);
  return RunFrame(code, frame);
}

Value RunChecked(const Code& code, const Frame& frame) {
  const Value value = code.checked.locals == 0 ? RunFrame(code, frame) : RunWithLocals(code, frame);
  if (!code.check_result || value.is_error() || Fits(value, code.wanted)) return value;
  return Value::Error(ErrorCode::kWrongResult, nullptr, code.steps[code.root].offset);
}

// In the order of places, at most as many as wanted.
void Tidy(std::vector<Issue>* issues, size_t most) {
  std::stable_sort(issues->begin(), issues->end(),
                   [](const Issue& a, const Issue& b) { return a.offset < b.offset; });
  if (issues->size() <= most) return;
  const size_t more = issues->size() - most;
  issues->resize(most);
  Issue last = issues->empty() ? Issue{} : issues->back();
  last.message = "and " + std::to_string(more) + " more problems from here on";
  issues->push_back(std::move(last));
}

std::unique_ptr<Code> CompileCode(Environment& environment, std::string_view source,
                                  const Type& expected, std::vector<Issue>* issues) {
  std::optional<Ast> ast = Parse(source, environment.options(), issues);
  if (!ast || !ResolveAccessors(environment, *ast, issues)) return nullptr;
  std::optional<CheckedExpression> checked = Check(environment, *std::move(ast), expected, issues);
  if (!checked) return nullptr;
  return Generate(environment, *std::move(checked), expected, issues);
}

}  // namespace

Program::Program(std::unique_ptr<const Code> code) : code_(std::move(code)) {}
Program::Program(Program&&) noexcept = default;
Program& Program::operator=(Program&&) noexcept = default;
Program::~Program() = default;

Value Program::Evaluate(std::span<const Value> slots) const {
  return RunChecked(*code_, {.slots = slots});
}

Value Program::Evaluate(const Activation& activation) const {
  return RunChecked(*code_, {.lazy = &activation});
}

Value Program::Evaluate(std::span<const Value> slots, Scratch& scratch) const {
  return RunChecked(*code_, {.slots = slots, .scratch = &scratch});
}

Value Program::Evaluate(const Activation& activation, Scratch& scratch) const {
  return RunChecked(*code_, {.lazy = &activation, .scratch = &scratch});
}

const Type& Program::result_type() const { return code_->result; }
const std::string& Program::source() const { return code_->checked.ast.source; }
const std::vector<uint32_t>& Program::slots_used() const { return code_->slots; }
uint64_t Program::cost() const { return code_->cost; }
bool Program::builds() const { return code_->builds; }
const CheckedExpression& Program::checked() const { return code_->checked; }

Compiled Compile(Environment& environment, std::string_view source, const Type& expected) {
  Compiled compiled;
  std::unique_ptr<Code> code = CompileCode(environment, source, expected, &compiled.issues);
  Tidy(&compiled.issues, environment.options().issues_max);
  if (code != nullptr) compiled.program.emplace(std::move(code));
  return compiled;
}

}  // namespace fundgate::expression
