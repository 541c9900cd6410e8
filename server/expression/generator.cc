#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/expression/code.h"
#include "server/expression/cost.h"
#include "server/expression/map.h"

namespace fundgate::expression {
namespace {

// What folding may build for one constant.
constexpr size_t kFoldedBytesMax = size_t{64} * 1024;

class Generator {
 public:
  Generator(const Environment& environment, CheckedExpression checked, std::vector<Issue>* issues)
      : environment_(environment), issues_(issues), code_(std::make_unique<Code>()) {
    code_->checked = std::move(checked);
    code_->opaques = environment.Opaques();
    code_->budget = static_cast<int64_t>(environment.options().cost_max);
    code_->scratch_max = environment.options().scratch_bytes_max;
  }

  std::unique_ptr<Code> Run(const Type& expected) {
    const size_t before = issues_->size();
    const NodeId root = code_->checked.ast.root;
    code_->root = Emit(root);
    code_->result = MeaningAt(root).type;
    code_->wanted = expected;
    code_->check_result = !expected.is(Type::Kind::kDynamic) && code_->result != expected;
    code_->cost = BoundCost(code_->checked, environment_.options(), issues_);
    if (issues_->size() != before) return nullptr;
    std::sort(code_->slots.begin(), code_->slots.end());
    code_->slots.erase(std::unique(code_->slots.begin(), code_->slots.end()), code_->slots.end());
    return std::move(code_);
  }

 private:
  // See OpaqueType::two_units.
  struct Unit {
    OpaqueId type = 0;
    uint64_t word = 0;

    friend bool operator==(const Unit&, const Unit&) = default;
  };

  const Node& At(NodeId id) const { return code_->checked.ast.nodes[id]; }
  const Meaning& MeaningAt(NodeId id) const { return code_->checked.meanings[id]; }

  void Report(uint32_t offset, std::string message) {
    issues_->push_back({offset, Locate(code_->checked.ast.source, offset), std::move(message)});
  }

  uint32_t Add(const Step& step) {
    code_->steps.push_back(step);
    units_.emplace_back();
    return static_cast<uint32_t>(code_->steps.size() - 1);
  }

  uint32_t ConstantIndex(const Value& value) {
    code_->constants.push_back(value);
    return static_cast<uint32_t>(code_->constants.size() - 1);
  }

  uint32_t AddConstant(uint32_t offset, const Value& value) {
    const uint32_t added =
        Add({.op = Op::kConstant, .offset = offset, .extra = ConstantIndex(value)});
    if (value.kind() == ValueKind::kOpaque) {
      units_[added] = Unit{value.opaque_type(), value.opaque_second()};
    }
    return added;
  }

  const Value* ConstantOf(uint32_t step) const {
    const Step& s = code_->steps[step];
    return s.op == Op::kConstant ? &code_->constants[s.extra] : nullptr;
  }

  bool AllConstant(const std::vector<uint32_t>& steps) const {
    return std::all_of(steps.begin(), steps.end(),
                       [&](uint32_t step) { return ConstantOf(step) != nullptr; });
  }

  // --- folding ---------------------------------------------------------------------------------

  // The value with all that it views copied into the code.
  Value Keep(const Value& value) {
    switch (value.kind()) {
      case ValueKind::kString:
        code_->strings.emplace_back(value.string_value());
        return Value::String(code_->strings.back());
      case ValueKind::kBytes:
        code_->strings.emplace_back(value.bytes_value());
        return Value::Bytes(code_->strings.back());
      case ValueKind::kList:
        return Value::List(KeepAll(value.list_value()));
      case ValueKind::kMap:
        return Value::Map(KeepAll(value.map_entries()));
      default:
        return value;
    }
  }

  std::span<const Value> KeepAll(std::span<const Value> values) {
    std::vector<Value> kept;
    for (const Value& value : values) kept.push_back(Keep(value));
    code_->lists.push_back(std::move(kept));
    return code_->lists.back();
  }

