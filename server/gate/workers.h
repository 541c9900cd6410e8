// A few threads for what takes longer than a gRPC thread may: reading the journal, testing
// policies.
#ifndef SERVER_GATE_WORKERS_H_
#define SERVER_GATE_WORKERS_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "server/sequencer/mutex.h"

namespace fundgate::gate {

// Any thread.
class Workers {
 public:
  Workers(size_t threads, size_t queue_capacity);
  ~Workers() { Stop(); }  // does what is queued, then ends the threads

  // RESOURCE_EXHAUSTED if too much waits already, UNAVAILABLE after Stop: the job is then dropped.
  absl::Status Submit(std::function<void()> job);

  void Stop();

 private:
  void Run();

  const size_t queue_capacity_;
  sequencer::Mutex mutex_;
  sequencer::CondVar changed_;
  std::deque<std::function<void()>> jobs_ FUNDGATE_GUARDED_BY(mutex_);
  bool stopping_ FUNDGATE_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace fundgate::gate

#endif  // SERVER_GATE_WORKERS_H_
