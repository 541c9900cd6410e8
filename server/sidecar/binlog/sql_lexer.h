// SQL, cut into tokens.
#ifndef SERVER_SIDECAR_BINLOG_SQL_LEXER_H_
#define SERVER_SIDECAR_BINLOG_SQL_LEXER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace fundgate::binlog {

struct SqlToken {
  enum class Kind : uint8_t { kEnd, kWord, kQuotedName, kString, kSign };
  Kind kind = Kind::kEnd;
  std::string text;   // names and strings without quotes
  std::string upper;  // of words: in capitals
};

// Cuts a statement into tokens. Comments are left out, but what servers execute of them (/*! and
// /*M!) is not. Text in double quotes is a name, though it is a string unless the session's
// sql_mode has ANSI_QUOTES.
class SqlLexer {
 public:
  explicit SqlLexer(std::string_view sql) : sql_(sql) {}

  SqlToken Next();

  // A backslash stood before a quote: where that string ends depends on the session's sql_mode
  // (NO_BACKSLASH_ESCAPES); it was taken as one that escapes.
  bool is_ambiguous() const { return is_ambiguous_; }

 private:
  bool StartsWith(std::string_view text) const { return sql_.substr(at_).starts_with(text); }
  void SkipPast(std::string_view end);
  void SkipBlanks();
  std::string Quoted(char quote);

  std::string_view sql_;
  size_t at_ = 0;
  bool is_ambiguous_ = false;
};

}  // namespace fundgate::binlog

#endif  // SERVER_SIDECAR_BINLOG_SQL_LEXER_H_
