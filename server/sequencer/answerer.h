// The last part of the pipeline: tells everybody what has become durable.
#ifndef SERVER_SEQUENCER_ANSWERER_H_
#define SERVER_SEQUENCER_ANSWERER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "server/sequencer/group.h"
#include "server/sequencer/meters.h"
#include "server/sequencer/mutex.h"
#include "server/sequencer/sequencer.h"

namespace fundgate::sequencer {

// Calls observers and callbacks in order. Whoever has the committer's turn does so by itself, or
// leaves it to a thread that turns this, and syncs the next groups meanwhile. One at a time: what
// the comments of observers and callbacks call the answerer's thread is whoever answers.
class Answerer {
 public:
  // `meters` must outlive it.
  explicit Answerer(Meters& meters) : meters_(meters) {}

  // Groups of one turn of the committer, durable since `synced` by the steady clock. Whoever has
  // that turn answers them here and now; never while this is busy.
  void Answer(std::vector<Group> groups, absl::Duration synced);

  // As well, but leaves them to the answerer's next turn. Waits until what was left before has been
  // taken, so that no more piles up here than what is being answered, and this: whoever makes the
  // turns by hand makes that one first.
  void Leave(std::vector<Group> groups, absl::Duration synced) FUNDGATE_EXCLUDES(mutex_);

  // One turn, on the answerer's thread: waits until something is left, and answers it. False once
  // there will be none any more.
  bool Turn() FUNDGATE_EXCLUDES(mutex_);

  // Nothing more is left: turns answer what was, and then come to an end.
  void Finish() FUNDGATE_EXCLUDES(mutex_);

  // Whether not all of what was left is answered. Any thread.
  bool is_busy() const FUNDGATE_EXCLUDES(mutex_);

  // Groups written, synced and answered since the start, and the inputs in them. Any thread.
  uint64_t groups() const { return groups_; }
  uint64_t inputs() const { return inputs_; }

  // See sequencer.h.
  uint64_t AddObserver(Observer observer) FUNDGATE_EXCLUDES(observers_mutex_);
  void RemoveObserver(uint64_t id) FUNDGATE_EXCLUDES(observers_mutex_);

 private:
  void AnswerOne(Group group, absl::Duration synced);
  void Observe(const Answered& answered) FUNDGATE_EXCLUDES(observers_mutex_);

  Meters& meters_;
  std::atomic<uint64_t> groups_{0};
  std::atomic<uint64_t> inputs_{0};
  uint64_t counted_ = 0;  // whoever answers: the newest group whose size was observed

  mutable Mutex mutex_;
  CondVar left_;
  CondVar taken_;
  std::vector<Group> groups_left_ FUNDGATE_GUARDED_BY(mutex_);
  absl::Duration synced_ FUNDGATE_GUARDED_BY(mutex_);   // since when those are durable
  bool answering_ FUNDGATE_GUARDED_BY(mutex_) = false;  // in a turn
  bool finishing_ FUNDGATE_GUARDED_BY(mutex_) = false;

  Mutex observers_mutex_;
  std::vector<std::pair<uint64_t, Observer>> observers_ FUNDGATE_GUARDED_BY(observers_mutex_);
  uint64_t next_observer_ FUNDGATE_GUARDED_BY(observers_mutex_) = 1;
};

}  // namespace fundgate::sequencer

#endif  // SERVER_SEQUENCER_ANSWERER_H_
