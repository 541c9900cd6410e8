#include "server/sidecar/sources/mariadb/binlog_stream.h"

#include <mysql.h>
// After mysql.h, whose types it uses.
#include <mariadb_rpl.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "server/sidecar/sources/mariadb/database_error.h"

namespace fundgate::sources {
namespace {

// A binlog begins with four bytes of magic; the server wants to hear so even where a GTID decides.
constexpr unsigned long kFirstOffset = 4;

absl::Status Prepare(MariadbSession& session, const std::string& position,
                     const BinlogOptions& options) {
  const std::string heartbeat = absl::StrCat(absl::ToInt64Nanoseconds(options.heartbeat));
  for (const std::string& statement : {
           std::string("SET @master_binlog_checksum = @@global.binlog_checksum"),
           // 4: GTIDs and annotations are sent as events of their own.
           std::string("SET @mariadb_slave_capability = 4"),
           absl::StrCat("SET @master_heartbeat_period = ", heartbeat),
           absl::StrCat("SET @slave_connect_state = '", position, "'"),
           std::string("SET @slave_gtid_strict_mode = 1"),
           std::string("SET @slave_gtid_ignore_duplicates = 0"),
       }) {
    FUNDGATE_RETURN_IF_ERROR(session.Query(statement).status());
  }
  return absl::OkStatus();
}

// The options are variadic: each must have exactly the type that the library takes out.
void SetOptions(MARIADB_RPL* stream, const BinlogOptions& options) {
  mariadb_rpl_optionsv(stream, MARIADB_RPL_SERVER_ID, static_cast<unsigned>(options.server_id));
  mariadb_rpl_optionsv(stream, MARIADB_RPL_FILENAME, "", static_cast<size_t>(0));
  mariadb_rpl_optionsv(stream, MARIADB_RPL_START, kFirstOffset);
  unsigned flags = MARIADB_RPL_BINLOG_SEND_ANNOTATE_ROWS;
  if (options.stops_at_end) flags |= MARIADB_RPL_BINLOG_DUMP_NON_BLOCK;
  mariadb_rpl_optionsv(stream, MARIADB_RPL_FLAGS, flags);
  mariadb_rpl_optionsv(stream, MARIADB_RPL_VERIFY_CHECKSUM, 1U);
  mariadb_rpl_optionsv(stream, MARIADB_RPL_UNCOMPRESS, 1U);
}

}  // namespace

absl::StatusOr<std::unique_ptr<BinlogStream>> BinlogStream::Open(
    std::unique_ptr<MariadbSession> session, const std::string& position,
    const BinlogOptions& options) {
  FUNDGATE_RETURN_IF_ERROR(Prepare(*session, position, options));
  MYSQL* const mysql = session->handle();
  const auto failure = [&session, mysql] {
    return DatabaseError(absl::StrCat("asking ", session->endpoint().ToString(), " for its binlog"),
                         mysql_errno(mysql), mysql_error(mysql));
  };
  MARIADB_RPL* const stream = mariadb_rpl_init(mysql);
  if (stream == nullptr) return failure();
  SetOptions(stream, options);
  if (mariadb_rpl_open(stream) != 0) {
    const absl::Status status = failure();
    mariadb_rpl_close(stream);
    return status;
  }
  return std::unique_ptr<BinlogStream>(
      new BinlogStream(std::move(session), stream, options.stops_at_end));
}

BinlogStream::~BinlogStream() {
  if (event_ != nullptr) mariadb_free_rpl_event(event_);
  mariadb_rpl_close(stream_);
}

absl::StatusOr<std::span<const uint8_t>> BinlogStream::Fetch() {
  // A failure frees the event that it was given.
  event_ = mariadb_rpl_fetch(stream_, std::exchange(event_, nullptr));
  if (event_ == nullptr) {
    MYSQL* const mysql = session_->handle();
    // The server ended the stream in good order, which it does only when it is told to: like a
    // connection that is gone.
    if (mysql_errno(mysql) == 0 && stops_at_end_) return std::span<const uint8_t>();
    if (mysql_errno(mysql) == 0) {
      return absl::UnavailableError(absl::StrCat("reading the binlog of ",
                                                 session_->endpoint().ToString(),
                                                 ": the server ended the stream"));
    }
    return DatabaseError(absl::StrCat("reading the binlog of ", session_->endpoint().ToString()),
                         mysql_errno(mysql), mysql_error(mysql));
  }
  return std::span<const uint8_t>(event_->raw_data + event_->raw_data_ofs,
                                  event_->raw_data_size - event_->raw_data_ofs);
}

}  // namespace fundgate::sources
