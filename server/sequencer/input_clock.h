// Input time: the wall clock at the start, then the steady clock, and never backwards.
#ifndef SERVER_SEQUENCER_INPUT_CLOCK_H_
#define SERVER_SEQUENCER_INPUT_CLOCK_H_

#include <atomic>
#include <cstdint>
#include <functional>

#include "absl/time/time.h"

namespace fundgate::sequencer {

// Where time comes from. Any thread.
struct TimeSources {
  std::function<absl::Time()> wall;
  // Time since some fixed moment; never goes backwards, does not follow changes of the wall clock.
  std::function<absl::Duration()> steady;

  static TimeSources System();
};

// Any thread.
class InputClock {
 public:
  // Starts at the wall clock, or at `not_before` (the journal's last input time) if that is later.
  InputClock(TimeSources sources, absl::Time not_before);

  // The input time of now: never earlier than any value it returned before.
  absl::Time Now();

  // How far the wall clock is ahead of input time (negative: behind).
  absl::Duration Drift();

  // An operator says that the wall clock is right: input time continues from it, or, if that lies
  // behind, from where it is.
  void AcceptWallClock();

 private:
  const TimeSources sources_;
  std::atomic<int64_t> offset_nanos_;  // input time minus steady time
  std::atomic<int64_t> latest_nanos_;
};

}  // namespace fundgate::sequencer

#endif  // SERVER_SEQUENCER_INPUT_CLOCK_H_
