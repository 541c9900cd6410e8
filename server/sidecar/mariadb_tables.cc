#include "server/sidecar/mariadb_tables.h"

#include <algorithm>
#include <functional>
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

std::string NameOf(const std::string& database, const std::string& table) {
  return absl::StrCat(Quoted(database), ".", Quoted(table));
}

absl::Status MayNotRead(const std::string& database, const std::string& table,
                        std::string_view why) {
  return absl::PermissionDeniedError(absl::StrCat(
      "table ", database, ".", table, " can't be read anew: ", ToAbsl(why), "; GRANT SELECT ON ",
      NameOf(database, table), " TO the source's user, then ask again"));
}

binlog::Table ToTable(const std::string& database, const std::string& name,
                      const std::vector<MariadbColumn>& columns,
                      const std::vector<uint32_t>& primary_key, uint64_t id) {
  binlog::Table table;
  table.id = id;
  table.database = database;
  table.name = name;
  table.primary_key = primary_key;
  table.signs_known = table.names_known = true;
  for (const MariadbColumn& column : columns) table.columns.emplace_back().name = column.name;
  return table;
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

}  // namespace

uint64_t NumberOfBinlog(std::string_view file_name) {
  uint64_t number = 0;
  const size_t dot = file_name.rfind('.');
  const bool read =
      dot != std::string_view::npos && absl::SimpleAtoi(ToAbsl(file_name.substr(dot + 1)), &number);
  return read ? number : 0;
}

MariadbTables::MariadbTables(const sources::Primary& primary)
    : endpoint_(primary.session->endpoint()),
      login_([&primary] {
        sources::Login login = primary.login;
        login.timeout = kReadTimeout;
        return login;
      }()),
      server_uid_(primary.server_uid) {}

absl::Status MariadbTables::Connect() {
  FUNDGATE_ASSIGN_OR_RETURN(std::shared_ptr<sources::MariadbSession> session,
                            sources::MariadbSession::Connect(endpoint_, login_));
  FUNDGATE_ASSIGN_OR_RETURN(
      const std::vector<sources::ResultRow> uid,
      session->Query("SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_VARIABLES WHERE "
                     "VARIABLE_NAME = 'SERVER_UID'"));
  if (!uid.empty() && uid[0][0].value_or("") != server_uid_) {
    return absl::DataLossError(
        absl::StrCat("at ", endpoint_.ToString(), " another server answers now"));
  }
  FUNDGATE_RETURN_IF_ERROR(
      session->Query("SET SESSION time_zone = '+00:00', sql_mode = ''").status());
  FUNDGATE_RETURN_IF_ERROR(
      session->Query("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ").status());
  const std::lock_guard lock(mutex_);
  if (interrupted_) return absl::UnavailableError("interrupted");
  session_ = std::move(session);
  return absl::OkStatus();
}

absl::StatusOr<PlacedChunk> MariadbTables::Read(const TableTask& task) {
  if (session_ == nullptr) FUNDGATE_RETURN_IF_ERROR(Connect());
  absl::StatusOr<PlacedChunk> chunk = ReadPlaced(task);
  // Also so that no transaction is left open.
  if (!chunk.ok()) {
    const std::lock_guard lock(mutex_);
    session_ = nullptr;
  }
  return chunk;
}

void MariadbTables::Interrupt() {
  const std::lock_guard lock(mutex_);
  interrupted_ = true;
  if (session_ != nullptr) session_->Interrupt();
}

absl::StatusOr<PlacedChunk> MariadbTables::ReadPlaced(const TableTask& task) {
  FUNDGATE_ASSIGN_OR_RETURN(Definition definition, Describe(task.table));
  if (task.cursor.empty()) FUNDGATE_RETURN_IF_ERROR(CheckKind(definition));
  FUNDGATE_ASSIGN_OR_RETURN(const std::string statement, Statement(definition, task));
  PlacedChunk read;
  FUNDGATE_RETURN_IF_ERROR(session_->Query("START TRANSACTION WITH CONSISTENT SNAPSHOT").status());
  FUNDGATE_ASSIGN_OR_RETURN(read.place, ReadPlace());
  bool was_cut = false;
  absl::StatusOr<std::vector<sources::ResultRow>> rows =
      session_->QuerySome(statement, task.bytes, was_cut);
  if (absl::IsPermissionDenied(rows.status())) {
    return MayNotRead(definition.database, definition.name, ToStd(rows.status().message()));
  }
  FUNDGATE_RETURN_IF_ERROR(rows.status());
  if (was_cut) {
    const std::lock_guard lock(mutex_);
    session_ = nullptr;
  } else {
    FUNDGATE_RETURN_IF_ERROR(session_->Query("COMMIT").status());
  }
  TableChunk& chunk = read.chunk;
  chunk.is_last = !was_cut && rows->size() < task.rows;
  chunk.expected_rows = definition.expected_rows;
  for (sources::ResultRow& row : *rows) {
    std::string& cursor = chunk.cursors.emplace_back();
    for (size_t i = definition.columns.size(); i < row.size(); ++i) {
      absl::StrAppend(&cursor, cursor.empty() ? "x" : ",x", row[i].value_or(""));
    }
    row.resize(definition.columns.size());
    for (const auto& column : row) chunk.bytes += column.has_value() ? column->size() : 0;
    chunk.rows.push_back(std::move(row));
  }
  chunk.definition = ToTable(definition.database, definition.name, definition.columns,
                             definition.primary_key, kOwnTableIds + definitions_++);
  chunk.values_of = [columns = std::move(definition.columns),
                     values = std::vector<binlog::Value>()](const TableChunk::Row& row) mutable {
    values.clear();
    for (size_t i = 0; i < columns.size(); ++i) values.push_back(ValueOf(columns[i], row[i]));
    return std::span<const binlog::Value>(values);
  };
  return read;
}

