// The Sequencer of two threads: a writer and a committer.
#ifndef SERVER_SEQUENCER_PIPELINED_SEQUENCER_H_
#define SERVER_SEQUENCER_PIPELINED_SEQUENCER_H_

#include <cstdint>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/sequencer/committer.h"
#include "server/sequencer/input_clock.h"
#include "server/sequencer/input_queue.h"
#include "server/sequencer/mutex.h"
#include "server/sequencer/sequencer.h"
#include "server/sequencer/writer.h"
#include "server/store/store.h"

namespace fundgate::sequencer {

class PipelinedSequencer final : public Sequencer {
 public:
  // As Sequencer::Start, with `judge` in the machine's place. `judge` is called on the writer's
  // thread.
  static absl::StatusOr<std::unique_ptr<Sequencer>> Start(const Options& options,
                                                          store::Store& store, InputClock& clock,
                                                          Judge judge, ProbeRequest request_probe,
                                                          Fatal fatal);
  ~PipelinedSequencer() override { Shutdown(); }

  absl::Status Submit(core::Input input, std::optional<absl::Duration> time_left,
                      Callback done) override;
  uint64_t AddObserver(Observer observer) override;
  void RemoveObserver(uint64_t id) override;
  Statistics statistics() const override;
  const Meters& meters() const override { return meters_; }
  absl::Time Now() const override { return clock_.Now(); }
  void Shutdown() override FUNDGATE_EXCLUDES(shutdown_mutex_);

 private:
  PipelinedSequencer(const Options& options, store::Store& store, InputClock& clock, Judge judge,
                     ProbeRequest request_probe, const Fatal& fatal);

  const Options options_;
  InputClock& clock_;
  InputQueue queue_;
  WriterCounts counts_;
  Meters meters_;
  Mutex shutdown_mutex_;
  Committer committer_;
  Writer writer_;  // last: uses everything above
};

}  // namespace fundgate::sequencer

#endif  // SERVER_SEQUENCER_PIPELINED_SEQUENCER_H_
