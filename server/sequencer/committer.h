// The second half of the pipeline: writes groups and makes them durable, then tells everybody.
#ifndef SERVER_SEQUENCER_COMMITTER_H_
#define SERVER_SEQUENCER_COMMITTER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "server/sequencer/input_clock.h"
#include "server/sequencer/meters.h"
#include "server/sequencer/mutex.h"
#include "server/sequencer/pending.h"
#include "server/sequencer/sequencer.h"
#include "server/store/store.h"

namespace fundgate::sequencer {

// One input that has got its outcome, or an error in its place.
struct Answered {
  core::Input input;
  core::Outcome outcome;
  Sequence sequence = 0;  // 0: not recorded
  absl::Status error;     // not ok: sent instead of the outcome, which is void
  Callback done;          // may be null
  StageTimes times;
};

// Inputs that are written together. `number` is the store's of the newest group that has to be
// durable before any of these answers may leave: its own, or, where nothing was recorded, that of
// the group before, because answers rest on what earlier inputs did. 0: they rest on nothing.
struct Group {
  uint64_t number = 0;
  std::vector<Answered> answered;
  // Ends with an accepted wall clock. The clock follows once that is durable; until then no more
  // groups are taken, because whatever comes after it has the new time.
  bool accepts_time = false;
  bool is_written = false;

  // Answers all of it with the failure, of which each gets a copy, and rests on nothing any more.
  void Fail(const absl::Status& failure);
};

// In turns: takes all groups handed over meanwhile, writes each and syncs once for all of them,
// then calls observers and callbacks in order. A thread of its own turns it; where nothing else is
// to be done, the writer turns it instead, which saves waking that thread. One turn at a time: what
// the comments of observers and callbacks call the committer's thread is whoever has the turn.
class Committer {
 public:
  // One that is being written, and one that is judged meanwhile. More would only make inputs wait:
  // for the writing of all that was judged before them.
  static constexpr size_t kMostUnwritten = 2;

  // Told, in the turn in which it happens.
  struct Listeners {
    Sequencer::Fatal fatal;          // a sync failed
    std::function<void()> on_death;  // after it, should it return
    // A group could not be written, before anybody is answered so.
    std::function<void(const absl::Status& failure)> on_failed_write;
  };

  // `store`, `clock` and `meters` must outlive it.
  Committer(store::Store& store, InputClock& clock, Meters& meters, size_t groups_in_flight,
            Listeners listeners);

  // One turn, on the committer's thread: waits until groups are handed over, then writes, syncs and
  // answers them all. False once there will be none any more: it is finished, or a sync has failed.
  // While it waits it takes no notice of groups until Call(). What can't be written, and all that
  // was judged on top of it, is answered with the failure, until GoOn().
  bool Turn() FUNDGATE_EXCLUDES(mutex_);

  // The writer, after handing over: has the committer's thread take its turn.
  void Call() FUNDGATE_EXCLUDES(mutex_);

  // The writer, after handing over: takes the turn itself. Does nothing while another turn goes on,
  // which will be followed by one that takes what was handed over.
  void TurnAtOnce() FUNDGATE_EXCLUDES(mutex_);

  // The writer: waits until fewer than `groups_in_flight` groups wait for their sync, and fewer
  // than kMostUnwritten to be written; none does if the last one accepts a time. False once a sync
  // has failed: nothing will ever be answered again.
  bool WaitForRoom() FUNDGATE_EXCLUDES(mutex_);

  // Whether it would not wait. Any thread.
  bool has_room() const FUNDGATE_EXCLUDES(mutex_);

  // The writer, with nothing else to do: writes the group itself before it hands it over, if all
  // before it are written. The committer has less to do then before it can sync.
  void WriteHere(Group& group) FUNDGATE_EXCLUDES(mutex_);

  // The writer: hands a group over. Groups are answered in the order of these calls. Once a sync
  // has failed, the group is dropped unanswered.
  void Hand(Group group) FUNDGATE_EXCLUDES(mutex_);

