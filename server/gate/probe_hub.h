// Who feeds which source right now, so that feeders can be asked to probe.
#ifndef SERVER_GATE_PROBE_HUB_H_
#define SERVER_GATE_PROBE_HUB_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "fundgate/types/ids.h"
#include "server/sequencer/mutex.h"

namespace fundgate::gate {

// A connected feeder.
class Feeder {
 public:
  virtual ~Feeder() = default;

  // Ask it to read its primary's head and to send a probe. Any thread; doesn't block.
  virtual void RequestProbe() = 0;
  // The epoch of its newest batch.
  virtual uint64_t epoch() const = 0;
};

// Any thread.
class ProbeHub {
 public:
  void Connect(const SourceName& source, std::weak_ptr<Feeder> feeder);
  void Disconnect(const SourceName& source, const Feeder* feeder);

  // Asks every feeder of each source. Nobody is asked for a source that nobody feeds.
  void Request(const std::vector<SourceName>& sources);

  // True if a feeder of the source is connected that sends with this epoch.
  bool IsConnected(const SourceName& source, uint64_t epoch) const;

  // When the source's newest applied transaction committed by its own clock, as feeders said since
  // the process started.
  void SetCommittedAt(const SourceName& source, absl::Time time);
  std::optional<absl::Time> CommittedAt(const SourceName& source) const;

 private:
  std::vector<std::shared_ptr<Feeder>> FeedersOf(const SourceName& source) const;

  mutable sequencer::Mutex mutex_;
  // Bounded by the streams that gRPC lets in.
  std::multimap<SourceName, std::weak_ptr<Feeder>> feeders_ FUNDGATE_GUARDED_BY(mutex_);
  std::map<SourceName, absl::Time> committed_at_ FUNDGATE_GUARDED_BY(mutex_);
};

}  // namespace fundgate::gate

#endif  // SERVER_GATE_PROBE_HUB_H_
