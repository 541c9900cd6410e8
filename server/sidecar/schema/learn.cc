#include "server/sidecar/schema/learn.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "fundgate/types/status_macros.h"
#include "server/sidecar/binlog/reader.h"
#include "server/sidecar/schema/column_type.h"

namespace fundgate::schema {
namespace {

constexpr int kAttempts = 5;

std::string Literal(const std::string& text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "''"}, {"\\", "\\\\"}}), "'");
}

// Servers look information_schema up by the names as they are stored, so all of a database's are
// asked for, and compared here.
absl::StatusOr<PresentSchema> ReadPresent(SchemaServer& server,
                                          const std::set<std::string>& tables) {
  std::set<std::string> databases;
  for (const std::string& table : tables) databases.insert(table.substr(0, table.find('.')));
  const std::string among = absl::StrCat(
      "LOWER(TABLE_SCHEMA) IN (",
      absl::StrJoin(
          databases, ", ",
          [](std::string* out, const std::string& database) { out->append(Literal(database)); }),
      ")");
  const auto key_of = [](const std::vector<std::optional<std::string>>& row) {
    return absl::AsciiStrToLower(absl::StrCat(row[0].value_or(""), ".", row[1].value_or("")));
  };
  PresentSchema present;
  FUNDGATE_ASSIGN_OR_RETURN(const SchemaServer::Rows schemata,
                            server.Query("SELECT SCHEMA_NAME, DEFAULT_CHARACTER_SET_NAME FROM "
                                         "information_schema.SCHEMATA"));
  for (const auto& row : schemata) {
    present.collations[absl::AsciiStrToLower(row[0].value_or(""))] =
        CollationOfCharset(row[1].value_or(""));
  }
  FUNDGATE_ASSIGN_OR_RETURN(
      const SchemaServer::Rows defaults,
      server.Query(absl::StrCat("SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_COLLATION FROM "
                                "information_schema.TABLES WHERE ",
                                among)));
  for (const auto& row : defaults) {
    if (!tables.contains(key_of(row))) continue;
    present.tables[key_of(row)].collation = CollationOfName(row[2].value_or(""));
  }
  FUNDGATE_ASSIGN_OR_RETURN(
      const SchemaServer::Rows columns,
      server.Query(absl::StrCat("SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, "
                                "IS_NULLABLE, CHARACTER_SET_NAME, COLUMN_KEY FROM "
                                "information_schema.COLUMNS WHERE ",
                                among, " ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION")));
  for (const auto& row : columns) {
    const auto table = present.tables.find(key_of(row));
    if (table == present.tables.end()) continue;
    ColumnDefinition column;
    column.name = row[2].value_or("");
    column.type = ReadColumnType(row[3].value_or(""));
    column.nullable = row[4] == "YES";
    if (row[5].has_value() && column.type.HasCharset()) {
      column.type.collation = CollationOfCharset(*row[5]);
    }
    table->second.columns.push_back(std::move(column));
  }
  FUNDGATE_ASSIGN_OR_RETURN(
      const SchemaServer::Rows keys,
      server.Query(absl::StrCat("SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME FROM "
                                "information_schema.STATISTICS WHERE INDEX_NAME = 'PRIMARY' AND ",
                                among, " ORDER BY TABLE_SCHEMA, TABLE_NAME, SEQ_IN_INDEX")));
  for (const auto& row : keys) {
    const auto table = present.tables.find(key_of(row));
    if (table != present.tables.end()) table->second.primary_key.push_back(row[2].value_or(""));
  }
  std::erase_if(present.tables, [](const auto& entry) { return entry.second.columns.empty(); });
  return present;
}

// Keeps the statements of what is read, and nothing else.
class StatementKeeper final : public binlog::TransactionListener, public binlog::TableDescriber {
 public:
  explicit StatementKeeper(const History& history) : history_(history) {}

