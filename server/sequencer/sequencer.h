// Puts all inputs in one order, feeds the machine, and answers after the sync. The only writer.
#ifndef SERVER_SEQUENCER_SEQUENCER_H_
#define SERVER_SEQUENCER_SEQUENCER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/core/input.h"
#include "server/core/outcome.h"
#include "server/sequencer/admission.h"
#include "server/sequencer/input_clock.h"
#include "server/sequencer/meters.h"
#include "server/store/store.h"

namespace fundgate::sequencer {

struct Options {
  // Inputs that may wait for the machine at once; more are refused with RESOURCE_EXHAUSTED.
  size_t queue_capacity = 16384;
  // Checks that would wait longer for the machine are turned away; those of lower priorities
  // sooner.
  absl::Duration longest_wait = absl::Milliseconds(250);
  // The machine is given no more inputs a second, and no more of them are written: protects a disk
  // that others use, and makes an overload that tests can rely on. 0: as many as it can take.
  uint64_t inputs_per_second = 0;
  // Inputs in one group at most: bounds the memory of a group and how long an answer waits for
  // the others of its group.
  size_t group_capacity = 1024;
  // Groups that may wait for their sync, few of them unwritten; the machine waits past it.
  size_t groups_in_flight = 4;
  // Checks that may be parked at once; past it they are answered as if their patience had ended.
  size_t parking_capacity = 4096;
  // How much time before its deadline a parked check is answered, so that the answer still
  // reaches the caller.
  absl::Duration deadline_margin = absl::Milliseconds(5);
  // Period of the ticks.
  absl::Duration tick_period = absl::Milliseconds(250);
  // Wall clock and input time further apart than this: see ClockDriftInput.
  absl::Duration drift_limit = absl::Seconds(2);
  // Two requests to probe one source are never closer than this: what a crowd of waiting checks
  // may cost its primary, and what a check that just missed a request waits for the next one.
  absl::Duration probe_spacing = absl::Milliseconds(2);
  // A request that has proved nothing after this long is made again while somebody waits.
  absl::Duration probe_retry = absl::Milliseconds(50);
  // Time between attempts to load the state again after a failed write.
  absl::Duration reload_period = absl::Milliseconds(200);
};

struct Statistics {
  size_t queue_depth = 0;  // inputs that wait for the machine, parked checks not among them
  size_t queue_capacity = 0;
  absl::Duration wait;  // what a check that came now would wait for the machine
  size_t parked = 0;
  uint64_t groups = 0;   // written
  uint64_t inputs = 0;   // in written groups
  uint64_t reloads = 0;  // attempts to load the state anew
  // Not ok while inputs are answered with it because the store can't write.
  absl::Status failure;
  bool disk_full = false;  // `failure` is a full disk
  absl::Time input_time;
};

// What everybody who must hear of recorded outcomes registers: called after the sync, in order, on
// the answerer's thread, before the input's own callback. Must be quick, and must neither wait for
// an answer of the sequencer nor add or remove observers.
using Observer =
    std::function<void(Sequence sequence, const core::Input& input, const core::Outcome& outcome)>;

// Asks the feeders of these sources to read their primary's head and send a probe now. The gate
// time that they are told with it must be read after this call began. Called on the writer's
// thread; must not block.
using ProbeRequest = std::function<void(const std::vector<SourceName>& sources)>;

// Called once per submitted input, on the answerer's thread, after the sync of the input's group;
// must not block. OK with the answer (never core::Wait), or: RESOURCE_EXHAUSTED (the
// disk is full: nothing happened), DEADLINE_EXCEEDED (passed before the machine took it: nothing
// happened), UNAVAILABLE (the store or the machine failed: nothing happened, ask again). The
// store's view may be further than this input by then. After a failed sync of its group it is never
// called: whether the input happened is only known once the process has recovered from disk.
using Callback = std::function<void(absl::StatusOr<core::Answer> answer)>;

class Sequencer {
 public:
  // Ends the process, when a sync fails or the store finds its data damaged. The default says why
  // on stderr and exits with status 70; then some may not be answered of whom the sync before took
  // care. Where a test's own one returns, the sequencer takes no more inputs, and answers only
  // those.
  using Fatal = std::function<void(const absl::Status& status)>;

  // Starts the threads. `store` and `clock` must outlive the sequencer. INVALID_ARGUMENT for an
  // option that can't be, FAILED_PRECONDITION if `clock` is behind the journal's newest input.
  static absl::StatusOr<std::unique_ptr<Sequencer>> Start(const Options& options,
                                                          store::Store& store, InputClock& clock,
                                                          ProbeRequest request_probe,
                                                          Fatal fatal = nullptr);

  virtual ~Sequencer() = default;

  // Any thread. Whether a check is turned away because it would wait too long; nothing if it may be
  // submitted. To be asked before each check, or once for several that come together; never before
  // other inputs, which checks leave room for.
  virtual std::optional<TurnedAway> TurnAway(const Newcomer& newcomer) = 0;

  // Queues an input; its time (and a check's `arrived_at`) is set here and when it is taken. Any
  // thread. RESOURCE_EXHAUSTED if the queue is full, UNAVAILABLE after Shutdown: `done` is then
  // never called. `time_left` runs until the caller's deadline, by the steady clock. A batch of
  // checks is submitted in order, back to back. Nothing that is submitted from one thread
  // overtakes another of it, except that a parked check is judged later.
  virtual absl::Status Submit(core::Input input, std::optional<absl::Duration> time_left,
                              Callback done) = 0;

  // As Submit. Where inputs come one by one and the writer has nothing to do, this thread does all
  // there is to be done with it, the sync too: then `done` is called before this returns, and
  // nobody waited for another thread to wake. Not under a lock that an observer, the probe request
  // or any callback takes.
  virtual absl::Status SubmitHere(core::Input input, std::optional<absl::Duration> time_left,
                                  Callback done) {
    return Submit(std::move(input), time_left, std::move(done));
  }

  // Takes effect for outcomes told from now on, among them all that are synced from now on. Any
  // thread, but not from an observer. Returns what RemoveObserver needs.
  virtual uint64_t AddObserver(Observer observer) = 0;

  // When it returns, the observer is not running and is never called again. Any thread, but not
  // from an observer, nor under a lock that the observer takes.
  virtual void RemoveObserver(uint64_t id) = 0;

  virtual Statistics statistics() const = 0;

  // As long as the sequencer lives.
  virtual const Meters& meters() const = 0;

  // The input time of now, for stamping what leaves the process. Any thread.
  virtual absl::Time Now() const = 0;

  // Takes no more inputs, answers everything queued (parked checks as if their patience had
  // ended), syncs, and ends the threads. Any thread but the sequencer's own; the destructor calls
  // it, and a second call waits for the first.
  virtual void Shutdown() = 0;
};

}  // namespace fundgate::sequencer

#endif  // SERVER_SEQUENCER_SEQUENCER_H_
