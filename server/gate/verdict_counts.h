// How checks were answered since the process started.
#ifndef SERVER_GATE_VERDICT_COUNTS_H_
#define SERVER_GATE_VERDICT_COUNTS_H_

#include <cstdint>
#include <map>
#include <string>

#include "server/core/decision.h"
#include "server/sequencer/mutex.h"

namespace fundgate::gate {

// Any thread.
class VerdictCounts {
 public:
  struct Counts {
    uint64_t allowed = 0;
    uint64_t held = 0;
    uint64_t blocked = 0;
  };

  void Add(const core::Decision& decision) {
    const sequencer::MutexLock lock(mutex_);
    Counts& counts = counts_[decision.key.kind.value()];
    switch (decision.verdict) {
      case core::Verdict::kAllow:
        ++counts.allowed;
        break;
      case core::Verdict::kHold:
        ++counts.held;
        break;
      case core::Verdict::kBlock:
        ++counts.blocked;
        break;
    }
  }

  // By checkpoint.
  std::map<std::string, Counts> counts() const {
    const sequencer::MutexLock lock(mutex_);
    return counts_;
  }

 private:
  mutable sequencer::Mutex mutex_;
  std::map<std::string, Counts> counts_ FUNDGATE_GUARDED_BY(mutex_);
};

}  // namespace fundgate::gate

#endif  // SERVER_GATE_VERDICT_COUNTS_H_
