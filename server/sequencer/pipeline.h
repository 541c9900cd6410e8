// A sequencer without its threads: parts that somebody turns.
#ifndef SERVER_SEQUENCER_PIPELINE_H_
#define SERVER_SEQUENCER_PIPELINE_H_

#include <cstdint>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/sequencer/admission.h"
#include "server/sequencer/answerer.h"
#include "server/sequencer/committer.h"
#include "server/sequencer/input_clock.h"
#include "server/sequencer/input_queue.h"
#include "server/sequencer/sequencer.h"
#include "server/sequencer/writer.h"
#include "server/store/store.h"

namespace fundgate::sequencer {

// Queue, writer, committer and answerer. PipelinedSequencer turns each part on a thread of its own.
// Whoever turns them by hand, on one thread, decides what happens in which order: nothing here does
// anything by itself.
class Pipeline {
 public:
  // As PipelinedSequencer::Start.
  static absl::StatusOr<std::unique_ptr<Pipeline>> Create(const Options& options,
                                                          store::Store& store, InputClock& clock,
                                                          Judge judge, ProbeRequest request_probe,
                                                          Sequencer::Fatal fatal);
  ~Pipeline() { clock_.Watch(nullptr); }

  // As the functions of Sequencer. Any thread.
  std::optional<TurnedAway> TurnAway(const Newcomer& newcomer);
  absl::Status Submit(core::Input input, std::optional<absl::Duration> time_left, Callback done);
  absl::Status SubmitHere(core::Input input, std::optional<absl::Duration> time_left,
                          Callback done);
  uint64_t AddObserver(Observer observer);
  void RemoveObserver(uint64_t id);
  Statistics statistics() const;
  const Meters& meters() const { return meters_; }
  absl::Time Now() const { return clock_.Now(); }

  // See Writer::Turn, Committer::Turn and Answerer::Turn. A committer that leaves no answers does
  // the answerer's work as well: then nobody need turn that. Always the one or always the other.
  bool TurnWriter(absl::Duration longest_wait) { return writer_.Turn(longest_wait); }
  bool TurnCommitter(bool leaves_answers = false) { return committer_.Turn(leaves_answers); }
  bool TurnAnswerer() { return answerer_.Turn(); }
  // For threads, after the writer's turn and on its thread: sees to it that what was written is
  // committed. Wakes the committer's thread, or takes its turn where inputs come one by one: the
  // writer has nothing else to do, and whoever waits for the answer is spared that hop.
  void PassOn() {
    if (writer_.is_quiet()) committer_.TurnAtOnce();
    committer_.Call();
  }

  // Whether the committer's next turn finds something to do.
  bool committer_has_work() const { return committer_.in_flight() > 0; }
  // Whether the writer's next turn would wait for the committer.
  bool writer_needs_committer() const;

  // Takes no more inputs: the writer's turns come to an end.
  void CloseQueue() { queue_.Close(); }
  // After the writer's last turn: the committer's come to an end.
  void FinishCommitter() { committer_.Finish(); }
  // After the committer's last turn: the answerer's come to an end.
  void FinishAnswerer() { answerer_.Finish(); }

 private:
  Pipeline(const Options& options, store::Store& store, InputClock& clock, Judge judge,
           ProbeRequest request_probe, const Sequencer::Fatal& fatal);

  Pending MakePending(core::Input input, std::optional<absl::Duration> time_left, Callback done);

  const Options options_;
  InputClock& clock_;
  InputQueue queue_;
  Admission admission_;
  WriterCounts counts_;
  Meters meters_;
  Answerer answerer_;
  Committer committer_;
  Writer writer_;

  // The last turn that was borrowed, by the steady clock. Whoever has the turn.
  absl::Duration borrowed_until_;
  absl::Duration borrowed_for_;
};

}  // namespace fundgate::sequencer

#endif  // SERVER_SEQUENCER_PIPELINE_H_
