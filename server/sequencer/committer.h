// The second part of the pipeline: writes groups, makes them durable, and sees to their answers.
#ifndef SERVER_SEQUENCER_COMMITTER_H_
#define SERVER_SEQUENCER_COMMITTER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "server/sequencer/answerer.h"
#include "server/sequencer/group.h"
#include "server/sequencer/input_clock.h"
#include "server/sequencer/meters.h"
#include "server/sequencer/mutex.h"
#include "server/sequencer/sequencer.h"
#include "server/store/store.h"

namespace fundgate::sequencer {

// In turns: takes all groups handed over meanwhile, writes each and syncs once for all of them,
// then has them answered. A thread of its own turns it; where nothing else is to be done, the
// writer turns it instead, which saves waking that thread. One turn at a time: what comments call
// the committer's thread is whoever has the turn.
class Committer {
 public:
  // One that is being written, and one that is judged meanwhile. More would only make inputs wait:
  // for the writing of all that was judged before them.
  static constexpr size_t kMostUnwritten = 2;
  // So many are answered in the turn itself, if nobody else answers: waking a thread takes longer,
  // and who waits for so few may be all there are. While more are answered by another thread, the
  // next groups can be synced.
  static constexpr size_t kFewAnswers = 4;

  // Told, in the turn in which it happens.
  struct Listeners {
    Sequencer::Fatal fatal;          // a sync failed
    std::function<void()> on_death;  // after it, should it return
    // A group could not be written, before anybody is answered so.
    std::function<void(const absl::Status& failure)> on_failed_write;
  };

  // All but the listeners must outlive it.
  Committer(store::Store& store, InputClock& clock, Meters& meters, Answerer& answerer,
            size_t groups_in_flight, Listeners listeners);

  // One turn, on the committer's thread: waits until groups are handed over, then writes and syncs
  // them all, and answers them or, if it `leaves_answers` and they are many, leaves that to the
  // answerer's turns, which somebody else must make. False once there will be no groups any more:
  // it is finished, or a sync has failed. While it waits it takes no notice of groups until Call().
  // What can't be written, and all that was judged on top of it, is answered with the failure,
  // until GoOn().
  bool Turn(bool leaves_answers) FUNDGATE_EXCLUDES(mutex_);

  // The writer, after handing over: has the committer's thread take its turn.
  void Call() FUNDGATE_EXCLUDES(mutex_);

  // The writer, after handing over: takes the turn itself, and answers. Does nothing while another
  // turn goes on, which will be followed by one that takes what was handed over, or the answerer is
  // busy.
  void TurnAtOnce() FUNDGATE_EXCLUDES(mutex_);

  // The writer: waits until fewer than `groups_in_flight` groups wait for their sync, and fewer
  // than kMostUnwritten to be written; none does if the last one accepts a time. False once a sync
  // has failed: nothing more will become durable.
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

  // Nothing more is handed over: turns see to what was, and then come to an end.
  void Finish() FUNDGATE_EXCLUDES(mutex_);

  // Whether no turn goes on, nothing waits for one, and all is answered. Any thread.
  bool is_idle() const FUNDGATE_EXCLUDES(mutex_);

  // Groups handed over and not synced yet. Any thread.
  size_t in_flight() const FUNDGATE_EXCLUDES(mutex_);

  // True once a sync has failed. Any thread.
  bool dead() const { return dead_; }

 private:
  // Waits for groups and the turn; empty when finished.
  std::vector<Group> TakeGroups() FUNDGATE_EXCLUDES(mutex_);
  // With the turn taken; gives it back. False if the sync fails.
  bool Commit(std::vector<Group> groups, bool leaves_answers) FUNDGATE_EXCLUDES(mutex_);
  void SeeToAnswers(std::vector<Group> groups, bool leaves_answers);
  void WriteAll(std::vector<Group>& groups) FUNDGATE_EXCLUDES(mutex_);
  // Fails the group if it isn't written, or something it rests on isn't.
  void Write(Group& group) FUNDGATE_EXCLUDES(mutex_);
  absl::Status SyncAll(const std::vector<Group>& groups);
  bool HasRoom() const FUNDGATE_REQUIRES(mutex_);
  void Release(size_t groups) FUNDGATE_EXCLUDES(mutex_);
  void Die(const absl::Status& status) FUNDGATE_EXCLUDES(mutex_);

  store::Store& store_;
  InputClock& clock_;
  Meters& meters_;
  Answerer& answerer_;
  const size_t groups_in_flight_;
  const Listeners listeners_;
  std::atomic<bool> dead_{false};
  uint64_t synced_ = 0;  // whoever has the turn

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
};

}  // namespace fundgate::sequencer

#endif  // SERVER_SEQUENCER_COMMITTER_H_
