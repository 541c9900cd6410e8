// Statements that define tables, one after another: any bytes as their text, and as the columns of
// table maps between them.
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/sidecar/schema/ddl.h"
#include "server/sidecar/schema/history.h"
#include "tests/fuzz/fuzzer.h"

namespace fundgate::fuzz {
namespace {

using schema::Ddl;
using schema::Definition;

constexpr char kBehind = '\0';  // a statement
constexpr char kMap = '\1';     // before the columns of a table map: type, metadata, flags
constexpr size_t kPartsMax = 12;

bool Same(const Definition& a, const Definition& b) {
  if (a.columns.size() != b.columns.size() || a.primary_key != b.primary_key ||
      a.collation != b.collation) {
    return false;
  }
  for (size_t i = 0; i < a.columns.size(); ++i) {
    if (a.columns[i].name != b.columns[i].name || !(a.columns[i].type == b.columns[i].type) ||
        a.columns[i].nullable != b.columns[i].nullable) {
      return false;
    }
  }
  return true;
}

bool Same(const Ddl& a, const Ddl& b) {
  return a.kind == b.kind && a.table.database == b.table.database &&
         a.table.table == b.table.table && a.other.table == b.other.table &&
         a.is_lenient == b.is_lenient && a.is_alter == b.is_alter &&
         a.adds_cascade == b.adds_cascade && Same(a.definition, b.definition) &&
         a.changes.size() == b.changes.size() && a.renames.size() == b.renames.size() &&
         a.dropped.size() == b.dropped.size() && a.problem == b.problem;
}

bool HasKey(const Definition& definition) {
  for (const std::string& name : definition.primary_key) {
    if (definition.Find(name) == nullptr) return false;
  }
  return true;
}

bool HasNames(const Definition& definition) {
  for (const schema::ColumnDefinition& column : definition.columns) {
    if (column.name.empty()) return false;
  }
  return true;
}

void Check(const std::string& sql, const Ddl& ddl) {
  Expect(ddl.problem.empty() == (ddl.kind != Ddl::Kind::kUnknown),
         "what isn't understood says why, and nothing else does");
  Expect(Same(ddl, schema::ReadDdl("/* app=pay */ \n" + sql, "db")),
         "a comment before a statement changes nothing");
  switch (ddl.kind) {
    case Ddl::Kind::kCreate:
      Expect(!ddl.table.table.empty() && !ddl.definition.columns.empty(),
             "what is made has a name and columns");
      Expect(HasNames(ddl.definition), "columns have names");
      break;
    case Ddl::Kind::kCreateLike:
    case Ddl::Kind::kAlter:
      Expect(!ddl.table.table.empty(), "what is changed has a name");
      break;
    case Ddl::Kind::kRename:
      Expect(!ddl.renames.empty(), "what is renamed is named");
      break;
    default:
      break;
  }
}

// What all changes together make of it.
void Alter(const Ddl& ddl, Definition& definition) {
  const absl::StatusOr<Definition> after = schema::Apply(ddl.changes, definition);
  if (!after.ok()) {
    Expect(absl::IsInvalidArgument(after.status()) && !after.status().message().empty(),
           "changes that don't fit say why");
    return;
  }
  Expect(HasKey(*after), "the primary key is made of columns that there are");
  Expect(HasNames(*after), "columns have names after a change, too");
  Expect(Same(*after, *schema::Apply(ddl.changes, definition)), "the same changes make the same");
  definition = *after;
}

void Describe(const std::string& bytes, schema::History& history) {
  binlog::Table table;
  table.database = "db";
  table.name = "t";
  for (size_t i = 0; i + 2 < bytes.size(); i += 3) {
    binlog::Column& column = table.columns.emplace_back();
    column.type = static_cast<binlog::ColumnType>(static_cast<uint8_t>(bytes[i]));
    column.metadata = static_cast<uint8_t>(bytes[i + 1]);
    column.nullable = (bytes[i + 2] & 1) != 0;
    column.collation = (bytes[i + 2] & 2) != 0 ? 45 : 0;
  }
  const size_t columns = table.columns.size();
  const absl::Status described = history.Describe(table);
  Expect(table.columns.size() == columns, "a description adds no columns and takes none away");
  Expect(described.ok() || !described.message().empty(), "an error says what is wrong");
  if (!described.ok() || !table.undescribed.empty()) return;
  for (const uint32_t index : table.primary_key) {
    Expect(index < columns, "a described key is made of columns that there are");
  }
  for (const binlog::Column& column : table.columns) {
    Expect(!column.name.empty(), "described columns have names");
  }
}

}  // namespace

const size_t kInputMax = 512;

void Run(Input input) {
  schema::History history;
  history.Follow({"db.t"});
  history.Begin({.position = "",
                 .covers = [](std::string_view /*id*/) { return false; },
                 .follows = [](const std::string& /*older*/) { return true; }});
  Definition definition;
  const std::string text(input.begin(), input.end());
  const std::vector<std::string> parts = absl::StrSplit(text, absl::MaxSplits(kBehind, kPartsMax));
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].rfind(kMap, 0) == 0) {
      Describe(parts[i].substr(1), history);
      continue;
    }
    const Ddl ddl = schema::ReadDdl(parts[i], "db");
    Check(parts[i], ddl);
    if (ddl.kind == Ddl::Kind::kCreate) definition = ddl.definition;
    if (ddl.kind == Ddl::Kind::kAlter) Alter(ddl, definition);
    binlog::TransactionHead head;
    head.id = absl::StrCat("0-1-", i + 1);
    const auto losses = history.OnStatement(head, "db", parts[i]);
    Expect(losses.ok(), "a statement ends no reading");
    for (const binlog::ColumnLoss& loss : *losses) {
      Expect(loss.database == "db" && loss.table == "t" && !loss.reason.empty(),
             "a loss is one of a table that is followed, with a reason");
    }
  }
}

