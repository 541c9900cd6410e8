// Whether a database server has what was applied, so that reading can go on there. No I/O.
#ifndef SERVER_SIDECAR_FEED_SERVER_CHECK_H_
#define SERVER_SIDECAR_FEED_SERVER_CHECK_H_

#include <string>

#include "absl/status/status.h"
#include "server/sidecar/feed/source_position.h"

namespace fundgate::feed {

struct ServerState {
  std::string name;     // for people: HOST:PORT
  std::string own_id;   // how transactions that it writes itself name it: server id or UUID
  SourcePosition head;  // what it has
  // Of that what its binlog doesn't have any more; only MySQL tells.
  SourcePosition purged;
};

// After a switch, an operator's mistake or a restore. OK if everything that was applied is there
// and everything that wasn't can be read. UNAVAILABLE if it is behind: it may get there, as a
// replica that is still applying what it received. OUT_OF_RANGE if it never will: it wrote what is
// missing itself and has lost it, has other transactions in its place, or has purged what comes
// next.
//
// MariaDB's numbers are compared domain by domain; that other transactions stand under numbers that
// were applied shows there only at the newest, and else when the binlog is asked for.
absl::Status CheckServerHas(const SourcePosition& applied, const ServerState& server);

}  // namespace fundgate::feed

#endif  // SERVER_SIDECAR_FEED_SERVER_CHECK_H_
