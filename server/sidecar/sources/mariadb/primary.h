// Finding the primary among the hosts that a policy names, and asking it how far it has come.
#ifndef SERVER_SIDECAR_SOURCES_MARIADB_PRIMARY_H_
#define SERVER_SIDECAR_SOURCES_MARIADB_PRIMARY_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/sidecar/sources/file_position.h"
#include "server/sidecar/sources/mariadb/mariadb_session.h"
#include "server/sidecar/sources/mariadb/primary_connection.h"
#include "server/sidecar/sources/mariadb/server_settings.h"

namespace fundgate::sources {

struct PrimarySettings {
  Flavor flavor = Flavor::kMariadb;
  std::vector<std::string> hosts;  // HOST:PORT, in the order of preference
  std::string user;
  std::string password_file;
  std::optional<TlsSettings> tls;
  uint32_t server_id = 0;  // of the reader: see BinlogOptions
};

// A server that takes writes and logs what is needed.
struct Primary {
  std::unique_ptr<MariadbSession> session;
  Login login;
  std::string version;
  std::string server_uid;  // the server's own name, for ever; empty if it is too old to have one
  Flavor flavor = Flavor::kMariadb;
  std::string server_id;  // as transactions name it: MariaDB's server_id, MySQL's server_uuid
  // When it was connected to: what was committed, as HeadReader gives it; and of that what its
  // binlog doesn't have any more, which only MySQL says.
  std::string head;
  std::string purged;
};

// Whether a server that takes writes has what is needed: OK; UNAVAILABLE if it may have it later,
// OUT_OF_RANGE if it never will.
using PrimaryCheck = std::function<absl::Status(const Primary& primary)>;

// The first of the hosts that answers, takes writes and is accepted; without a check all are.
// Failures:
//   OUT_OF_RANGE         none is, and one was refused so; says for each why
//   UNAVAILABLE          none is; says for each why
//   PERMISSION_DENIED, NOT_FOUND, INVALID_ARGUMENT  the login is wrong, as ReadPasswordFile() and
//                        DatabaseError() say
//   FAILED_PRECONDITION  its settings are wrong, as CheckServerSettings() says
absl::StatusOr<Primary> ConnectToPrimary(const PrimarySettings& settings,
                                         const PrimaryCheck& check = nullptr);

// Where the newest binlog file of a MySQL server ends: before all that isn't logged yet. Fails as
// DatabaseError() says; PERMISSION_DENIED names the GRANT.
absl::StatusOr<FilePlace> ReadBinlogEnd(MariadbSession& session);

// Reads the newest committed transactions over a connection of its own, which it makes when it is
// needed and again after a failure.
//
// Thread safety: Read from one thread at a time; Interrupt from any.
class HeadReader {
 public:
  // The server that `primary` is connected to now.
  explicit HeadReader(const Primary& primary);

  // MariaDB: GTIDs separated by commas, one of each domain. MySQL: a GTID set; without GTIDs what
  // FilePositionOf() gives. UNAVAILABLE and
  // others as DatabaseError() says; DATA_LOSS if another server answers at the address now;
  // FAILED_PRECONDITION if the server takes no writes any more, so that its head proves nothing, or
  // doesn't keep what it has told.
  absl::StatusOr<std::string> Read();

  // Read fails, now and later.
  void Interrupt() { connection_.Interrupt(); }

 private:
  PrimaryConnection connection_;
  const Flavor flavor_;
};

}  // namespace fundgate::sources

#endif  // SERVER_SIDECAR_SOURCES_MARIADB_PRIMARY_H_