  // Adds the step; if all its operands are constant, adds what it yields instead. A constant that
  // fails stays a step: whether it is ever reached is the run's business.
  uint32_t AddFolded(const Step& step, const std::vector<uint32_t>& operands) {
    const uint32_t added = Add(step);
    if (!AllConstant(operands)) return added;
    Scratch scratch(kFoldedBytesMax);
    const Value value = expression::Run(*code_, added, {.scratch = &scratch});
    return value.is_error() ? added : AddConstant(step.offset, Keep(value));
  }

  // --- nodes -----------------------------------------------------------------------------------

  uint32_t Emit(NodeId id) {
    const Node& node = At(id);
    const Meaning& meaning = MeaningAt(id);
    if (meaning.fails != ErrorCode::kNone) {
      return Add(
          {.op = Op::kFail, .offset = node.offset, .extra = static_cast<uint32_t>(meaning.fails)});
    }
    if (node.kind == NodeKind::kLiteral) return AddConstant(node.offset, node.literal);
    if (meaning.reads_slot) return EmitSlot(node, meaning);
    if (meaning.reads_local) {
      return Add({.op = Op::kLocal, .offset = node.offset, .extra = meaning.local});
    }
    if (node.kind == NodeKind::kLoop) return EmitLoop(id);
    std::vector<uint32_t> operands;
    for (const NodeId child : node.children) operands.push_back(Emit(child));
    switch (node.kind) {
      case NodeKind::kSelect:
      case NodeKind::kHas:
        return EmitField(node, operands);
      case NodeKind::kList:
      case NodeKind::kMap:
        return EmitElements(node, operands);
      case NodeKind::kCall:
        return EmitCall(id, operands);
      case NodeKind::kBind:
        return Add({.op = Op::kBind,
                    .offset = node.offset,
                    .a = operands[0],
                    .c = operands[1],
                    .extra = meaning.local});
      default:
        return EmitOperator(id, operands);
    }
  }

  uint32_t EmitSlot(const Node& node, const Meaning& meaning) {
    code_->slots.push_back(meaning.slot);
    const Op op = node.kind == NodeKind::kHas ? Op::kHasSlot : Op::kSlot;
    return Add({.op = op, .offset = node.offset, .extra = meaning.slot});
  }

  uint32_t EmitField(const Node& node, const std::vector<uint32_t>& operands) {
    const Op op = node.kind == NodeKind::kHas ? Op::kHas : Op::kSelect;
    const Value field = Keep(Value::String(node.text));
    return AddFolded(
        {.op = op, .offset = node.offset, .a = operands[0], .extra = ConstantIndex(field)},
        operands);
  }

  // Appends the operands and says where they are.
  Step WithOperands(Step step, const std::vector<uint32_t>& operands) {
    step.a = static_cast<uint32_t>(code_->operands.size());
    step.b = static_cast<uint32_t>(operands.size());
    code_->operands.insert(code_->operands.end(), operands.begin(), operands.end());
    return step;
  }

  Step WithOverloads(Step step, const Meaning& meaning) {
    step.overloads = static_cast<uint32_t>(code_->overloads.size());
    step.overload_count = static_cast<uint16_t>(meaning.overloads.size());
    code_->overloads.insert(code_->overloads.end(), meaning.overloads.begin(),
                            meaning.overloads.end());
    return step;
  }

  uint32_t EmitElements(const Node& node, const std::vector<uint32_t>& operands) {
    const Op op = node.kind == NodeKind::kList ? Op::kList : Op::kMap;
    const Step step = WithOperands({.op = op, .offset = node.offset}, operands);
    const uint32_t added = AddFolded(step, operands);
    code_->builds = code_->builds || code_->steps[added].op == op;
    return added;
  }

