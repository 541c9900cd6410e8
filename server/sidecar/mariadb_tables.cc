#include "server/sidecar/mariadb_tables.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "fundgate/types/status_macros.h"
#include "fundgate/types/text.h"

namespace fundgate::sidecar {
namespace {

// A table that isn't in memory may take its time.
constexpr absl::Duration kReadTimeout = absl::Minutes(1);

// Table ids of binlogs are 48 bits: these are none of them.
constexpr uint64_t kOwnTableIds = uint64_t{1} << 62;

std::string TextLiteral(std::string_view text) {
  return absl::StrCat("'", absl::StrReplaceAll(ToAbsl(text), {{"\\", "\\\\"}, {"'", "''"}}), "'");
}

binlog::TableName TableNameOf(const std::string& table) {
  const size_t dot = table.find('.');
  return {table.substr(0, dot), table.substr(std::min(dot, table.size() - 1) + 1)};
}

std::string TextOf(const binlog::TableName& table) {
  return absl::StrCat(table.database, ".", table.table);
}

// What information_schema says of the table alone.
std::string WhereIs(const binlog::TableName& table) {
  return absl::StrCat("TABLE_SCHEMA = ", TextLiteral(table.database),
                      " AND TABLE_NAME = ", TextLiteral(table.table));
}

binlog::Table ToTable(const binlog::TableName& name, const std::vector<MariadbColumn>& columns,
                      const std::vector<uint32_t>& primary_key, uint64_t id) {
  binlog::Table table;
  table.id = id;
  table.database = name.database;
  table.name = name.table;
  table.primary_key = primary_key;
  table.signs_known = table.names_known = true;
  for (const MariadbColumn& column : columns) table.columns.emplace_back().name = column.name;
  return table;
}

sources::Login Patient(sources::Login login) {
  login.timeout = kReadTimeout;
  return login;
}

// A line of SHOW CREATE TABLE: a foreign key by which the server changes rows when others change.
bool ChangesRows(absl::string_view line) {
  if (!absl::StartsWith(line, "CONSTRAINT `") && !absl::StartsWith(line, "FOREIGN KEY")) {
    return false;
  }
  for (const char* rule : {" ON DELETE ", " ON UPDATE "}) {
    for (const char* action : {"CASCADE", "SET NULL", "SET DEFAULT"}) {
      if (absl::StrContains(line, absl::StrCat(rule, action))) return true;
    }
  }
  return false;
}

// The rows that the task asks for.
absl::StatusOr<std::string> Statement(const std::vector<MariadbColumn>& columns,
                                      const std::vector<uint32_t>& primary_key,
                                      const TableTask& task) {
  std::vector<std::string> selected;
  for (const MariadbColumn& column : columns) selected.push_back(Selected(column));
  std::vector<std::string> order;
  for (const uint32_t index : primary_key) {
    const MariadbColumn& column = columns[index];
    FUNDGATE_ASSIGN_OR_RETURN(std::string expression, CursorExpression(column));
    selected.push_back(std::move(expression));
    order.push_back(Quoted(column.name));
  }
  std::string where;
  if (!task.cursor.empty()) {
    const std::vector<std::string> places = absl::StrSplit(task.cursor, ',');
    if (places.size() != order.size()) {
      return absl::InvalidArgumentError(absl::StrCat("\"", task.cursor, "\" is no place in ",
                                                     task.table, ": its key has changed"));
    }
    // a > x OR (a = x AND (b > y OR ...)), from the inside; and the first column by itself, so that
    // the server looks at a range of the key.
    for (size_t i = order.size(); i > 0; --i) {
      const MariadbColumn& column = columns[primary_key[i - 1]];
      absl::string_view value = places[i - 1];
      absl::ConsumePrefix(&value, "x");
      FUNDGATE_ASSIGN_OR_RETURN(const std::string literal, Literal(column, ToStd(value)));
      const std::string& name = order[i - 1];
      where = where.empty() ? absl::StrCat(name, " > ", literal)
                            : absl::StrCat("(", name, " > ", literal, " OR (", name, " = ", literal,
                                           " AND ", where, "))");
      if (i == 1) where = absl::StrCat(" WHERE ", name, " >= ", literal, " AND ", where);
    }
  }
  return absl::StrCat("SELECT ", absl::StrJoin(selected, ", "), " FROM ",
                      Quoted(TableNameOf(task.table)), " FORCE INDEX (PRIMARY)", where,
                      " ORDER BY ", absl::StrJoin(order, ", "), " LIMIT ", task.rows);
}

}  // namespace

MariadbTables::MariadbTables(const sources::Primary& primary)
    : view_(NewTableView(primary)),
      connection_(primary.session->endpoint(), Patient(primary.login), primary.server_uid,
                  primary.flavor,
                  {"SET SESSION time_zone = '+00:00', sql_mode = ''",
                   // Who waits for a table that is being altered holds up everything else.
                   "SET SESSION lock_wait_timeout = 1",
                   "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ"}) {}

absl::StatusOr<PlacedChunk> MariadbTables::Read(const TableTask& task) {
  FUNDGATE_ASSIGN_OR_RETURN(sources::MariadbSession* const session, connection_.Get());
  absl::StatusOr<PlacedChunk> chunk = ReadPlaced(*session, task);
  // Also so that no transaction is left open.
  if (!chunk.ok()) connection_.Close();
  if (absl::IsPermissionDenied(chunk.status())) {
    return MayNotRead(TableNameOf(task.table), ToStd(chunk.status().message()));
  }
  return chunk;
}

void MariadbTables::Interrupt() {
  view_->Interrupt();
  connection_.Interrupt();
}

absl::Status MariadbTables::MayNotRead(const binlog::TableName& table, std::string_view why) const {
  return absl::PermissionDeniedError(
      absl::StrCat("table ", TextOf(table), " can't be read anew: ", ToAbsl(why), "; GRANT ",
                   view_->Rights(table), " TO the source's user, then ask again"));
}

absl::StatusOr<PlacedChunk> MariadbTables::ReadPlaced(sources::MariadbSession& session,
                                                      const TableTask& task) {
  const binlog::TableName table = TableNameOf(task.table);
  PlacedChunk read;
  TableChunk& chunk = read.chunk;
  if (task.cursor.empty()) {
    FUNDGATE_ASSIGN_OR_RETURN(chunk.expected_rows, CheckKind(session, table));
  }
  FUNDGATE_ASSIGN_OR_RETURN(read.place, view_->Open(session, table));
  FUNDGATE_ASSIGN_OR_RETURN(Definition definition, Describe(session, table));
  std::vector<MariadbColumn>& columns = definition.columns;
  FUNDGATE_ASSIGN_OR_RETURN(const std::string statement,
                            Statement(columns, definition.primary_key, task));
  bool was_cut = false;
  FUNDGATE_ASSIGN_OR_RETURN(std::vector<sources::ResultRow> rows,
                            session.QuerySome(statement, task.bytes, was_cut));
  if (was_cut) {
    connection_.Close();
  } else {
    FUNDGATE_RETURN_IF_ERROR(session.Query("COMMIT").status());
  }
  chunk.is_last = !was_cut && rows.size() < task.rows;
  for (sources::ResultRow& row : rows) {
    std::string& cursor = chunk.cursors.emplace_back();
    for (size_t i = columns.size(); i < row.size(); ++i) {
      absl::StrAppend(&cursor, cursor.empty() ? "x" : ",x", row[i].value_or(""));
    }
    row.resize(columns.size());
    for (const auto& column : row) chunk.bytes += column.has_value() ? column->size() : 0;
    chunk.rows.push_back(std::move(row));
  }
  chunk.definition = ToTable(table, columns, definition.primary_key, kOwnTableIds + definitions_++);
  chunk.values_of = [columns = std::move(columns),
                     values = std::vector<binlog::Value>()](const TableChunk::Row& row) mutable {
    values.clear();
    for (size_t i = 0; i < columns.size(); ++i) values.push_back(ValueOf(columns[i], row[i]));
    return std::span<const binlog::Value>(values);
  };
  return read;
}

absl::StatusOr<MariadbTables::Definition> MariadbTables::Describe(sources::MariadbSession& session,
                                                                  const binlog::TableName& table) {
  Definition definition;
  FUNDGATE_ASSIGN_OR_RETURN(
      const std::vector<sources::ResultRow> columns,
      session.Query(absl::StrCat(
          "SELECT COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, CHARACTER_SET_NAME, COLLATION_NAME FROM "
          "information_schema.COLUMNS WHERE ",
          WhereIs(table), " ORDER BY ORDINAL_POSITION")));
  if (columns.empty()) {
    return MayNotRead(table, "there is no such table, or the user may not see it");
  }
  for (const sources::ResultRow& row : columns) {
    MariadbColumn& column = definition.columns.emplace_back();
    column.name = row[0].value_or("");
    column.data_type = absl::AsciiStrToLower(row[1].value_or(""));
    column.column_type = row[2].value_or("");
    column.charset = row[3].value_or("");
    column.collation = row[4].value_or("");
    column.labels = LabelsOf(column.column_type);
  }
  FUNDGATE_ASSIGN_OR_RETURN(
      const std::vector<sources::ResultRow> key,
      session.Query(absl::StrCat("SELECT COLUMN_NAME FROM information_schema.STATISTICS WHERE ",
                                 WhereIs(table),
                                 " AND INDEX_NAME = 'PRIMARY' ORDER BY SEQ_IN_INDEX")));
  for (const sources::ResultRow& row : key) {
    const auto found = std::find_if(
        definition.columns.begin(), definition.columns.end(),
        [&row](const MariadbColumn& column) { return column.name == row[0].value_or(""); });
    definition.primary_key.push_back(static_cast<uint32_t>(found - definition.columns.begin()));
  }
  if (definition.primary_key.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("table ", TextOf(table),
                     " has no primary key by which it could be gone through; give it one"));
  }
  return definition;
}

