// What the gate measures of the calls that it serves.
#ifndef SERVER_GATE_METERS_H_
#define SERVER_GATE_METERS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "absl/time/time.h"
#include "fundgate/types/ids.h"
#include "server/core/decision.h"
#include "server/core/outcome.h"
#include "server/core/policy.h"
#include "server/gate/reservation_counts.h"
#include "server/metrics/counter.h"
#include "server/metrics/histogram.h"
#include "server/metrics/named_rows.h"
#include "server/sequencer/mutex.h"

namespace fundgate::gate {

// When a check's call came, and when it was found well-formed, by the steady clock.
struct CallTimes {
  absl::Duration arrived;
  absl::Duration admitted;
};

// Of one checkpoint.
struct DecisionCounts {
  static constexpr size_t kVerdicts = size_t{static_cast<uint8_t>(core::Verdict::kBlock)} + 1;
  static constexpr size_t kReasons = size_t{static_cast<uint8_t>(core::ReasonCode::kLease)} + 1;

  // By verdict, and by the code of the reason that comes first; 0: there is none.
  std::array<std::array<metrics::OwnedCounter, kReasons>, kVerdicts> decisions;
  std::array<metrics::OwnedCounter, kReasons> reasons;  // all of them, by code
  metrics::OwnedCounter replayed;                       // of the decisions
};

// What makes a series of violations.
struct ViolationSort {
  std::string kind;
  std::string name;
  std::string risk_class;  // empty: none

  friend auto operator<=>(const ViolationSort&, const ViolationSort&) = default;
};

class Meters {
 public:
  // ---- The answerer's thread ----

  // Before the call ends: whoever has heard the answer finds it counted. Neither allocates nor
  // locks, but for the first decision of a checkpoint.
  void CheckAnswered(const core::Decision& decision, const CallTimes& times, absl::Duration now);

  // An observer of the sequencer. `policy` is the one in force.
  void Recorded(Sequence sequence, const core::Outcome& outcome, const core::Policy* policy)
      FUNDGATE_EXCLUDES(mutex_);

  // ---- Any thread ----

  // A call ended with an error, by its gRPC code; a check of a batch or a stream counts as a call.
  void CallFailed(int code);
  uint64_t failed(int code) const { return failed_[static_cast<size_t>(code)].value(); }

  uint64_t keys_forgotten() const { return keys_forgotten_.value(); }

  const metrics::Histogram& admission() const { return admission_; }  // in nanoseconds
  const metrics::Histogram& total() const { return total_; }
  const metrics::NamedRows<DecisionCounts>& decisions() const { return decisions_; }
  std::map<ViolationSort, uint64_t> violations() const FUNDGATE_EXCLUDES(mutex_);

  // To be loaded before the first is recorded.
  ReservationCounts reservations;

 private:
  metrics::Histogram admission_{metrics::kTimeBounds};
  metrics::Histogram total_{metrics::kTimeBounds};
  metrics::NamedRows<DecisionCounts> decisions_;
  static constexpr size_t kCodes = 17;  // of gRPC, OK first
  std::array<metrics::Counter, kCodes> failed_;

  metrics::OwnedCounter keys_forgotten_;

  mutable sequencer::Mutex mutex_;
  std::map<ViolationSort, uint64_t> violations_ FUNDGATE_GUARDED_BY(mutex_);
};

}  // namespace fundgate::gate

#endif  // SERVER_GATE_METERS_H_
