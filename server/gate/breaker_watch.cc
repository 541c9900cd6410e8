#include "server/gate/breaker_watch.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "server/gate/breakers_service.h"
#include "server/gate/convert_breakers.h"
#include "server/gate/stream.h"

namespace fundgate::gate {

// One caller of WatchBreakers. Changes that come before its snapshot is ready wait behind it.
class BreakerWatcher final : public Stream<grpc::ServerWriteReactor<v1::WatchBreakersResponse>,
                                           v1::WatchBreakersResponse> {
 public:
  BreakerWatcher(const Masking& masking, Sight sight, std::string scope_prefix)
      : masking_(masking), sight_(sight), scope_prefix_(std::move(scope_prefix)) {}

  // Looks at the present state. Before the stream is opened, and after it was made known to
  // whoever tells it of changes.
  void TakeSnapshot(const store::View& view) {
    seen_ = view.resident().clock.sequence;
    for (const auto& [scope, breaker] : view.resident().of<core::Breakers>()) {
      if (!Watches(scope)) continue;
      v1::WatchBreakersResponse& present = snapshot_.emplace_back();
      *present.mutable_breaker() = ToProto(breaker);
      present.mutable_breaker()->set_sequence(SequenceOf(view, breaker));
      present.set_snapshot(true);
      present.set_sequence(seen_);
    }
    v1::WatchBreakersResponse& end = snapshot_.emplace_back();
    end.set_snapshot(true);
    end.set_snapshot_complete(true);
    end.set_sequence(seen_);
  }

  // False once it has ended.
  bool Tell(Sequence sequence, const core::Changes& changes) {
    const auto self = shared_from_this();
    const sequencer::MutexLock lock(mutex_);
    if (ending()) return false;
    for (const auto& [scope, breaker] : changes.of<core::Breakers>()) {
      if (!Watches(scope)) continue;
      v1::WatchBreakersResponse change;
      *change.mutable_breaker() = breaker.has_value() ? ToProto(*breaker) : ClosedBreaker(scope);
      change.mutable_breaker()->set_sequence(sequence);
      change.set_sequence(sequence);
      if (started_) {
        SendChange(std::move(change));
      } else if (early_.size() <= kMaxUnreadChanges) {
        early_.push_back(std::move(change));
      }
    }
    return !ending();
  }

 private:
  void Start() override FUNDGATE_REQUIRES(mutex_) {
    started_ = true;
    snapshot_size_ = snapshot_.size();
    for (v1::WatchBreakersResponse& present : snapshot_) Send(std::move(present));
    snapshot_.clear();
    for (v1::WatchBreakersResponse& change : early_) {
      if (change.sequence() > seen_) SendChange(std::move(change));
    }
    // One too many was not kept.
    if (early_.size() > kMaxUnreadChanges) TooSlow();
    early_.clear();
  }

  bool Watches(const std::string& scope) const {
    return scope_prefix_.empty() || absl::StartsWith(masking_.Shown(sight_, scope), scope_prefix_);
  }

  void SendChange(v1::WatchBreakersResponse change) FUNDGATE_REQUIRES(mutex_) {
    if (queued() >= kMaxUnreadChanges + snapshot_size_) return TooSlow();
    Send(std::move(change));
  }

  void TooSlow() FUNDGATE_REQUIRES(mutex_) {
    Abort({grpc::StatusCode::RESOURCE_EXHAUSTED,
           "this watcher reads more slowly than breakers change; watch again from the present "
           "state"});
  }

  const Masking& masking_;
  const Sight sight_;
  const std::string scope_prefix_;
  std::vector<v1::WatchBreakersResponse> snapshot_;  // until the start
  Sequence seen_ = 0;                                // what the snapshot shows; before the start
  bool started_ FUNDGATE_GUARDED_BY(mutex_) = false;
  std::vector<v1::WatchBreakersResponse> early_ FUNDGATE_GUARDED_BY(mutex_);
  size_t snapshot_size_ FUNDGATE_GUARDED_BY(mutex_) = 0;
};

// The journal's times never go back: the record is the first of the breaker's time, or one of the
// few that share it.
Sequence SequenceOf(const store::View& view, const core::Breaker& breaker) {
  Sequence first = 1;
  Sequence last = view.resident().clock.sequence + 1;
  while (first < last) {
    const Sequence middle = first + (last - first) / 2;
    const absl::StatusOr<store::JournalEntry> entry = view.GetJournalEntry(middle);
    // Records before the first one kept are gone.
    if (!entry.ok() || entry->input.time < breaker.changed_at) {
      first = middle + 1;
    } else {
      last = middle;
    }
  }
  return first <= view.resident().clock.sequence ? first : 0;
}

grpc::ServerWriteReactor<v1::WatchBreakersResponse>* BreakerWatch::Open(
    const Backend& backend, Sight sight, const std::string& scope_prefix) {
  const auto watcher = std::make_shared<BreakerWatcher>(backend.masking, sight, scope_prefix);
  {
    const sequencer::MutexLock lock(mutex_);
    watchers_.push_back(watcher);
  }
  // After that, and without the lock: no change falls between, and no verdict waits meanwhile.
  watcher->TakeSnapshot(*backend.store.view());
  return BreakerWatcher::Open(watcher, backend.streams);
}

void BreakerWatch::Changed(Sequence sequence, const core::Outcome& outcome) {
  if (outcome.changes.of<core::Breakers>().empty()) return;
  const sequencer::MutexLock lock(mutex_);
  std::erase_if(watchers_, [&](const std::weak_ptr<BreakerWatcher>& open) {
    const std::shared_ptr<BreakerWatcher> watcher = open.lock();
    return watcher == nullptr || !watcher->Tell(sequence, outcome.changes);
  });
}

}  // namespace fundgate::gate
