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
  // Null with real clocks. A clock that stands until somebody moves it by hand takes here what to
  // call after each move: whoever waits for it then waits for that call and not in real time. Null
  // takes the wish back: once `watch` has returned, the old one is not running any more.
  std::function<void(std::function<void()> moved)> watch;

  static TimeSources System();
};

// Any thread.
class InputClock {
 public:
  // Starts at the wall clock, or at `not_before` (the journal's last input time) if that is later.
  InputClock(TimeSources sources, absl::Time not_before);

  // The input time of now: never earlier than any value it returned before.
  absl::Time Now();

  // The steady clock, for what must be measured and not named.
  absl::Duration Steady() const { return sources_.steady(); }

  // How far the wall clock is ahead of input time (negative: behind), beyond what an operator has
  // accepted.
  absl::Duration Drift();

  // An operator says that the wall clock is right: input time continues from it, or, if that lies
  // behind, from where it is. In both cases `Drift` starts again at zero.
  void AcceptWallClock();

  // See TimeSources::watch. False with real clocks, whose moves nobody announces.
  bool Watch(std::function<void()> moved);

 private:
  absl::Duration Gap();

  const TimeSources sources_;
  std::atomic<int64_t> offset_nanos_;  // input time minus steady time
  std::atomic<int64_t> latest_nanos_;
  std::atomic<int64_t> accepted_gap_nanos_{0};  // wall minus input time that is no drift; <= 0
};

}  // namespace fundgate::sequencer

#endif  // SERVER_SEQUENCER_INPUT_CLOCK_H_
