#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "server/expression/functions/tables.h"
#include "server/expression/map.h"
#include "server/expression/numbers.h"

namespace fundgate::expression {
namespace {

using Arguments = std::span<const Value>;

constexpr Value kBad = Value::Error(ErrorCode::kBadFormat);
constexpr int kPrecisionDefault = 6;
constexpr int kPrecisionMax = 100;
// Lists in lists that %s writes out; deeper ones are an error, so that writing needs no deep stack.
constexpr int kNestingMax = 32;

// One clause behind a percent sign.
struct Clause {
  char letter = '\0';
  std::optional<int> precision;
};

// Cuts a clause off the front; nothing if it means nothing.
std::optional<Clause> ReadClause(std::string_view* rest) {
  Clause clause;
  if (rest->starts_with('.')) {
    rest->remove_prefix(1);
    int precision = 0;
    const char* begin = rest->data();
    const auto [end, error] = std::from_chars(begin, begin + rest->size(), precision);
    if (error != std::errc() || precision < 0 || precision > kPrecisionMax) return std::nullopt;
    clause.precision = precision;
    rest->remove_prefix(static_cast<size_t>(end - begin));
  }
  if (rest->empty()) return std::nullopt;
  clause.letter = (*rest)[0];
  rest->remove_prefix(1);
  return clause;
}

bool AppendAny(const Value& value, int nesting, TextBuilder* text, Scratch& scratch);

bool AppendList(const Value& list, int nesting, TextBuilder* text, Scratch& scratch) {
  text->Append('[');
  bool first = true;
  for (const Value& element : list.list_value()) {
    if (!first) text->Append(", ");
    if (!AppendAny(element, nesting, text, scratch)) return false;
    first = false;
  }
  text->Append(']');
  return true;
}

// Entries in the order of their keys' texts.
bool AppendMap(const Value& map, int nesting, TextBuilder* text, Scratch& scratch) {
  const size_t count = map.map_size();
  const auto entries = map.map_entries();
  Value* sorted = scratch.TakeValues(2 * count);
  if (sorted == nullptr) return false;
  for (size_t i = 0; i < count; ++i) {
    TextBuilder key(scratch);
    AppendPlain(entries[2 * i], &key);
    sorted[2 * i] = key.ToString();
    sorted[2 * i + 1] = entries[2 * i + 1];
    if (key.failed()) return false;
  }
  // Equal texts of two keys ('1' and 1) are no map's keys, and their order says nothing.
  (void)SortMap({sorted, 2 * count});
  text->Append('{');
  for (size_t i = 0; i < count; ++i) {
    if (i > 0) text->Append(", ");
    text->Append(sorted[2 * i].string_value());
    text->Append(": ");
    if (!AppendAny(sorted[2 * i + 1], nesting, text, scratch)) return false;
  }
  text->Append('}');
  return true;
}

// %s: false for what has no text.
bool AppendAny(const Value& value, int nesting, TextBuilder* text, Scratch& scratch) {
  if (nesting >= kNestingMax || text->failed()) return false;
  if (value.is_list()) return AppendList(value, nesting + 1, text, scratch);
  if (value.is_map()) return AppendMap(value, nesting + 1, text, scratch);
  if (value.kind() == ValueKind::kOpaque) return false;
  AppendPlain(value, text);
  return true;
}

// %d, %b, %o of a whole number.
bool AppendInteger(const Value& value, int base, TextBuilder* text) {
  char written[72];
  char* const end = written + sizeof(written);
  std::to_chars_result result{};
  if (value.is_int()) {
    result = std::to_chars(written, end, value.int_value(), base);
  } else if (value.is_uint()) {
    result = std::to_chars(written, end, value.uint_value(), base);
  } else {
    return false;
  }
  text->Append(std::string_view(written, static_cast<size_t>(result.ptr - written)));
  return true;
}

bool AppendDecimal(const Value& value, TextBuilder* text) {
  // What is no number at all in the other direction is written as such by every clause for numbers.
  const bool special = value.is_double() && !std::isfinite(value.double_value());
  if (special) AppendPlain(value, text);
  return special || AppendInteger(value, 10, text);
}

bool AppendBinary(const Value& value, TextBuilder* text) {
  if (!value.is_bool()) return AppendInteger(value, 2, text);
  text->Append(value.bool_value() ? '1' : '0');
  return true;
}

void Capitalise(char* begin, char* end) {
  std::transform(begin, end, begin,
                 [](char c) { return c >= 'a' && c <= 'f' ? static_cast<char>(c - 32) : c; });
}

bool AppendHex(const Value& value, bool capital, TextBuilder* text) {
  char written[20];
  char* end = written;
  if (value.is_int()) {
    end = std::to_chars(written, written + sizeof(written), value.int_value(), 16).ptr;
  } else if (value.is_uint()) {
    end = std::to_chars(written, written + sizeof(written), value.uint_value(), 16).ptr;
  } else if (!value.is_string() && !value.is_bytes()) {
    return false;
  }
  if (value.is_string() || value.is_bytes()) {
    const char* digits = capital ? "0123456789ABCDEF" : "0123456789abcdef";
    for (const char c : value.string_value()) {
      text->Append(digits[static_cast<unsigned char>(c) >> 4]);
      text->Append(digits[static_cast<unsigned char>(c) & 15]);
    }
    return true;
  }
  if (capital) Capitalise(written, end);
  text->Append(std::string_view(written, static_cast<size_t>(end - written)));
  return true;
}

// %f and %e, halves to even as the number's exact binary value says.
bool AppendReal(const Value& value, std::chars_format format, int precision, TextBuilder* text) {
  const Value number = ToDouble(value);
  if (value.is_string() || !number.is_double()) return false;
  if (!std::isfinite(number.double_value())) {
    AppendPlain(number, text);
    return true;
  }
  char written[512];  // 309 digits before the point and kPrecisionMax behind it
  const auto result =
      std::to_chars(written, written + sizeof(written), number.double_value(), format, precision);
  text->Append(std::string_view(written, static_cast<size_t>(result.ptr - written)));
  return true;
}

bool AppendClause(const Clause& clause, const Value& value, TextBuilder* text, Scratch& scratch) {
  const int precision = clause.precision.value_or(kPrecisionDefault);
  switch (clause.letter) {
    case 's':
      return AppendAny(value, 0, text, scratch);
    case 'd':
      return AppendDecimal(value, text);
    case 'f':
      return AppendReal(value, std::chars_format::fixed, precision, text);
    case 'e':
      return AppendReal(value, std::chars_format::scientific, precision, text);
    case 'b':
      return AppendBinary(value, text);
    case 'o':
      return AppendInteger(value, 8, text);
    case 'x':
    case 'X':
      return AppendHex(value, clause.letter == 'X', text);
    default:
      return false;
  }
}

Value Format(Arguments arguments, Scratch& scratch) {
  std::string_view rest = arguments[0].string_value();
  const auto values = arguments[1].list_value();
  size_t next = 0;
  TextBuilder text(scratch);
  while (!rest.empty()) {
    const size_t plain = std::min(rest.find('%'), rest.size());
    text.Append(rest.substr(0, plain));
    rest.remove_prefix(plain);
    if (rest.empty()) break;
    rest.remove_prefix(1);
    if (rest.starts_with('%')) {
      text.Append('%');
      rest.remove_prefix(1);
      continue;
    }
    const std::optional<Clause> clause = ReadClause(&rest);
    if (!clause.has_value() || next == values.size()) return kBad;
    if (!AppendClause(*clause, values[next++], &text, scratch)) {
      return text.failed() ? text.ToString() : kBad;
    }
  }
  return text.ToString();
}

// The text as a literal of the language, in double quotes.
Value Quote(Arguments arguments, Scratch& scratch) {
  static constexpr std::string_view kMeant = "\a\b\f\n\r\t\v\\\"";
  static constexpr std::string_view kWritten = "abfnrtv\\\"";
  TextBuilder text(scratch);
  text.Append('"');
  for (const char c : arguments[0].string_value()) {
    const size_t escape = kMeant.find(c);
    if (escape != std::string_view::npos) text.Append('\\');
    text.Append(escape != std::string_view::npos ? kWritten[escape] : c);
  }
  text.Append('"');
  return text.ToString();
}

}  // namespace

std::vector<Function> FormatFunctions() {
  const Type text = Type::String();
  return {{.name = "format",
           .method = true,
           .parameters = {text, Type::List(Type::Dynamic())},
           .result = text,
           .build = &Format},
          {.name = "strings.quote", .parameters = {text}, .result = text, .build = &Quote}};
}

}  // namespace fundgate::expression
