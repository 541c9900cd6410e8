// Decides at the door which checks may join those that wait for the machine.
#ifndef SERVER_SEQUENCER_ADMISSION_H_
#define SERVER_SEQUENCER_ADMISSION_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/time/time.h"

namespace fundgate::sequencer {

// Whose checks are turned away first when there are too many.
enum class Priority : uint8_t { kHigh, kNormal, kLow };
inline constexpr size_t kPriorities = 3;

// A check that comes, or several that come together and are all taken or none.
struct Newcomer {
  Priority priority = Priority::kNormal;
  size_t checks = 1;
  std::optional<absl::Duration> time_left;  // until the caller's deadline; none if it has none
};

struct TurnedAway {
  enum class Cause : uint8_t {
    kWait,      // it would wait longer than checks of its priority may
    kDeadline,  // it would wait longer than its caller does
    kQueue,     // the queue has no room for it
  };
  Cause cause = Cause::kWait;
  absl::Duration wait;         // that it would have had
  absl::Duration retry_after;  // when it is worth asking again
};

// Refuses early what would wait too long, so that what is taken is answered in time, the machine is
// never without work, and nobody finds out by waiting that there is no answer.
//
// The wait is reckoned, not measured on those who have waited: a queue that is served in order by
// one machine lets its newcomer wait for as long as it takes to serve those before it. How long
// one takes is measured on turns of the machine that had to leave something behind; others say only
// how much there was to do. While the machine makes no progress at all (the disk hangs) the wait is
// at least as long as that lasts already.
//
// Of `longest_wait` each lower priority may use a third less: while a crowd lasts, the queue
// stays at the length where higher ones are still taken and lower ones aren't. So that none is shut
// out by those above it alone, one of it is taken after each kShare of others.
//
// Confirms, events and commands never ask here, and the eighth of the queue that checks may not
// fill is theirs.
class Admission {
 public:
  static constexpr uint64_t kShare = 20;
  static constexpr absl::Duration kShortestRetry = absl::Milliseconds(100);
  static constexpr absl::Duration kLongestRetry = absl::Seconds(10);

  // Those that wait.
  struct Line {
    size_t length = 0;
    absl::Duration since;  // when the first that the machine hasn't looked at came
  };

  // `longest_wait` may be infinite.
  Admission(absl::Duration longest_wait, size_t queue_capacity)
      : longest_wait_(longest_wait), room_(queue_capacity - queue_capacity / 8) {}

  // Any thread. Nothing if the newcomer may join. `now` is the steady clock's.
  std::optional<TurnedAway> TurnAway(const Newcomer& newcomer, const Line& line,
                                     absl::Duration now);

  // Any thread. What a check that came now would wait.
  absl::Duration WaitAt(const Line& line, absl::Duration now) const;

  // What the writer has done in a turn.
  struct Turn {
    size_t inputs = 0;
    bool left = false;     // it had to leave some of those that it had found
    bool waiting = false;  // some wait, left or new
  };
  // The writer: after each turn.
  void Progress(const Turn& turn, absl::Duration now);

  absl::Duration AllowedWait(Priority priority) const;

 private:
  std::optional<TurnedAway::Cause> CauseAgainst(const Newcomer& newcomer, const Line& line,
                                                absl::Duration wait);
  bool TakesShare(Priority priority);
  void Measure(const Turn& turn, absl::Duration took, absl::Duration now);

  const absl::Duration longest_wait_;
  const size_t room_;

  // All in nanoseconds of the steady clock. Written by the writer.
  std::atomic<int64_t> progress_at_{0};
  std::atomic<int64_t> measured_at_{0};
  std::atomic<int64_t> each_{0};  // what one input takes; 0: not known

  // The writer's alone: sums in which older turns count less and less.
  std::optional<absl::Duration> busy_since_;
  double time_sum_ = 0;
  double input_sum_ = 0;

  // Taken while lower priorities weren't; and the same at each one's own newest.
  std::atomic<uint64_t> taken_of_crowd_{0};
  std::array<std::atomic<uint64_t>, kPriorities> taken_at_share_{};
};

}  // namespace fundgate::sequencer

#endif  // SERVER_SEQUENCER_ADMISSION_H_
