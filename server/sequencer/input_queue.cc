#include "server/sequencer/input_queue.h"

#include <utility>

namespace fundgate::sequencer {

absl::Status InputQueue::Push(Pending pending) {
  bool wakes = false;
  {
    MutexLock lock(mutex_);
    const absl::Status added = Add(std::move(pending));
    if (!added.ok()) return added;
    // Who has borrowed the turn wakes the writer when it gives it back.
    wakes = !borrowed_ && std::exchange(asleep_, false);
  }
  // Without the lock, which the writer takes first when it wakes.
  if (wakes) changed_.NotifyOne();
  return absl::OkStatus();
}

absl::Status InputQueue::PushOrBorrow(Pending pending, bool& borrowed) {
  bool wakes = false;
  {
    MutexLock lock(mutex_);
    const absl::Status added = Add(std::move(pending));
    if (!added.ok()) return added;
    borrowed = asleep_ && lends_ && !borrowed_;
    borrowed_ |= borrowed;
    wakes = !borrowed_ && std::exchange(asleep_, false);
  }
  if (wakes) changed_.NotifyOne();
  return absl::OkStatus();
}

void InputQueue::GiveBack(bool wakes, bool lends) {
  MutexLock lock(mutex_);
  borrowed_ = false;
  lends_ = lends;
  if (!wakes && waiting_.empty() && !woken_ && !closed_ && asleep_) return;
  asleep_ = false;
  changed_.NotifyOne();
}

absl::Status InputQueue::Add(Pending pending) {
  if (closed_) return absl::UnavailableError("the gate is shutting down: ask another or again");
  if (waiting_.size() + backlog_ >= capacity_) {
    return absl::ResourceExhaustedError(
        "too many inputs wait for judgement: nothing happened, ask again later");
  }
  if (waiting_.empty()) first_came_at_ = absl::ToInt64Nanoseconds(pending.times.submitted);
  waiting_.push_back(std::move(pending));
  waiting_count_ = waiting_.size();
  return absl::OkStatus();
}

void InputQueue::Await(absl::Duration wait, bool lends) {
  MutexLock lock(mutex_);
  if (waiting_.empty() && !closed_ && !woken_ && wait > absl::ZeroDuration()) {
    asleep_ = true;
    lends_ = lends;
    // One wait is enough: whoever takes looks at everything anew after each return.
    changed_.WaitFor(mutex_, wait);
    asleep_ = false;  // nobody borrows the turn again, and who has it wakes this thread
    while (borrowed_) changed_.Wait(mutex_);
  }
  woken_ = false;
}

void InputQueue::Take(std::vector<Pending>& into) {
  MutexLock lock(mutex_);
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
