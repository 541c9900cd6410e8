#include <cmath>
#include <limits>

#include "server/expression/functions/tables.h"
#include "server/expression/numbers.h"

namespace fundgate::expression {
namespace {

using Arguments = std::span<const Value>;

constexpr Value kNoOverload = Value::Error(ErrorCode::kNoSuchOverload);
constexpr int64_t kBits = 64;

// The least (kSign -1) or greatest (1) of the values, the first of several; they must be numbers.
// NaN is neither less nor greater.
template <int kSign>
Value Extreme(Arguments values) {
  if (values.empty()) return kNoOverload;
  Value best = values[0];
  for (const Value& value : values) {
    if (!IsNumber(value)) return kNoOverload;
    const std::partial_ordering order = CompareNumbers(value, best);
    if (kSign > 0 ? order > 0 : order < 0) best = value;
  }
  return best;
}

template <int kSign>
Value ExtremeOf(Arguments arguments) {
  const bool is_list = arguments.size() == 1 && arguments[0].is_list();
  return Extreme<kSign>(is_list ? arguments[0].list_value() : arguments);
}

bool MayBeNumber(const Type& type) {
  return IsAssignable(type, Type::Int()) || IsAssignable(type, Type::Uint()) ||
         IsAssignable(type, Type::Double());
}

// The type that all arguments have; Error, and the overload does not apply, if one is no number.
Type ExtremeType(std::span<const Type> arguments) {
  Type common = arguments[0];
  for (const Type& type : arguments) {
    if (!MayBeNumber(type)) return Type::Error();
    if (type != common) common = Type::Dynamic();
  }
  return common.non_null();
}

Type ExtremeElement(std::span<const Type> arguments) {
  const Type element =
      arguments[0].is(Type::Kind::kList) ? arguments[0].element() : Type::Dynamic();
  return ExtremeType({&element, 1});
}

template <double (*kRound)(double)>
Value Rounded(Arguments arguments) {
  return Value::Double(kRound(arguments[0].double_value()));
}

// std::round takes halves away from zero, as CEL does.
double Round(double d) { return std::round(d); }
double Floor(double d) { return std::floor(d); }
double Ceiling(double d) { return std::ceil(d); }
double Truncate(double d) { return std::trunc(d); }

Value Root(Arguments arguments) {
  return Value::Double(std::sqrt(ToDouble(arguments[0]).double_value()));
}

Value Absolute(Arguments arguments) {
  const Value& value = arguments[0];
  if (value.is_uint()) return value;
  if (value.is_double()) return Value::Double(std::fabs(value.double_value()));
  return value.int_value() < 0 ? Negate(value) : value;
}

Value Sign(Arguments arguments) {
  const Value& value = arguments[0];
  if (value.is_int()) return Value::Int((value.int_value() > 0) - (value.int_value() < 0));
  if (value.is_uint()) return Value::Uint(value.uint_value() > 0 ? 1 : 0);
  const double d = value.double_value();
  return Value::Double(std::isnan(d) ? d : static_cast<double>((d > 0) - (d < 0)));
}

Value IsNan(Arguments arguments) { return Value::Bool(std::isnan(arguments[0].double_value())); }
Value IsInf(Arguments arguments) { return Value::Bool(std::isinf(arguments[0].double_value())); }
Value IsFinite(Arguments arguments) {
  return Value::Bool(std::isfinite(arguments[0].double_value()));
}

// The bits of an int or uint, and an integer of the same kind with other bits.
uint64_t BitsOf(const Value& value) {
  return value.is_uint() ? value.uint_value() : static_cast<uint64_t>(value.int_value());
}
Value OfBits(const Value& like, uint64_t bits) {
  return like.is_uint() ? Value::Uint(bits) : Value::Int(static_cast<int64_t>(bits));
}

Value And(Arguments arguments) {
  return OfBits(arguments[0], BitsOf(arguments[0]) & BitsOf(arguments[1]));
}
Value Or(Arguments arguments) {
  return OfBits(arguments[0], BitsOf(arguments[0]) | BitsOf(arguments[1]));
}
Value Xor(Arguments arguments) {
  return OfBits(arguments[0], BitsOf(arguments[0]) ^ BitsOf(arguments[1]));
}
Value Not(Arguments arguments) { return OfBits(arguments[0], ~BitsOf(arguments[0])); }

Value ShiftLeft(Arguments arguments) {
  const int64_t by = arguments[1].int_value();
  if (by < 0) return Value::Error(ErrorCode::kOutOfRange);
  return OfBits(arguments[0], by >= kBits ? 0 : BitsOf(arguments[0]) << by);
}

// Zeros come in from the left, also for negative ints.
Value ShiftRight(Arguments arguments) {
  const int64_t by = arguments[1].int_value();
  if (by < 0) return Value::Error(ErrorCode::kOutOfRange);
  return OfBits(arguments[0], by >= kBits ? 0 : BitsOf(arguments[0]) >> by);
}

}  // namespace

std::vector<Function> MathFunctions() {
  std::vector<Function> table;
  const auto add = [&](const char* name, std::vector<Type> from, const Type& to,
                       Value (*evaluate)(Arguments)) {
    table.push_back(
        {.name = name, .parameters = std::move(from), .result = to, .evaluate = evaluate});
  };
  const auto add_extreme = [&](const char* name, Value (*evaluate)(Arguments)) {
    table.push_back({.name = name,
                     .parameters = {Type::List(Type::Dynamic())},
                     .result = Type::Dynamic(),
                     .evaluate = evaluate,
                     .result_of = &ExtremeElement});
    table.push_back({.name = name,
                     .parameters = {Type::Dynamic()},
                     .result = Type::Dynamic(),
                     .evaluate = evaluate,
                     .result_of = &ExtremeType,
                     .variadic = true});
  };
  add_extreme("math.greatest", &ExtremeOf<1>);
  add_extreme("math.least", &ExtremeOf<-1>);
  const Type real = Type::Double();
  add("math.round", {real}, real, &Rounded<&Round>);
  add("math.floor", {real}, real, &Rounded<&Floor>);
  add("math.ceil", {real}, real, &Rounded<&Ceiling>);
  add("math.trunc", {real}, real, &Rounded<&Truncate>);
  add("math.isNaN", {real}, Type::Bool(), &IsNan);
  add("math.isInf", {real}, Type::Bool(), &IsInf);
  add("math.isFinite", {real}, Type::Bool(), &IsFinite);
  for (const Type& type : {Type::Int(), Type::Uint(), real}) {
    add("math.abs", {type}, type, &Absolute);
    add("math.sign", {type}, type, &Sign);
    add("math.sqrt", {type}, real, &Root);
  }
  for (const Type& type : {Type::Int(), Type::Uint()}) {
    add("math.bitAnd", {type, type}, type, &And);
    add("math.bitOr", {type, type}, type, &Or);
    add("math.bitXor", {type, type}, type, &Xor);
    add("math.bitNot", {type}, type, &Not);
    add("math.bitShiftLeft", {type, Type::Int()}, type, &ShiftLeft);
    add("math.bitShiftRight", {type, Type::Int()}, type, &ShiftRight);
  }
  return table;
}

}  // namespace fundgate::expression
