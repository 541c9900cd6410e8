// The Sequencer of three threads: one turns the writer, one the committer, one the answerer.
#ifndef SERVER_SEQUENCER_PIPELINED_SEQUENCER_H_
#define SERVER_SEQUENCER_PIPELINED_SEQUENCER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/sequencer/input_clock.h"
#include "server/sequencer/mutex.h"
#include "server/sequencer/pipeline.h"
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

  std::optional<TurnedAway> TurnAway(const Newcomer& newcomer) override {
    return pipeline_->TurnAway(newcomer);
  }
  absl::Status Submit(core::Input input, std::optional<absl::Duration> time_left,
                      Callback done) override {
    return pipeline_->Submit(std::move(input), time_left, std::move(done));
  }
  absl::Status SubmitHere(core::Input input, std::optional<absl::Duration> time_left,
                          Callback done) override {
    return pipeline_->SubmitHere(std::move(input), time_left, std::move(done));
  }
  uint64_t AddObserver(Observer observer) override {
    return pipeline_->AddObserver(std::move(observer));
  }
  void RemoveObserver(uint64_t id) override { pipeline_->RemoveObserver(id); }
  Statistics statistics() const override { return pipeline_->statistics(); }
  const Meters& meters() const override { return pipeline_->meters(); }
  absl::Time Now() const override { return pipeline_->Now(); }
  void Shutdown() override FUNDGATE_EXCLUDES(shutdown_mutex_);

 private:
  explicit PipelinedSequencer(std::unique_ptr<Pipeline> pipeline);

  const std::unique_ptr<Pipeline> pipeline_;
  Mutex shutdown_mutex_;
  // Last: everything above exists before they start.
  std::thread answerer_;
  std::thread committer_;
  std::thread writer_;
};

}  // namespace fundgate::sequencer

#endif  // SERVER_SEQUENCER_PIPELINED_SEQUENCER_H_
