#include "server/expression/code.h"
#include "server/expression/numbers.h"
#include "server/expression/utf8.h"

namespace fundgate::expression {
namespace {

// Evaluates by walking the tree. Every step checks the kinds of what it meets, whatever the static
// types promise: a slot that a host filled wrongly gives an error, never a misread value.
class Evaluation {
 public:
  Evaluation(const Code& code, std::span<const Value> slots, const Activation* lazy, Value* scratch)
      : code_(code), slots_(slots), lazy_(lazy), scratch_(scratch) {}

  Value Eval(uint32_t number) const {
    const Step& step = code_.steps[number];
    switch (step.op) {
      case Op::kConstant:
        return code_.constants[step.extra];
      case Op::kSlot:
        return Slot(step);
      case Op::kNot:
        return Not(step);
      case Op::kNegate:
        return Negation(step);
      case Op::kAddInt:
      case Op::kSubtractInt:
      case Op::kMultiplyInt:
        return IntArithmetic(step);
      case Op::kArithmetic:
        return Arithmetic(step, Operand(step, 0), Operand(step, 1));
      case Op::kOrder:
        return Order(step);
      case Op::kEqual:
        return Equality(step);
      case Op::kIn:
        return In(step);
      case Op::kAnd:
        return Logic(step, /*absorbing=*/false);
      case Op::kOr:
        return Logic(step, /*absorbing=*/true);
      case Op::kConditional:
        return Conditional(step);
      case Op::kIndex:
        return Index(step);
      case Op::kList:
        return List(step);
      case Op::kBuiltin:
        return CallBuiltin(step);
      case Op::kCall:
        return Call(step);
    }
    return Fail(step, ErrorCode::kNotSupported);
  }

 private:
  Value Operand(const Step& step, uint32_t i) const {
    return Eval(code_.operands[step.operands + i]);
  }

  static Value Fail(const Step& step, ErrorCode code) {
    return Value::Error(code, nullptr, step.offset);
  }

  // A result that may be an error without a place yet.
  static Value Placed(const Step& step, const Value& value) {
    return value.is_error() ? value.AtOffset(step.offset) : value;
  }

  Value Slot(const Step& step) const {
    Value value;
    if (lazy_ != nullptr) {
      value = lazy_->Fetch(step.extra);
    } else if (step.extra < slots_.size()) {
      value = slots_[step.extra];
    }
    if (value.is_absent()) return Fail(step, ErrorCode::kNoSuchField);
    return Placed(step, value);
  }

  Value Not(const Step& step) const {
    const Value value = Operand(step, 0);
    if (value.is_bool()) return Value::Bool(!value.bool_value());
    return value.is_error() ? value : Fail(step, ErrorCode::kNoSuchOverload);
  }

  Value Negation(const Step& step) const {
    const Value value = Operand(step, 0);
    if (value.is_error()) return value;
    if (step.overload_count > 0 && value.kind() == ValueKind::kOpaque) {
      scratch_[step.extra] = value;
      return Dispatch(step);
    }
    return Placed(step, Negate(value));
  }

  Value IntArithmetic(const Step& step) const {
    const Value a = Operand(step, 0);
    const Value b = Operand(step, 1);
    if (!a.is_int() || !b.is_int()) return Arithmetic(step, a, b);
    int64_t result = 0;
    bool overflow = false;
    if (step.op == Op::kAddInt) {
      overflow = __builtin_add_overflow(a.int_value(), b.int_value(), &result);
    } else if (step.op == Op::kSubtractInt) {
      overflow = __builtin_sub_overflow(a.int_value(), b.int_value(), &result);
    } else {
      overflow = __builtin_mul_overflow(a.int_value(), b.int_value(), &result);
    }
    return overflow ? Fail(step, ErrorCode::kOverflow) : Value::Int(result);
  }

