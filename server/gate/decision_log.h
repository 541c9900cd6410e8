// Checks that were not allowed, as lines of the log.
#ifndef SERVER_GATE_DECISION_LOG_H_
#define SERVER_GATE_DECISION_LOG_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "fundgate/types/ids.h"
#include "server/core/input.h"
#include "server/core/outcome.h"
#include "server/log/log.h"
#include "server/security/token_bucket.h"

namespace fundgate::gate {

// Lines that are written; what comes more often is counted, and the next line says how many.
inline constexpr int64_t kDecisionLinesPerSecond = 20;
inline constexpr int64_t kDecisionLinesBurst = 200;

// Writes of each check that was held or blocked its decision's name, its caller's trace,
// checkpoint, verdict and reasons: enough to find it from a trace, or its trace from it. No
// account, order, key or amount: `fundctl trace get` tells those to whoever may know them. A line
// is lost where a crash comes between; the journal has them all.
class DecisionLog {
 public:
  struct Surroundings {
    std::function<absl::Duration()> steady;
    // A reason's name as outsiders may see it.
    std::function<std::string(const std::string& name)> shown;
    // Does a job soon, on a thread that may wait for whoever reads the log. An error: it doesn't.
    std::function<absl::Status(std::function<void()> job)> soon;
  };

  DecisionLog(logging::Log log, Surroundings surroundings);

  // An observer of the sequencer: the answerer's thread alone. It never waits.
  void Recorded(const core::Input& input, const core::Outcome& outcome);

 private:
  const logging::Log log_;
  const Surroundings surroundings_;
  security::TokenBucket lines_{kDecisionLinesPerSecond, kDecisionLinesBurst};
  uint64_t unwritten_ = 0;  // since the last line
};

}  // namespace fundgate::gate

#endif  // SERVER_GATE_DECISION_LOG_H_
