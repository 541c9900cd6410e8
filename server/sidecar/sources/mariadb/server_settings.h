// Whether a server logs what a sidecar needs. No I/O.
#ifndef SERVER_SIDECAR_SOURCES_MARIADB_SERVER_SETTINGS_H_
#define SERVER_SIDECAR_SOURCES_MARIADB_SERVER_SETTINGS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace fundgate::sources {

enum class Flavor : uint8_t {
  kMariadb,
  kMysql,       // with GTIDs
  kMysqlFiles,  // without: positions are places in its binlog's files
};

// "MariaDB", "MySQL".
std::string NameOf(Flavor flavor);

// Global variables by name in lower case, as SHOW GLOBAL VARIABLES prints them.
using ServerVariables = std::map<std::string, std::string>;

// The names that the check reads.
const std::vector<std::string>& CheckedVariables();

// FAILED_PRECONDITION with one line for everything that is wrong, each with what is set, what is
// needed, why, and the line for the server's configuration; or if the server is of another flavor.
// `server_id` is what the sidecar says it is: it must not be the server's own.
absl::Status CheckServerSettings(const ServerVariables& variables, uint32_t server_id,
                                 Flavor flavor = Flavor::kMariadb);

// True if the server takes no writes: it follows another one, whose head it can't prove.
bool IsReadOnly(const ServerVariables& variables);

}  // namespace fundgate::sources

#endif  // SERVER_SIDECAR_SOURCES_MARIADB_SERVER_SETTINGS_H_
