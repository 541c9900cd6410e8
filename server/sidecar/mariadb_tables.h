// Reading tables of a MariaDB primary in small parts, each as it stood at a known place of the
// binlog.
#ifndef SERVER_SIDECAR_MARIADB_TABLES_H_
#define SERVER_SIDECAR_MARIADB_TABLES_H_

#include <compare>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/sidecar/mariadb_columns.h"
#include "server/sidecar/sources/mariadb/primary.h"
#include "server/sidecar/table_chunk.h"

namespace fundgate::sidecar {

// Between two events of a server's binlog. Of one server, later places are greater.
struct BinlogPlace {
  uint64_t file = 0;    // the number in the file's name
  uint64_t offset = 0;  // of the next event

  friend auto operator<=>(const BinlogPlace&, const BinlogPlace&) = default;
};

// The number of "mariadb-bin.000012"; 0 if it has none.
uint64_t NumberOfBinlog(std::string_view file_name);

struct PlacedChunk {
  BinlogPlace place;
  TableChunk chunk;
};

// Each part is read in a transaction of its own that lasts no longer: no lock, no old versions of
// rows that the server must keep.
//
// Thread safety: Read from one thread; Interrupt from any.
class MariadbTables {
 public:
  // The server that `primary` is connected to now.
  explicit MariadbTables(const sources::Primary& primary);

  // Rows behind the task's cursor, in the order of the primary key. Fails as DatabaseError() says;
  // PERMISSION_DENIED, naming the GRANT, if the user may not read the table; FAILED_PRECONDITION if
  // it is none whose rows can be read so; DATA_LOSS if another server answers now.
  absl::StatusOr<PlacedChunk> Read(const TableTask& task);

  // Read fails, now and later.
  void Interrupt();

 private:
  struct Definition {
    std::string database;
    std::string name;
    std::vector<MariadbColumn> columns;
    std::vector<uint32_t> primary_key;  // indexes of columns
    uint64_t expected_rows = 0;
  };

  absl::Status Connect();
  absl::StatusOr<PlacedChunk> ReadPlaced(const TableTask& task);
  absl::StatusOr<BinlogPlace> ReadPlace();
  absl::StatusOr<Definition> Describe(const std::string& table);
  absl::Status CheckKind(Definition& definition);
  absl::StatusOr<std::string> Statement(const Definition& definition, const TableTask& task) const;

  const sources::Endpoint endpoint_;
  const sources::Login login_;
  const std::string server_uid_;
  uint64_t definitions_ = 0;  // told so far

  std::mutex mutex_;  // over which session there is, not over its use
  std::shared_ptr<sources::MariadbSession> session_;
  bool interrupted_ = false;
};

// FAILED_PRECONDITION, naming the foreign key, if the server itself changes rows of one of `tables`
// ("pay.refund") when others go: no binlog shows that. Else those of the tables that the user may
// not see, of which nobody knows.
absl::StatusOr<std::vector<std::string>> CheckCascades(sources::MariadbSession& session,
                                                       const std::set<std::string>& tables);

}  // namespace fundgate::sidecar

#endif  // SERVER_SIDECAR_MARIADB_TABLES_H_
