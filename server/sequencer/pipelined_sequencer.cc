#include "server/sequencer/pipelined_sequencer.h"

#include <utility>

#include "fundgate/types/status_macros.h"

namespace fundgate::sequencer {

absl::StatusOr<std::unique_ptr<Sequencer>> PipelinedSequencer::Start(const Options& options,
                                                                     store::Store& store,
                                                                     InputClock& clock, Judge judge,
                                                                     ProbeRequest request_probe,
                                                                     Fatal fatal) {
  FUNDGATE_ASSIGN_OR_RETURN(std::unique_ptr<Pipeline> pipeline,
                            Pipeline::Create(options, store, clock, std::move(judge),
                                             std::move(request_probe), std::move(fatal)));
  return std::unique_ptr<Sequencer>(new PipelinedSequencer(std::move(pipeline)));
}

PipelinedSequencer::PipelinedSequencer(std::unique_ptr<Pipeline> pipeline)
    : pipeline_(std::move(pipeline)),
      answerer_([this] {
        while (pipeline_->TurnAnswerer()) {
        }
      }),
      committer_([this] {
        while (pipeline_->TurnCommitter(true)) {
        }
      }),
      writer_([this] {
        while (pipeline_->TurnWriter(absl::InfiniteDuration())) pipeline_->PassOn();
      }) {}

void PipelinedSequencer::Shutdown() {
  MutexLock lock(shutdown_mutex_);
  pipeline_->CloseQueue();
  if (writer_.joinable()) writer_.join();
  pipeline_->FinishCommitter();
  if (committer_.joinable()) committer_.join();
  pipeline_->FinishAnswerer();
  if (answerer_.joinable()) answerer_.join();
}

}  // namespace fundgate::sequencer
