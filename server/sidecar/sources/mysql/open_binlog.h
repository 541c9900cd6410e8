// The binlog of a server of any flavor.
#ifndef SERVER_SIDECAR_SOURCES_MYSQL_OPEN_BINLOG_H_
#define SERVER_SIDECAR_SOURCES_MYSQL_OPEN_BINLOG_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/sidecar/sources/event_stream.h"
#include "server/sidecar/sources/mariadb/binlog_stream.h"
#include "server/sidecar/sources/mariadb/mariadb_session.h"
#include "server/sidecar/sources/mariadb/server_settings.h"

namespace fundgate::sources {

// After `position`: MariaDB's GTIDs as BinlogStream::Open() takes them, MySQL's as
// MysqlBinlogStream::Open() and OpenFile() do. Fails as they do.
absl::StatusOr<std::unique_ptr<EventStream>> OpenBinlog(Flavor flavor,
                                                        std::unique_ptr<MariadbSession> session,
                                                        const std::string& position,
                                                        const BinlogOptions& options);

}  // namespace fundgate::sources

#endif  // SERVER_SIDECAR_SOURCES_MYSQL_OPEN_BINLOG_H_
