// One connection to a MariaDB server.
#ifndef SERVER_SIDECAR_SOURCES_MARIADB_MARIADB_SESSION_H_
#define SERVER_SIDECAR_SOURCES_MARIADB_MARIADB_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/sidecar/sources/tls_settings.h"

struct st_mysql;

namespace fundgate::sources {

struct Endpoint {
  std::string host;
  uint16_t port = 0;

  std::string ToString() const;
};

// "HOST:PORT", an IPv6 address in brackets. INVALID_ARGUMENT otherwise.
absl::StatusOr<Endpoint> ParseEndpoint(std::string_view text);

struct Login {
  std::string user;
  std::string password;
  std::optional<TlsSettings> tls;             // nothing: TLS isn't asked for
  absl::Duration timeout = absl::Seconds(5);  // of connecting, of each read and each write
};

// A row of a result: the columns as text, nothing for NULL.
using ResultRow = std::vector<std::optional<std::string>>;

// Thread safety: one thread at a time; Interrupt from any.
class MariadbSession {
 public:
  // Fails as DatabaseError() says. With TLS the server's certificate must be valid for the host.
  static absl::StatusOr<std::unique_ptr<MariadbSession>> Connect(const Endpoint& endpoint,
                                                                 const Login& login);
  ~MariadbSession();
  MariadbSession(const MariadbSession&) = delete;
  MariadbSession& operator=(const MariadbSession&) = delete;

  // All rows. Fails as DatabaseError() says.
  absl::StatusOr<std::vector<ResultRow>> Query(const std::string& sql);

  // Rows in the order in which they come until they take `bytes_max`, the last one included; the
  // others are never in memory. If there may be more, `was_cut`, and the connection is of no use
  // any more. Fails as DatabaseError() says.
  absl::StatusOr<std::vector<ResultRow>> QuerySome(const std::string& sql, size_t bytes_max,
                                                   bool& was_cut);

  // The one value of a query with one row and one column; empty for NULL.
  absl::StatusOr<std::string> QueryValue(const std::string& sql);

  // Any thread: whatever waits for the server fails with UNAVAILABLE, now and later.
  void Interrupt();

  const Endpoint& endpoint() const { return endpoint_; }
  st_mysql* handle() { return mysql_; }

 private:
  MariadbSession(Endpoint endpoint, st_mysql* mysql);

  const Endpoint endpoint_;
  st_mysql* const mysql_;
  // The same socket under a number of its own: the library closes its one after an error, and the
  // system gives that number to others.
  const int socket_;
};

}  // namespace fundgate::sources

#endif  // SERVER_SIDECAR_SOURCES_MARIADB_MARIADB_SESSION_H_
