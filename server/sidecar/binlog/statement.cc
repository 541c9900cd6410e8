#include "server/sidecar/binlog/statement.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "fundgate/types/text.h"
#include "server/sidecar/binlog/shadow.h"
#include "server/sidecar/binlog/sql_lexer.h"

namespace fundgate::binlog {
namespace {

class Parser {
 public:
  Parser(std::string_view sql, std::string_view database) : lexer_(sql), database_(database) {
    Advance();
  }

  Statement Parse() {
    if (token_.kind == SqlToken::Kind::kEnd) return Make(Statement::Kind::kNoRows);
    if (Accept("BEGIN")) return Make(Statement::Kind::kBegin);
    if (Accept("COMMIT")) return Make(Statement::Kind::kCommit);
    if (Accept("ROLLBACK")) {
      if (Is("WORK")) Advance();
      return Make(Is("TO") ? Statement::Kind::kRollbackTo : Statement::Kind::kRollback);
    }
    if (Accept("START")) {
      return Is("TRANSACTION") ? Make(Statement::Kind::kBegin) : ChangesAny();
    }
    if (Accept("XA")) return ParseXa();
    if (Accept("TRUNCATE")) return ParseTruncate();
    if (Accept("DROP")) return ParseDrop();
    if (Accept("RENAME")) return ParseRename();
    if (Accept("CREATE")) return ParseCreate();
    if (Accept("ALTER")) return ParseAlter();
    if (Accept("SET")) return Is("STATEMENT") ? ChangesAny() : Make(Statement::Kind::kNoRows);
    for (const char* harmless :
         {"SAVEPOINT", "RELEASE", "GRANT", "REVOKE", "FLUSH", "ANALYZE", "OPTIMIZE", "REPAIR",
          "CHECK", "INSTALL", "UNINSTALL", "USE", "LOCK", "UNLOCK", "COMMENT"}) {
      if (Is(harmless)) return Make(Statement::Kind::kNoRows);
    }
    return ChangesAny();
  }

 private:
  void Advance() { token_ = lexer_.Next(); }
  bool Is(std::string_view word) const {
    return token_.kind == SqlToken::Kind::kWord && token_.upper == word;
  }
  bool IsSign(char sign) const {
    return token_.kind == SqlToken::Kind::kSign && token_.text[0] == sign;
  }
  bool AtEnd() const { return token_.kind == SqlToken::Kind::kEnd; }
  bool Accept(std::string_view word) {
    if (!Is(word)) return false;
    Advance();
    return true;
  }
  void AcceptAll(std::initializer_list<const char*> words) {
    for (const char* word : words) Accept(word);
  }

  static Statement Make(Statement::Kind kind) {
    Statement statement;
    statement.kind = kind;
    return statement;
  }
  static Statement ChangesAny() {
    Statement statement = Make(Statement::Kind::kChangesRows);
    statement.tables.emplace_back();
    return statement;
  }

  // name or name.name. False if there is none.
  bool ParseName(TableName& name) {
    if (token_.kind != SqlToken::Kind::kWord && token_.kind != SqlToken::Kind::kQuotedName)
      return false;
    name = {.database = std::string(database_), .table = token_.text};
    Advance();
    if (!IsSign('.')) return true;
    Advance();
    if (token_.kind != SqlToken::Kind::kWord && token_.kind != SqlToken::Kind::kQuotedName)
      return false;
    name.database = std::move(name.table);
    name.table = token_.text;
    Advance();
    return true;
  }

  Statement ParseXa() {
    Statement statement = Make(Statement::Kind::kNoRows);
    if (Accept("START") || Accept("BEGIN")) {
      statement.kind = Statement::Kind::kXaStart;
    } else if (Accept("END")) {
      statement.kind = Statement::Kind::kXaEnd;
    } else if (Accept("COMMIT")) {
      statement.kind = Statement::Kind::kXaCommit;
    } else if (Accept("ROLLBACK")) {
      statement.kind = Statement::Kind::kXaRollback;
    } else {
      return statement;
    }
    std::string parts[2];
    for (std::string& part : parts) {
      // X'6162', 0x6162 or 'ab'.
      const bool hexadecimal = Accept("X");
      if (token_.upper.starts_with("0X")) {
        part = absl::HexStringToBytes(ToAbsl(std::string_view(token_.text).substr(2)));
        Advance();
      } else if (token_.kind == SqlToken::Kind::kString) {
        part = hexadecimal ? absl::HexStringToBytes(token_.text) : token_.text;
        Advance();
      }
      if (IsSign(',')) Advance();
    }
    uint32_t format = 1;
    if (token_.kind == SqlToken::Kind::kWord && !absl::SimpleAtoi(token_.text, &format)) format = 1;
    statement.xa_id = XaName(parts[0], parts[1], format);
    return statement;
  }

  Statement ParseTruncate() {
    Accept("TABLE");
    Statement statement = Make(Statement::Kind::kChangesRows);
    TableName name;
    if (!ParseName(name)) return ChangesAny();
    statement.tables.push_back(std::move(name));
    return statement;
  }

