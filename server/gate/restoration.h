// A gate whose store was put back to an earlier record of its journal, by restoring a backup or by
// losing its tail, doesn't know what it allowed after that. So it holds every check until nothing
// of it can be started any more, and every source has told what came of it.
#ifndef SERVER_GATE_RESTORATION_H_
#define SERVER_GATE_RESTORATION_H_

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "fundgate/v1/backups.pb.h"
#include "server/gate/readiness.h"
#include "server/log/log.h"
#include "server/sequencer/mutex.h"
#include "server/sequencer/sequencer.h"
#include "server/store/store.h"

namespace fundgate::gate {

// Holds by breaker `*`, which stands in the journal like any other, is replayed, and is told with
// every HOLD; and fences off all feeders of the forgotten time by new epochs. What it waits for is
// in the file restored.json of the store's folder until it is over: a gate that dies meanwhile goes
// on with it at its next start.
class Restoration {
 public:
  struct Parts {
    std::string data_directory;
    store::Store& store;
    sequencer::Sequencer& sequencer;
    Readiness& readiness;
    logging::Log log;
    std::function<void()> over;  // told once, on a thread of its own; nothing is held any more
  };

  // Null if the folder has no word of a restore and `reason` is empty. Otherwise everything is held
  // when it returns. Before anybody can ask. DATA_LOSS if the word can't be read.
  static absl::StatusOr<std::unique_ptr<Restoration>> Begin(Parts parts, const std::string& reason);
  ~Restoration();

 private:
  Restoration(Parts parts, v1::RestoredFrom word);

  absl::Status FenceFeeders();
  // Lets the breaker last on if it is near its end. True once there is nothing to wait for.
  bool HoldOn();
  std::string Why(const core::Resident& resident) const;
  absl::StatusOr<core::Answer> Do(decltype(core::Input::body) body);
  void Run() FUNDGATE_EXCLUDES(mutex_);

  const Parts parts_;
  const v1::RestoredFrom word_;
  const absl::Time held_until_;
  sequencer::Mutex mutex_;
  sequencer::CondVar changed_;
  bool stop_ FUNDGATE_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace fundgate::gate

#endif  // SERVER_GATE_RESTORATION_H_