  Value Arithmetic(const Step& step, const Value& a, const Value& b) const {
    if (a.is_error()) return a;
    if (b.is_error()) return b;
    if (step.overload_count > 0 &&
        (a.kind() == ValueKind::kOpaque || b.kind() == ValueKind::kOpaque)) {
      scratch_[step.extra] = a;
      scratch_[step.extra + 1] = b;
      return Dispatch(step);
    }
    const bool joins =
        step.sign == Operator::kAdd && a.kind() == b.kind() && (a.is_string() || a.is_list());
    if (joins) return Fail(step, ErrorCode::kNotSupported);
    return Placed(step, expression::Arithmetic(step.sign, a, b));
  }

  static bool Holds(Operator sign, std::partial_ordering order) {
    switch (sign) {
      case Operator::kLess:
        return order < 0;
      case Operator::kLessEqual:
        return order <= 0;
      case Operator::kGreaterEqual:
        return order >= 0;
      default:
        return order > 0;
    }
  }

  Value Order(const Step& step) const {
    const Value a = Operand(step, 0);
    const Value b = Operand(step, 1);
    if (a.is_int() && b.is_int()) {
      return Value::Bool(Holds(step.sign, a.int_value() <=> b.int_value()));
    }
    if (a.is_error()) return a;
    if (b.is_error()) return b;
    if (IsNumber(a) && IsNumber(b)) return Value::Bool(Holds(step.sign, CompareNumbers(a, b)));
    if (a.is_string() && b.is_string()) {
      return Value::Bool(Holds(step.sign, a.string_value() <=> b.string_value()));
    }
    if (a.is_bool() && b.is_bool()) {
      return Value::Bool(Holds(step.sign, a.bool_value() <=> b.bool_value()));
    }
    if (a.kind() == ValueKind::kOpaque && b.is_opaque(a.opaque_type())) {
      return OpaqueOrder(step, a, b);
    }
    return Fail(step, ErrorCode::kNoSuchOverload);
  }

  Value OpaqueOrder(const Step& step, const Value& a, const Value& b) const {
    for (const OpaqueType& type : code_.opaques) {
      if (type.id != a.opaque_type() || type.compare == nullptr) continue;
      const Value order = type.compare(a, b);
      if (order.is_int()) return Value::Bool(Holds(step.sign, order.int_value() <=> 0));
      if (order.is_error()) return order.AtOffset(step.offset);
    }
    return Fail(step, ErrorCode::kNoSuchOverload);
  }

  Value Equality(const Step& step) const {
    const Value a = Operand(step, 0);
    if (a.is_error()) return a;
    const Value b = Operand(step, 1);
    if (b.is_error()) return b;
    return Value::Bool(Equals(a, b) == (step.sign == Operator::kEqual));
  }

  Value In(const Step& step) const {
    const Value element = Operand(step, 0);
    if (element.is_error()) return element;
    const Value list = Operand(step, 1);
    if (list.is_error()) return list;
    if (!list.is_list()) return Fail(step, ErrorCode::kNoSuchOverload);
    for (const Value& candidate : list.list_value()) {
      if (Equals(element, candidate)) return Value::Bool(true);
    }
    return Value::Bool(false);
  }

  // && absorbs everything beside a false, || beside a true; on either side. What is no bool counts
  // as an error.
  Value Logic(const Step& step, bool absorbing) const {
    const Value a = Operand(step, 0);
    if (a.is_bool() && a.bool_value() == absorbing) return a;
    const Value b = Operand(step, 1);
    if (b.is_bool() && (b.bool_value() == absorbing || a.is_bool())) return b;
    if (a.is_error()) return a;
    if (a.is_bool() && b.is_error()) return b;
    return Fail(step, ErrorCode::kNoSuchOverload);
  }

  Value Conditional(const Step& step) const {
    const Value condition = Operand(step, 0);
    if (condition.is_bool()) return Operand(step, condition.bool_value() ? 1 : 2);
    return condition.is_error() ? condition : Fail(step, ErrorCode::kNoSuchOverload);
  }

