#include "server/sidecar/sources/mysql/open_binlog.h"

#include <utility>

#include "server/sidecar/sources/mysql/binlog_stream.h"

namespace fundgate::sources {

absl::StatusOr<std::unique_ptr<EventStream>> OpenBinlog(Flavor flavor,
                                                        std::unique_ptr<MariadbSession> session,
                                                        const std::string& position,
                                                        const BinlogOptions& options) {
  switch (flavor) {
    case Flavor::kMysql:
      return MysqlBinlogStream::Open(std::move(session), position, options);
    case Flavor::kMysqlFiles:
      return MysqlBinlogStream::OpenFile(std::move(session), position, options);
    case Flavor::kMariadb:
      break;
  }
  return BinlogStream::Open(std::move(session), position, options);
}

}  // namespace fundgate::sources
