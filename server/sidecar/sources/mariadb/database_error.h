// What an error of the database or of the connection to it means to a sidecar. No I/O.
#ifndef SERVER_SIDECAR_SOURCES_MARIADB_DATABASE_ERROR_H_
#define SERVER_SIDECAR_SOURCES_MARIADB_DATABASE_ERROR_H_

#include <string_view>

#include "absl/status/status.h"

namespace fundgate::sources {

// Says what to do about an error number of the server or of the client library while doing what
// `doing` says ("connecting to db:3306"), by its code:
//   UNAVAILABLE          the connection or the server is gone: connect again, with back-off
//   OUT_OF_RANGE         the position asked for is not in the server's binlog, or not any more:
//   what
//                        lies between can't be read, and trying again doesn't help
//   ABORTED              another reader with the same server id took over
//   DATA_LOSS            the binlog is damaged
//   PERMISSION_DENIED    user, password or rights are wrong
//   NOT_FOUND            there is no such table
//   DEADLINE_EXCEEDED    others kept a lock for longer than it was waited for
//   INVALID_ARGUMENT     the position is no list of GTIDs
//   INTERNAL             anything else: connect again, with back-off, and tell somebody
absl::Status DatabaseError(std::string_view doing, unsigned number, std::string_view text);

}  // namespace fundgate::sources

#endif  // SERVER_SIDECAR_SOURCES_MARIADB_DATABASE_ERROR_H_
