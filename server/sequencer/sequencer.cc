#include "server/sequencer/sequencer.h"

#include <memory>
#include <utility>

#include "server/core/machine.h"
#include "server/sequencer/pipelined_sequencer.h"

namespace fundgate::sequencer {

absl::StatusOr<std::unique_ptr<Sequencer>> Sequencer::Start(const Options& options,
                                                            store::Store& store, InputClock& clock,
                                                            ProbeRequest request_probe,
                                                            Fatal fatal) {
  // Through the store at each call: what it reads from may be another object after a reload.
  auto judge = [&store](const core::Input& input) {
    return core::Machine(store.state()).Apply(input);
  };
  return PipelinedSequencer::Start(options, store, clock, std::move(judge),
                                   std::move(request_probe), std::move(fatal));
}

}  // namespace fundgate::sequencer
