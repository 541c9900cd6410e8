#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>

#include "server/expression/functions/tables.h"
#include "server/expression/utf8.h"

namespace fundgate::expression {
namespace {

using Arguments = std::span<const Value>;
using TypeList = std::span<const Type>;

constexpr Value kOutOfRange = Value::Error(ErrorCode::kOutOfRange);
constexpr size_t kNowhere = std::string_view::npos;

std::string_view TextOf(const Value& value) { return value.string_value(); }

// The byte at which code point number `index` begins; the size for the one behind the last, nothing
// outside.
std::optional<size_t> ByteAt(std::string_view text, int64_t index) {
  if (index < 0) return std::nullopt;
  size_t at = 0;
  for (; index > 0; --index) {
    if (at >= text.size()) return std::nullopt;
    at += CodePointSize(text, at);
  }
  return at;
}

// Where `what` begins at or behind `from`. Its time grows with the sum of both lengths, where that
// of std::string_view::find grows with their product: texts come from outside.
size_t Find(std::string_view text, std::string_view what, size_t from = 0) {
  if (what.empty()) return from;
  if (text.size() - from < what.size()) return kNowhere;
  const void* found = memmem(text.data() + from, text.size() - from, what.data(), what.size());
  if (found == nullptr) return kNowhere;
  return static_cast<size_t>(static_cast<const char*>(found) - text.data());
}

int64_t IndexOfByte(std::string_view text, size_t byte) {
  return CountCodePoints(text.substr(0, byte));
}

Value Contains(Arguments arguments) {
  return Value::Bool(Find(TextOf(arguments[0]), TextOf(arguments[1])) != kNowhere);
}
Value StartsWith(Arguments arguments) {
  return Value::Bool(TextOf(arguments[0]).starts_with(TextOf(arguments[1])));
}
Value EndsWith(Arguments arguments) {
  return Value::Bool(TextOf(arguments[0]).ends_with(TextOf(arguments[1])));
}

// Never called: the generator compiles the pattern and makes a step of its own.
Value Matches(Arguments) { return Value::Error(ErrorCode::kNotSupported); }

Value CharAt(Arguments arguments) {
  const std::string_view text = TextOf(arguments[0]);
  const std::optional<size_t> at = ByteAt(text, arguments[1].int_value());
  if (!at.has_value()) return kOutOfRange;
  return Value::String(*at == text.size() ? "" : text.substr(*at, CodePointSize(text, *at)));
}

Value IndexOf(Arguments arguments) {
  const std::string_view text = TextOf(arguments[0]);
  const int64_t from = arguments.size() == 3 ? arguments[2].int_value() : 0;
  const std::optional<size_t> at = ByteAt(text, from);
  if (!at.has_value()) return kOutOfRange;
  const size_t found = Find(text, TextOf(arguments[1]), *at);
  return Value::Int(found == kNowhere ? -1 : IndexOfByte(text, found));
}

// Up to this product of lengths the plain search from the end takes no time to speak of.
constexpr size_t kPlainSearchMax = size_t{1} << 16;

// Where `what` begins last, at or before `from`: the first place of it in the text read backwards.
// Nothing if there is no memory to do that in.
std::optional<size_t> FindLast(std::string_view text, std::string_view what, size_t from,
                               Scratch& scratch) {
  const bool small = what.empty() || text.size() <= kPlainSearchMax / what.size();
  if (small || text.size() < what.size()) return text.rfind(what, from);
  char* backwards = scratch.TakeBytes(text.size() + what.size());
  if (backwards == nullptr) return std::nullopt;
  char* end = std::reverse_copy(text.begin(), text.end(), backwards);
  std::reverse_copy(what.begin(), what.end(), end);
  const size_t last = text.size() - what.size();
  const size_t found =
      Find({backwards, text.size()}, {end, what.size()}, last - std::min(from, last));
  return found == kNowhere ? kNowhere : last - found;
}

// The last place at or before the given one.
Value LastIndexOf(Arguments arguments, Scratch& scratch) {
  const std::string_view text = TextOf(arguments[0]);
  size_t from = text.size();
  if (arguments.size() == 3) {
    const std::optional<size_t> at = ByteAt(text, arguments[2].int_value());
    if (!at.has_value()) return kOutOfRange;
    from = *at;
  }
  const std::optional<size_t> found = FindLast(text, TextOf(arguments[1]), from, scratch);
  if (!found.has_value()) return Value::Error(ErrorCode::kTooMuchMemory);
  return Value::Int(*found == kNowhere ? -1 : IndexOfByte(text, *found));
}

Value Substring(Arguments arguments) {
  const std::string_view text = TextOf(arguments[0]);
  const std::optional<size_t> begin = ByteAt(text, arguments[1].int_value());
  const std::optional<size_t> end =
      arguments.size() == 3 ? ByteAt(text, arguments[2].int_value()) : text.size();
  if (!begin.has_value() || !end.has_value() || *begin > *end) return kOutOfRange;
  return Value::String(text.substr(*begin, *end - *begin));
}

// Unicode's White_Space.
bool IsSpace(std::string_view character) {
  static constexpr std::string_view kSpaces[] = {
      "\t",     "\n",     "\v",     "\f",     "\r",     " ",      "\u0085", "\u00a0", "\u1680",
      "\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006", "\u2007", "\u2008",
      "\u2009", "\u200a", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000"};
  return std::find(std::begin(kSpaces), std::end(kSpaces), character) != std::end(kSpaces);
}

size_t LastCharacterOf(std::string_view text) {
  size_t at = text.size() - 1;
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
  return at;
}

Value Trim(Arguments arguments) {
  std::string_view text = TextOf(arguments[0]);
  while (!text.empty() && IsSpace(text.substr(0, CodePointSize(text, 0)))) {
    text.remove_prefix(CodePointSize(text, 0));
  }
  while (!text.empty() && IsSpace(text.substr(LastCharacterOf(text)))) {
    text = text.substr(0, LastCharacterOf(text));
  }
  return Value::String(text);
}

template <char kFirst, char kLast, int kShift>
Value Shifted(Arguments arguments, Scratch& scratch) {
  const std::string_view text = TextOf(arguments[0]);
  char* shifted = scratch.TakeBytes(text.size());
  if (shifted == nullptr) return Value::Error(ErrorCode::kTooMuchMemory);
  std::transform(text.begin(), text.end(), shifted, [](char c) {
    return c >= kFirst && c <= kLast ? static_cast<char>(c + kShift) : c;
  });
  return Value::String({shifted, text.size()});
}

Value Reverse(Arguments arguments, Scratch& scratch) {
  std::string_view text = TextOf(arguments[0]);
  const size_t size = text.size();
  char* reversed = scratch.TakeBytes(size);
  if (reversed == nullptr) return Value::Error(ErrorCode::kTooMuchMemory);
  for (char* at = reversed; !text.empty();) {
    const size_t last = LastCharacterOf(text);
    at = std::copy(text.begin() + static_cast<std::ptrdiff_t>(last), text.end(), at);
    text = text.substr(0, last);
  }
  return Value::String({reversed, size});
}

// Without a limit, or a negative one, all.
int64_t LimitOf(Arguments arguments, size_t place) {
  const bool has = arguments.size() > place && arguments[place].int_value() >= 0;
  return has ? arguments[place].int_value() : std::numeric_limits<int64_t>::max();
}

// An empty text to be replaced stands before each character and at the end.
Value Replace(Arguments arguments, Scratch& scratch) {
  std::string_view rest = TextOf(arguments[0]);
  const std::string_view what = TextOf(arguments[1]);
  const std::string_view with = TextOf(arguments[2]);
  int64_t left = LimitOf(arguments, 3);
  TextBuilder text(scratch);
  while (left > 0) {
    const size_t found = Find(rest, what);
    if (found == kNowhere) break;
    text.Append(rest.substr(0, found));
    text.Append(with);
    rest.remove_prefix(found + what.size());
    --left;
    if (!what.empty()) continue;
    if (rest.empty()) break;
    const size_t size = CodePointSize(rest, 0);
    text.Append(rest.substr(0, size));
    rest.remove_prefix(size);
  }
  text.Append(rest);
  return text.ToString();
}

// The piece before the next separator, cut off the front of `rest`; an empty separator cuts single
// characters.
std::string_view CutPiece(std::string_view* rest, std::string_view separator, bool* last) {
  const size_t size = separator.empty() ? (rest->empty() ? 0 : CodePointSize(*rest, 0))
                                        : std::min(Find(*rest, separator), rest->size());
  const std::string_view piece = rest->substr(0, size);
  *last = size == rest->size();
  rest->remove_prefix(*last ? size : size + separator.size());
  return piece;
}

Value Split(Arguments arguments, Scratch& scratch) {
  const std::string_view text = TextOf(arguments[0]);
  const std::string_view separator = TextOf(arguments[1]);
  const int64_t most = LimitOf(arguments, 2);
  const bool nothing = most == 0 || (text.empty() && separator.empty());
  const auto each = [&](auto&& take) {
    std::string_view rest = text;
    int64_t count = 0;
    for (bool last = nothing; !last; ++count) {
      std::string_view piece = rest;
      last = count + 1 == most;
      if (!last) piece = CutPiece(&rest, separator, &last);
      take(count, piece);
    }
    return static_cast<size_t>(count);
  };
  const size_t count = each([](int64_t, std::string_view) {});
  Value* pieces = scratch.TakeValues(count);
  if (pieces == nullptr) return Value::Error(ErrorCode::kTooMuchMemory);
  each([&](int64_t i, std::string_view piece) { pieces[i] = Value::String(piece); });
  return Value::List({pieces, count});
}

Value JoinList(Arguments arguments, Scratch& scratch) {
  const std::string_view separator = arguments.size() == 2 ? TextOf(arguments[1]) : "";
  TextBuilder text(scratch);
  bool first = true;
  for (const Value& element : arguments[0].list_value()) {
    if (!first) text.Append(separator);
    text.Append(TextOf(element));
    first = false;
  }
  return text.ToString();
}

// How long results can be.

Type Character(TypeList) { return Type::String().AtMost(4); }  // bytes of one in UTF-8

Type AtMostReceiver(TypeList arguments) { return Type::String().AtMost(arguments[0].size_max()); }

// Every byte may be a piece, and one more stands behind the last separator.
Type Pieces(TypeList arguments) {
  const uint64_t size = arguments[0].size_max();
  const Type piece = Type::String().AtMost(size);
  return Type::List(piece).AtMost(size == Type::kUnbounded ? size : size + 1);
}

struct Entry {
  const char* name;
  std::vector<Type> parameters;  // the receiver first
  Type result;
  Value (*evaluate)(Arguments) = nullptr;
  Value (*build)(Arguments, Scratch&) = nullptr;
  Type (*result_of)(TypeList) = nullptr;
};

}  // namespace

std::vector<Function> StringFunctions() {
  const Type text = Type::String();
  const Type number = Type::Int();
  const Type truth = Type::Bool();
  const Type texts = Type::List(text);
  const Entry entries[] = {
      {"contains", {text, text}, truth, &Contains},
      {"startsWith", {text, text}, truth, &StartsWith},
      {"endsWith", {text, text}, truth, &EndsWith},
      {"matches", {text, text}, truth, &Matches},
      {"charAt", {text, number}, text, &CharAt, nullptr, &Character},
      {"indexOf", {text, text}, number, &IndexOf},
      {"indexOf", {text, text, number}, number, &IndexOf},
      {"lastIndexOf", {text, text}, number, nullptr, &LastIndexOf},
      {"lastIndexOf", {text, text, number}, number, nullptr, &LastIndexOf},
      {"substring", {text, number}, text, &Substring, nullptr, &AtMostReceiver},
      {"substring", {text, number, number}, text, &Substring, nullptr, &AtMostReceiver},
      {"trim", {text}, text, &Trim, nullptr, &AtMostReceiver},
      {"lowerAscii", {text}, text, nullptr, &Shifted<'A', 'Z', 32>, &AtMostReceiver},
      {"upperAscii", {text}, text, nullptr, &Shifted<'a', 'z', -32>, &AtMostReceiver},
      {"reverse", {text}, text, nullptr, &Reverse, &AtMostReceiver},
      {"replace", {text, text, text}, text, nullptr, &Replace},
      {"replace", {text, text, text, number}, text, nullptr, &Replace},
      {"split", {text, text}, texts, nullptr, &Split, &Pieces},
      {"split", {text, text, number}, texts, nullptr, &Split, &Pieces},
      {"join", {texts}, text, nullptr, &JoinList},
      {"join", {texts, text}, text, nullptr, &JoinList},
  };
  std::vector<Function> table;
  for (const Entry& entry : entries) {
    table.push_back({.name = entry.name,
                     .method = true,
                     .parameters = entry.parameters,
                     .result = entry.result,
                     .evaluate = entry.evaluate,
                     .build = entry.build,
                     .result_of = entry.result_of});
  }
  table.push_back(
      {.name = "matches", .parameters = {text, text}, .result = truth, .evaluate = &Matches});
  return table;
}

}  // namespace fundgate::expression
