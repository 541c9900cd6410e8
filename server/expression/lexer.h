// Cuts an expression's text into tokens, by CEL's lexical rules.
#ifndef SERVER_EXPRESSION_LEXER_H_
#define SERVER_EXPRESSION_LEXER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/expression/issue.h"

namespace fundgate::expression {

enum class TokenKind : uint8_t {
  kEnd,
  kName,  // identifiers, and the words that are reserved but may name fields
  kTrue,
  kFalse,
  kNull,
  kIn,
  kInt,   // text is the digits, with 0x of hexadecimal ones
  kUint,  // the same, without the u
  kDouble,
  kString,      // value is the content, escapes resolved
  kBytes,       // the same
  kQuotedName,  // `name`, of fields; value is what stands between the backticks
  kSymbol,      // text is one of ( ) [ ] { } . , ? : + - * / % ! < <= > >= == != && ||
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  uint32_t offset = 0;    // of its first byte
  std::string_view text;  // as written, a view of the source
  std::string value;      // of strings, bytes and quoted names

  bool Is(std::string_view symbol) const { return kind == TokenKind::kSymbol && text == symbol; }
};

// All tokens, the last of kind kEnd. Problems (characters and escapes that mean nothing, strings
// that do not end, text that is not UTF-8) are appended to `issues`, and reading goes on behind
// them.
std::vector<Token> Tokenize(std::string_view source, std::vector<Issue>* issues);

// Words that CEL keeps for languages around it: fields and methods may be called so, variables and
// functions may not.
bool IsReserved(std::string_view word);

// An identifier that is neither a word of the language (true, false, null, in) nor reserved.
bool IsVariableName(std::string_view word);

// An identifier that is no word of the language.
bool IsFieldName(std::string_view word);

}  // namespace fundgate::expression

#endif  // SERVER_EXPRESSION_LEXER_H_