// Whether its rows can be read as they stood at a place of the binlog; and about how many there
// are.
absl::StatusOr<uint64_t> MariadbTables::CheckKind(sources::MariadbSession& session,
                                                  const binlog::TableName& table) {
  FUNDGATE_ASSIGN_OR_RETURN(
      const std::vector<sources::ResultRow> rows,
      session.Query(absl::StrCat(
          "SELECT ENGINE, TABLE_TYPE, TABLE_ROWS FROM information_schema.TABLES WHERE ",
          WhereIs(table))));
  if (rows.empty()) {
    return MayNotRead(table, "there is no such table, or the user may not see it");
  }
  const std::string engine = rows[0][0].value_or("none");
  const std::string type = rows[0][1].value_or("");
  if (!absl::EqualsIgnoreCase(engine, "InnoDB")) {
    return absl::FailedPreconditionError(absl::StrCat("table ", TextOf(table), " is of engine ",
                                                      engine, ", which has no consistent view; ",
                                                      "make it InnoDB"));
  }
  if (!absl::EqualsIgnoreCase(type, "BASE TABLE")) {
    return absl::FailedPreconditionError(
        absl::StrCat("table ", TextOf(table), " is a ", type,
                     "; only a plain table can be read anew in this version"));
  }
  uint64_t expected = 0;
  (void)absl::SimpleAtoi(rows[0][2].value_or(""), &expected);
  return expected;
}

