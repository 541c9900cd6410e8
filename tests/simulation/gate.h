// One life of the gate's process on the simulated disk, from its start to its end.
#ifndef TESTS_SIMULATION_GATE_H_
#define TESTS_SIMULATION_GATE_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/core/policy.h"
#include "server/sequencer/input_clock.h"
#include "server/sequencer/pipeline.h"
#include "server/store/store.h"
#include "tests/simulation/disk.h"

namespace fundgate::simulation {

// How the store is opened. All lives of one run have the same policy.
store::Options StoreOptions(std::shared_ptr<Disk> disk, std::shared_ptr<const core::Policy> policy);

// The production code from the queue to RocksDB, on one thread: nothing happens in it but in the
// calls below. It dies with its disk's power, and of a sync that fails; then nothing it says gets
// out any more.
class Gate {
 public:
  struct Surroundings {
    std::shared_ptr<Disk> disk;
    std::shared_ptr<const core::Policy> policy;
    sequencer::TimeSources time;
    sequencer::ProbeRequest request_probe;
    sequencer::Observer observe;                       // of what became durable
    std::function<void(const std::string&)> complain;  // something is wrong
  };

  // Opens the store; fails as Store::Open does.
  static absl::StatusOr<std::unique_ptr<Gate>> Start(Surroundings surroundings);

  // As Sequencer::Submit. What comes after the end gets no answer.
  absl::Status Submit(core::Input input, std::optional<absl::Duration> time_left,
                      sequencer::Callback done);

  // The writer judges and writes what there is.
  void TurnWriter();
  // The committer syncs and answers what was written.
  void TurnCommitter();
  // Ends as a process that is asked to: everything is answered.
  void ShutDown();
  // After that many more answers the process ends.
  void DieAfterAnswers(uint64_t answers) { answers_left_ = answers; }

  bool is_alive() const;
  absl::Time Now() const { return pipeline_->Now(); }
  sequencer::Statistics statistics() const { return pipeline_->statistics(); }
  std::shared_ptr<const store::View> view() const { return store_->view(); }

 private:
  explicit Gate(Surroundings surroundings) : surroundings_(std::move(surroundings)) {}
  absl::Status Open();

  const Surroundings surroundings_;
  bool ended_ = false;
  std::optional<uint64_t> answers_left_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<sequencer::InputClock> clock_;
  std::unique_ptr<sequencer::Pipeline> pipeline_;
};

}  // namespace fundgate::simulation

#endif  // TESTS_SIMULATION_GATE_H_