  // The writer: waits until nothing is being synced or waits to be. False once a sync has failed.
  bool WaitUntilSynced() FUNDGATE_EXCLUDES(mutex_);

  // Why a group could not be written: what was judged since is void, and nothing more is written.
  // OK if all were. Any thread.
  absl::Status write_failure() const FUNDGATE_EXCLUDES(mutex_);

  // The writer, while nothing is in flight: the state has been loaded from disk, whatever failed.
  void GoOn() FUNDGATE_EXCLUDES(mutex_);

  // Nothing more is handed over: turns answer what was, and then come to an end.
  void Finish() FUNDGATE_EXCLUDES(mutex_);

  // Whether no turn goes on, and nothing waits for one. Any thread.
  bool is_idle() const FUNDGATE_EXCLUDES(mutex_);

  // Groups written and synced since the start, and the inputs in them. Any thread.
  uint64_t groups() const { return groups_; }
  uint64_t inputs() const { return inputs_; }

  // Groups handed over and not synced yet. Any thread.
  size_t in_flight() const FUNDGATE_EXCLUDES(mutex_);

  // True once a sync has failed. Any thread.
  bool dead() const { return dead_; }

  // See sequencer.h.
  uint64_t AddObserver(Observer observer) FUNDGATE_EXCLUDES(observers_mutex_);
  void RemoveObserver(uint64_t id) FUNDGATE_EXCLUDES(observers_mutex_);

 private:
  // Waits for groups and the turn; empty when finished.
  std::vector<Group> TakeGroups() FUNDGATE_EXCLUDES(mutex_);
  // With the turn taken; gives it back. False if the sync fails.
  bool Commit(std::vector<Group> groups) FUNDGATE_EXCLUDES(mutex_);
  void WriteAll(std::vector<Group>& groups) FUNDGATE_EXCLUDES(mutex_);
  // Fails the group if it isn't written, or something it rests on isn't.
  void Write(Group& group) FUNDGATE_EXCLUDES(mutex_);
  absl::Status SyncAll(const std::vector<Group>& groups);
  bool HasRoom() const FUNDGATE_REQUIRES(mutex_);
  void Release(size_t groups) FUNDGATE_EXCLUDES(mutex_);
  void Die(const absl::Status& status) FUNDGATE_EXCLUDES(mutex_);
  void Answer(Group group, absl::Duration synced);
  void Observe(const Answered& answered) FUNDGATE_EXCLUDES(observers_mutex_);

  store::Store& store_;
  InputClock& clock_;
  Meters& meters_;
  const size_t groups_in_flight_;
  const Listeners listeners_;
  std::atomic<bool> dead_{false};
  std::atomic<uint64_t> groups_{0};
  std::atomic<uint64_t> inputs_{0};
  uint64_t synced_ = 0;   // whoever has the turn
  uint64_t counted_ = 0;  // as well: the newest group whose size was observed

  mutable Mutex mutex_;
  CondVar handed_over_;
  CondVar moved_on_;
  std::vector<Group> handed_ FUNDGATE_GUARDED_BY(mutex_);
  size_t in_flight_ FUNDGATE_GUARDED_BY(mutex_) = 0;        // handed over and not synced yet
  size_t unwritten_ FUNDGATE_GUARDED_BY(mutex_) = 0;        // of them
  bool takes_no_more_ FUNDGATE_GUARDED_BY(mutex_) = false;  // until what was handed over is synced
  absl::Status write_failure_ FUNDGATE_GUARDED_BY(mutex_);
  bool turning_ FUNDGATE_GUARDED_BY(mutex_) = false;  // somebody has the turn
  bool finishing_ FUNDGATE_GUARDED_BY(mutex_) = false;

  Mutex observers_mutex_;
  std::vector<std::pair<uint64_t, Observer>> observers_ FUNDGATE_GUARDED_BY(observers_mutex_);
  uint64_t next_observer_ FUNDGATE_GUARDED_BY(observers_mutex_) = 1;
};

}  // namespace fundgate::sequencer

#endif  // SERVER_SEQUENCER_COMMITTER_H_
