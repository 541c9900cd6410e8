// What the sequencer measures of itself.
#ifndef SERVER_SEQUENCER_METERS_H_
#define SERVER_SEQUENCER_METERS_H_

#include <cstdint>

#include "absl/time/time.h"
#include "server/metrics/histogram.h"

namespace fundgate::sequencer {

// When an input passed the stages on its way, by the steady clock.
struct StageTimes {
  absl::Duration submitted;
  absl::Duration taken;    // judged for the first time: it waited in the queue until then
  absl::Duration judging;  // for the last time: it was parked until then
  absl::Duration judged;

  void BeginJudging(absl::Duration now) {
    if (taken == absl::ZeroDuration()) taken = now;
    judging = now;
  }
};

// The answerer's thread observes (`sync`: the committer's), any thread reads.
struct Meters {
  // Of checks, in nanoseconds.
  metrics::Histogram queued{metrics::kTimeBounds};
  metrics::Histogram parked{metrics::kTimeBounds};  // only of those that were
  metrics::Histogram judged{metrics::kTimeBounds};
  metrics::Histogram committed{
      metrics::kTimeBounds};  // from their judgement to the end of the sync

  metrics::Histogram sync{metrics::kTimeBounds};          // one sync, in nanoseconds
  metrics::Histogram group_inputs{metrics::kSizeBounds};  // recorded inputs in a written group

  void ObserveCheck(const StageTimes& times, absl::Duration synced) {
    queued.Observe(absl::ToInt64Nanoseconds(times.taken - times.submitted));
    if (times.judging != times.taken) {
      parked.Observe(absl::ToInt64Nanoseconds(times.judging - times.taken));
    }
    judged.Observe(absl::ToInt64Nanoseconds(times.judged - times.judging));
    committed.Observe(absl::ToInt64Nanoseconds(synced - times.judged));
  }
};

}  // namespace fundgate::sequencer

#endif  // SERVER_SEQUENCER_METERS_H_
