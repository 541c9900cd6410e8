#include "server/expression/value.h"

#include <algorithm>
#include <cstdio>

#include "server/expression/numbers.h"

namespace fundgate::expression {
namespace {

std::string DoubleToString(double d) {
  char text[40];
  std::snprintf(text, sizeof(text), "%.17g", d);
  return text;
}

}  // namespace

std::string_view ErrorText(ErrorCode code) {
  switch (code) {
    case ErrorCode::kNone:
      return "no error";
    case ErrorCode::kOverflow:
      return "overflow: the result does not fit in 64 bits";
    case ErrorCode::kDivisionByZero:
      return "division by zero";
    case ErrorCode::kNoSuchOverload:
      return "no such overload: the operator or function has no meaning for these values";
    case ErrorCode::kNoSuchField:
      return "no such field: nothing was given here";
    case ErrorCode::kOutOfRange:
      return "the index is outside the list";
    case ErrorCode::kBadConversion:
      return "the value can't be converted to this type";
    case ErrorCode::kNotSupported:
      return "this operation on these values is not supported yet";
    case ErrorCode::kWrongResult:
      return "the expression gave a value of another type than was wanted";
    case ErrorCode::kHost:
      return "a function failed";
  }
  return "unknown error";
}

bool Equals(const Value& a, const Value& b) {
  if (IsNumber(a) && IsNumber(b)) return CompareNumbers(a, b) == std::partial_ordering::equivalent;
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case ValueKind::kNull:
      return true;
    case ValueKind::kBool:
      return a.bool_value() == b.bool_value();
    case ValueKind::kString:
      return a.string_value() == b.string_value();
    case ValueKind::kList: {
      const auto x = a.list_value();
      const auto y = b.list_value();
      return std::equal(x.begin(), x.end(), y.begin(), y.end(), Equals);
    }
    case ValueKind::kOpaque:
      return a.opaque_type() == b.opaque_type() && a.opaque_first() == b.opaque_first() &&
             a.opaque_second() == b.opaque_second();
    default:
      return false;
  }
}

std::string ToString(const Value& value) {
  switch (value.kind()) {
    case ValueKind::kAbsent:
      return "absent";
    case ValueKind::kNull:
      return "null";
    case ValueKind::kBool:
      return value.bool_value() ? "true" : "false";
    case ValueKind::kInt:
      return std::to_string(value.int_value());
    case ValueKind::kUint:
      return std::to_string(value.uint_value()) + "u";
    case ValueKind::kDouble:
      return DoubleToString(value.double_value());
    case ValueKind::kString:
      return "\"" + std::string(value.string_value()) + "\"";
    case ValueKind::kList: {
      std::string text = "[";
      for (const Value& element : value.list_value()) {
        text += (text.size() == 1 ? "" : ", ") + ToString(element);
      }
      return text + "]";
    }
    case ValueKind::kOpaque:
      return "opaque" + std::to_string(value.opaque_type()) + "(" +
             std::to_string(value.opaque_first()) + ", " + std::to_string(value.opaque_second()) +
             ")";
    case ValueKind::kError:
      return "error: " + std::string(value.error_text());
  }
  return "";
}

}  // namespace fundgate::expression
