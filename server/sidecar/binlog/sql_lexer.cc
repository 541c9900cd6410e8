#include "server/sidecar/binlog/sql_lexer.h"

#include <cctype>

#include "absl/strings/ascii.h"

namespace fundgate::binlog {
namespace {

bool IsWordByte(char byte) {
  const auto code = static_cast<unsigned char>(byte);
  return std::isalnum(code) != 0 || byte == '_' || byte == '$' || code >= 0x80;
}

bool IsDigit(char byte) { return std::isdigit(static_cast<unsigned char>(byte)) != 0; }

}  // namespace

SqlToken SqlLexer::Next() {
  SkipBlanks();
  SqlToken token;
  if (at_ >= sql_.size()) return token;
  const char first = sql_[at_];
  if (first == '`' || first == '"' || first == '\'') {
    token.kind = first == '\'' ? SqlToken::Kind::kString : SqlToken::Kind::kQuotedName;
    token.text = Quoted(first);
  } else if (IsWordByte(first)) {
    const size_t begin = at_;
    while (at_ < sql_.size() && IsWordByte(sql_[at_])) ++at_;
    token.kind = SqlToken::Kind::kWord;
    token.text = sql_.substr(begin, at_ - begin);
    token.upper = absl::AsciiStrToUpper(token.text);
  } else {
    token.kind = SqlToken::Kind::kSign;
    token.text = sql_.substr(at_++, 1);
  }
  return token;
}

void SqlLexer::SkipPast(std::string_view end) {
  const size_t found = sql_.find(end, at_);
  at_ = found == std::string_view::npos ? sql_.size() : found + end.size();
}

void SqlLexer::SkipBlanks() {
  while (at_ < sql_.size()) {
    if (std::isspace(static_cast<unsigned char>(sql_[at_])) != 0 || StartsWith("*/")) {
      at_ += StartsWith("*/") ? 2 : 1;
    } else if (StartsWith("/*!") || StartsWith("/*M!")) {
      at_ += StartsWith("/*!") ? 3 : 4;
      while (at_ < sql_.size() && IsDigit(sql_[at_])) ++at_;
    } else if (StartsWith("/*")) {
      SkipPast("*/");
    } else if (StartsWith("-- ") || StartsWith("--\n") || StartsWith("#")) {
      SkipPast("\n");
    } else {
      return;
    }
  }
}

std::string SqlLexer::Quoted(char quote) {
  std::string text;
  for (++at_; at_ < sql_.size(); ++at_) {
    if (sql_[at_] == quote) {
      if (at_ + 1 >= sql_.size() || sql_[at_ + 1] != quote) break;
      ++at_;
    } else if (sql_[at_] == '\\' && quote != '`' && at_ + 1 < sql_.size()) {
      ++at_;
      is_ambiguous_ = is_ambiguous_ || sql_[at_] == quote;
    }
    text += sql_[at_];
  }
  ++at_;
  return text;
}

}  // namespace fundgate::binlog
