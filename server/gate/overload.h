// What callers are told when more checks come than the gate can judge, and what is known of it.
#ifndef SERVER_GATE_OVERLOAD_H_
#define SERVER_GATE_OVERLOAD_H_

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "fundgate/v1/gate.pb.h"
#include "server/gate/backend.h"
#include "server/gate/places.h"
#include "server/gate/priorities.h"
#include "server/gate/rarely.h"
#include "server/log/log.h"
#include "server/metrics/counter.h"
#include "server/sequencer/admission.h"

namespace fundgate::gate {

// Counts checks that weren't taken, and says in the log that there are some. Any thread.
class Overload {
 public:
  // The last one is of streams that find no place; all others are of checks.
  static constexpr size_t kCauses = 4;
  static constexpr size_t kStreams = 3;

  Overload(logging::Log log, absl::Duration (*steady)(), size_t max_check_streams)
      : check_streams(max_check_streams), log_(std::move(log)), steady_(steady) {}

  Places check_streams;  // open ones
  Priorities priorities;

  void Refused(size_t cause, sequencer::Priority priority, uint64_t checks, absl::Duration wait);
  // A stream isn't read on until there is room again.
  void StreamHeldBack() { held_back_.Add(); }

  uint64_t refused(size_t cause, sequencer::Priority priority) const {
    return refused_[cause][static_cast<uint8_t>(priority)].value();
  }
  uint64_t streams_held_back() const { return held_back_.value(); }

 private:
  const logging::Log log_;
  absl::Duration (*const steady_)();
  std::array<std::array<metrics::Counter, sequencer::kPriorities>, kCauses> refused_;
  metrics::Counter held_back_;
  metrics::Counter all_;
  std::atomic<uint64_t> told_{0};  // of all_
  Rarely lines_;
};

// RESOURCE_EXHAUSTED, with when to ask again, if the check would wait too long: nothing happened.
// Costs little, and so comes before all that costs more.
absl::Status RefuseOverload(const Backend& backend, const v1::CheckRequest& request,
                            std::chrono::system_clock::time_point deadline);

// The same of a whole batch, which is as urgent as its most urgent check.
absl::Status RefuseOverload(const Backend& backend, const v1::BatchCheckRequest& request,
                            std::chrono::system_clock::time_point deadline);

// What a stream is told that finds no place.
absl::Status RefuseStreamOfChecks(const Backend& backend);

}  // namespace fundgate::gate

#endif  // SERVER_GATE_OVERLOAD_H_
