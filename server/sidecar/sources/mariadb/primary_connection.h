// A connection of one's own to the server that takes part as the primary.
#ifndef SERVER_SIDECAR_SOURCES_MARIADB_PRIMARY_CONNECTION_H_
#define SERVER_SIDECAR_SOURCES_MARIADB_PRIMARY_CONNECTION_H_

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/sidecar/sources/mariadb/mariadb_session.h"
#include "server/sidecar/sources/mariadb/server_settings.h"

namespace fundgate::sources {

// The server's own name, for ever; empty if it is too old to have one. Fails as DatabaseError()
// says.
absl::StatusOr<std::string> ReadServerUid(MariadbSession& session, Flavor flavor);

// Made when it is needed, and again after it was closed; never to another server than that one.
//
// Thread safety: Get and Close from one thread at a time; Interrupt from any.
class PrimaryConnection {
 public:
  // Each connection begins with the statements.
  PrimaryConnection(Endpoint endpoint, Login login, std::string server_uid, Flavor flavor,
                    std::vector<std::string> statements = {});

  // Stays good until Close. Fails as DatabaseError() says; DATA_LOSS if another server answers at
  // the address now.
  absl::StatusOr<MariadbSession*> Get();

  // The server ends what it does for it: its transaction, its locks.
  void Close();

  // What waits for the server fails with UNAVAILABLE, and so does Get, now and later.
  void Interrupt();

  const Endpoint& endpoint() const { return endpoint_; }

 private:
  const Endpoint endpoint_;
  const Login login_;
  const std::string server_uid_;
  const Flavor flavor_;
  const std::vector<std::string> statements_;

  std::mutex mutex_;  // over which session there is, not over its use
  std::unique_ptr<MariadbSession> session_;
  bool interrupted_ = false;
};

}  // namespace fundgate::sources

#endif  // SERVER_SIDECAR_SOURCES_MARIADB_PRIMARY_CONNECTION_H_
