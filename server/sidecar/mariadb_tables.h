// Reading tables of a MariaDB or MySQL primary in small parts, each as it stood at a known place of
// the binlog.
#ifndef SERVER_SIDECAR_MARIADB_TABLES_H_
#define SERVER_SIDECAR_MARIADB_TABLES_H_

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/sidecar/binlog/statement.h"
#include "server/sidecar/mariadb_columns.h"
#include "server/sidecar/sources/mariadb/primary.h"
#include "server/sidecar/sources/mariadb/primary_connection.h"
#include "server/sidecar/table_chunk.h"
#include "server/sidecar/table_view.h"

namespace fundgate::sidecar {

struct PlacedChunk {
  BinlogPlace place;
  TableChunk chunk;
};

// Each part is read in a transaction of its own that lasts no longer: no old versions of rows that
// the server must keep. What a view of the table takes, see NewTableView().
//
// Thread safety: Read from one thread; Interrupt from any.
class MariadbTables {
 public:
  // The server that `primary` is connected to now.
  explicit MariadbTables(const sources::Primary& primary);

  // Rows behind the task's cursor, in the order of the primary key. Fails as DatabaseError() says;
  // DEADLINE_EXCEEDED if the table is in use all the time, and may be read later;
  // PERMISSION_DENIED, naming the GRANT, if the user may not read the table; FAILED_PRECONDITION if
  // it is none whose rows can be read so; DATA_LOSS if another server answers now.
  absl::StatusOr<PlacedChunk> Read(const TableTask& task);

  // Read fails, now and later.
  void Interrupt();

 private:
  struct Definition {
    std::vector<MariadbColumn> columns;
    std::vector<uint32_t> primary_key;  // indexes of columns
  };

  absl::StatusOr<PlacedChunk> ReadPlaced(sources::MariadbSession& session, const TableTask& task);
  absl::StatusOr<Definition> Describe(sources::MariadbSession& session,
                                      const binlog::TableName& table);
  absl::StatusOr<uint64_t> CheckKind(sources::MariadbSession& session,
                                     const binlog::TableName& table);
  absl::Status MayNotRead(const binlog::TableName& table, std::string_view why) const;

  const std::unique_ptr<TableView> view_;
  sources::PrimaryConnection connection_;
  uint64_t definitions_ = 0;  // told so far
};

// FAILED_PRECONDITION, naming the foreign key, if the server itself changes rows of one of `tables`
// ("pay.refund") when others go: no binlog shows that. Else those of the tables that the user may
// not see, of which nobody knows.
absl::StatusOr<std::vector<std::string>> CheckCascades(sources::MariadbSession& session,
                                                       const std::set<std::string>& tables);

}  // namespace fundgate::sidecar

#endif  // SERVER_SIDECAR_MARIADB_TABLES_H_
