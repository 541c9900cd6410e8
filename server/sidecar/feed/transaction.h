// A transaction of a source, as it waits to be sent.
#ifndef SERVER_SIDECAR_FEED_TRANSACTION_H_
#define SERVER_SIDECAR_FEED_TRANSACTION_H_

#include <cstdint>
#include <optional>
#include <vector>

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
  // XA COMMIT: the events are those of the transaction that was prepared, and bear its name.
  bool was_prepared = false;
  // Behind it, if that has changed: where the prepared transactions are that aren't decided, as
  // SourcePosition::SetUndecided() wants it.
  std::optional<std::vector<Step>> undecided = {};
  // Not a transaction but rows as they stand behind the one before, or another step of a run that
  // reads tables anew: it has no step of its own, goes in a request of its own and moves nothing.
  std::optional<v1::SnapshotStep> snapshot = {};
};

}  // namespace fundgate::feed

#endif  // SERVER_SIDECAR_FEED_TRANSACTION_H_
