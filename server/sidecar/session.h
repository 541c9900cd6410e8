// One attempt to follow a database: from the policy to the loss of a connection, or an end.
#ifndef SERVER_SIDECAR_SESSION_H_
#define SERVER_SIDECAR_SESSION_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "fundgate/v1/ingest.grpc.pb.h"
#include "fundgate/v1/policies.grpc.pb.h"
#include "server/sidecar/feed/counters.h"
#include "server/sidecar/feed/feeder.h"
#include "server/sidecar/feed/stager.h"
#include "server/sidecar/log.h"
#include "server/sidecar/policy_source.h"
#include "server/sidecar/sources/binlog_stream.h"
#include "server/sidecar/sources/primary.h"

namespace fundgate::sidecar {

struct Settings {
  std::string gate;    // HOST:PORT
  std::string source;  // as the policy names it
  // Who this reader is to the database; 0: made from the source's name, the same on every machine.
  uint32_t server_id = 0;
  // Where the parts of large transactions go that don't fit into memory.
  std::string spill_folder = "/tmp";
  feed::FeederOptions feeder;
};

// The id that a sidecar of this source has unless it is told another one: from 2^31, so that it
// meets few servers' ids.
uint32_t DefaultServerId(std::string_view source);

// What to do after a session.
enum class Next : uint8_t {
  kRetry,   // a connection was lost: begin another one, after a while
  kReload,  // the policy or the position has changed: the same
  kFail,    // something must be set right by a person first
  kFenced,  // another sidecar feeds the source now
  kLost,    // the database doesn't have the position any more
};

struct SessionEnd {
  Next next = Next::kRetry;
  absl::Status status;          // why; OK only after Stop
  bool unacknowledged = false;  // the gate may lack something that was read
};

// What lives longer than a session.
struct SessionContext {
  const Settings& settings;
  v1::Ingest::Stub& ingest;
  v1::Policies::Stub& policies;
  const Log& log;
  feed::Counters& counters;
  std::string& server_uid;  // of the server that was read last; empty: none yet
};

// Thread safety: Run once, from one thread; Stop from any.
class Session {
 public:
  explicit Session(SessionContext context) : context_(context) {}

  // Follows until something ends it. Everything that was read is acknowledged by the gate when it
  // returns, unless the gate is gone.
  SessionEnd Run();

  // Ends it as soon as may be. Also before Run.
  void Stop();

  // It brought the gate further, or lasted a while: the next attempt need not wait long.
  bool went_well() const { return went_well_; }

 private:
  SessionEnd Follow(sources::Primary primary, PolicySource& policy);
  SessionEnd Feed(sources::BinlogStream& binlog, sources::HeadReader& head, PolicySource& policy,
                  feed::RequestBuilder builder, const google::protobuf::Timestamp& granted_at);
  SessionEnd Read(sources::BinlogStream& binlog, PolicySource& policy, feed::Feeder& feeder);
  void NoteServer(const sources::Primary& primary);
  absl::StatusOr<std::string> ReadHead(sources::HeadReader& head);
  void Interrupt();
  bool stopped() const;

  const SessionContext context_;
  bool went_well_ = false;
  bool head_failed_ = false;  // the prober's: the last reading of the head did

  mutable std::mutex mutex_;  // over all below
  bool stopped_ = false;
  sources::BinlogStream* binlog_ = nullptr;  // while it is read
  sources::HeadReader* head_ = nullptr;
};

}  // namespace fundgate::sidecar

#endif  // SERVER_SIDECAR_SESSION_H_
