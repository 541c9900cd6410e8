// One attempt to follow a source: from the policy to the loss of a connection, or an end.
#ifndef SERVER_SIDECAR_SESSION_H_
#define SERVER_SIDECAR_SESSION_H_

#include <mutex>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "fundgate/v1/ingest.grpc.pb.h"
#include "fundgate/v1/policies.grpc.pb.h"
#include "server/sidecar/feed/counters.h"
#include "server/sidecar/feed/feeder.h"
#include "server/sidecar/feed/request_builder.h"
#include "server/sidecar/feed/source_position.h"
#include "server/sidecar/follower.h"
#include "server/sidecar/followers.h"
#include "server/sidecar/log.h"
#include "server/sidecar/policy_source.h"
#include "server/sidecar/schema/history.h"
#include "server/sidecar/settings.h"
#include "server/sidecar/snapshot_runner.h"

namespace fundgate::sidecar {

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
  bool& must_begin_anew;    // what comes next at the source can't be read any more
  // Prepared transactions that aren't decided can't be read again: they are given up.
  bool& gives_up_prepared;
  schema::History& schema;  // of its tables
  Damage& damage;
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
  SessionEnd Follow(Follower& follower, PolicySource& policy);
  SessionEnd Feed(Follower& follower, PolicySource& policy, feed::RequestBuilder builder,
                  const google::protobuf::Timestamp& granted_at, SnapshotRunner* runner,
                  uint64_t run);
  SessionEnd BeginAnew(Follower& follower, uint64_t mapping_version,
                       const v1::GetPositionResponse& granted);
  SessionEnd Read(Follower& follower, PolicySource& policy, feed::Feeder& feeder);
  absl::StatusOr<std::string> ReadHead(Follower& follower);
  void Interrupt();
  bool stopped() const;

  const SessionContext context_;
  std::optional<feed::SourcePosition> position_;  // that the gate gave
  bool went_well_ = false;
  bool head_failed_ = false;  // the prober's: the last reading of the head did

  mutable std::mutex mutex_;  // over all below
  bool stopped_ = false;
  Follower* follower_ = nullptr;  // while it is read
};

}  // namespace fundgate::sidecar

#endif  // SERVER_SIDECAR_SESSION_H_
