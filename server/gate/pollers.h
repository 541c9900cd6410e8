// How many of gRPC's threads read calls from connections.
#ifndef SERVER_GATE_POLLERS_H_
#define SERVER_GATE_POLLERS_H_

#include <functional>
#include <future>
#include <memory>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace fundgate::gate {

// gRPC 1.51 has as many threads for a process's callbacks as half of the machine's cores, at least
// 2 and at most 16 (src/cpp/common/completion_queue_cc.cc). They take turns at polling all
// connections, and who has something to handle wakes another one to poll meanwhile
// (src/core/lib/iomgr/ev_epoll1_linux.cc): where cores are few nearly every call costs changes of
// thread that a single poller is spared.

// Leaves gRPC fewer of them as long as it lives: the others wait. Should those that are left be
// held up, by a disk that hangs, say, the others are let go at once. One in a process.
class PollerLimit {
 public:
  // So many are left; 0: one for every four cores that the process may use. They may be held up for
  // `patience` before all of them are at work again for good: then `on_release` is called, on a
  // thread of this limit. UNAVAILABLE if gRPC isn't as described: it keeps all of them.
  static absl::StatusOr<std::unique_ptr<PollerLimit>> Start(int count, absl::Duration patience,
                                                            std::function<void()> on_release);
  ~PollerLimit();

 private:
  PollerLimit(absl::Duration patience, std::function<void()> on_release)
      : patience_(patience), on_release_(std::move(on_release)) {}

  absl::Status KeepWaiting(int count);
  // Until the end, or until the pollers don't get to what they are given.
  void Watch();
  bool IsServed();

  const absl::Duration patience_;
  const std::function<void()> on_release_;
  std::promise<void> release_;
  const std::shared_future<void> released_ = release_.get_future().share();
  bool is_released_ = false;  // the watch's thread, and whoever has joined it
  std::promise<void> end_;
  const std::shared_future<void> ended_ = end_.get_future().share();
  std::thread watch_;
};

}  // namespace fundgate::gate

#endif  // SERVER_GATE_POLLERS_H_
