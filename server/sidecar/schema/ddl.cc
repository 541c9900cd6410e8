#include "server/sidecar/schema/ddl.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/sidecar/schema/column_type.h"
#include "server/sidecar/schema/sql_cursor.h"

namespace fundgate::schema {
namespace {

constexpr char kPrimary[] = "PRIMARY";  // what the primary key is called among the keys

class DdlReader {
 public:
  DdlReader(std::string_view sql, std::string_view database) : sql_(sql), database_(database) {}

  Ddl Read() {
    if (sql_.AcceptAll({"SET", "STATEMENT"})) {
      while (!sql_.AtEnd() && !sql_.Is("FOR")) sql_.Skip();
      sql_.Advance();
    }
    const SqlCursor statement = sql_;
    ReadStatement();
    if (!ddl_.table.table.empty()) ddl_.adds_cascade = HasCascade(statement);
    // Where a string ends isn't sure, so neither is what stands behind it.
    if (sql_.is_ambiguous() && ddl_.kind != Ddl::Kind::kNone) {
      Refuse("it has a backslash before a quote, which depends on the session's sql_mode");
    }
    return std::move(ddl_);
  }

 private:
  // Wherever these words stand outside of texts, they are a foreign key's.
  static bool HasCascade(SqlCursor sql) {
    for (; !sql.AtEnd(); sql.Advance()) {
      if (!sql.Is("ON")) continue;
      SqlCursor ahead = sql;
      ahead.Advance();
      if (!ahead.Accept("DELETE") && !ahead.Accept("UPDATE")) continue;
      if (ahead.Is("CASCADE") || ahead.AcceptAll({"SET", "NULL"}) ||
          ahead.AcceptAll({"SET", "DEFAULT"})) {
        return true;
      }
    }
    return false;
  }

  void Refuse(std::string problem) {
    ddl_.kind = Ddl::Kind::kUnknown;
    ddl_.problem = std::move(problem);
  }

  void ReadStatement() {
    if (sql_.Accept("CREATE")) return ReadCreate();
    if (sql_.Accept("ALTER")) return ReadAlter();
    if (sql_.Accept("DROP")) return ReadDrop();
    if (!sql_.Accept("RENAME")) return;
    if (sql_.Accept("TABLE") || sql_.Accept("TABLES")) ReadRename();
  }

  bool TakeTable(binlog::TableName& name) {
    if (sql_.TakeTable(database_, name)) return true;
    ddl_.table = {};
    Refuse("it names no table");
    return false;
  }

  // CREATE ...
  void ReadCreate() {
    sql_.AcceptAll({"OR", "REPLACE"});
    if (sql_.Is("TEMPORARY")) return;
    if (sql_.Accept("DATABASE") || sql_.Accept("SCHEMA")) {
      sql_.AcceptAll({"IF", "NOT", "EXISTS"});
      return ReadDatabase(Ddl::Kind::kAlterDatabase);
    }
    if (!sql_.Accept("TABLE")) return;
    ddl_.is_lenient = sql_.AcceptAll({"IF", "NOT", "EXISTS"});
    if (!TakeTable(ddl_.table)) return;
    const bool in_brackets = sql_.AcceptSign('(');
    if (sql_.Accept("LIKE")) {
      if (TakeTable(ddl_.other)) ddl_.kind = Ddl::Kind::kCreateLike;
      return;
    }
    ddl_.kind = Ddl::Kind::kCreate;
    if (!in_brackets) return Refuse("it makes the table from a SELECT");
    while (ddl_.kind == Ddl::Kind::kCreate && !sql_.AtEnd() && !sql_.AcceptSign(')')) {
      ReadElement();
      if (!sql_.IsSign(',') && !sql_.IsSign(')')) return Refuse("it can't be read to its end");
      sql_.AcceptSign(',');
    }
    if (ddl_.kind == Ddl::Kind::kCreate) ReadTableOptions();
    if (ddl_.kind == Ddl::Kind::kCreate) Finish();
  }

