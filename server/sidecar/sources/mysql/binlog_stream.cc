#include "server/sidecar/sources/mysql/binlog_stream.h"

#include <mysql.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "server/sidecar/sources/mariadb/database_error.h"
#include "server/sidecar/sources/mysql/requests.h"

namespace fundgate::sources {
namespace {

constexpr char kHostName[] = "fundgate-sidecar";

// The first byte of each packet.
constexpr uint8_t kEvent = 0x00;
constexpr uint8_t kEnd = 0xfe;

absl::Status Prepare(MariadbSession& session, const BinlogOptions& options) {
  const std::string heartbeat = absl::StrCat(absl::ToInt64Nanoseconds(options.heartbeat));
  // Later versions call the server a source and the reader a replica.
  for (const std::string& statement : {
           std::string("SET @master_binlog_checksum = @@global.binlog_checksum, "
                       "@source_binlog_checksum = @@global.binlog_checksum"),
           absl::StrCat("SET @master_heartbeat_period = ", heartbeat,
                        ", @source_heartbeat_period = ", heartbeat),
           // The server ends the stream of an earlier reader with the same one, in a way that looks
           // like its own end. Which reader goes on is the gate's to say.
           std::string("SET @slave_uuid = UUID()"),
           std::string("SET @replica_uuid = @slave_uuid"),
       }) {
    FUNDGATE_RETURN_IF_ERROR(session.Query(statement).status());
  }
  return absl::OkStatus();
}

// Sends a command that the library has no function for. `answered`: with a packet that says whether
// it went well.
absl::Status Send(MariadbSession& session, int command, const std::string& body, bool answered,
                  const char* doing) {
  MYSQL* const mysql = session.handle();
  const int failed =
      mysql->methods->db_command(mysql, static_cast<enum_server_command>(command), body.data(),
                                 body.size(), answered ? 0 : 1, nullptr);
  if (failed == 0) return absl::OkStatus();
  return DatabaseError(absl::StrCat("asking ", session.endpoint().ToString(), " ", doing),
                       mysql_errno(mysql), mysql_error(mysql));
}

}  // namespace

absl::StatusOr<std::unique_ptr<MysqlBinlogStream>> MysqlBinlogStream::Open(
    std::unique_ptr<MariadbSession> session, const std::string& executed,
    const BinlogOptions& options) {
  FUNDGATE_ASSIGN_OR_RETURN(const std::string dump,
                            DumpRequest(options.server_id, executed, options.stops_at_end));
  return Ask(std::move(session), kComBinlogDumpGtid, dump, options);
}

absl::StatusOr<std::unique_ptr<MysqlBinlogStream>> MysqlBinlogStream::OpenFile(
    std::unique_ptr<MariadbSession> session, const std::string& position,
    const BinlogOptions& options) {
  FUNDGATE_ASSIGN_OR_RETURN(const FilePlace place, PlaceOf(position));
  FUNDGATE_ASSIGN_OR_RETURN(const std::string dump,
                            DumpRequest(options.server_id, place, options.stops_at_end));
  return Ask(std::move(session), kComBinlogDump, dump, options);
}

absl::StatusOr<std::unique_ptr<MysqlBinlogStream>> MysqlBinlogStream::Ask(
    std::unique_ptr<MariadbSession> session, int command, const std::string& dump,
    const BinlogOptions& options) {
  FUNDGATE_RETURN_IF_ERROR(Prepare(*session, options));
  FUNDGATE_RETURN_IF_ERROR(Send(*session, kComRegisterSlave,
                                RegisterRequest(options.server_id, kHostName), true,
                                "to list this reader"));
  FUNDGATE_RETURN_IF_ERROR(Send(*session, command, dump, false, "for its binlog"));
  return std::unique_ptr<MysqlBinlogStream>(
      new MysqlBinlogStream(std::move(session), options.stops_at_end));
}

absl::StatusOr<std::span<const uint8_t>> MysqlBinlogStream::Fetch() {
  MYSQL* const mysql = session_->handle();
  const std::string doing = absl::StrCat("reading the binlog of ", session_->endpoint().ToString());
  const unsigned long length = mysql_net_read_packet(mysql);
  if (length == packet_error) {
    return DatabaseError(doing, mysql_errno(mysql), mysql_error(mysql));
  }
  const std::span<const uint8_t> packet(mysql->net.read_pos, length);
  // The server ends the stream in good order only when it is told to: like a connection that is
  // gone.
  if (stops_at_end_ && !packet.empty() && packet[0] == kEnd) return std::span<const uint8_t>();
  if (packet.empty() || packet[0] == kEnd) {
    return absl::UnavailableError(absl::StrCat(doing, ": the server ended the stream"));
  }
  if (packet[0] != kEvent) {
    return absl::UnavailableError(
        absl::StrCat(doing, ": a packet begins with ", packet[0], ", which is no event"));
  }
  return packet.subspan(1);
}

}  // namespace fundgate::sources
