// The binlog of a MySQL server.
#ifndef SERVER_SIDECAR_SOURCES_MYSQL_BINLOG_STREAM_H_
#define SERVER_SIDECAR_SOURCES_MYSQL_BINLOG_STREAM_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/sidecar/sources/event_stream.h"
#include "server/sidecar/sources/mariadb/binlog_stream.h"
#include "server/sidecar/sources/mariadb/mariadb_session.h"

namespace fundgate::sources {

class MysqlBinlogStream final : public EventStream {
 public:
  // Everything but what `executed` covers, a GTID set: "UUID:1-5:7,UUID:1-3". Whether the server
  // still has that shows with the first event. Fails as DatabaseError() says; INVALID_ARGUMENT if
  // `executed` is no set.
  static absl::StatusOr<std::unique_ptr<MysqlBinlogStream>> Open(
      std::unique_ptr<MariadbSession> session, const std::string& executed,
      const BinlogOptions& options);

  // Everything behind a place, see PlaceOf(); the same of it. INVALID_ARGUMENT if it is none.
  static absl::StatusOr<std::unique_ptr<MysqlBinlogStream>> OpenFile(
      std::unique_ptr<MariadbSession> session, const std::string& position,
      const BinlogOptions& options);

  absl::StatusOr<std::span<const uint8_t>> Fetch() override;
  void Interrupt() override { session_->Interrupt(); }

 private:
  static absl::StatusOr<std::unique_ptr<MysqlBinlogStream>> Ask(
      std::unique_ptr<MariadbSession> session, int command, const std::string& dump,
      const BinlogOptions& options);

  MysqlBinlogStream(std::unique_ptr<MariadbSession> session, bool stops_at_end)
      : session_(std::move(session)), stops_at_end_(stops_at_end) {}

  const std::unique_ptr<MariadbSession> session_;
  const bool stops_at_end_;
};

}  // namespace fundgate::sources

#endif  // SERVER_SIDECAR_SOURCES_MYSQL_BINLOG_STREAM_H_
