// A wall clock and a steady clock that stand until the test moves them.
#ifndef TESTS_SEQUENCER_MANUAL_CLOCK_H_
#define TESTS_SEQUENCER_MANUAL_CLOCK_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <utility>

#include "absl/time/time.h"
#include "server/sequencer/input_clock.h"
#include "server/sequencer/mutex.h"

namespace fundgate::sequencer {

class ManualClock {
 public:
  TimeSources sources() {
    return {.wall = [this] { return absl::FromUnixNanos(wall_.load()); },
            .steady = [this] { return absl::Nanoseconds(steady_.load()); },
            .watch =
                [this](std::function<void()> moved) {
                  MutexLock lock(mutex_);
                  moved_ = std::move(moved);
                }};
  }

  absl::Time wall() const { return absl::FromUnixNanos(wall_.load()); }

  // Time passes.
  void Advance(absl::Duration length) {
    wall_ += absl::ToInt64Nanoseconds(length);
    steady_ += absl::ToInt64Nanoseconds(length);
    MutexLock lock(mutex_);
    if (moved_) moved_();
  }

  // Somebody sets the wall clock.
  void ShiftWall(absl::Duration by) { wall_ += absl::ToInt64Nanoseconds(by); }

 private:
  std::atomic<int64_t> wall_{absl::ToUnixNanos(absl::FromUnixSeconds(1'800'000'000))};
  std::atomic<int64_t> steady_{absl::ToInt64Nanoseconds(absl::Hours(7))};
  Mutex mutex_;
  std::function<void()> moved_ FUNDGATE_GUARDED_BY(mutex_);
};

}  // namespace fundgate::sequencer

#endif  // TESTS_SEQUENCER_MANUAL_CLOCK_H_
