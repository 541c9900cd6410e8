// Holds the writer to a number of inputs a second.
#ifndef SERVER_SEQUENCER_PACE_H_
#define SERVER_SEQUENCER_PACE_H_

#include <cstdint>

#include "absl/time/time.h"

namespace fundgate::sequencer {

// Inputs are due one after another at equal distances. Those that are overdue may be taken at once,
// so that a writer that oversleeps loses nothing, but none that was due longer ago than kMemory:
// quiet times aren't saved up. Used by the writer's thread alone.
class Pace {
 public:
  // So many make a group where they can: a writer that rests does so for this long.
  static constexpr absl::Duration kRest = absl::Milliseconds(5);
  static constexpr absl::Duration kMemory = absl::Milliseconds(20);

  // 0: as many as there are.
  explicit Pace(uint64_t inputs_per_second);

  // It is `now`, by the steady clock.
  void Advance(absl::Duration now);

  // Whether one may be taken now; if so it is.
  bool Take();

  // How long it is until it is worth looking again; zero if one may be taken already.
  absl::Duration Rest(absl::Duration now) const;

 private:
  const absl::Duration interval_;  // zero: none
  const absl::Duration memory_;    // at least an interval
  absl::Duration now_;
  absl::Duration due_ = -absl::InfiniteDuration();  // when the next one is
};

}  // namespace fundgate::sequencer

#endif  // SERVER_SEQUENCER_PACE_H_
