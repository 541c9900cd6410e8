// Checks that wait outside the machine for knowledge on its way.
#ifndef SERVER_SEQUENCER_PARKING_LOT_H_
#define SERVER_SEQUENCER_PARKING_LOT_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/time/time.h"
#include "fundgate/types/ids.h"
#include "server/core/outcome.h"
#include "server/core/state.h"
#include "server/sequencer/pending.h"

namespace fundgate::sequencer {

// Used by the writer's thread alone. Whoever is taken out comes in arrival order.
class ParkingLot {
 public:
  explicit ParkingLot(size_t capacity) : capacity_(capacity) {}

  bool full() const { return parked_.size() >= capacity_; }
  size_t size() const { return parked_.size(); }

  // Keeps a check until what `wait` names is known, or until `check.answer_by`. Not when full.
  void Park(Pending check, core::Wait wait);

  // Takes out the checks that wait for `source` and of which everything they wait for is known.
  // Costs nothing for those that need a later proof of `source` than there is.
  std::vector<Pending> TakeProven(const SourceName& source, const core::Resident& resident);

  // Takes out the checks whose time to be answered has come.
  std::vector<Pending> TakeDue(absl::Duration steady_now);

  std::vector<Pending> TakeAll() { return TakeDue(absl::InfiniteDuration()); }

  // The next moment for TakeDue by the steady clock; infinite if there is none.
  absl::Duration next_due() const;

  bool Awaits(const SourceName& source) const { return by_source_.contains(source); }

 private:
  struct Parked {
    Pending check;
    core::Wait wait;
  };

  Pending TakeOut(uint64_t arrival);
  // Calls `visit(source, proven_past)` once for each source that `wait` needs something from.
  template <typename Visit>
  static void VisitSources(const core::Wait& wait, Visit visit);
  static bool IsKnown(const core::Wait& wait, const core::Resident& resident);

  const size_t capacity_;
  absl::btree_map<uint64_t, Parked> parked_;                        // by arrival
  absl::btree_set<std::pair<absl::Duration, uint64_t>> answer_by_;  // with the arrival
  // By source: the proof needed of it, and the arrival.
  absl::btree_map<SourceName, absl::btree_set<std::pair<absl::Time, uint64_t>>> by_source_;
};

}  // namespace fundgate::sequencer

#endif  // SERVER_SEQUENCER_PARKING_LOT_H_
