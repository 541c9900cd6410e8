#include "server/gate/workers.h"

#include <utility>

namespace fundgate::gate {

Workers::Workers(size_t threads, size_t queue_capacity) : queue_capacity_(queue_capacity) {
  threads_.reserve(threads);
  for (size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
}

absl::Status Workers::Submit(std::function<void()> job) {
  const sequencer::MutexLock lock(mutex_);
  if (stopping_) return absl::UnavailableError("the gate is shutting down; ask another or later");
  if (jobs_.size() >= queue_capacity_) {
    return absl::ResourceExhaustedError(
        "the gate is busy with other readings of its journal and policies; ask again later");
  }
  jobs_.push_back(std::move(job));
  changed_.NotifyOne();
  return absl::OkStatus();
}

void Workers::Stop() {
  {
    const sequencer::MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void Workers::Run() {
  while (true) {
    std::function<void()> job;
    {
      const sequencer::MutexLock lock(mutex_);
      while (jobs_.empty() && !stopping_) changed_.Wait(mutex_);
      if (jobs_.empty()) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    job();
  }
}

}  // namespace fundgate::gate
