// Who watches breakers, and what they are told.
#ifndef SERVER_GATE_BREAKER_WATCH_H_
#define SERVER_GATE_BREAKER_WATCH_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <vector>

#include "fundgate/types/ids.h"
#include "fundgate/v1/breakers.pb.h"
#include "server/core/outcome.h"
#include "server/gate/backend.h"
#include "server/gate/masking.h"
#include "server/sequencer/mutex.h"

namespace fundgate::gate {

class BreakerWatcher;

// The journal's record that last changed a breaker. 0 if it can't be found.
Sequence SequenceOf(const store::View& view, const core::Breaker& breaker);

// Any thread.
class BreakerWatch {
 public:
  // A watcher that first gets the present state and then every change, with no gap between.
  // The prefix is of scopes as somebody of that sight sees them.
  grpc::ServerWriteReactor<v1::WatchBreakersResponse>* Open(const Backend& backend, Sight sight,
                                                            const std::string& scope_prefix);

  // Tells the watchers what an outcome changed. In order, once it is synced.
  void Changed(Sequence sequence, const core::Outcome& outcome);

 private:
  sequencer::Mutex mutex_;  // taken before a watcher's own
  std::vector<std::weak_ptr<BreakerWatcher>> watchers_ FUNDGATE_GUARDED_BY(mutex_);
};

}  // namespace fundgate::gate

#endif  // SERVER_GATE_BREAKER_WATCH_H_