// Of the transaction's view: with binlogs the server takes both at the same moment.
absl::StatusOr<BinlogPlace> MariadbTables::ReadPlace() {
  FUNDGATE_ASSIGN_OR_RETURN(const std::vector<sources::ResultRow> rows,
                            session_->Query("SHOW STATUS LIKE 'binlog_snapshot_%'"));
  BinlogPlace place;
  for (const sources::ResultRow& row : rows) {
    const std::string name = absl::AsciiStrToLower(row[0].value_or(""));
    if (name == "binlog_snapshot_file") place.file = NumberOfBinlog(row[1].value_or(""));
    if (name == "binlog_snapshot_position") {
      (void)absl::SimpleAtoi(row[1].value_or(""), &place.offset);
    }
  }
  if (place.file == 0 || place.offset == 0) {
    return absl::FailedPreconditionError(
        "the server doesn't say where in its binlog a transaction's view stands "
        "(binlog_snapshot_file, binlog_snapshot_position)");
  }
  return place;
}

absl::StatusOr<MariadbTables::Definition> MariadbTables::Describe(const std::string& table) {
  const size_t dot = table.find('.');
  Definition definition;
  definition.database = table.substr(0, dot);
  definition.name = table.substr(std::min(dot + 1, table.size()));
  const std::string where = absl::StrCat("TABLE_SCHEMA = ", TextLiteral(definition.database),
                                         " AND TABLE_NAME = ", TextLiteral(definition.name));
  FUNDGATE_ASSIGN_OR_RETURN(
      const std::vector<sources::ResultRow> columns,
      session_->Query(absl::StrCat(
          "SELECT COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, CHARACTER_SET_NAME, COLLATION_NAME FROM "
          "information_schema.COLUMNS WHERE ",
          where, " ORDER BY ORDINAL_POSITION")));
  if (columns.empty()) {
    return MayNotRead(definition.database, definition.name,
                      "there is no such table, or the user may not see it");
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
      session_->Query(absl::StrCat("SELECT COLUMN_NAME FROM information_schema.STATISTICS WHERE ",
                                   where, " AND INDEX_NAME = 'PRIMARY' ORDER BY SEQ_IN_INDEX")));
  for (const sources::ResultRow& row : key) {
    const auto found = std::find_if(
        definition.columns.begin(), definition.columns.end(),
        [&row](const MariadbColumn& column) { return column.name == row[0].value_or(""); });
    definition.primary_key.push_back(static_cast<uint32_t>(found - definition.columns.begin()));
  }
  if (definition.primary_key.empty()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "table ", table, " has no primary key by which it could be gone through; give it one"));
  }
  return definition;
}

// Whether its rows can be read as they stood at a place of the binlog; and about how many there
// are.
absl::Status MariadbTables::CheckKind(Definition& definition) {
  FUNDGATE_ASSIGN_OR_RETURN(
      const std::vector<sources::ResultRow> rows,
      session_->Query(absl::StrCat(
          "SELECT ENGINE, TABLE_TYPE, TABLE_ROWS FROM information_schema.TABLES WHERE "
          "TABLE_SCHEMA = ",
          TextLiteral(definition.database), " AND TABLE_NAME = ", TextLiteral(definition.name))));
  if (rows.empty()) return absl::OkStatus();
  const std::string engine = rows[0][0].value_or("none");
  const std::string type = rows[0][1].value_or("");
  if (!absl::EqualsIgnoreCase(engine, "InnoDB")) {
    return absl::FailedPreconditionError(
        absl::StrCat("table ", definition.database, ".", definition.name, " is of engine ", engine,
                     ", which has no consistent view; make it InnoDB"));
  }
  if (!absl::EqualsIgnoreCase(type, "BASE TABLE")) {
    return absl::FailedPreconditionError(
        absl::StrCat("table ", definition.database, ".", definition.name, " is a ", type,
                     "; only a plain table can be read anew in this version"));
  }
  (void)absl::SimpleAtoi(rows[0][2].value_or(""), &definition.expected_rows);
  return absl::OkStatus();
}

absl::StatusOr<std::string> MariadbTables::Statement(const Definition& definition,
                                                     const TableTask& task) const {
  std::vector<std::string> selected;
  for (const MariadbColumn& column : definition.columns) selected.push_back(Selected(column));
  std::vector<std::string> order;
  for (const uint32_t index : definition.primary_key) {
    const MariadbColumn& column = definition.columns[index];
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
      const MariadbColumn& column = definition.columns[definition.primary_key[i - 1]];
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
                      NameOf(definition.database, definition.name), " FORCE INDEX (PRIMARY)", where,
                      " ORDER BY ", absl::StrJoin(order, ", "), " LIMIT ", task.rows);
}

absl::StatusOr<std::vector<std::string>> CheckCascades(sources::MariadbSession& session,
                                                       const std::set<std::string>& tables) {
  std::vector<std::string> found;
  std::vector<std::string> hidden;
  for (const std::string& table : tables) {
    const size_t dot = table.find('.');
    const auto made = session.Query(
        absl::StrCat("SHOW CREATE TABLE ", NameOf(table.substr(0, dot), table.substr(dot + 1))));
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
