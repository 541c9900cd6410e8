#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/expression/code.h"

namespace fundgate::expression {
namespace {

class Generator {
 public:
  Generator(const Environment& environment, CheckedExpression checked, std::vector<Issue>* issues)
      : environment_(environment), issues_(issues), code_(std::make_unique<Code>()) {
    code_->checked = std::move(checked);
    code_->opaques = environment.Opaques();
  }

  std::unique_ptr<Code> Run(const Type& expected) {
    const size_t before = issues_->size();
    const NodeId root = code_->checked.ast.root;
    code_->root = Emit(root);
    code_->result = MeaningOf(root).type;
    code_->wanted = expected;
    code_->check_result = !expected.is(Type::Kind::kDynamic) && code_->result != expected;
    if (borrows_[code_->root]) {
      Report(At(root).offset,
             "the result may not be a list whose elements are computed; return one element, or a "
             "list of constants");
    }
    if (code_->scratch > environment_.options().computed_elements_max) {
      Report(At(root).offset, "the expression computes too many list elements and arguments: " +
                                  std::to_string(code_->scratch) + ", where " +
                                  std::to_string(environment_.options().computed_elements_max) +
                                  " are allowed");
    }
    if (issues_->size() != before) return nullptr;
    std::sort(code_->slots.begin(), code_->slots.end());
    code_->slots.erase(std::unique(code_->slots.begin(), code_->slots.end()), code_->slots.end());
    code_->cost += code_->steps.size();
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
  const Meaning& MeaningOf(NodeId id) const { return code_->checked.meanings[id]; }

  void Report(uint32_t offset, std::string message) {
    issues_->push_back({offset, Locate(code_->checked.ast.source, offset), std::move(message)});
  }

  uint32_t Add(Step step, bool borrows) {
    code_->steps.push_back(step);
    borrows_.push_back(borrows);
    units_.emplace_back();
    return static_cast<uint32_t>(code_->steps.size() - 1);
  }

  uint32_t AddConstant(uint32_t offset, Value value) {
    code_->constants.push_back(value);
    const uint32_t added = Add({.op = Op::kConstant,
                                .offset = offset,
                                .extra = static_cast<uint32_t>(code_->constants.size() - 1)},
                               /*borrows=*/false);
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

  uint32_t Emit(NodeId id) {
    const Node& node = At(id);
    if (node.kind == NodeKind::kLiteral) return AddConstant(node.offset, node.literal);
    if (MeaningOf(id).reads_slot) {
      code_->slots.push_back(MeaningOf(id).slot);
      return Add({.op = Op::kSlot, .offset = node.offset, .extra = MeaningOf(id).slot}, false);
    }
    std::vector<uint32_t> operands;
    for (const NodeId child : node.children) operands.push_back(Emit(child));
    if (node.kind == NodeKind::kList) return EmitList(node, operands);
    if (node.kind == NodeKind::kCall) return EmitCall(id, operands);
    return EmitOperator(id, operands);
  }

  // Appends the operands and fills in where they are.
  Step WithOperands(Step step, const std::vector<uint32_t>& operands) {
    step.operands = static_cast<uint32_t>(code_->operands.size());
    step.count = static_cast<uint32_t>(operands.size());
    code_->operands.insert(code_->operands.end(), operands.begin(), operands.end());
    return step;
  }

  Step WithOverloads(Step step, const Meaning& meaning) {
    step.overloads = static_cast<uint32_t>(code_->overloads.size());
    step.overload_count = static_cast<uint32_t>(meaning.overloads.size());
    code_->overloads.insert(code_->overloads.end(), meaning.overloads.begin(),
                            meaning.overloads.end());
    return step;
  }

  uint32_t Scratch(size_t count) {
    const auto begin = static_cast<uint32_t>(code_->scratch);
    code_->scratch += count;
    return begin;
  }

  // Adds the step; if all its operands are constant, adds what it yields instead. A constant that
  // fails stays a step: whether it is ever reached is the run's business.
  uint32_t AddFolded(Step step, const std::vector<uint32_t>& operands, bool borrows) {
    const uint32_t added = Add(step, borrows);
    if (!AllConstant(operands)) return added;
    std::vector<Value> scratch(code_->scratch);
    const Value value = fundgate::expression::Run(*code_, added, {}, nullptr, scratch.data());
    if (value.is_error()) return added;
    return AddConstant(step.offset, value);
  }

  uint32_t EmitList(const Node& node, const std::vector<uint32_t>& operands) {
    if (AllConstant(operands)) {
      std::vector<Value> elements;
      for (const uint32_t operand : operands) elements.push_back(*ConstantOf(operand));
      return AddListConstant(node.offset, std::move(elements));
    }
    code_->cost += operands.size();
    return Add(
        WithOperands({.op = Op::kList, .offset = node.offset, .extra = Scratch(operands.size())},
                     operands),
        /*borrows=*/true);
  }

  uint32_t AddListConstant(uint32_t offset, std::vector<Value> elements) {
    code_->cost += elements.size();
    code_->lists.push_back(std::move(elements));
    return AddConstant(offset, Value::List(code_->lists.back()));
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
    const Meaning& meaning = MeaningOf(id);
    const bool concatenates = node.op == Operator::kAdd && (meaning.type.is(Type::Kind::kString) ||
                                                            meaning.type.is(Type::Kind::kList));
    if (concatenates) return Concatenate(node, operands);
    Step step = WithOperands({.op = OpOf(node.op, meaning.type.is(Type::Kind::kInt)),
                              .sign = node.op,
                              .offset = node.offset},
                             operands);
    step = WithOverloads(step, meaning);
    if (!meaning.overloads.empty()) step.extra = Scratch(operands.size());
    const std::optional<Unit> unit = CheckUnits(node, operands);
    const uint32_t added =
        AddFolded(step, operands, MayBeList(meaning.type) && OperatorBorrows(node.op, operands));
    if (meaning.type.is(Type::Kind::kOpaque)) units_[added] = unit;
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

  static bool MayBeList(const Type& type) {
    return type.is(Type::Kind::kList) || type.is(Type::Kind::kDynamic);
  }

  // Whether the operator's value may be a list that lives in the run's scratch memory.
  bool OperatorBorrows(Operator op, const std::vector<uint32_t>& operands) const {
    if (op == Operator::kConditional) return borrows_[operands[1]] || borrows_[operands[2]];
    return op == Operator::kIndex && borrows_[operands[0]] && HoldsLists(operands[0]);
  }

  // Whether an element of this computed list may be a computed list itself.
  bool HoldsLists(uint32_t list) const {
    const Step& step = code_->steps[list];
    if (step.op != Op::kList) return true;
    for (uint32_t i = 0; i < step.count; ++i) {
      if (borrows_[code_->operands[step.operands + i]]) return true;
    }
    return false;
  }

  uint32_t Concatenate(const Node& node, const std::vector<uint32_t>& operands) {
    const Value* left = ConstantOf(operands[0]);
    const Value* right = ConstantOf(operands[1]);
    if (left != nullptr && right != nullptr && left->is_string() && right->is_string()) {
      code_->strings.push_back(std::string(left->string_value()) +
                               std::string(right->string_value()));
      return AddConstant(node.offset, Value::String(code_->strings.back()));
    }
    if (left != nullptr && right != nullptr && left->is_list() && right->is_list()) {
      std::vector<Value> elements(left->list_value().begin(), left->list_value().end());
      elements.insert(elements.end(), right->list_value().begin(), right->list_value().end());
      return AddListConstant(node.offset, std::move(elements));
    }
    Report(node.offset,
           "'+' joins strings and lists only if both are constant; joining at run time is part of "
           "CEL, but not yet of this language");
    return operands[0];
  }

  // --- calls -----------------------------------------------------------------------------------

  uint32_t EmitCall(NodeId id, const std::vector<uint32_t>& operands) {
    const Node& node = At(id);
    const Meaning& meaning = MeaningOf(id);
    if (meaning.builtin == Builtin::kMatches) return EmitMatches(node, operands);
    if (meaning.builtin != Builtin::kNone) {
      const Step step = WithOperands(
          {.op = Op::kBuiltin, .builtin = meaning.builtin, .offset = node.offset}, operands);
      const bool borrows = meaning.builtin == Builtin::kDyn && borrows_[operands[0]];
      return AddFolded(step, operands, borrows);
    }
    if (meaning.overloads.size() == 1) CheckConstants(node, *meaning.overloads[0], operands);
    Step step = WithOperands(
        {.op = Op::kCall, .offset = node.offset, .extra = Scratch(operands.size())}, operands);
    step = WithOverloads(step, meaning);
    const bool takes_computed = std::any_of(operands.begin(), operands.end(),
                                            [&](uint32_t operand) { return borrows_[operand]; });
    const uint32_t added = FoldCall(step, operands, MayBeList(meaning.type) && takes_computed);
    if (meaning.overloads.size() == 1 && !units_[added].has_value()) {
      units_[added] = UnitOf(*meaning.overloads[0], operands);
    }
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
  uint32_t FoldCall(const Step& step, const std::vector<uint32_t>& operands, bool borrows) {
    const uint32_t added = AddFolded(step, operands, borrows);
    const bool unfolded = code_->steps[added].op == Op::kCall;
    if (!unfolded || !AllConstant(operands)) return added;
    std::vector<Value> scratch(code_->scratch);
    const Value value = fundgate::expression::Run(*code_, added, {}, nullptr, scratch.data());
    if (value.error_code() == ErrorCode::kHost && !already_refused_) {
      Report(step.offset, "this call always fails: " + std::string(value.error_text()));
    }
    return added;
  }

  void CheckConstants(const Node& node, const Function& function,
                      const std::vector<uint32_t>& operands) {
    already_refused_ = false;
    if (function.check == nullptr) return;
    const std::optional<LoadIssue> issue = function.check(ConstantsOf(operands));
    if (!issue) return;
    already_refused_ = true;
    const bool has_place = issue->argument < node.children.size();
    Report(has_place ? At(node.children[issue->argument]).offset : node.offset, issue->message);
  }

  uint32_t EmitMatches(const Node& node, const std::vector<uint32_t>& operands) {
    const Value* pattern = ConstantOf(operands[1]);
    const uint32_t place = At(node.children[1]).offset;
    if (pattern == nullptr || !pattern->is_string()) {
      Report(
          place,
          "the pattern of 'matches' must be constant; a computed one is part of CEL, but not yet "
          "of this language");
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
    code_->cost += static_cast<uint64_t>(std::max(0, regex->ProgramSize()));
    code_->regexes.push_back(std::move(regex));
    const Step step = WithOperands({.op = Op::kBuiltin,
                                    .builtin = Builtin::kMatches,
                                    .offset = node.offset,
                                    .extra = static_cast<uint32_t>(code_->regexes.size() - 1)},
                                   operands);
    if (!code_->regexes.back()->ok()) return operands[0];
    return AddFolded(step, operands, false);
  }

  const Environment& environment_;
  std::vector<Issue>* issues_;
  std::unique_ptr<Code> code_;
  std::vector<bool> borrows_;  // of each step: its value may be a list in scratch memory
  std::vector<std::optional<Unit>> units_;  // of each step: what is known of its opaque value
  bool already_refused_ = false;
};

}  // namespace

std::unique_ptr<Code> Generate(const Environment& environment, CheckedExpression checked,
                               const Type& expected, std::vector<Issue>* issues) {
  return Generator(environment, std::move(checked), issues).Run(expected);
}

}  // namespace fundgate::expression
