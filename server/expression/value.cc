#include "server/expression/value.h"

#include <cstdio>
#include <limits>

#include "absl/strings/escaping.h"
#include "server/expression/numbers.h"
#include "server/expression/scratch.h"
#include "server/expression/time.h"

namespace fundgate::expression {
namespace {

std::string DoubleToString(double d) {
  char text[40];
  std::snprintf(text, sizeof(text), "%.17g", d);
  return text;
}

bool SameText(std::string_view a, std::string_view b, int64_t* steps) {
  if (a.size() != b.size()) return false;
  *steps -= static_cast<int64_t>(a.size() / kStringBytesPerStep);
  return a == b;
}

bool SameElements(std::span<const Value> a, std::span<const Value> b, int64_t* steps) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (--*steps < 0 || !EqualsWithin(a[i], b[i], steps)) return false;
  }
  return true;
}

absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }

// With commas between; entries of a map with a colon behind each key.
std::string Listed(std::span<const Value> values, bool entries) {
  std::string text;
  for (size_t i = 0; i < values.size(); ++i) {
    if (i > 0) text += entries && i % 2 == 1 ? ": " : ", ";
    text += ToString(values[i]);
  }
  return text;
}

std::string TimeToString(const Value& value) {
  Scratch scratch;
  TextBuilder text(scratch);
  value.is_duration() ? AppendDuration(value, &text) : AppendTimestamp(value, &text);
  return (value.is_duration() ? "duration(\"" : "timestamp(\"") + std::string(text.text()) + "\")";
}

}  // namespace

std::string_view ErrorText(ErrorCode code) {
  switch (code) {
    case ErrorCode::kNone:
      return "no error";
    case ErrorCode::kOverflow:
      return "overflow: the result does not fit";
    case ErrorCode::kDivisionByZero:
      return "division by zero";
    case ErrorCode::kNoSuchOverload:
      return "no such overload: the operator or function has no meaning for these values";
    case ErrorCode::kNoSuchField:
      return "no such field or key: nothing was given here";
    case ErrorCode::kOutOfRange:
      return "the index is outside the list or text";
    case ErrorCode::kBadConversion:
      return "the value can't be converted to this type";
    case ErrorCode::kNotSupported:
      return "this operation on these values is not supported yet";
    case ErrorCode::kWrongResult:
      return "the expression gave a value of another type than was wanted";
    case ErrorCode::kHost:
      return "a function failed";
    case ErrorCode::kBadKey:
      return "a map's key must be a bool, int, uint or string, and each may occur once";
    case ErrorCode::kTooManySteps:
      return "the evaluation was ended: it takes more steps than it may";
    case ErrorCode::kTooMuchMemory:
      return "the evaluation was ended: it builds more text and lists than it may";
    case ErrorCode::kNoScratch:
      return "the result is built when the expression runs, and there is no memory to keep it in";
    case ErrorCode::kBadFormat:
      return "the format has a clause that means nothing or does not fit its argument";
  }
  return "unknown error";
}

std::string_view KindName(ValueKind kind) {
  switch (kind) {
    case ValueKind::kAbsent:
      return "absent";
    case ValueKind::kNull:
      return "null_type";
    case ValueKind::kBool:
      return "bool";
    case ValueKind::kInt:
      return "int";
    case ValueKind::kUint:
      return "uint";
    case ValueKind::kDouble:
      return "double";
    case ValueKind::kString:
      return "string";
    case ValueKind::kBytes:
      return "bytes";
    case ValueKind::kList:
      return "list";
    case ValueKind::kMap:
      return "map";
    case ValueKind::kTimestamp:
      return "google.protobuf.Timestamp";
    case ValueKind::kDuration:
      return "google.protobuf.Duration";
    case ValueKind::kType:
      return "type";
    case ValueKind::kOpaque:
      return "opaque";
    case ValueKind::kError:
      return "error";
  }
  return "";
}

bool Equals(const Value& a, const Value& b) {
  int64_t steps = std::numeric_limits<int64_t>::max();
  return EqualsWithin(a, b, &steps);
}

bool EqualsWithin(const Value& a, const Value& b, int64_t* steps) {
  if (IsNumber(a) && IsNumber(b)) return CompareNumbers(a, b) == std::partial_ordering::equivalent;
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case ValueKind::kNull:
      return true;
    case ValueKind::kBool:
      return a.bool_value() == b.bool_value();
    case ValueKind::kString:
    case ValueKind::kBytes:
      return SameText(a.string_value(), b.string_value(), steps);
    case ValueKind::kList:
      return SameElements(a.list_value(), b.list_value(), steps);
    case ValueKind::kMap:
      // Both are sorted by key, and keys that equal each other stand at the same place.
      return SameElements(a.map_entries(), b.map_entries(), steps);
    case ValueKind::kTimestamp:
      return a.timestamp_seconds() == b.timestamp_seconds() &&
             a.timestamp_nanoseconds() == b.timestamp_nanoseconds();
    case ValueKind::kDuration:
      return a.duration_nanoseconds() == b.duration_nanoseconds();
    case ValueKind::kType:
      return a.type_kind() == b.type_kind() && a.opaque_type() == b.opaque_type();
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
    case ValueKind::kBytes:
      return "b\"" + absl::CHexEscape(ToAbsl(value.bytes_value())) + "\"";
    case ValueKind::kList:
      return "[" + Listed(value.list_value(), false) + "]";
    case ValueKind::kMap:
      return "{" + Listed(value.map_entries(), true) + "}";
    case ValueKind::kTimestamp:
    case ValueKind::kDuration:
      return TimeToString(value);
    case ValueKind::kType:
      return std::string(KindName(value.type_kind()));
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