  void Finish() {
    Definition& definition = ddl_.definition;
    for (const std::string& name : definition.primary_key) {
      if (ColumnDefinition* const column = definition.Find(name)) column->nullable = false;
    }
    if (definition.columns.empty()) return Refuse("it names no columns");
    if (definition.collation != 0) definition.InheritCharset(definition.collation);
  }

  // A column or a key.
  void ReadElement() {
    if (sql_.Accept("CONSTRAINT") && !sql_.IsOneOf({"PRIMARY", "UNIQUE", "FOREIGN", "CHECK"})) {
      sql_.Advance();  // its name
    }
    if (sql_.AcceptAll({"PRIMARY", "KEY"})) {
      ddl_.definition.primary_key = TakeKey();
    } else if (SqlCursor ahead = sql_; ahead.AcceptAll({"PERIOD", "FOR"})) {
      Refuse("it has a period");
    } else if (!IsKeyOrCheck()) {
      ColumnDefinition column;
      bool is_key = false;
      column.name = sql_.TakeName();
      if (column.name.empty()) return Refuse("it makes something that isn't known");
      TakeColumn(sql_, column, is_key);
      if (is_key) ddl_.definition.primary_key = {column.name};
      ddl_.definition.columns.push_back(std::move(column));
      return;
    }
    SkipToComma();
  }

  bool IsKeyOrCheck() const {
    return sql_.IsOneOf(
        {"UNIQUE", "INDEX", "KEY", "FULLTEXT", "SPATIAL", "FOREIGN", "CHECK", "VECTOR"});
  }

  // [USING BTREE] (a, b(10) DESC)
  std::vector<std::string> TakeKey() {
    while (!sql_.AtEnd() && !sql_.IsSign('(') && !sql_.IsSign(',')) sql_.Advance();
    std::vector<std::string> key;
    if (!sql_.AcceptSign('(')) return key;
    while (!sql_.AtEnd() && !sql_.AcceptSign(')')) {
      key.push_back(sql_.TakeName());
      while (!sql_.AtEnd() && !sql_.IsSign(',') && !sql_.IsSign(')')) sql_.Skip();
      sql_.AcceptSign(',');
    }
    return key;
  }

  void SkipToComma() {
    while (!sql_.AtEnd() && !sql_.IsSign(',') && !sql_.IsSign(')')) sql_.Skip();
  }

  // Behind the columns of CREATE TABLE.
  void ReadTableOptions() {
    while (!sql_.AtEnd()) {
      if (const uint16_t collation = TakeCharset(sql_); collation != 0) {
        ddl_.definition.collation = collation;
      } else if (sql_.Is("SELECT")) {
        return Refuse("it makes the table from a SELECT");
      } else if (sql_.AcceptAll({"SYSTEM", "VERSIONING"})) {
        return Refuse("it makes a table with system versioning");
      } else {
        sql_.Skip();
      }
    }
  }

  void ReadDatabase(Ddl::Kind kind) {
    // ALTER DATABASE without a name is that of the session.
    const bool is_named = sql_.IsName() && !sql_.IsOneOf({"DEFAULT", "CHARACTER", "COLLATE"});
    ddl_.kind = kind;
    ddl_.table = {is_named ? sql_.TakeName() : std::string(database_), ""};
  }

  // DROP ...
  void ReadDrop() {
    if (sql_.Is("TEMPORARY")) return;
    if (sql_.Accept("DATABASE") || sql_.Accept("SCHEMA")) {
      sql_.AcceptAll({"IF", "EXISTS"});
      return ReadDatabase(Ddl::Kind::kDropDatabase);
    }
    if (sql_.Accept("INDEX")) return ReadDropIndex();
    if (!sql_.Accept("TABLE") && !sql_.Accept("TABLES")) return;
    sql_.AcceptAll({"IF", "EXISTS"});
    ddl_.kind = Ddl::Kind::kDrop;
    binlog::TableName name;
    while (sql_.TakeTable(database_, name)) {
      ddl_.dropped.push_back(std::move(name));
      if (!sql_.AcceptSign(',')) break;
    }
  }

