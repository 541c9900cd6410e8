// Walks over the tokens of a statement.
#ifndef SERVER_SIDECAR_SCHEMA_SQL_CURSOR_H_
#define SERVER_SIDECAR_SCHEMA_SQL_CURSOR_H_

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "server/sidecar/binlog/sql_lexer.h"
#include "server/sidecar/binlog/statement.h"

namespace fundgate::schema {

// Stands at a token. A copy looks ahead.
class SqlCursor {
 public:
  explicit SqlCursor(std::string_view sql) : lexer_(sql) { Advance(); }

  void Advance() { token_ = lexer_.Next(); }
  const binlog::SqlToken& token() const { return token_; }
  bool AtEnd() const { return token_.kind == binlog::SqlToken::Kind::kEnd; }
  bool is_ambiguous() const { return lexer_.is_ambiguous(); }

  // An unquoted word.
  bool Is(std::string_view word) const {
    return token_.kind == binlog::SqlToken::Kind::kWord && token_.upper == word;
  }
  bool IsOneOf(std::initializer_list<std::string_view> words) const {
    for (const std::string_view word : words) {
      if (Is(word)) return true;
    }
    return false;
  }
  bool IsSign(char sign) const {
    return token_.kind == binlog::SqlToken::Kind::kSign && token_.text[0] == sign;
  }
  bool IsName() const {
    return token_.kind == binlog::SqlToken::Kind::kWord ||
           token_.kind == binlog::SqlToken::Kind::kQuotedName;
  }
  // 'text', and "text" as it is without ANSI_QUOTES.
  bool IsText() const {
    return token_.kind == binlog::SqlToken::Kind::kString ||
           token_.kind == binlog::SqlToken::Kind::kQuotedName;
  }

  bool Accept(std::string_view word) {
    if (!Is(word)) return false;
    Advance();
    return true;
  }
  // All of the words, one after another, or none.
  bool AcceptAll(std::initializer_list<std::string_view> words) {
    SqlCursor ahead = *this;
    for (const std::string_view word : words) {
      if (!ahead.Accept(word)) return false;
    }
    *this = std::move(ahead);
    return true;
  }
  bool AcceptSign(char sign) {
    if (!IsSign(sign)) return false;
    Advance();
    return true;
  }

  // A name; empty if there is none.
  std::string TakeName() {
    if (!IsName()) return "";
    std::string name = token_.text;
    Advance();
    return name;
  }
  // name or name.name, of `database` if it names none. False if there is none.
  bool TakeTable(std::string_view database, binlog::TableName& name) {
    name = {std::string(database), TakeName()};
    if (name.table.empty() || !AcceptSign('.')) return !name.table.empty();
    name.database = std::exchange(name.table, TakeName());
    return !name.table.empty();
  }

  // Over one token, or over everything between brackets that open here.
  void Skip() {
    int depth = 0;
    do {
      if (IsSign('(')) ++depth;
      if (IsSign(')')) --depth;
      Advance();
    } while (depth > 0 && !AtEnd());
  }

 private:
  binlog::SqlLexer lexer_;
  binlog::SqlToken token_;
};

}  // namespace fundgate::schema

#endif  // SERVER_SIDECAR_SCHEMA_SQL_CURSOR_H_