  Value Index(const Step& step) const {
    const Value list = Operand(step, 0);
    if (list.is_error()) return list;
    const Value index = Operand(step, 1);
    if (index.is_error()) return index;
    if (!list.is_list() || !IsNumber(index)) return Fail(step, ErrorCode::kNoSuchOverload);
    // A uint or a double is an index too if it says a whole number.
    const Value whole = ToInt(index);
    const auto elements = list.list_value();
    const bool inside = whole.is_int() && Equals(whole, index) && whole.int_value() >= 0 &&
                        static_cast<uint64_t>(whole.int_value()) < elements.size();
    if (!inside) return Fail(step, ErrorCode::kOutOfRange);
    return elements[static_cast<size_t>(whole.int_value())];
  }

  // Evaluates all operands to the step's scratch memory. The first error, or absent if there is
  // none.
  Value Gather(const Step& step) const {
    for (uint32_t i = 0; i < step.count; ++i) {
      const Value value = Operand(step, i);
      if (value.is_error()) return value;
      scratch_[step.extra + i] = value;
    }
    return Value::Absent();
  }

  Value List(const Step& step) const {
    const Value error = Gather(step);
    if (error.is_error()) return error;
    return Value::List({scratch_ + step.extra, step.count});
  }

  Value Call(const Step& step) const {
    const Value error = Gather(step);
    return error.is_error() ? error : Dispatch(step);
  }

  // The first overload that takes the arguments in scratch memory; no two do.
  Value Dispatch(const Step& step) const {
    const std::span<const Value> arguments(scratch_ + step.extra, step.count);
    for (uint32_t i = 0; i < step.overload_count; ++i) {
      const Function& function = *code_.overloads[step.overloads + i];
      bool fits = true;
      for (uint32_t k = 0; fits && k < step.count; ++k) {
        fits = Fits(arguments[k], function.parameters[k]);
      }
      if (fits) return Placed(step, function.evaluate(arguments));
    }
    return Fail(step, ErrorCode::kNoSuchOverload);
  }

  Value CallBuiltin(const Step& step) const {
    const Value a = Operand(step, 0);
    if (a.is_error()) return a;
    switch (step.builtin) {
      case Builtin::kSize:
        if (a.is_string()) return Value::Int(CountCodePoints(a.string_value()));
        if (a.is_list()) return Value::Int(static_cast<int64_t>(a.list_value().size()));
        return Fail(step, ErrorCode::kNoSuchOverload);
      case Builtin::kInt:
        return Placed(step, ToInt(a));
      case Builtin::kUint:
        return Placed(step, ToUint(a));
      case Builtin::kDouble:
        return Placed(step, ToDouble(a));
      case Builtin::kString:
        return a.is_string() ? a : Fail(step, ErrorCode::kNoSuchOverload);
      case Builtin::kDyn:
        return a;
      default:
        return CallStrings(step, a);
    }
  }

  Value CallStrings(const Step& step, const Value& a) const {
    const Value b = Operand(step, 1);
    if (b.is_error()) return b;
    if (!a.is_string() || !b.is_string()) return Fail(step, ErrorCode::kNoSuchOverload);
    const std::string_view text = a.string_value();
    const std::string_view part = b.string_value();
    switch (step.builtin) {
      case Builtin::kContains:
        return Value::Bool(text.find(part) != std::string_view::npos);
      case Builtin::kStartsWith:
        return Value::Bool(text.starts_with(part));
      case Builtin::kEndsWith:
        return Value::Bool(text.ends_with(part));
      default:
        return Value::Bool(RE2::PartialMatch(re2::StringPiece(text.data(), text.size()),
                                             *code_.regexes[step.extra]));
    }
  }

  const Code& code_;
  const std::span<const Value> slots_;
  const Activation* lazy_;
  Value* scratch_;
};

}  // namespace

Value Run(const Code& code, uint32_t step, std::span<const Value> slots, const Activation* lazy,
          Value* scratch) {
  return Evaluation(code, slots, lazy, scratch).Eval(step);
}

}  // namespace fundgate::expression
