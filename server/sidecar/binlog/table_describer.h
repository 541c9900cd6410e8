// Who knows of a table what its table map doesn't say.
#ifndef SERVER_SIDECAR_BINLOG_TABLE_DESCRIBER_H_
#define SERVER_SIDECAR_BINLOG_TABLE_DESCRIBER_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/sidecar/binlog/table.h"
#include "server/sidecar/binlog/transaction.h"

namespace fundgate::binlog {

// A statement took a column away, or may have changed what rows hold in it, without a row of it in
// the binlog.
struct ColumnLoss {
  std::string database;
  std::string table;
  std::string column;  // empty: any
  std::string reason;  // a sentence
};

// Servers that don't log names, signs and keys (binlog_row_metadata other than FULL, MySQL before
// 8.0) log the statements that changed them. Told of each, in the order of the stream. A status
// that isn't ok ends the reading with it.
class TableDescriber {
 public:
  virtual ~TableDescriber() = default;

  // A statement that may define tables: all that are logged as text but BEGIN, COMMIT, XA and the
  // like. `database`: what names without one belong to. Says which columns it did something to.
  virtual absl::StatusOr<std::vector<ColumnLoss>> OnStatement(const TransactionHead& head,
                                                              std::string_view database,
                                                              std::string_view sql) = 0;

  // Fills in what the map doesn't say and what is known as of this event; what it says stays. Else
  // leaves it as it is, with the reason in Table::undescribed. Fills in Table::changed_by. Only
  // called for tables whose rows are wanted.
  virtual absl::Status Describe(Table& table) = 0;
};

}  // namespace fundgate::binlog

#endif  // SERVER_SIDECAR_BINLOG_TABLE_DESCRIBER_H_
