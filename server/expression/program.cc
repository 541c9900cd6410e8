#include "server/expression/program.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "server/expression/accessor.h"
#include "server/expression/checker.h"
#include "server/expression/code.h"
#include "server/expression/parser.h"

namespace fundgate::expression {
namespace {

// Scratch memory that most expressions get along with.
constexpr size_t kSmallScratch = 16;

// Values are written before they are read, so the memory need not be initialised.
template <size_t kValues>
Value RunWith(const Code& code, std::span<const Value> slots, const Activation* lazy) {
  alignas(Value) std::byte memory[kValues * sizeof(Value)];
  return Run(code, code.root, slots, lazy, reinterpret_cast<Value*>(memory));
}

Value RunChecked(const Code& code, std::span<const Value> slots, const Activation* lazy) {
  const Value value = code.scratch == 0 ? Run(code, code.root, slots, lazy, nullptr)
                      : code.scratch <= kSmallScratch
                          ? RunWith<kSmallScratch>(code, slots, lazy)
                          : RunWith<kComputedElementsLimit>(code, slots, lazy);
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
  return RunChecked(*code_, slots, nullptr);
}

Value Program::Evaluate(const Activation& activation) const {
  return RunChecked(*code_, {}, &activation);
}

const Type& Program::result_type() const { return code_->result; }
const std::string& Program::source() const { return code_->checked.ast.source; }
const std::vector<uint32_t>& Program::slots_used() const { return code_->slots; }
uint64_t Program::cost() const { return code_->cost; }
const CheckedExpression& Program::checked() const { return code_->checked; }

Compiled Compile(Environment& environment, std::string_view source, const Type& expected) {
  Compiled compiled;
  std::unique_ptr<Code> code = CompileCode(environment, source, expected, &compiled.issues);
  Tidy(&compiled.issues, environment.options().issues_max);
  if (code != nullptr) compiled.program.emplace(std::move(code));
  return compiled;
}

}  // namespace fundgate::expression