  void ReadDropIndex() {
    sql_.AcceptAll({"IF", "EXISTS"});
    const std::string name = sql_.TakeName();
    if (!absl::EqualsIgnoreCase(name, kPrimary) || !sql_.Accept("ON")) return;
    if (!TakeTable(ddl_.table)) return;
    ddl_.kind = Ddl::Kind::kAlter;
    Add(Change::Kind::kDropKey);
  }

  // RENAME TABLE ...
  void ReadRename() {
    sql_.AcceptAll({"IF", "EXISTS"});
    ddl_.kind = Ddl::Kind::kRename;
    std::pair<binlog::TableName, binlog::TableName> names;
    do {
      if (!TakeTable(names.first)) return;
      while (!sql_.AtEnd() && !sql_.Is("TO")) sql_.Advance();  // WAIT 5, NOWAIT
      sql_.Advance();
      if (!TakeTable(names.second)) return;
      ddl_.renames.push_back(names);
    } while (sql_.AcceptSign(','));
  }

  // ALTER ...
  void ReadAlter() {
    if (sql_.Accept("DATABASE") || sql_.Accept("SCHEMA")) {
      return ReadDatabase(Ddl::Kind::kAlterDatabase);
    }
    while (sql_.Accept("ONLINE") || sql_.Accept("OFFLINE") || sql_.Accept("IGNORE")) {
    }
    if (!sql_.Accept("TABLE")) return;
    sql_.AcceptAll({"IF", "EXISTS"});
    ddl_.is_alter = true;
    if (!TakeTable(ddl_.table)) return;
    ddl_.kind = Ddl::Kind::kAlter;
    if (sql_.Accept("WAIT")) sql_.Advance();
    sql_.Accept("NOWAIT");
    while (ddl_.kind == Ddl::Kind::kAlter && !sql_.AtEnd()) {
      ReadChange();
      if (ddl_.kind != Ddl::Kind::kAlter || sql_.AtEnd()) return;
      if (!sql_.AcceptSign(',')) return Refuse("it can't be read to its end");
    }
  }

  Change& Add(Change::Kind kind) {
    ddl_.changes.emplace_back().kind = kind;
    return ddl_.changes.back();
  }

  void ReadChange() {
    if (sql_.Accept("ADD")) return ReadAdd();
    if (sql_.Accept("DROP")) return ReadDropPart();
    if (sql_.Accept("MODIFY")) return ReadReplace(false);
    if (sql_.Accept("CHANGE")) return ReadReplace(true);
    if (sql_.Accept("RENAME")) return ReadRenamePart();
    if (sql_.AcceptAll({"CONVERT", "TO"})) {
      uint16_t collation = 0;
      while (const uint16_t found = TakeCharset(sql_))
        collation = collation == 0 ? found : collation;
      Add(Change::Kind::kConvert).column.type.collation = collation;
      return SkipToComma();
    }
    if (sql_.IsOneOf({"CONVERT", "EXCHANGE"})) return Refuse("it moves partitions");
    if (sql_.AcceptAll({"PARTITION", "BY"})) {
      while (!sql_.AtEnd()) sql_.Skip();
      return;
    }
    while (!sql_.AtEnd() && !sql_.IsSign(',')) {
      if (const uint16_t collation = TakeCharset(sql_); collation != 0) {
        Add(Change::Kind::kCharset).column.type.collation = collation;
      } else {
        sql_.Skip();
      }
    }
  }

