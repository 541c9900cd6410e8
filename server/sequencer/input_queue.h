// Where inputs wait for the writer: many threads put in, one takes everything out at once.
#ifndef SERVER_SEQUENCER_INPUT_QUEUE_H_
#define SERVER_SEQUENCER_INPUT_QUEUE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/sequencer/admission.h"
#include "server/sequencer/mutex.h"
#include "server/sequencer/pending.h"

namespace fundgate::sequencer {

// Handing over costs the writer one lock for all inputs that came meanwhile, and wakes it only if
// it sleeps.
class InputQueue {
 public:
  explicit InputQueue(size_t capacity) : capacity_(capacity) {}

  // Any thread. RESOURCE_EXHAUSTED if `capacity` inputs wait already, UNAVAILABLE once closed; the
  // input is then dropped and its callback never called.
  absl::Status Push(Pending pending) FUNDGATE_EXCLUDES(mutex_);

  // Any thread: as Push. Where the writer waits and lends its turn, it goes on sleeping:
  // `borrowed` becomes true, and the caller does what the writer would, takes the input too, and
  // calls GiveBack in the end.
  absl::Status PushOrBorrow(Pending pending, bool& borrowed) FUNDGATE_EXCLUDES(mutex_);

  // Who borrowed the writer's turn. `wakes`: it left something to do, or to look at sooner than the
  // writer would wake by itself. `lends`: as for Await, from now on.
  void GiveBack(bool wakes, bool lends) FUNDGATE_EXCLUDES(mutex_);

  // The writer: waits until there are inputs, the queue is closed, somebody calls Wake, or `wait`
  // of real time has passed. Once closed it does not wait. With `lends` others may borrow the turn
  // meanwhile; it returns when they have given it back.
  void Await(absl::Duration wait, bool lends) FUNDGATE_EXCLUDES(mutex_);

  // The writer: moves all inputs to `into`, which must be empty.
  void Take(std::vector<Pending>& into) FUNDGATE_EXCLUDES(mutex_);

  // The writer: waits until somebody calls Wake or Close, or `wait` of real time has passed; inputs
  // may come meanwhile.
  void Rest(absl::Duration wait) FUNDGATE_EXCLUDES(mutex_);

  // The writer: `count` inputs it took are still untouched; they count as waiting.
  void SetBacklog(size_t count) { backlog_ = count; }

  // Any thread: makes a running or the next wait end.
  void Wake() FUNDGATE_EXCLUDES(mutex_);

  // Any thread: takes no more inputs.
  void Close() FUNDGATE_EXCLUDES(mutex_);
  bool closed() const { return closed_; }

  // Any thread: inputs that wait, taken ones included.
  size_t depth() const { return waiting_count_ + backlog_; }

  // Any thread: the same, as newcomers see it.
  Admission::Line line() const { return {depth(), absl::Nanoseconds(first_came_at_.load())}; }

 private:
  // Adds the input, or says why not.
  absl::Status Add(Pending pending) FUNDGATE_REQUIRES(mutex_);

  const size_t capacity_;
  std::atomic<size_t> backlog_{0};
  std::atomic<size_t> waiting_count_{0};
  std::atomic<int64_t> first_came_at_{0};  // of those put in since Take; nanoseconds, steady
  std::atomic<bool> closed_{false};        // set under the mutex, read anywhere

  Mutex mutex_;
  CondVar changed_;
  std::vector<Pending> waiting_ FUNDGATE_GUARDED_BY(mutex_);
  bool asleep_ FUNDGATE_GUARDED_BY(mutex_) = false;
  bool lends_ FUNDGATE_GUARDED_BY(mutex_) = false;     // asleep, and its turn is to be had
  bool borrowed_ FUNDGATE_GUARDED_BY(mutex_) = false;  // somebody has it
  bool woken_ FUNDGATE_GUARDED_BY(mutex_) = false;
};

}  // namespace fundgate::sequencer

#endif  // SERVER_SEQUENCER_INPUT_QUEUE_H_
