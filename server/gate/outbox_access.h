// What whoever delivers alerts sees of the gate: what waits, and where to say what became of it.
#ifndef SERVER_GATE_OUTBOX_ACCESS_H_
#define SERVER_GATE_OUTBOX_ACCESS_H_

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fundgate/v1/alerts.pb.h"
#include "server/gate/masking.h"
#include "server/sequencer/mutex.h"
#include "server/sequencer/sequencer.h"
#include "server/store/store.h"

namespace fundgate::gate {

// Any thread.
class OutboxAccess {
 public:
  // An alert with its place in the outbox.
  struct Waiting {
    std::string slot;
    v1::Alert alert;
  };

  // Failures remembered of what doesn't wait any more.
  static constexpr size_t kMaxAttempts = 1024;

  // All must outlive it.
  OutboxAccess(store::Store& store, sequencer::Sequencer& sequencer, const Masking& masking);
  ~OutboxAccess();
  OutboxAccess(const OutboxAccess&) = delete;
  OutboxAccess& operator=(const OutboxAccess&) = delete;

  // Everything that waits and is durable, the oldest first. Receivers see masks: who they are isn't
  // known here.
  absl::StatusOr<std::vector<Waiting>> ListWaiting(Sight sight = Sight::kMasked) const;

  // Each group that is not resolved, as an alert of its own: for receivers that forget. Its id is
  // the group's. Masked, too.
  absl::StatusOr<std::vector<v1::Alert>> ListOpenGroups() const;

  // These have been taken by everybody who must know: slot and id. They leave the outbox once that
  // is durable; RESOURCE_EXHAUSTED or UNAVAILABLE if the sequencer takes no input now: say it
  // again.
  absl::Status Delivered(std::vector<std::pair<std::string, std::string>> alerts);

  // Called when the outbox has changed, on the answerer's thread: must be quick. Null: nobody.
  // None is called any more once this has returned.
  void Watch(std::function<void()> changed) FUNDGATE_EXCLUDES(watch_mutex_);

  // Kept in memory for ListAttempts, the newest of each alert and receiver.
  void NoteAttempt(v1::DeliveryAttempt attempt) FUNDGATE_EXCLUDES(mutex_);
  std::vector<v1::DeliveryAttempt> ListAttempts() const FUNDGATE_EXCLUDES(mutex_);

 private:
  store::Store& store_;
  sequencer::Sequencer& sequencer_;
  const Masking& masking_;
  uint64_t observer_ = 0;
  // Held while the watcher is called, so never while anything else of this is done.
  sequencer::Mutex watch_mutex_;
  std::function<void()> changed_ FUNDGATE_GUARDED_BY(watch_mutex_);
  mutable sequencer::Mutex mutex_;
  // By alert and receiver. Alerts' names sort by age.
  std::map<std::pair<std::string, std::string>, v1::DeliveryAttempt> attempts_
      FUNDGATE_GUARDED_BY(mutex_);
};

}  // namespace fundgate::gate

#endif  // SERVER_GATE_OUTBOX_ACCESS_H_