  absl::Status OnBegin(const binlog::TransactionHead& /*head*/) override {
    return absl::OkStatus();
  }
  absl::Status OnRow(const binlog::RowChange& /*row*/) override { return absl::OkStatus(); }
  absl::Status OnStatement(std::string_view /*database*/, std::string_view /*sql*/) override {
    return absl::OkStatus();
  }
  absl::Status OnUnreadable(const binlog::Unreadable& /*unreadable*/) override {
    return absl::OkStatus();
  }
  absl::Status OnEnd(binlog::TransactionEnd /*end*/) override { return absl::OkStatus(); }

  absl::StatusOr<std::vector<binlog::ColumnLoss>> OnStatement(const binlog::TransactionHead& head,
                                                              std::string_view database,
                                                              std::string_view sql) override {
    LoggedStatement statement = {head.id, std::string(database), std::string(sql)};
    if (history_.Concerns(statement)) statements_.push_back(std::move(statement));
    return std::vector<binlog::ColumnLoss>();
  }
  absl::Status Describe(binlog::Table& /*table*/) override { return absl::OkStatus(); }

  std::vector<LoggedStatement> Take() { return std::move(statements_); }

 private:
  const History& history_;
  std::vector<LoggedStatement> statements_;
};

// The type of an event, by its header.
binlog::EventType TypeOfEvent(std::span<const uint8_t> event) {
  constexpr size_t kTypeAt = 4;
  return event.size() > kTypeAt ? static_cast<binlog::EventType>(event[kTypeAt])
                                : binlog::EventType::kUnknown;
}

// Rows and what belongs to them say nothing here.
bool IsOfRows(binlog::EventType type) {
  switch (type) {
    case binlog::EventType::kTableMap:
    case binlog::EventType::kAnnotateRows:
    case binlog::EventType::kRowsQuery:
    case binlog::EventType::kWriteRowsV1:
    case binlog::EventType::kUpdateRowsV1:
    case binlog::EventType::kDeleteRowsV1:
    case binlog::EventType::kWriteRows:
    case binlog::EventType::kUpdateRows:
    case binlog::EventType::kDeleteRows:
    case binlog::EventType::kPartialUpdateRows:
    case binlog::EventType::kWriteRowsCompressedV1:
    case binlog::EventType::kUpdateRowsCompressedV1:
    case binlog::EventType::kDeleteRowsCompressedV1:
    case binlog::EventType::kWriteRowsCompressed:
    case binlog::EventType::kUpdateRowsCompressed:
    case binlog::EventType::kDeleteRowsCompressed:
      return true;
    default:
      return false;
  }
}

absl::StatusOr<std::vector<LoggedStatement>> ReadStatements(SchemaServer& server,
                                                            const History& history) {
  StatementKeeper keeper(history);
  binlog::ReaderOptions options;
  options.wants_table = [](std::string_view, std::string_view) { return false; };
  options.describer = &keeper;
  binlog::Reader reader(keeper, std::move(options));
  FUNDGATE_RETURN_IF_ERROR(server.Scan([&reader](std::span<const uint8_t> event, uint64_t offset) {
    return IsOfRows(TypeOfEvent(event)) ? absl::OkStatus() : reader.Apply(event, offset);
  }));
  return keeper.Take();
}

}  // namespace

absl::Status Learn(SchemaServer& server, History& history) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    FUNDGATE_ASSIGN_OR_RETURN(const std::string before, server.ReadHead());
    FUNDGATE_ASSIGN_OR_RETURN(const PresentSchema present, ReadPresent(server, history.followed()));
    FUNDGATE_ASSIGN_OR_RETURN(const std::string after, server.ReadHead());
    FUNDGATE_ASSIGN_OR_RETURN(const std::vector<LoggedStatement> statements,
                              ReadStatements(server, history));
    size_t seen = 0;
    bool is_torn = false;  // a table was changed between the two, or in another domain meanwhile
    for (size_t i = 0; i < statements.size(); ++i) {
      if (!server.Covers(after, statements[i].id)) continue;
      is_torn = is_torn || seen != i || !server.Covers(before, statements[i].id);
      seen = i + 1;
    }
    if (is_torn) continue;
    history.Learn(present, statements, seen);
    return absl::OkStatus();
  }
  return absl::UnavailableError(
      "the definitions of the tables changed each time they were asked for");
}

}  // namespace fundgate::schema
