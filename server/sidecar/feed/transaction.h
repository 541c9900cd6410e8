// A transaction of a source, as it waits to be sent.
#ifndef SERVER_SIDECAR_FEED_TRANSACTION_H_
#define SERVER_SIDECAR_FEED_TRANSACTION_H_

#include <cstdint>
#include <optional>

#include "absl/time/time.h"
#include "fundgate/v1/event.pb.h"
#include "fundgate/v1/ingest.pb.h"
#include "server/sidecar/feed/source_position.h"
#include "server/sidecar/feed/staged_events.h"

namespace fundgate::feed {

struct Transaction {
  Step step;
  absl::Time committed_at;
  StagedEvents events;  // none: nothing in it is mapped, but the position moves on
  // The marks that hold for all its events.
  google::protobuf::Map<std::string, std::string> marks;
  // XA PREPARE: whether it happens is decided by a later transaction. Its events are sent as gaps.
  bool is_prepared = false;
  // Not a transaction but rows as they stand behind the one before, or another step of a run that
  // reads tables anew: it has no step of its own, goes in a request of its own and moves nothing.
  std::optional<v1::SnapshotStep> snapshot = {};

  bool has_prepared_events() const { return is_prepared && !events.empty(); }
};

}  // namespace fundgate::feed

#endif  // SERVER_SIDECAR_FEED_TRANSACTION_H_
