#include "server/expression/numbers.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string_view>

#include "absl/strings/charconv.h"

namespace fundgate::expression {
namespace {

constexpr double kTwoTo63 = 9223372036854775808.0;
constexpr double kTwoTo64 = 18446744073709551616.0;

constexpr std::partial_ordering Reverse(std::partial_ordering order) { return 0 <=> order; }

std::partial_ordering CompareIntUint(int64_t a, uint64_t b) {
  if (a < 0) return std::partial_ordering::less;
  return static_cast<uint64_t>(a) <=> b;
}

std::partial_ordering CompareIntDouble(int64_t a, double b) {
  if (b < -kTwoTo63) return std::partial_ordering::greater;
  if (b > kTwoTo63) return std::partial_ordering::less;
  return static_cast<double>(a) <=> b;
}

std::partial_ordering CompareUintDouble(uint64_t a, double b) {
  if (b < 0) return std::partial_ordering::greater;
  if (b > kTwoTo64) return std::partial_ordering::less;
  return static_cast<double>(a) <=> b;
}

template <typename Integer, typename Make>
Value CheckedArithmetic(Operator op, Integer a, Integer b, Make make) {
  Integer result = 0;
  bool overflow = false;
  switch (op) {
    case Operator::kAdd:
      overflow = __builtin_add_overflow(a, b, &result);
      break;
    case Operator::kSubtract:
      overflow = __builtin_sub_overflow(a, b, &result);
      break;
    case Operator::kMultiply:
      overflow = __builtin_mul_overflow(a, b, &result);
      break;
    case Operator::kDivide:
    case Operator::kRemainder:
      if (b == 0) return Value::Error(ErrorCode::kDivisionByZero);
      // The least int divided by -1 is the one quotient that does not fit.
      if (std::numeric_limits<Integer>::is_signed && b == static_cast<Integer>(-1)) {
        overflow = __builtin_sub_overflow(Integer{0}, a, &result);
        if (op == Operator::kRemainder) result = 0;
        break;
      }
      result = op == Operator::kDivide ? a / b : a % b;
      break;
    default:
      return Value::Error(ErrorCode::kNoSuchOverload);
  }
  return overflow ? Value::Error(ErrorCode::kOverflow) : make(result);
}

Value DoubleArithmetic(Operator op, double a, double b) {
  switch (op) {
    case Operator::kAdd:
      return Value::Double(a + b);
    case Operator::kSubtract:
      return Value::Double(a - b);
    case Operator::kMultiply:
      return Value::Double(a * b);
    case Operator::kDivide:
      return Value::Double(a / b);
    default:
      return Value::Error(ErrorCode::kNoSuchOverload);
  }
}

// The whole text as a decimal number, a plus sign allowed.
template <typename Integer>
bool ReadInteger(std::string_view text, Integer* number) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, *number);
  return error == std::errc() && stop == end && !text.empty();
}

constexpr Value kBadConversion = Value::Error(ErrorCode::kBadConversion);
constexpr Value kNoOverload = Value::Error(ErrorCode::kNoSuchOverload);

}  // namespace

std::partial_ordering CompareNumbers(const Value& a, const Value& b) {
  if (a.is_int()) {
    if (b.is_int()) return a.int_value() <=> b.int_value();
    if (b.is_uint()) return CompareIntUint(a.int_value(), b.uint_value());
    return CompareIntDouble(a.int_value(), b.double_value());
  }
  if (a.is_uint()) {
    if (b.is_int()) return Reverse(CompareIntUint(b.int_value(), a.uint_value()));
    if (b.is_uint()) return a.uint_value() <=> b.uint_value();
    return CompareUintDouble(a.uint_value(), b.double_value());
  }
  if (b.is_int()) return Reverse(CompareIntDouble(b.int_value(), a.double_value()));
  if (b.is_uint()) return Reverse(CompareUintDouble(b.uint_value(), a.double_value()));
  return a.double_value() <=> b.double_value();
}

Value Arithmetic(Operator op, const Value& a, const Value& b) {
  if (a.is_int() && b.is_int()) {
    return CheckedArithmetic(op, a.int_value(), b.int_value(), Value::Int);
  }
  if (a.is_uint() && b.is_uint()) {
    return CheckedArithmetic(op, a.uint_value(), b.uint_value(), Value::Uint);
  }
  if (a.is_double() && b.is_double()) {
    return DoubleArithmetic(op, a.double_value(), b.double_value());
  }
  return kNoOverload;
}

Value Negate(const Value& a) {
  if (a.is_int()) return Arithmetic(Operator::kSubtract, Value::Int(0), a);
  if (a.is_double()) return Value::Double(-a.double_value());
  return kNoOverload;
}

Value ToInt(const Value& value) {
  switch (value.kind()) {
    case ValueKind::kInt:
      return value;
    case ValueKind::kUint:
      if (value.uint_value() > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
        return Value::Error(ErrorCode::kOverflow);
      }
      return Value::Int(static_cast<int64_t>(value.uint_value()));
    case ValueKind::kDouble: {
      // Both edges are out: at them a double can't tell whether it was rounded there.
      const double d = value.double_value();
      if (!(d > -kTwoTo63 && d < kTwoTo63)) return Value::Error(ErrorCode::kOverflow);
      return Value::Int(static_cast<int64_t>(d));
    }
    case ValueKind::kString: {
      int64_t number = 0;
      return ReadInteger(value.string_value(), &number) ? Value::Int(number) : kBadConversion;
    }
    default:
      return kNoOverload;
  }
}

Value ToUint(const Value& value) {
  switch (value.kind()) {
    case ValueKind::kUint:
      return value;
    case ValueKind::kInt:
      if (value.int_value() < 0) return Value::Error(ErrorCode::kOverflow);
      return Value::Uint(static_cast<uint64_t>(value.int_value()));
    case ValueKind::kDouble: {
      const double d = value.double_value();
      if (!(d >= 0 && d < kTwoTo64)) return Value::Error(ErrorCode::kOverflow);
      return Value::Uint(static_cast<uint64_t>(d));
    }
    case ValueKind::kString: {
      uint64_t number = 0;
      return ReadInteger(value.string_value(), &number) ? Value::Uint(number) : kBadConversion;
    }
    default:
      return kNoOverload;
  }
}

Value ToDouble(const Value& value) {
  switch (value.kind()) {
    case ValueKind::kDouble:
      return value;
    case ValueKind::kInt:
      return Value::Double(static_cast<double>(value.int_value()));
    case ValueKind::kUint:
      return Value::Double(static_cast<double>(value.uint_value()));
    case ValueKind::kString: {
      const std::optional<double> number = ReadDouble(value.string_value());
      return number ? Value::Double(*number) : kBadConversion;
    }
    default:
      return kNoOverload;
  }
}

std::optional<double> ReadDouble(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  const char* end = text.data() + text.size();
  double number = 0;
  const auto [stop, error] = absl::from_chars(text.data(), end, number);
  if (stop != end || error == std::errc::invalid_argument) return std::nullopt;
  if (error != std::errc::result_out_of_range) return number;
  if (std::fabs(number) > 1) return std::nullopt;
  return std::copysign(0.0, number);
}

}  // namespace fundgate::expression
