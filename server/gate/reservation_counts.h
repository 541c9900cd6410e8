// How many reservations are open: the store has no such number.
#ifndef SERVER_GATE_RESERVATION_COUNTS_H_
#define SERVER_GATE_RESERVATION_COUNTS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/core/outcome.h"
#include "server/core/records.h"
#include "server/metrics/counter.h"
#include "server/metrics/named_rows.h"
#include "server/sequencer/mutex.h"
#include "server/store/view.h"

namespace fundgate::gate {

// Remembers 32 bytes for each reservation that is neither posted nor released.
class ReservationCounts {
 public:
  // Open ones that are read at the start; more aren't counted.
  static constexpr size_t kMaxLoaded = 1'000'000;
  // Keys that are looked at before serving. Open reservations stand among finished keys that are to
  // be forgotten by then: where many are, the rest is looked at beside the serving.
  static constexpr size_t kLookedAtAtOnce = 10'000;

  struct Row {
    metrics::OwnedCounter pending;
    metrics::OwnedCounter confirmed;
    metrics::OwnedCounter overdue;  // of both
  };

  ~ReservationCounts() { Stop(); }

  // Once, before anything is told: counts what is open in `view`, which it may keep for a while.
  absl::Status Load(std::shared_ptr<const store::View> view, size_t at_once = kLookedAtAtOnce)
      FUNDGATE_EXCLUDES(mutex_);

  // Waits until all is counted. For tests.
  void AwaitLoaded();

  // Counts no more of what was there at the start. To be called before the store goes.
  void Stop();

  // What was recorded after that. The answerer's thread.
  void Recorded(const core::Changes& changes) FUNDGATE_EXCLUDES(mutex_);

  // By checkpoint. Any thread.
  const metrics::NamedRows<Row>& rows() const { return rows_; }

 private:
  struct Open {
    Row* row = nullptr;
    bool confirmed = false;
    bool overdue = false;
  };

  // Looks at the keys behind the first `skipped` that are to be looked at until then, at most at
  // `most` of them. How many there were.
  absl::StatusOr<size_t> LoadSome(const store::View& view, absl::Time until, size_t skipped,
                                  size_t most) FUNDGATE_EXCLUDES(mutex_);
  void Set(const core::KeyId& key, const core::KeyRecord* record) FUNDGATE_REQUIRES(mutex_);

  std::thread rest_;
  std::atomic<bool> stopping_ = false;
  sequencer::Mutex mutex_;
  // Counted under `mutex_`.
  metrics::NamedRows<Row> rows_;
  // By a hash of 64 bits of the key: for a number that people look at, that is enough.
  absl::flat_hash_map<uint64_t, Open> open_ FUNDGATE_GUARDED_BY(mutex_);
  // What was recorded while the rest is being looked at: newer than what is read.
  absl::flat_hash_set<uint64_t> newer_ FUNDGATE_GUARDED_BY(mutex_);
  bool loading_ FUNDGATE_GUARDED_BY(mutex_) = true;
};

}  // namespace fundgate::gate

#endif  // SERVER_GATE_RESERVATION_COUNTS_H_