  uint32_t EmitLoop(NodeId id) {
    const Node& node = At(id);
    Step step{.op = Op::kLoop, .offset = node.offset};
    step.a = Emit(node.children[0]);
    const size_t first = code_->steps.size();
    const bool transforms = node.loop == Loop::kMap || node.loop == Loop::kTransformMap;
    if (!transforms || node.children.size() == 3) step.b = Emit(node.children[1]);
    if (transforms) step.c = Emit(node.children.back());
    code_->builds = code_->builds || transforms || node.loop == Loop::kFilter;
    step.extra = static_cast<uint32_t>(code_->loops.size());
    code_->loops.push_back({.loop = node.loop,
                            .two_variables = node.variables.size() == 2,
                            .local = MeaningAt(id).local,
                            .weight = static_cast<uint32_t>(code_->steps.size() - first)});
    return Add(step);
  }

  // --- operators -------------------------------------------------------------------------------

  static Op OpOf(Operator op, bool is_int) {
    switch (op) {
      case Operator::kNot:
        return Op::kNot;
      case Operator::kNegate:
        return Op::kNegate;
      case Operator::kAdd:
        return is_int ? Op::kAddInt : Op::kArithmetic;
      case Operator::kSubtract:
        return is_int ? Op::kSubtractInt : Op::kArithmetic;
      case Operator::kMultiply:
        return is_int ? Op::kMultiplyInt : Op::kArithmetic;
      case Operator::kDivide:
      case Operator::kRemainder:
        return Op::kArithmetic;
      case Operator::kEqual:
      case Operator::kNotEqual:
        return Op::kEqual;
      case Operator::kIn:
        return Op::kIn;
      case Operator::kAnd:
        return Op::kAnd;
      case Operator::kOr:
        return Op::kOr;
      case Operator::kConditional:
        return Op::kConditional;
      case Operator::kIndex:
        return Op::kIndex;
      default:
        return Op::kOrder;
    }
  }

  uint32_t EmitOperator(NodeId id, const std::vector<uint32_t>& operands) {
    const Node& node = At(id);
    const Meaning& meaning = MeaningAt(id);
    Step step{.op = OpOf(node.op, meaning.type.is(Type::Kind::kInt)),
              .sign = node.op,
              .offset = node.offset};
    step.a = operands[0];
    if (operands.size() > 1) step.b = operands[1];
    if (operands.size() > 2) step.c = operands[2];
    const std::optional<Unit> unit = CheckUnits(node, operands);
    const uint32_t added = AddFolded(WithOverloads(step, meaning), operands);
    if (meaning.type.is(Type::Kind::kOpaque)) units_[added] = unit;
    // Only a sum may turn out to be one of strings or lists.
    const bool joins = node.op == Operator::kAdd && code_->steps[added].op == Op::kArithmetic;
    code_->builds = code_->builds || joins;
    return added;
  }

  // Refuses an operator between two units. Returns the one unit that its result has, if it is known
  // and the operator yields a value of its operands' type.
  std::optional<Unit> CheckUnits(const Node& node, const std::vector<uint32_t>& operands) {
    if (node.op == Operator::kNegate) return units_[operands[0]];
    if (node.op == Operator::kConditional) {
      const bool same = units_[operands[1]] == units_[operands[2]];
      return same ? units_[operands[1]] : std::nullopt;
    }
    const bool mixes = node.op == Operator::kAdd || node.op == Operator::kSubtract ||
                       (node.op >= Operator::kLess && node.op <= Operator::kNotEqual);
    if (!mixes) return std::nullopt;
    const std::optional<Unit>& left = units_[operands[0]];
    const std::optional<Unit>& right = units_[operands[1]];
    if (!left.has_value() || !right.has_value()) return left.has_value() ? left : right;
    if (left->type == right->type && left->word != right->word) {
      const OpaqueType* type = environment_.FindOpaque(left->type);
      if (type != nullptr && type->two_units != nullptr) Report(node.offset, type->two_units);
    }
    return left;
  }

  // --- calls -----------------------------------------------------------------------------------

