#include "server/sequencer/input_queue.h"

#include <utility>

namespace fundgate::sequencer {

absl::Status InputQueue::Push(Pending pending) {
  bool wakes = false;
  {
    MutexLock lock(mutex_);
    if (closed_) return absl::UnavailableError("the gate is shutting down: ask another or again");
    if (waiting_.size() + backlog_ >= capacity_) {
      return absl::ResourceExhaustedError(
          "too many inputs wait for judgement: nothing happened, ask again later");
    }
    if (waiting_.empty()) first_came_at_ = absl::ToInt64Nanoseconds(pending.times.submitted);
    waiting_.push_back(std::move(pending));
    waiting_count_ = waiting_.size();
    wakes = std::exchange(asleep_, false);
  }
  // Without the lock, which the writer takes first when it wakes.
  if (wakes) changed_.NotifyOne();
  return absl::OkStatus();
}

void InputQueue::Take(absl::Duration wait, std::vector<Pending>& into) {
  MutexLock lock(mutex_);
  if (waiting_.empty() && !closed_ && !woken_ && wait > absl::ZeroDuration()) {
    asleep_ = true;
    // One wait is enough: whoever takes looks at everything anew after each return.
    changed_.WaitFor(mutex_, wait);
    asleep_ = false;
  }
  woken_ = false;
  into.swap(waiting_);
  // Both while the lock is held: Push never finds an input missing.
  backlog_ = into.size();
  waiting_count_ = 0;
}

void InputQueue::Rest(absl::Duration wait) {
  MutexLock lock(mutex_);
  if (!closed_ && !woken_ && wait > absl::ZeroDuration()) changed_.WaitFor(mutex_, wait);
  woken_ = false;
}

void InputQueue::Wake() {
  MutexLock lock(mutex_);
  woken_ = true;
  changed_.NotifyOne();
}

void InputQueue::Close() {
  MutexLock lock(mutex_);
  closed_ = true;
  changed_.NotifyOne();
}

}  // namespace fundgate::sequencer
