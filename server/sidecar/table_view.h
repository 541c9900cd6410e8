// Views of a table that stand at a known place of its server's binlog.
#ifndef SERVER_SIDECAR_TABLE_VIEW_H_
#define SERVER_SIDECAR_TABLE_VIEW_H_

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/sidecar/binlog/statement.h"
#include "server/sidecar/sources/mariadb/primary.h"

namespace fundgate::sidecar {

// Between two events of a server's binlog. Of one server, later places are greater.
struct BinlogPlace {
  uint64_t file = 0;    // the number in the file's name
  uint64_t offset = 0;  // of the next event

  friend auto operator<=>(const BinlogPlace&, const BinlogPlace&) = default;
};

// The number of "mariadb-bin.000012"; 0 if it has none.
uint64_t NumberOfBinlog(std::string_view file_name);

// "`pay`.`refund`": the table in a statement.
std::string Quoted(const binlog::TableName& table);

// How a flavor of server gives such views.
//
// Thread safety: Open from one thread; Interrupt from any.
class TableView {
 public:
  virtual ~TableView() = default;

  // Begins a transaction in `reader` that sees the table as it stood at the place: with all that
  // transactions of the binlog before it did to the table's rows, and nothing of those behind it.
  // The table isn't altered before that transaction ends. Fails as DatabaseError() says, after
  // which `reader` is to be closed:
  //   DEADLINE_EXCEEDED  others work on the table without a pause: try again later
  //   PERMISSION_DENIED  the user lacks one of Rights()
  virtual absl::StatusOr<BinlogPlace> Open(sources::MariadbSession& reader,
                                           const binlog::TableName& table) = 0;

  // What the source's user needs, as GRANT has it: "SELECT ON `pay`.`refund`".
  virtual std::string Rights(const binlog::TableName& table) const = 0;

  // Open fails, now and later.
  virtual void Interrupt() = 0;
};

// Of the server that `primary` is connected to now.
//
// MariaDB takes no lock: with its binlog it notes where in it a view begins.
//
// MySQL notes nothing, so the table is locked against writes while a view of it is opened and the
// place is read, which takes a few round trips. FLUSH TABLES ... WITH READ LOCK is granted
// once nobody who wrote or read the table has a transaction open; those transactions are in the
// binlog and in the engine then, though others, on other tables, may be in one of both alone. So
// the table's rows are the same anywhere between the lock and its end, and any place in between is
// theirs. Whoever writes the table waits while the lock is held, and who reads it, too, while it is
// waited for: 1 s at most, after which it is given up. Should this process freeze or vanish
// meanwhile, the server ends the lock after 3 s.
std::unique_ptr<TableView> NewTableView(const sources::Primary& primary);

}  // namespace fundgate::sidecar

#endif  // SERVER_SIDECAR_TABLE_VIEW_H_
