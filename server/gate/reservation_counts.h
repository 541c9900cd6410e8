// How many reservations are open: the store has no such number.
#ifndef SERVER_GATE_RESERVATION_COUNTS_H_
#define SERVER_GATE_RESERVATION_COUNTS_H_

#include <cstddef>
#include <cstdint>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "server/core/outcome.h"
#include "server/core/records.h"
#include "server/metrics/counter.h"
#include "server/metrics/named_rows.h"
#include "server/store/view.h"

namespace fundgate::gate {

// Remembers 32 bytes for each reservation that is neither posted nor released. The committer's
// thread, but for rows().
class ReservationCounts {
 public:
  // Open ones that are read at the start; more aren't counted.
  static constexpr size_t kMaxLoaded = 1'000'000;

  struct Row {
    metrics::OwnedCounter pending;
    metrics::OwnedCounter confirmed;
    metrics::OwnedCounter overdue;  // of both
  };

  // Before anything is told: counts what is open in `view`.
  absl::Status Load(const store::View& view);

  // What was recorded after that.
  void Recorded(const core::Changes& changes);

  // By checkpoint. Any thread.
  const metrics::NamedRows<Row>& rows() const { return rows_; }

 private:
  struct Open {
    Row* row = nullptr;
    bool confirmed = false;
    bool overdue = false;
  };

  void Set(const core::KeyId& key, const core::KeyRecord* record);

  metrics::NamedRows<Row> rows_;
  // By a hash of 64 bits of the key: for a number that people look at, that is enough.
  absl::flat_hash_map<uint64_t, Open> open_;
};

}  // namespace fundgate::gate

#endif  // SERVER_GATE_RESERVATION_COUNTS_H_
