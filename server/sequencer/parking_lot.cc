#include "server/sequencer/parking_lot.h"

#include <algorithm>
#include <utility>

namespace fundgate::sequencer {

template <typename Visit>
void ParkingLot::VisitSources(const core::Wait& wait, Visit visit) {
  for (const SourceName& source : wait.sources) visit(source, wait.proven_past);
  for (const auto& [source, position] : wait.after_positions) {
    if (!std::binary_search(wait.sources.begin(), wait.sources.end(), source)) {
      visit(source, absl::InfinitePast());
    }
  }
}

bool ParkingLot::IsKnown(const core::Wait& wait, const core::Resident& resident) {
  for (const SourceName& name : wait.sources) {
    const auto source = resident.of<core::Sources>().find(name);
    if (source == resident.of<core::Sources>().end() ||
        !source->second.IsProvenPast(wait.proven_past)) {
      return false;
    }
  }
  for (const auto& [name, position] : wait.after_positions) {
    const auto source = resident.of<core::Sources>().find(name);
    if (source == resident.of<core::Sources>().end() || !source->second.position.Covers(position))
      return false;
  }
  return true;
}

void ParkingLot::Park(Pending check, core::Wait wait) {
  const uint64_t arrival = check.arrival;
  answer_by_.emplace(check.answer_by, arrival);
  VisitSources(wait, [&](const SourceName& source, absl::Time proven_past) {
    by_source_[source].emplace(proven_past, arrival);
  });
  parked_.emplace(arrival, Parked{std::move(check), std::move(wait)});
}

Pending ParkingLot::TakeOut(uint64_t arrival) {
  const auto at = parked_.find(arrival);
  Parked parked = std::move(at->second);
  parked_.erase(at);
  answer_by_.erase({parked.check.answer_by, arrival});
  VisitSources(parked.wait, [&](const SourceName& source, absl::Time proven_past) {
    const auto waiting = by_source_.find(source);
    waiting->second.erase({proven_past, arrival});
    if (waiting->second.empty()) by_source_.erase(waiting);
  });
  return std::move(parked.check);
}

std::vector<Pending> ParkingLot::TakeProven(const SourceName& source,
                                            const core::Resident& resident) {
  const auto waiting = by_source_.find(source);
  const auto known = resident.of<core::Sources>().find(source);
  if (waiting == by_source_.end() || known == resident.of<core::Sources>().end()) return {};

  std::vector<uint64_t> arrivals;
  for (const auto& [proven_past, arrival] : waiting->second) {
    if (proven_past > known->second.proven_past) break;
    if (IsKnown(parked_.at(arrival).wait, resident)) arrivals.push_back(arrival);
  }
  std::sort(arrivals.begin(), arrivals.end());
  std::vector<Pending> taken;
  for (const uint64_t arrival : arrivals) taken.push_back(TakeOut(arrival));
  return taken;
}

std::vector<Pending> ParkingLot::TakeDue(absl::Duration steady_now) {
  std::vector<uint64_t> arrivals;
  for (const auto& [answer_by, arrival] : answer_by_) {
    if (answer_by > steady_now) break;
    arrivals.push_back(arrival);
  }
  std::sort(arrivals.begin(), arrivals.end());
  std::vector<Pending> taken;
  for (const uint64_t arrival : arrivals) taken.push_back(TakeOut(arrival));
  return taken;
}

absl::Duration ParkingLot::next_due() const {
  return answer_by_.empty() ? absl::InfiniteDuration() : answer_by_.begin()->first;
}

}  // namespace fundgate::sequencer
