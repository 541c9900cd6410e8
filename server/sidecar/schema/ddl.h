// Statements that define tables: what they say, and what they make of a definition. No I/O.
#ifndef SERVER_SIDECAR_SCHEMA_DDL_H_
#define SERVER_SIDECAR_SCHEMA_DDL_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "server/sidecar/binlog/statement.h"
#include "server/sidecar/schema/definition.h"

namespace fundgate::schema {

// One change of ALTER TABLE.
struct Change {
  enum class Kind : uint8_t {
    kAdd,          // `column`
    kReplace,      // MODIFY and CHANGE: `name` becomes `column`
    kRename,       // `name` is called `to`
    kDrop,         // `name`
    kAddKey,       // the primary key: `key`
    kDropKey,      // the primary key
    kCharset,      // of new columns: `column.type.collation`
    kConvert,      // all columns, and new ones: `column.type.collation`
    kRenameTable,  // the table is called `table`
  };
  Kind kind = Kind::kAdd;
  std::string name;
  std::string to;
  ColumnDefinition column;
  bool column_is_key = false;    // PRIMARY KEY stands in the column's definition
  bool is_lenient = false;       // IF EXISTS, IF NOT EXISTS
  bool is_first = false;         // FIRST
  std::string after;             // AFTER; empty: stays, or comes last
  std::vector<std::string> key;  // names of columns
  binlog::TableName table;
};

// What a statement does to the definitions of tables.
struct Ddl {
  enum class Kind : uint8_t {
    kNone,           // nothing
    kCreate,         // `table` as `definition`
    kCreateLike,     // `table` like `other`
    kAlter,          // `changes` of `table`
    kRename,         // `renames`, one after another
    kDrop,           // `dropped`
    kDropDatabase,   // all tables of `table.database`
    kAlterDatabase,  // the default character set of `table.database` isn't known any more
    kUnknown,        // `table`, or every table if it is empty, may have changed: see `problem`
  };
  Kind kind = Kind::kNone;
  binlog::TableName table;
  binlog::TableName other;
  bool is_lenient = false;  // IF NOT EXISTS
  bool is_alter = false;    // ALTER TABLE, also one that is kUnknown
  // It gives `table` a foreign key by which the server changes its rows when others change: no
  // binlog shows that.
  bool adds_cascade = false;
  Definition definition;
  std::vector<Change> changes;
  std::vector<std::pair<binlog::TableName, binlog::TableName>> renames;
  std::vector<binlog::TableName> dropped;
  std::string problem;  // why it wasn't understood, a sentence
};

// Reads a statement, also in executable comments. Temporary tables, rows and everything that
// defines no table are kNone. `database`: what names without one belong to.
Ddl ReadDdl(std::string_view sql, std::string_view database);

// The definition after an ALTER TABLE's changes (renaming the table apart), as servers apply them:
// all at once. INVALID_ARGUMENT with a sentence if they don't fit it: then it wasn't the table's.
absl::StatusOr<Definition> Apply(const std::vector<Change>& changes, const Definition& before);

}  // namespace fundgate::schema

#endif  // SERVER_SIDECAR_SCHEMA_DDL_H_
