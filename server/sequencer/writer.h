// The first part of the pipeline: takes inputs in order, feeds the machine, makes groups.
#ifndef SERVER_SEQUENCER_WRITER_H_
#define SERVER_SEQUENCER_WRITER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/sequencer/admission.h"
#include "server/sequencer/committer.h"
#include "server/sequencer/input_clock.h"
#include "server/sequencer/input_queue.h"
#include "server/sequencer/mutex.h"
#include "server/sequencer/pace.h"
#include "server/sequencer/parking_lot.h"
#include "server/sequencer/pending.h"
#include "server/sequencer/probe_requests.h"
#include "server/sequencer/sequencer.h"
#include "server/store/store.h"

namespace fundgate::sequencer {

// core::Machine::Apply over the store's state, or a script in its place.
using Judge = std::function<absl::StatusOr<core::Outcome>(const core::Input& input)>;

// What the writer tells others about itself; see Statistics. Any thread.
class WriterCounts {
 public:
  std::atomic<size_t> parked{0};
  std::atomic<uint64_t> reloads{0};

  void SetFailure(const absl::Status& failure) FUNDGATE_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    code_ = failure.code();
    message_ = std::string(failure.message());
  }
  absl::Status failure() const FUNDGATE_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    return absl::Status(code_, message_);
  }

 private:
  // Not an absl::Status: its copies count their references in a library that TSan can't see.
  mutable Mutex mutex_;
  absl::StatusCode code_ FUNDGATE_GUARDED_BY(mutex_) = absl::StatusCode::kOk;
  std::string message_ FUNDGATE_GUARDED_BY(mutex_);
};

// In turns: wait for something to do; judge what there is, at most a group's worth; hand it to the
// committer. A thread of its own turns it; where inputs come one by one, a thread that
// brings one borrows the turn (see Pipeline::SubmitHere): what comments here and elsewhere call the
// writer's thread is whoever has the turn. While the store can't write, the same turns answer what
// comes with the failure and try to reload now and then.
class Writer {
 public:
  struct Parts {
    store::Store& store;
    InputClock& clock;
    InputQueue& queue;
    Admission& admission;
    Committer& committer;
    Judge judge;
    ProbeRequest request_probe;
    Sequencer::Fatal fatal;
    WriterCounts& counts;
  };

  // All parts must outlive it. It waits in real time unless `manual_clock`: then whoever moves the
  // clock wakes the queue.
  Writer(const Options& options, Parts parts, bool manual_clock);

  // One turn, on the writer's thread. For inputs it waits no longer than that; for the committer,
  // where groups_in_flight groups are on their way to their sync or the store failed before they
  // got there, as long as it takes. False once there is nothing more to do: the queue is closed and
  // everything in it and in the parking lot is handed to the committer, or a sync has failed.
  bool Turn(absl::Duration longest_wait);

  // Whether inputs come one by one: there was but one in each of the last groups, and after the
  // last turn none waits.
  bool is_quiet() const;

  // Whether others may borrow its next turn while it sleeps.
  bool lends() const;

  // With the turn borrowed, before it is made: whether who borrowed it had this input at hand
  // before the last one was done with. Then inputs only seem to come one by one, and it takes more
  // of them to say so again, the more the more often that happens.
  void NoteHurry(bool hurry);

  // After a turn on another thread, while the writer's sleeps in one: whether there is something
  // for it to do before it would wake by itself.
  bool has_work_for_its_thread() const;

 private:
  // Taking inputs.
  void Refill(absl::Duration longest_wait);
  absl::Duration NextWakeUp() const;
  absl::Duration WaitUntil(absl::Duration moment) const;
  absl::Duration RestOfPace() const;
  std::optional<Pending> TakeNext();
  bool draining() const { return parts_.queue.closed(); }
  bool has_inputs() const { return !again_.empty() || next_ < taken_.size(); }
  bool finished() const;
  void TellProgress();

  // Judging them. Those that return a bool return false when the group must end there.
  void CommitGroup();
  bool JudgeTick(Group& group);
  bool JudgeOne(Pending&& pending, Group& group);
  bool Record(Pending&& pending, core::Outcome&& outcome, Group& group);
  void Park(Pending check, core::Wait wait);
  void ReleaseDue();
  void AskForProbes();

  // Failing and coming back.
  void HandGroup(Group group);
  void NoteFailedWrite();
  void SetFailure(const absl::Status& failure);
  void AnswerWithFailure();
  void TryReload();

  const Options options_;
  Parts parts_;
  const bool manual_clock_;

  std::vector<Pending> taken_;  // from the queue; those before next_ are done with
  size_t next_ = 0;
  std::deque<Pending> again_;  // checks to judge again, before anything else
  uint64_t arrivals_ = 0;
  size_t inputs_of_turn_ = 0;
  Pace pace_;
  ParkingLot parked_;
  ProbeRequests probes_;

  absl::Duration next_tick_;                             // by the steady clock
  absl::Duration wakes_at_ = -absl::InfiniteDuration();  // that its thread sleeps until, as well

  // The group at hand.
  absl::Status machinery_;      // not ok: the machine or the store failed, and the state is void
  bool appended_ = false;       // something of it was appended to the store
  bool damaged_ = false;        // an append failed: it must not be written
  bool time_accepted_ = false;  // it ends with an accepted wall clock

  // Not ok while the state is void until it is loaded from disk; what everybody is told meanwhile.
  absl::Status failure_;
  absl::Duration reload_at_;   // by the steady clock
  uint64_t newest_ended_ = 0;  // of the store's groups
  uint64_t lone_groups_ = 0;   // the last groups that had one input each
  uint64_t quiet_from_ = 0;    // so many of them
  bool hopeless_ = false;      // the store is damaged: nothing will be answered any more
};

}  // namespace fundgate::sequencer

#endif  // SERVER_SEQUENCER_WRITER_H_