  void ReadAdd() {
    if (sql_.Accept("CONSTRAINT") && !sql_.IsOneOf({"PRIMARY", "UNIQUE", "FOREIGN", "CHECK"})) {
      sql_.Advance();  // its name
    }
    if (sql_.AcceptAll({"PRIMARY", "KEY"})) {
      Change& change = Add(Change::Kind::kAddKey);
      sql_.AcceptAll({"IF", "NOT", "EXISTS"});
      change.key = TakeKey();
      return SkipToComma();
    }
    if (SqlCursor ahead = sql_;
        ahead.AcceptAll({"PERIOD", "FOR"}) || ahead.AcceptAll({"SYSTEM", "VERSIONING"})) {
      return Refuse("it adds a period or system versioning");
    }
    if (IsKeyOrCheck() || sql_.Is("PARTITION")) return SkipToComma();
    sql_.Accept("COLUMN");
    const bool is_lenient = sql_.AcceptAll({"IF", "NOT", "EXISTS"});
    const bool in_brackets = sql_.AcceptSign('(');
    do {
      if (in_brackets && (sql_.IsOneOf({"PRIMARY", "CONSTRAINT"}) || IsKeyOrCheck())) {
        return Refuse("it adds columns and keys in one bracket");
      }
      Change& change = Add(Change::Kind::kAdd);
      change.is_lenient = is_lenient;
      change.column.name = sql_.TakeName();
      if (change.column.name.empty()) return Refuse("it adds something that isn't known");
      TakeColumnAndPlace(change);
    } while (in_brackets && sql_.AcceptSign(','));
    if (in_brackets) sql_.AcceptSign(')');
  }

  void TakeColumnAndPlace(Change& change) {
    TakeColumn(sql_, change.column, change.column_is_key);
    if (sql_.Accept("FIRST")) {
      change.is_first = true;
    } else if (sql_.Accept("AFTER")) {
      change.after = sql_.TakeName();
    }
  }

  void ReadReplace(bool has_new_name) {
    sql_.Accept("COLUMN");
    Change& change = Add(Change::Kind::kReplace);
    change.is_lenient = sql_.AcceptAll({"IF", "EXISTS"});
    change.name = sql_.TakeName();
    change.column.name = has_new_name ? sql_.TakeName() : change.name;
    if (change.column.name.empty()) return Refuse("it changes something that isn't known");
    TakeColumnAndPlace(change);
  }

  void ReadDropPart() {
    if (sql_.AcceptAll({"PRIMARY", "KEY"})) {
      Add(Change::Kind::kDropKey);
      return SkipToComma();
    }
    if (sql_.IsOneOf({"INDEX", "KEY", "FOREIGN", "CONSTRAINT", "CHECK"})) {
      sql_.Advance();
      sql_.AcceptAll({"IF", "EXISTS"});
      if (absl::EqualsIgnoreCase(sql_.token().text, kPrimary)) Add(Change::Kind::kDropKey);
      return SkipToComma();
    }
    if (sql_.Is("PARTITION")) {
      while (!sql_.AtEnd()) sql_.Skip();
      return;
    }
    if (SqlCursor ahead = sql_;
        ahead.AcceptAll({"PERIOD", "FOR"}) || ahead.AcceptAll({"SYSTEM", "VERSIONING"})) {
      return Refuse("it drops a period or system versioning");
    }
    sql_.Accept("COLUMN");
    Change& change = Add(Change::Kind::kDrop);
    change.is_lenient = sql_.AcceptAll({"IF", "EXISTS"});
    change.name = sql_.TakeName();
    SkipToComma();  // RESTRICT, CASCADE
  }

  void ReadRenamePart() {
    if (sql_.IsOneOf({"INDEX", "KEY"})) return SkipToComma();
    if (sql_.Accept("COLUMN")) {
      Change& change = Add(Change::Kind::kRename);
      change.is_lenient = sql_.AcceptAll({"IF", "EXISTS"});
      change.name = sql_.TakeName();
      sql_.Accept("TO");
      change.to = sql_.TakeName();
      if (change.to.empty()) Refuse("it renames something that isn't known");
      return;
    }
    if (!sql_.Accept("TO")) sql_.Accept("AS");
    sql_.AcceptSign('=');
    Change& change = Add(Change::Kind::kRenameTable);
    TakeTable(change.table);
  }

  SqlCursor sql_;
  const std::string_view database_;
  Ddl ddl_;
};

}  // namespace

Ddl ReadDdl(std::string_view sql, std::string_view database) {
  return DdlReader(sql, database).Read();
}

}  // namespace fundgate::schema