  uint32_t EmitCall(NodeId id, const std::vector<uint32_t>& operands) {
    const Node& node = At(id);
    const Meaning& meaning = MeaningAt(id);
    const Function& first = *meaning.overloads[0];
    if (first.name == "matches") return EmitMatches(node, operands);
    bool refused = false;
    if (meaning.overloads.size() == 1) refused = !CheckConstants(node, first, operands);
    const Step step =
        WithOverloads(WithOperands({.op = Op::kCall, .offset = node.offset}, operands), meaning);
    const uint32_t added = AddFolded(step, operands);
    if (meaning.overloads.size() == 1 && !units_[added].has_value()) {
      units_[added] = UnitOf(first, operands);
    }
    if (code_->steps[added].op != Op::kCall) return added;
    const bool builds =
        std::any_of(meaning.overloads.begin(), meaning.overloads.end(),
                    [](const auto& function) { return function->build != nullptr; });
    code_->builds = code_->builds || builds || operands.size() > kArgumentsOnStack;
    if (AllConstant(operands) && !refused) CheckFailure(step, added);
    return added;
  }

  std::optional<Unit> UnitOf(const Function& function, const std::vector<uint32_t>& operands) {
    if (function.unit == nullptr) return std::nullopt;
    const std::optional<uint64_t> word = function.unit(ConstantsOf(operands));
    return word.has_value() ? std::optional(Unit{function.result.opaque_id(), *word})
                            : std::nullopt;
  }

  std::vector<const Value*> ConstantsOf(const std::vector<uint32_t>& operands) const {
    std::vector<const Value*> constants;
    for (const uint32_t operand : operands) constants.push_back(ConstantOf(operand));
    return constants;
  }

  // A host function that fails on constants will always fail: better said now.
  void CheckFailure(const Step& step, uint32_t added) {
    Scratch scratch(kFoldedBytesMax);
    const Value value = expression::Run(*code_, added, {.scratch = &scratch});
    if (value.error_code() != ErrorCode::kHost) return;
    Report(step.offset, "this call always fails: " + std::string(value.error_text()));
  }

  // False if the function's own hook refuses the arguments.
  bool CheckConstants(const Node& node, const Function& function,
                      const std::vector<uint32_t>& operands) {
    if (function.check == nullptr) return true;
    const std::optional<LoadIssue> issue = function.check(ConstantsOf(operands));
    if (!issue) return true;
    const bool has_place = issue->argument < node.children.size();
    Report(has_place ? At(node.children[issue->argument]).offset : node.offset, issue->message);
    return false;
  }

  uint32_t EmitMatches(const Node& node, const std::vector<uint32_t>& operands) {
    const Value* pattern = ConstantOf(operands[1]);
    const uint32_t place = At(node.children[1]).offset;
    if (pattern == nullptr || !pattern->is_string()) {
      Report(place,
             "the pattern of 'matches' must be constant; a computed one is part of CEL, but not of "
             "this language");
      return operands[0];
    }
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(environment_.options().regex_memory_max);
    const std::string_view text = pattern->string_value();
    auto regex = std::make_unique<RE2>(re2::StringPiece(text.data(), text.size()), options);
    if (!regex->ok()) {
      Report(place, "the pattern is no regular expression that RE2 takes: " + regex->error());
    } else if (regex->ProgramSize() > environment_.options().regex_program_max) {
      Report(place, "the pattern is too large: it needs " + std::to_string(regex->ProgramSize()) +
                        " instructions, and " +
                        std::to_string(environment_.options().regex_program_max) + " are allowed");
    }
    if (!regex->ok()) return operands[0];
    code_->regexes.push_back(std::move(regex));
    return AddFolded({.op = Op::kMatches,
                      .offset = node.offset,
                      .a = operands[0],
                      .extra = static_cast<uint32_t>(code_->regexes.size() - 1)},
                     {operands[0]});
  }

  const Environment& environment_;
  std::vector<Issue>* issues_;
  std::unique_ptr<Code> code_;
  std::vector<std::optional<Unit>> units_;  // of each step: what is known of its opaque value
};

}  // namespace

std::unique_ptr<Code> Generate(const Environment& environment, CheckedExpression checked,
                               const Type& expected, std::vector<Issue>* issues) {
  return Generator(environment, std::move(checked), issues).Run(expected);
}

}  // namespace fundgate::expression
