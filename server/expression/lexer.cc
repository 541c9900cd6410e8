#include "server/expression/lexer.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "server/expression/utf8.h"

namespace fundgate::expression {
namespace {

constexpr std::array<std::string_view, 17> kReserved = {
    "as",  "break", "const",   "continue",  "else",   "for", "function", "if",   "import",
    "let", "loop",  "package", "namespace", "return", "var", "void",     "while"};

// Longer symbols first, so that "<=" is not read as "<".
constexpr std::array<std::string_view, 24> kSymbols = {
    "<=", ">=", "==", "!=", "&&", "||", "(", ")", "[", "]", "{", "}",
    ".",  ",",  "?",  ":",  "+",  "-",  "*", "/", "%", "!", "<", ">"};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsHexDigit(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool IsNameStart(char c) { return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsNamePart(char c) { return IsNameStart(c) || IsDigit(c); }
bool IsQuotedNamePart(char c) {
  return IsNamePart(c) || c == '.' || c == '-' || c == '/' || c == ' ';
}

uint32_t HexValue(char c) {
  if (IsDigit(c)) return static_cast<uint32_t>(c - '0');
  return static_cast<uint32_t>((c | 0x20) - 'a' + 10);
}

bool IsIdentifier(std::string_view word) {
  return !word.empty() && IsNameStart(word[0]) &&
         std::all_of(word.begin(), word.end(), [](char c) { return IsNamePart(c); });
}

// The character that a one-letter escape stands for.
std::optional<char> SimpleEscape(char c) {
  switch (c) {
    case '\\':
    case '?':
    case '"':
    case '\'':
    case '`':
      return c;
    case 'a':
      return '\a';
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'v':
      return '\v';
    default:
      return std::nullopt;
  }
}

class Lexer {
 public:
  Lexer(std::string_view source, std::vector<Issue>* issues) : source_(source), issues_(issues) {}

  std::vector<Token> Run() {
    const size_t bad = InvalidUtf8At(source_);
    if (bad != std::string_view::npos) {
      Report(bad, "the text is not valid UTF-8 here");
      return {End()};
    }
    while (SkipBlanks()) Next();
    tokens_.push_back(End());
    return std::move(tokens_);
  }

 private:
  char At(size_t i) const { return i < source_.size() ? source_[i] : '\0'; }

  void Report(size_t offset, std::string message) {
    const auto at = static_cast<uint32_t>(offset);
    issues_->push_back({at, Locate(source_, at), std::move(message)});
  }

  Token End() const {
    return {TokenKind::kEnd, static_cast<uint32_t>(source_.size()), source_.substr(source_.size()),
            ""};
  }

  void Push(TokenKind kind, size_t begin, std::string value = "") {
    tokens_.push_back(
        {kind, static_cast<uint32_t>(begin), source_.substr(begin, at_ - begin), std::move(value)});
  }

  // Whitespace, and comments up to a line feed. False at the end of the text.
  bool SkipBlanks() {
    while (at_ < source_.size()) {
      const char c = source_[at_];
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
        ++at_;
      } else if (c == '/' && At(at_ + 1) == '/') {
        at_ = std::min(source_.find('\n', at_), source_.size());
      } else {
        return true;
      }
    }
    return false;
  }

  void Next() {
    const char c = source_[at_];
    if (IsDigit(c) || (c == '.' && IsDigit(At(at_ + 1)))) return Number();
    if (const size_t prefix = StringPrefix(); prefix != std::string_view::npos) {
      return String(prefix);
    }
    if (IsNameStart(c)) return Name();
    if (c == '`') return QuotedName();
    Symbol();
  }

  void Name() {
    const size_t begin = at_;
    while (IsNamePart(At(at_))) ++at_;
    const std::string_view word = source_.substr(begin, at_ - begin);
    TokenKind kind = TokenKind::kName;
    if (word == "true") kind = TokenKind::kTrue;
    if (word == "false") kind = TokenKind::kFalse;
    if (word == "null") kind = TokenKind::kNull;
    if (word == "in") kind = TokenKind::kIn;
    Push(kind, begin);
  }

  void QuotedName() {
    const size_t begin = at_;
    const size_t close = source_.find_first_of("`\n", begin + 1);
    at_ = close == std::string_view::npos ? source_.size() : close + 1;
    const std::string_view name = source_.substr(begin + 1, close - begin - 1);
    const bool ends = close != std::string_view::npos && source_[close] == '`';
    if (!ends || name.empty() || !std::all_of(name.begin(), name.end(), IsQuotedNamePart)) {
      Report(begin,
             "a field's name in backticks has letters, digits, '_', '.', '-', '/' and "
             "spaces, and ends with a backtick on its line");
    }
    Push(TokenKind::kQuotedName, begin, std::string(name));
  }

  void Symbol() {
    for (const std::string_view symbol : kSymbols) {
      if (source_.substr(at_, symbol.size()) == symbol) {
        const size_t begin = at_;
        at_ += symbol.size();
        return Push(TokenKind::kSymbol, begin);
      }
    }
    const size_t begin = at_;
    at_ += CodePointSize(source_, at_);
    const std::string_view wrong = source_.substr(begin, at_ - begin);
    std::string hint;
    if (wrong == "=") hint = "; equality is written ==";
    if (wrong == "&") hint = "; the logical operator is &&";
    if (wrong == "|") hint = "; the logical operator is ||";
    const bool printable = static_cast<unsigned char>(wrong[0]) > 0x20 && wrong[0] != 0x7f;
    Report(begin, (printable ? "the character '" + std::string(wrong) + "'"
                             : std::string("this control character")) +
                      " has no meaning here" + hint);
  }

  void Number() {
    const size_t begin = at_;
    if (At(at_) == '0' && At(at_ + 1) == 'x' && IsHexDigit(At(at_ + 2))) {
      at_ += 2;
      while (IsHexDigit(At(at_))) ++at_;
      return Integer(begin);
    }
    while (IsDigit(At(at_))) ++at_;
    bool is_double = false;
    if (At(at_) == '.' && IsDigit(At(at_ + 1))) {
      is_double = true;
      ++at_;
      while (IsDigit(At(at_))) ++at_;
    }
    if (const size_t digits = ExponentDigits(); digits != 0) {
      is_double = true;
      at_ = digits;
      while (IsDigit(At(at_))) ++at_;
    }
    if (is_double) return Push(TokenKind::kDouble, begin);
    Integer(begin);
  }

  // Where the digits of an exponent begin if one stands here, else 0.
  size_t ExponentDigits() const {
    if (At(at_) != 'e' && At(at_) != 'E') return 0;
    const size_t digits = At(at_ + 1) == '+' || At(at_ + 1) == '-' ? at_ + 2 : at_ + 1;
    return IsDigit(At(digits)) ? digits : 0;
  }

  void Integer(size_t begin) {
    const bool is_unsigned = At(at_) == 'u' || At(at_) == 'U';
    Push(is_unsigned ? TokenKind::kUint : TokenKind::kInt, begin);
    if (is_unsigned) ++at_;
  }

  // Count of letters before the opening quote if a string literal begins here, else npos.
  size_t StringPrefix() const {
    for (size_t letters = 0; letters <= 2; ++letters) {
      const char c = At(at_ + letters);
      if (c == '"' || c == '\'') return letters;
      const bool raw = c == 'r' || c == 'R';
      const bool bytes = (c == 'b' || c == 'B') && letters == 0;
      const bool after_raw = letters > 0 && (At(at_) == 'r' || At(at_) == 'R');
      if (!(raw || bytes) || after_raw) return std::string_view::npos;
    }
    return std::string_view::npos;
  }

  void String(size_t prefix) {
    const size_t begin = at_;
    const std::string_view letters = source_.substr(begin, prefix);
    const bool raw = letters.find_first_of("rR") != std::string_view::npos;
    const bool bytes = letters.find_first_of("bB") != std::string_view::npos;
    at_ += prefix;
    const char quote = source_[at_];
    const bool triple = At(at_ + 1) == quote && At(at_ + 2) == quote;
    at_ += triple ? 3 : 1;
    std::string value;
    if (!Content(quote, triple, raw, bytes, &value)) {
      Report(begin, std::string("this string does not end; a closing ") +
                        std::string(triple ? 3 : 1, quote) + " is missing" +
                        (triple ? "" : " on its line"));
    }
    Push(bytes ? TokenKind::kBytes : TokenKind::kString, begin, std::move(value));
  }

  // Reads up to and over the closing quotes. False if there are none.
  bool Content(char quote, bool triple, bool raw, bool bytes, std::string* value) {
    while (at_ < source_.size()) {
      const char c = source_[at_];
      if (c == quote && (!triple || (At(at_ + 1) == quote && At(at_ + 2) == quote))) {
        at_ += triple ? 3 : 1;
        return true;
      }
      if (!triple && (c == '\n' || c == '\r')) return false;
      if (c == '\\' && !raw) {
        Escape(bytes, value);
      } else {
        value->push_back(c);
        ++at_;
      }
    }
    return false;
  }

  void Escape(bool bytes, std::string* value) {
    const size_t begin = at_;
    const char c = At(++at_);
    if (const std::optional<char> simple = SimpleEscape(c)) {
      value->push_back(*simple);
      ++at_;
      return;
    }
    if (c >= '0' && c <= '3') return Digits(begin, 3, 8, bytes, value);
    ++at_;
    if (c == 'x' || c == 'X') return Digits(begin, 2, 16, bytes, value);
    if (c == 'u') return Digits(begin, 4, 16, false, value);
    if (c == 'U') return Digits(begin, 8, 16, false, value);
    --at_;
    Report(begin,
           "this escape means nothing in a string; to write a backslash double it, or put r before "
           "the string");
  }

  void Digits(size_t begin, int count, uint32_t base, bool bytes, std::string* value) {
    uint32_t code = 0;
    for (int i = 0; i < count; ++i) {
      const char c = At(at_);
      const bool is_digit = base == 8 ? c >= '0' && c <= '7' : IsHexDigit(c);
      if (!is_digit) {
        return Report(begin, "this escape needs " + std::to_string(count) +
                                 (base == 8 ? " octal" : " hexadecimal") + " digits");
      }
      code = code * base + HexValue(c);
      ++at_;
    }
    if (bytes) {
      value->push_back(static_cast<char>(code));
    } else if (!AppendUtf8(code, value)) {
      Report(begin, "this escape names no Unicode character");
    }
  }

  std::string_view source_;
  std::vector<Issue>* issues_;
  std::vector<Token> tokens_;
  size_t at_ = 0;
};

}  // namespace

std::vector<Token> Tokenize(std::string_view source, std::vector<Issue>* issues) {
  return Lexer(source, issues).Run();
}

bool IsReserved(std::string_view word) {
  return std::find(kReserved.begin(), kReserved.end(), word) != kReserved.end();
}

bool IsFieldName(std::string_view word) {
  return IsIdentifier(word) && word != "true" && word != "false" && word != "null" && word != "in";
}

bool IsVariableName(std::string_view word) { return IsFieldName(word) && !IsReserved(word); }

}  // namespace fundgate::expression
