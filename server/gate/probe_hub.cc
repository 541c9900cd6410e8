#include "server/gate/probe_hub.h"

#include <algorithm>
#include <utility>

namespace fundgate::gate {

void ProbeHub::Connect(const SourceName& source, std::weak_ptr<Feeder> feeder) {
  const sequencer::MutexLock lock(mutex_);
  feeders_.emplace(source, std::move(feeder));
}

void ProbeHub::Disconnect(const SourceName& source, const Feeder* feeder) {
  const sequencer::MutexLock lock(mutex_);
  const auto [begin, end] = feeders_.equal_range(source);
  for (auto it = begin; it != end;) {
    const std::shared_ptr<Feeder> connected = it->second.lock();
    it = connected == nullptr || connected.get() == feeder ? feeders_.erase(it) : std::next(it);
  }
}

void ProbeHub::Request(const std::vector<SourceName>& sources) {
  for (const SourceName& source : sources) {
    // Asked without the lock: a feeder has one of its own.
    for (const std::shared_ptr<Feeder>& feeder : FeedersOf(source)) feeder->RequestProbe();
  }
}

bool ProbeHub::IsConnected(const SourceName& source, uint64_t epoch) const {
  const std::vector<std::shared_ptr<Feeder>> feeders = FeedersOf(source);
  return std::any_of(
      feeders.begin(), feeders.end(),
      [epoch](const std::shared_ptr<Feeder>& feeder) { return feeder->epoch() == epoch; });
}

std::vector<std::shared_ptr<Feeder>> ProbeHub::FeedersOf(const SourceName& source) const {
  std::vector<std::shared_ptr<Feeder>> feeders;
  const sequencer::MutexLock lock(mutex_);
  const auto [begin, end] = feeders_.equal_range(source);
  for (auto it = begin; it != end; ++it) {
    std::shared_ptr<Feeder> feeder = it->second.lock();
    if (feeder != nullptr) feeders.push_back(std::move(feeder));
  }
  return feeders;
}

void ProbeHub::SetCommittedAt(const SourceName& source, absl::Time time) {
  const sequencer::MutexLock lock(mutex_);
  committed_at_[source] = time;
}

std::optional<absl::Time> ProbeHub::CommittedAt(const SourceName& source) const {
  const sequencer::MutexLock lock(mutex_);
  const auto found = committed_at_.find(source);
  if (found == committed_at_.end()) return std::nullopt;
  return found->second;
}

}  // namespace fundgate::gate