absl::StatusOr<std::vector<std::string>> CheckCascades(sources::MariadbSession& session,
                                                       const std::set<std::string>& tables) {
  std::vector<std::string> found;
  std::vector<std::string> hidden;
  for (const std::string& table : tables) {
    const auto made = session.Query(absl::StrCat("SHOW CREATE TABLE ", Quoted(TableNameOf(table))));
    if (absl::IsUnavailable(made.status())) return made.status();
    if (!made.ok() || made->empty() || made->front().size() < 2) {
      hidden.push_back(table);
      continue;
    }
    const std::vector<std::string> lines = absl::StrSplit(made->front()[1].value_or(""), '\n');
    for (absl::string_view line : lines) {
      line = absl::StripSuffix(absl::StripAsciiWhitespace(line), ",");
      if (ChangesRows(line)) found.push_back(absl::StrCat(table, ": ", line));
    }
  }
  if (found.empty()) return hidden;
  return absl::FailedPreconditionError(absl::StrCat(
      "the server changes rows of mapped tables where no binlog shows it:\n  ",
      absl::StrJoin(found, "\n  "),
      "\nMake them RESTRICT and delete the children first; or, if that is known and taken, say "
      "`cascades: accepted` of the table in the policy"));
}

}  // namespace fundgate::sidecar
