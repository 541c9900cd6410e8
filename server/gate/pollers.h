// How many of gRPC's threads read calls from connections.
#ifndef SERVER_GATE_POLLERS_H_
#define SERVER_GATE_POLLERS_H_

#include <sys/types.h>

#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace fundgate::gate {

// gRPC 1.51 has as many threads for a process's callbacks as half of the machine's cores, at least
// 2 and at most 16 (src/cpp/common/completion_queue_cc.cc). They take turns at polling all
// connections, and who has something to handle wakes another one to poll meanwhile
// (src/core/lib/iomgr/ev_epoll1_linux.cc): where cores are few nearly every call costs changes of
// thread that a single poller is spared.

// Leaves gRPC fewer of them as long as it lives: the others wait. They are let go for a while,
// twice as long each time, where those that are left have hardly a moment to spare, or are held up:
// by a disk that hangs, say. One in a process.
//
// Where calls come in crowds, those that are left are scheduled in batches (sched(7)): one that
// wakes for the next call lets whoever has the core go on, mostly the writer with the calls before.
// It then reads all that came meanwhile. Where they come one by one it is not, as a caller would
// wait for any other process that wants the core.
class PollerLimit {
 public:
  struct Listeners {
    // They were held up for longer than `patience`.
    std::function<void()> on_hold_up;
    // Whether calls have come in crowds since this was asked before.
    std::function<bool()> in_crowds;
  };

  // So many are left; 0: one for every four cores that the process may use. `patience` is how long
  // they may be held up. Listeners are called on a thread of this limit. UNAVAILABLE if gRPC isn't
  // as described: it keeps all of them.
  static absl::StatusOr<std::unique_ptr<PollerLimit>> Start(int count, absl::Duration patience,
                                                            Listeners listeners);
  ~PollerLimit();

 private:
  // A moment on a poller.
  struct Sample {
    pid_t thread = 0;
    absl::Duration at;              // by the steady clock
    absl::Duration processor_time;  // of that thread
  };

  PollerLimit(int count, absl::Duration patience, Listeners listeners);

  // Has `count_` threads wait until they are let go.
  absl::Status Hold();
  void LetGo();
  void Watch();
  // Nothing where it isn't reached in time.
  std::optional<Sample> LookAtPoller();
  void ScheduleInBatches(pid_t thread);
  // Every thread that is scheduled in batches: what a poller starts, such as gRPC's executor, has
  // that from it.
  void ScheduleAsUsual();
  bool EndsWithin(absl::Duration wait);

  const int count_;
  const absl::Duration patience_;
  const Listeners listeners_;
  std::optional<std::promise<void>> let_go_;  // none while nobody waits
  bool in_batches_ = false;                   // some are; of the watch
  std::promise<void> end_;
  const std::shared_future<void> ended_ = end_.get_future().share();
  std::thread watch_;
};

}  // namespace fundgate::gate

#endif  // SERVER_GATE_POLLERS_H_