std::vector<std::string> Seeds() {
  const auto join = [](const std::vector<std::string>& parts) {
    std::string seed;
    for (const std::string& part : parts)
      seed += (seed.empty() ? "" : std::string(1, kBehind)) + part;
    return seed;
  };
  const std::string map = std::string(1, kMap) + "\x03\x01\x01" + "\x0f\x40\x03" + "\xf6\x12\x01";
  const std::string create =
      "CREATE TABLE t (id INT UNSIGNED NOT NULL AUTO_INCREMENT, `na``me` VARCHAR(16) CHARACTER SET "
      "utf8mb4 COLLATE utf8mb4_bin DEFAULT 'x', amount DECIMAL(18,2), PRIMARY KEY (id), KEY k "
      "(amount)) ENGINE=InnoDB DEFAULT CHARSET=latin1";
  return {
      join({create, map, "ALTER TABLE t ADD COLUMN note TEXT AFTER id, DROP amount"}),
      join({create, "ALTER TABLE db.t CHANGE id key_no BIGINT FIRST, RENAME COLUMN amount TO a",
            map}),
      join({create, "ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (`na``me`, id)"}),
      join({"CREATE TABLE t LIKE other", "RENAME TABLE t TO u, u TO t", map}),
      join({"CREATE TABLE _t_gho LIKE t", "ALTER TABLE _t_gho MODIFY amount DECIMAL(20,4)",
            "RENAME TABLE t TO _t_del, _t_gho TO t"}),
      "CREATE TABLE t(a ENUM('x','it''s') , b SET('p','q'), c TIMESTAMP(3) NULL, PRIMARY KEY(a))",
      "CREATE TABLE t(a INT PRIMARY KEY, FOREIGN KEY (a) REFERENCES p(a) ON DELETE SET NULL)",
      "/*!50003 ALTER */ TABLE t CONVERT TO CHARACTER SET utf8mb4",
      "SET STATEMENT lock_wait_timeout=1 FOR ALTER TABLE t ADD (x BIT(9), y YEAR)",
      "ALTER TABLE t PARTITION BY HASH(id) PARTITIONS 4",
      "DROP TABLE IF EXISTS t, u /* generated by server */",
      "DROP DATABASE db",
      "ALTER DATABASE db CHARACTER SET gbk",
      "CREATE TABLE t SELECT 1 AS a",
      "DROP INDEX `PRIMARY` ON t"};
}

}  // namespace fundgate::fuzz
