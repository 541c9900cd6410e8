#include <algorithm>
#include <cstring>

#include "server/expression/evaluation.h"
#include "server/expression/map.h"
#include "server/expression/numbers.h"
#include "server/expression/time.h"

namespace fundgate::expression {

Value Evaluation::Eval(uint32_t number) {
  const Step& step = code_.steps[number];
  switch (step.op) {
    case Op::kConstant:
      return code_.constants[step.extra];
    case Op::kSlot:
      return Slot(step);
    case Op::kLocal:
      return locals_[step.extra];
    case Op::kFail:
      return Fail(step, static_cast<ErrorCode>(step.extra));
    case Op::kNot:
      return Not(step);
    case Op::kNegate:
      return Negation(step);
    case Op::kAddInt:
    case Op::kSubtractInt:
    case Op::kMultiplyInt:
      return IntArithmetic(step);
    case Op::kArithmetic: {
      Value left;
      Value right;
      const Value& a = Operand(step.a, &left);
      return Arithmetic(step, a, Operand(step.b, &right));
    }
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
    case Op::kSelect:
      return Select(step);
    case Op::kHas:
      return Has(step);
    case Op::kHasSlot:
      return HasSlot(step);
    case Op::kList:
      return List(step);
    case Op::kMap:
      return Map(step);
    case Op::kCall:
      return Call(step);
    case Op::kMatches:
      return Matches(step);
    case Op::kLoop:
      return RunLoop(step);
    case Op::kBind:
      return Bind(step);
  }
  return Fail(step, ErrorCode::kNotSupported);
}

Value Evaluation::Slot(const Step& step) const {
  Value value;
  if (lazy_ != nullptr) {
    value = lazy_->Fetch(step.extra);
  } else if (step.extra < slots_.size()) {
    value = slots_[step.extra];
  }
  if (value.is_absent()) return Fail(step, ErrorCode::kNoSuchField);
  return Placed(step, value);
}

// A field that is null was not set; one that can't be read is an error.
Value Evaluation::HasSlot(const Step& step) const {
  const Value value = Slot(step);
  if (value.is_error() && value.error_code() != ErrorCode::kNoSuchField) return value;
  return Value::Bool(!value.is_error() && !value.is_null());
}

Value Evaluation::Not(const Step& step) {
  Value room;
  const Value& value = Operand(step.a, &room);
  if (value.is_bool()) return Value::Bool(!value.bool_value());
  return value.is_error() ? value : Fail(step, ErrorCode::kNoSuchOverload);
}

Value Evaluation::Negation(const Step& step) {
  Value room;
  const Value& value = Operand(step.a, &room);
  if (value.is_error()) return value;
  if (step.overload_count > 0 && value.kind() == ValueKind::kOpaque) {
    return Dispatch(step, {&value, 1});
  }
  return Placed(step, Negate(value));
}

Value Evaluation::IntArithmetic(const Step& step) {
  Value left;
  Value right;
  const Value& a = Operand(step.a, &left);
  const Value& b = Operand(step.b, &right);
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

Value Evaluation::Arithmetic(const Step& step, const Value& a, const Value& b) {
  if (a.is_error()) return a;
  if (b.is_error()) return b;
  if (IsNumber(a) && IsNumber(b)) return Placed(step, expression::Arithmetic(step.sign, a, b));
  if (step.overload_count > 0 &&
      (a.kind() == ValueKind::kOpaque || b.kind() == ValueKind::kOpaque)) {
    const Value both[] = {a, b};
    return Dispatch(step, both);
  }
  const bool joins = step.op == Op::kArithmetic && step.sign == Operator::kAdd &&
                     a.kind() == b.kind() && (a.is_string() || a.is_bytes() || a.is_list());
  return joins ? Join(step, a, b) : Placed(step, TimeArithmetic(step.sign, a, b));
}

// + of two strings, bytes or lists.
Value Evaluation::Join(const Step& step, const Value& a, const Value& b) {
  if (a.is_list()) {
    const auto left = a.list_value();
    const auto right = b.list_value();
    if (!Spend(left.size() + right.size())) return Fail(step, ErrorCode::kTooManySteps);
    Value* joined = scratch_->TakeValues(left.size() + right.size());
    if (joined == nullptr) return Fail(step, ErrorCode::kTooMuchMemory);
    std::copy(right.begin(), right.end(), std::copy(left.begin(), left.end(), joined));
    return Value::List({joined, left.size() + right.size()});
  }
  const std::string_view left = a.string_value();
  const std::string_view right = b.string_value();
  const size_t size = left.size() + right.size();
  if (!Spend(size / kStringBytesPerStep)) return Fail(step, ErrorCode::kTooManySteps);
  char* joined = scratch_->TakeBytes(size);
  if (joined == nullptr) return Fail(step, ErrorCode::kTooMuchMemory);
  std::copy(right.begin(), right.end(), std::copy(left.begin(), left.end(), joined));
  return a.is_string() ? Value::String({joined, size}) : Value::Bytes({joined, size});
}

namespace {

bool Holds(Operator sign, std::partial_ordering order) {
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

// Of two values of one kind that the language orders itself; anything for other kinds.
std::partial_ordering CompareSameKind(const Value& a, const Value& b) {
  switch (a.kind()) {
    case ValueKind::kBool:
      return a.bool_value() <=> b.bool_value();
    case ValueKind::kTimestamp:
      if (a.timestamp_seconds() != b.timestamp_seconds()) {
        return a.timestamp_seconds() <=> b.timestamp_seconds();
      }
      return a.timestamp_nanoseconds() <=> b.timestamp_nanoseconds();
    case ValueKind::kDuration:
      return a.duration_nanoseconds() <=> b.duration_nanoseconds();
    default:
      return a.string_value() <=> b.string_value();
  }
}

bool HasOrder(ValueKind kind) {
  return kind == ValueKind::kString || kind == ValueKind::kBytes || kind == ValueKind::kBool ||
         kind == ValueKind::kTimestamp || kind == ValueKind::kDuration;
}

}  // namespace

Value Evaluation::Order(const Step& step) {
  Value left;
  Value right;
  const Value& a = Operand(step.a, &left);
  const Value& b = Operand(step.b, &right);
  if (a.is_int() && b.is_int()) {
    return Value::Bool(Holds(step.sign, a.int_value() <=> b.int_value()));
  }
  return OrderOf(step, a, b);
}

Value Evaluation::OrderOf(const Step& step, const Value& a, const Value& b) {
  if (a.is_error()) return a;
  if (b.is_error()) return b;
  if (IsNumber(a) && IsNumber(b)) return Value::Bool(Holds(step.sign, CompareNumbers(a, b)));
  if (a.kind() == ValueKind::kOpaque && b.is_opaque(a.opaque_type())) {
    return OpaqueOrder(step, a, b);
  }
  if (a.kind() != b.kind() || !HasOrder(a.kind())) return Fail(step, ErrorCode::kNoSuchOverload);
  if (a.is_string() || a.is_bytes()) {
    const size_t shorter = std::min(a.string_value().size(), b.string_value().size());
    if (!Spend(shorter / kStringBytesPerStep)) return Fail(step, ErrorCode::kTooManySteps);
  }
  return Value::Bool(Holds(step.sign, CompareSameKind(a, b)));
}

Value Evaluation::OpaqueOrder(const Step& step, const Value& a, const Value& b) const {
  for (const OpaqueType& type : code_.opaques) {
    if (type.id != a.opaque_type() || type.compare == nullptr) continue;
    const Value order = type.compare(a, b);
    if (order.is_int()) return Value::Bool(Holds(step.sign, order.int_value() <=> 0));
    if (order.is_error()) return order.AtOffset(step.offset);
  }
  return Fail(step, ErrorCode::kNoSuchOverload);
}

// The two kinds that are compared most need no call.
bool Evaluation::Same(const Value& a, const Value& b) {
  if (a.is_int() && b.is_int()) return a.int_value() == b.int_value();
  if (a.is_string() && b.is_string() && a.string_value().size() != b.string_value().size()) {
    return false;
  }
  return EqualsWithin(a, b, &steps_left_);
}

Value Evaluation::Equality(const Step& step) {
  Value left;
  Value right;
  const Value& a = Operand(step.a, &left);
  if (a.is_error()) return a;
  const Value& b = Operand(step.b, &right);
  if (b.is_error()) return b;
  const bool equal = Same(a, b);
  if (steps_left_ < 0) return Fail(step, ErrorCode::kTooManySteps);
  return Value::Bool(equal == (step.sign == Operator::kEqual));
}

Value Evaluation::In(const Step& step) {
  Value left;
  Value right;
  const Value& element = Operand(step.a, &left);
  if (element.is_error()) return element;
  const Value& among = Operand(step.b, &right);
  if (among.is_error()) return among;
  if (among.is_map()) return Value::Bool(FindInMap(among, element) != nullptr);
  if (!among.is_list()) return Fail(step, ErrorCode::kNoSuchOverload);
  for (const Value& candidate : among.list_value()) {
    const bool equal = Same(element, candidate);
    if (!Spend(1)) return Fail(step, ErrorCode::kTooManySteps);
    if (equal) return Value::Bool(true);
  }
  return Value::Bool(false);
}

// && absorbs everything beside a false, || beside a true; on either side. What is no bool counts
// as an error.
Value Evaluation::Logic(const Step& step, bool absorbing) {
  const Value a = Eval(step.a);
  if (a.is_bool() && a.bool_value() == absorbing) return a;
  const Value b = Eval(step.b);
  if (b.is_bool() && (b.bool_value() == absorbing || a.is_bool())) return b;
  if (a.is_error()) return a;
  if (a.is_bool() && b.is_error()) return b;
  return Fail(step, ErrorCode::kNoSuchOverload);
}

Value Evaluation::Conditional(const Step& step) {
  const Value condition = Eval(step.a);
  if (condition.is_bool()) return Eval(condition.bool_value() ? step.b : step.c);
  return condition.is_error() ? condition : Fail(step, ErrorCode::kNoSuchOverload);
}

Value Evaluation::Index(const Step& step) {
  Value left;
  Value right;
  const Value& of = Operand(step.a, &left);
  if (of.is_error()) return of;
  const Value& index = Operand(step.b, &right);
  if (index.is_error()) return index;
  if (of.is_map()) {
    const Value* found = FindInMap(of, index);
    if (found != nullptr) return *found;
    const bool possible = IsMapKey(index) || index.is_double();
    return Fail(step, possible ? ErrorCode::kNoSuchField : ErrorCode::kNoSuchOverload);
  }
  if (!of.is_list() || !IsNumber(index)) return Fail(step, ErrorCode::kNoSuchOverload);
  // A uint or a double is an index too if it says a whole number.
  const Value whole = ToInt(index);
  const auto elements = of.list_value();
  const bool inside = whole.is_int() && Equals(whole, index) && whole.int_value() >= 0 &&
                      static_cast<uint64_t>(whole.int_value()) < elements.size();
  if (!inside) return Fail(step, ErrorCode::kOutOfRange);
  return elements[static_cast<size_t>(whole.int_value())];
}

Value Evaluation::Select(const Step& step) {
  Value room;
  const Value& of = Operand(step.a, &room);
  if (of.is_error()) return of;
  if (!of.is_map()) return Fail(step, ErrorCode::kNoSuchOverload);
  const Value* found = FindInMap(of, code_.constants[step.extra]);
  return found != nullptr ? *found : Fail(step, ErrorCode::kNoSuchField);
}

Value Evaluation::Has(const Step& step) {
  Value room;
  const Value& of = Operand(step.a, &room);
  if (of.is_error()) return of;
  if (!of.is_map()) return Fail(step, ErrorCode::kNoSuchOverload);
  return Value::Bool(FindInMap(of, code_.constants[step.extra]) != nullptr);
}

Value Evaluation::Matches(const Step& step) {
  Value room;
  const Value& value = Operand(step.a, &room);
  if (value.is_error()) return value;
  if (!value.is_string()) return Fail(step, ErrorCode::kNoSuchOverload);
  const std::string_view text = value.string_value();
  if (!Spend(text.size() / kStringBytesPerStep)) return Fail(step, ErrorCode::kTooManySteps);
  return Value::Bool(
      RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *code_.regexes[step.extra]));
}

Value Evaluation::Gather(const Step& step, Value* values) {
  for (uint32_t i = 0; i < step.b; ++i) {
    values[i] = Eval(code_.operands[step.a + i]);
    if (values[i].is_error()) return values[i];
  }
  return Value::Absent();
}

Value Evaluation::Call(const Step& step) {
  // Values are written before they are read, so the memory need not be initialised.
  alignas(Value) std::byte memory[kArgumentsOnStack * sizeof(Value)];
  Value* arguments =
      step.b <= kArgumentsOnStack ? reinterpret_cast<Value*>(memory) : scratch_->TakeValues(step.b);
  if (arguments == nullptr) return Fail(step, ErrorCode::kTooMuchMemory);
  const Value error = Gather(step, arguments);
  return error.is_error() ? error : Dispatch(step, {arguments, step.b});
}

namespace {

// What a function may look through of its arguments, in steps.
size_t LengthOf(std::span<const Value> arguments) {
  size_t length = 0;
  for (const Value& value : arguments) {
    if (value.is_string() || value.is_bytes()) {
      length += value.string_value().size() / kStringBytesPerStep;
    } else if (value.is_list()) {
      length += value.list_value().size();
    } else if (value.is_map()) {
      length += value.map_size();
    }
  }
  return length;
}

bool Takes(const Function& function, std::span<const Value> arguments) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (!Fits(arguments[i], ParameterAt(function, i))) return false;
  }
  return true;
}

}  // namespace

// The first overload that takes the arguments; no two do.
Value Evaluation::Dispatch(const Step& step, std::span<const Value> arguments) {
  for (uint32_t i = 0; i < step.overload_count; ++i) {
    const Function& function = *code_.overloads[step.overloads + i];
    if (!Takes(function, arguments)) continue;
    if (!function.constant_time && !Spend(LengthOf(arguments))) {
      return Fail(step, ErrorCode::kTooManySteps);
    }
    if (function.evaluate != nullptr) return Placed(step, function.evaluate(arguments));
    const size_t before = scratch_->used();
    const Value built = function.build(arguments, *scratch_);
    if (!Spend((scratch_->used() - before) / kStringBytesPerStep)) {
      return Fail(step, ErrorCode::kTooManySteps);
    }
    return Placed(step, built);
  }
  return Fail(step, ErrorCode::kNoSuchOverload);
}

Value Run(const Code& code, uint32_t step, const Frame& frame) {
  return Evaluation(code, frame).Eval(step);
}

}  // namespace fundgate::expression
