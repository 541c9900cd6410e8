// Drops the journal's oldest records, now and then, on a thread of its own. docs/operations.md
// tells what is kept of them.
#ifndef SERVER_GATE_JOURNAL_RETENTION_H_
#define SERVER_GATE_JOURNAL_RETENTION_H_

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/log/log.h"
#include "server/metrics/counter.h"
#include "server/metrics/metric.h"
#include "server/store/store.h"

namespace fundgate::gate {

struct RetentionSettings {
  absl::Duration keep;  // records younger than this always stay
  absl::Duration look_every = absl::Hours(1);
  Sequence fewest = 1000;     // fewer than that are left for the next time
  Sequence most = 1'000'000;  // in one cut; then it looks again at once
  // The oldest record that somebody who carries the journal outward has not read; empty: nobody.
  std::function<Sequence()> keep_from;
  // See store::CutOptions.
  std::function<absl::Status(store::JournalCut&)> seal;
};

// From its making to its destruction.
class JournalRetention {
 public:
  // Makes a cut with these options, in which only `before` and `now` are missing: records older
  // than `keep` may go.
  using Cut = std::function<absl::StatusOr<store::CutReport>(absl::Duration keep,
                                                             store::CutOptions options)>;

  JournalRetention(RetentionSettings settings, Cut cut, logging::Log log);
  ~JournalRetention();
  JournalRetention(const JournalRetention&) = delete;
  JournalRetention& operator=(const JournalRetention&) = delete;

  // Adds what it tells of itself. Any thread.
  void ReadMetrics(std::vector<metrics::Family>& families) const;

 private:
  void Run();
  // True if there may be more to be dropped.
  bool Look();

  const RetentionSettings settings_;
  const Cut cut_;
  const logging::Log log_;
  bool failing_ = false;  // the thread's
  metrics::Counter dropped_;
  metrics::Counter failures_;
  std::atomic<Sequence> held_back_{0};
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::thread thread_;
};

}  // namespace fundgate::gate

#endif  // SERVER_GATE_JOURNAL_RETENTION_H_