  Statement ParseDrop() {
    if (Accept("TEMPORARY")) return Make(Statement::Kind::kNoRows);
    Statement statement = Make(Statement::Kind::kChangesRows);
    TableName name;
    if (Accept("DATABASE") || Accept("SCHEMA")) {
      AcceptAll({"IF", "EXISTS"});
      if (!ParseName(name)) return ChangesAny();
      statement.tables.push_back({.database = name.table, .table = ""});
      return statement;
    }
    if (!Accept("TABLE") && !Accept("TABLES")) return Make(Statement::Kind::kNoRows);
    AcceptAll({"IF", "EXISTS"});
    while (ParseName(name)) {
      statement.tables.push_back(std::move(name));
      if (!IsSign(',')) break;
      Advance();
    }
    return statement.tables.empty() ? ChangesAny() : statement;
  }

  Statement ParseRename() {
    if (!Accept("TABLE") && !Accept("TABLES")) return Make(Statement::Kind::kNoRows);
    AcceptAll({"IF", "EXISTS"});
    Statement statement = Make(Statement::Kind::kChangesRows);
    TableName name;
    while (ParseName(name)) {
      statement.tables.push_back(std::move(name));
      while (!AtEnd() && !Is("TO") && !IsSign(',')) Advance();  // WAIT 5, NOWAIT
      if (AtEnd()) break;
      Advance();
    }
    if (statement.tables.empty()) return ChangesAny();
    LeaveOutCutOver(statement.tables);
    return statement;
  }

  // An online schema change has copied the rows and puts its own table in the place of the old one:
  // none comes or goes. `names`: what is renamed and to what, in turns.
  static void LeaveOutCutOver(std::vector<TableName>& names) {
    const auto is_same = [](const TableName& a, const TableName& b) {
      return a.database == b.database && a.table == b.table;
    };
    std::vector<TableName> replaced;
    for (size_t i = 3; i < names.size(); i += 2) {
      const TableName& table = names[i];
      const TableName& shadow = names[i - 1];
      if (shadow.database != table.database || !BecomesTable(shadow.table, table.table)) continue;
      for (size_t from = 0; from + 2 < i; from += 2) {
        if (is_same(names[from], table)) replaced.push_back(table);
      }
    }
    names.erase(std::remove_if(names.begin(), names.end(),
                               [&](const TableName& name) {
                                 return std::any_of(
                                     replaced.begin(), replaced.end(),
                                     [&](const TableName& table) { return is_same(table, name); });
                               }),
                names.end());
  }

  // A new table is empty, unless it is made from a SELECT that was logged as text, or replaces one.
  Statement ParseCreate() {
    const bool replaces = Is("OR");
    AcceptAll({"OR", "REPLACE"});
    if (!Accept("TABLE")) return Make(Statement::Kind::kNoRows);
    AcceptAll({"IF", "NOT", "EXISTS"});
    TableName name;
    if (!ParseName(name)) return ChangesAny();
    bool selects = false;
    while (!AtEnd()) {
      const bool values = Is("VALUES");  // of a row; those of partitions go on with a word
      selects = selects || Is("SELECT");
      Advance();
      selects = selects || (values && IsSign('('));
    }
    if (!replaces && !selects) return Make(Statement::Kind::kNoRows);
    Statement statement = Make(Statement::Kind::kChangesRows);
    statement.tables.push_back(std::move(name));
    return statement;
  }

  // Partitions can be emptied, thrown away and exchanged with their rows; a table can be renamed.
  Statement ParseAlter() {
    AcceptAll({"ONLINE", "IGNORE"});
    if (!Accept("TABLE")) return Make(Statement::Kind::kNoRows);
    AcceptAll({"IF", "EXISTS"});
    Statement statement = Make(Statement::Kind::kChangesRows);
    TableName name;
    if (!ParseName(name)) return ChangesAny();
    statement.tables.push_back(std::move(name));
    bool changes = false;
    while (!AtEnd()) {
      const bool moves = Is("DROP") || Is("TRUNCATE") || Is("EXCHANGE") || Is("CONVERT") ||
                         Is("DISCARD") || Is("IMPORT");
      const bool renames = Is("RENAME");
      Advance();
      if (moves && (Is("PARTITION") || Is("TABLESPACE") || Is("TABLE"))) changes = true;
      if (renames && !Is("COLUMN") && !Is("INDEX") && !Is("KEY")) changes = true;
      const bool names_other = Is("TABLE") || (renames && changes);
      if (!names_other) continue;
      if (!Accept("TABLE")) Accept("TO");
      Accept("AS");
      if (ParseName(name)) statement.tables.push_back(std::move(name));
    }
    return changes ? statement : Make(Statement::Kind::kNoRows);
  }

  SqlLexer lexer_;
  std::string_view database_;
  SqlToken token_;
};

}  // namespace

Statement Classify(std::string_view sql, std::string_view database) {
  return Parser(sql, database).Parse();
}

std::string XaName(std::string_view global, std::string_view branch, uint32_t format) {
  return absl::StrCat("X'", absl::BytesToHexString(ToAbsl(global)), "',X'",
                      absl::BytesToHexString(ToAbsl(branch)), "',", format);
}

}  // namespace fundgate::binlog
