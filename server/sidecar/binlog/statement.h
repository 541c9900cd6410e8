// What the text of a QUERY event means for rows.
#ifndef SERVER_SIDECAR_BINLOG_STATEMENT_H_
#define SERVER_SIDECAR_BINLOG_STATEMENT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fundgate::binlog {

struct TableName {
  std::string database;  // empty: any
  std::string table;     // empty: any
};

struct Statement {
  enum class Kind : uint8_t {
    kBegin,
    kCommit,
    kRollback,
    kRollbackTo,  // a savepoint: what came since is undone
    kXaStart,
    kXaEnd,
    kXaCommit,
    kXaRollback,
    kNoRows,      // changes no rows: CREATE, most of ALTER, GRANT, SAVEPOINT
    kChangesRows  // may change rows that no row event tells of: DML as text, TRUNCATE, DROP TABLE
  };
  Kind kind = Kind::kNoRows;
  // Of kChangesRows. A TRUNCATE, DROP or RENAME names its tables. DML as text may have fired
  // triggers, so that no name in it says what it changed: any.
  std::vector<TableName> tables;
  std::string xa_id;  // of kXa...: as TransactionHead has it
};

// Understands as much of a statement as the question needs, also in executable comments. What it
// doesn't know changes rows. `database`: what names without one belong to.
Statement Classify(std::string_view sql, std::string_view database);

// An XA transaction's name in TransactionHead's form.
std::string XaName(std::string_view global, std::string_view branch, uint32_t format);

}  // namespace fundgate::binlog

#endif  // SERVER_SIDECAR_BINLOG_STATEMENT_H_
