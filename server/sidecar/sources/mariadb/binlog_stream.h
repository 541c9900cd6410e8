// The binlog of a MariaDB server.
#ifndef SERVER_SIDECAR_SOURCES_MARIADB_BINLOG_STREAM_H_
#define SERVER_SIDECAR_SOURCES_MARIADB_BINLOG_STREAM_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/sidecar/sources/event_stream.h"
#include "server/sidecar/sources/mariadb/mariadb_session.h"

struct st_mariadb_rpl;
struct st_mariadb_rpl_event;

namespace fundgate::sources {

struct BinlogOptions {
  // Who this reader is: not the server's own id nor another replica's. A later reader with the same
  // one throws this one out.
  uint32_t server_id = 0;
  // How often the server sends a word when nothing happens. Less than the session's timeout.
  absl::Duration heartbeat = absl::Seconds(1);
  bool stops_at_end = false;  // of what is logged: Fetch then gives an empty event
};

class BinlogStream final : public EventStream {
 public:
  // Starts after `position`, GTIDs separated by commas, one a domain: "0-1-128,5-77-1". A domain
  // that isn't named is read from the oldest log that the server has; so is everything if it is
  // empty. Whether the server has the position shows with the first event. Fails as DatabaseError()
  // says.
  static absl::StatusOr<std::unique_ptr<BinlogStream>> Open(std::unique_ptr<MariadbSession> session,
                                                            const std::string& position,
                                                            const BinlogOptions& options);
  ~BinlogStream() override;
  BinlogStream(const BinlogStream&) = delete;
  BinlogStream& operator=(const BinlogStream&) = delete;

  absl::StatusOr<std::span<const uint8_t>> Fetch() override;
  void Interrupt() override { session_->Interrupt(); }

 private:
  BinlogStream(std::unique_ptr<MariadbSession> session, st_mariadb_rpl* stream, bool stops_at_end)
      : session_(std::move(session)), stream_(stream), stops_at_end_(stops_at_end) {}

  const std::unique_ptr<MariadbSession> session_;
  st_mariadb_rpl* const stream_;
  const bool stops_at_end_;
  st_mariadb_rpl_event* event_ = nullptr;  // the newest; its memory serves the next
};

}  // namespace fundgate::sources

#endif  // SERVER_SIDECAR_SOURCES_MARIADB_BINLOG_STREAM_H_
