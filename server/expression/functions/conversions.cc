#include <charconv>
#include <cmath>

#include "server/expression/functions/tables.h"
#include "server/expression/numbers.h"
#include "server/expression/time.h"
#include "server/expression/utf8.h"

namespace fundgate::expression {
namespace {

// Enough for the shortest text of every number that reads back as the same number.
constexpr size_t kNumberBytes = 40;

Value Int(std::span<const Value> arguments) {
  const Value& value = arguments[0];
  return value.is_timestamp() ? Value::Int(value.timestamp_seconds()) : ToInt(value);
}

Value Uint(std::span<const Value> arguments) { return ToUint(arguments[0]); }

Value Double(std::span<const Value> arguments) { return ToDouble(arguments[0]); }

Value Bool(std::span<const Value> arguments) {
  if (arguments[0].is_bool()) return arguments[0];
  const std::string_view text = arguments[0].string_value();
  for (const std::string_view word : {"1", "t", "true", "TRUE", "True"}) {
    if (text == word) return Value::Bool(true);
  }
  for (const std::string_view word : {"0", "f", "false", "FALSE", "False"}) {
    if (text == word) return Value::Bool(false);
  }
  return Value::Error(ErrorCode::kBadConversion);
}

Value Bytes(std::span<const Value> arguments) { return Value::Bytes(arguments[0].string_value()); }

// Of strings and bytes: a view, nothing is built.
Value StringOfText(std::span<const Value> arguments) {
  const std::string_view text = arguments[0].string_value();
  const bool valid = InvalidUtf8At(text) == std::string_view::npos;
  return valid || arguments[0].is_string() ? Value::String(text)
                                           : Value::Error(ErrorCode::kBadConversion);
}

Value StringOfOther(std::span<const Value> arguments, Scratch& scratch) {
  TextBuilder text(scratch);
  AppendPlain(arguments[0], &text);
  return text.ToString();
}

Value Same(std::span<const Value> arguments) { return arguments[0]; }

Type DynamicLike(std::span<const Type> arguments) {
  const uint64_t size = arguments[0].size_max();
  return Type::Dynamic().AtMost(size == 0 ? Type::kUnbounded : size);
}

Type StringLike(std::span<const Type> arguments) {
  return Type::String().AtMost(arguments[0].size_max());
}

Type BytesLike(std::span<const Type> arguments) {
  return Type::Bytes().AtMost(arguments[0].size_max());
}

Type ShortString(std::span<const Type>) { return Type::String().AtMost(kNumberBytes); }

Value TypeOfValue(std::span<const Value> arguments) {
  const Value& value = arguments[0];
  const bool opaque = value.kind() == ValueKind::kOpaque;
  return Value::TypeOf(value.kind(), opaque ? value.opaque_type() : uint16_t{0});
}

}  // namespace

void AppendPlain(const Value& value, TextBuilder* text) {
  char written[kNumberBytes];
  char* const end = written + sizeof(written);
  const auto append = [&](auto number) {
    const auto result = std::to_chars(written, end, number);
    text->Append(std::string_view(written, static_cast<size_t>(result.ptr - written)));
  };
  switch (value.kind()) {
    case ValueKind::kBool:
      return text->Append(value.bool_value() ? "true" : "false");
    case ValueKind::kInt:
      return append(value.int_value());
    case ValueKind::kUint:
      return append(value.uint_value());
    case ValueKind::kDouble: {
      const double number = value.double_value();
      if (std::isnan(number)) return text->Append("NaN");
      if (std::isinf(number)) return text->Append(number > 0 ? "Infinity" : "-Infinity");
      return append(number);
    }
    case ValueKind::kString:
    case ValueKind::kBytes:
      return text->Append(value.string_value());
    case ValueKind::kTimestamp:
      return AppendTimestamp(value, text);
    case ValueKind::kDuration:
      return AppendDuration(value, text);
    case ValueKind::kType:
      return text->Append(KindName(value.type_kind()));
    default:
      return text->Append("null");
  }
}

std::vector<Function> ConversionFunctions() {
  std::vector<Function> table;
  const auto add = [&](const char* name, const Type& from, const Type& to,
                       Value (*evaluate)(std::span<const Value>),
                       Type (*result_of)(std::span<const Type>) = nullptr) {
    table.push_back({.name = name,
                     .parameters = {from},
                     .result = to,
                     .evaluate = evaluate,
                     .result_of = result_of});
  };
  for (const Type& from : {Type::Int(), Type::Uint(), Type::Double(), Type::String()}) {
    add("int", from, Type::Int(), &Int);
    add("uint", from, Type::Uint(), &Uint);
    add("double", from, Type::Double(), &Double);
  }
  add("int", Type::Timestamp(), Type::Int(), &Int);
  add("bool", Type::Bool(), Type::Bool(), &Bool);
  add("bool", Type::String(), Type::Bool(), &Bool);
  for (const Type& from : {Type::String(), Type::Bytes()}) {
    add("bytes", from, Type::Bytes(), &Bytes, &BytesLike);
    add("string", from, Type::String(), &StringOfText, &StringLike);
  }
  for (const Type& from : {Type::Bool(), Type::Int(), Type::Uint(), Type::Double(),
                           Type::Timestamp(), Type::Duration()}) {
    table.push_back({.name = "string",
                     .parameters = {from},
                     .result = Type::String(),
                     .build = &StringOfOther,
                     .result_of = &ShortString});
  }
  add("dyn", Type::Dynamic(), Type::Dynamic(), &Same, &DynamicLike);
  table.back().constant_time = true;
  add("type", Type::Dynamic(), Type::TypeValue(), &TypeOfValue);
  table.back().constant_time = true;
  return table;
}

}  // namespace fundgate::expression
