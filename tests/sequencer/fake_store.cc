#include "tests/sequencer/fake_store.h"

#include <utility>

namespace fundgate::sequencer {

absl::Status FakeStore::Append(const core::Input& input, const core::Outcome& outcome) {
  {
    MutexLock lock(mutex_);
    if (!append_status_.ok()) return OwnCopy(append_status_);
  }
  live_.Absorb(outcome.changes);
  appended_.changes.push_back(outcome.changes);
  appended_.records.push_back({0, input, outcome.answer});
  return absl::OkStatus();
}

uint64_t FakeStore::EndGroup() {
  MutexLock lock(mutex_);
  if (appended_.records.empty()) return groups_;
  appended_.number = ++groups_;
  ended_.push_back(std::exchange(appended_, {}));
  changed_.NotifyAll();
  return groups_;
}

absl::Status FakeStore::Write(uint64_t group) {
  MutexLock lock(mutex_);
  while (!ended_.empty() && ended_.front().number <= group) {
    if (!write_status_.ok()) {
      ended_.clear();
      return OwnCopy(write_status_);
    }
    for (const core::Changes& changes : ended_.front().changes) written_state_.Absorb(changes);
    for (Record& record : ended_.front().records) {
      record.group = ended_.front().number;
      journal_.push_back(std::move(record));
    }
    written_ = ended_.front().number;
    ended_.pop_front();
  }
  return absl::OkStatus();
}

uint64_t FakeStore::written() const {
  MutexLock lock(mutex_);
  return written_;
}

absl::Status FakeStore::Sync(uint64_t group) {
  MutexLock lock(mutex_);
  ++sync_calls_;
  sync_waits_ = true;
  changed_.NotifyAll();
  while (syncs_blocked_) changed_.Wait(mutex_);
  sync_waits_ = false;
  if (!sync_status_.ok()) return OwnCopy(sync_status_);
  synced_ = group;
  return absl::OkStatus();
}

absl::Status FakeStore::Reload() {
  MutexLock lock(mutex_);
  if (!reload_status_.ok()) return OwnCopy(reload_status_);
  appended_ = {};
  ended_.clear();
  live_ = written_state_;
  return absl::OkStatus();
}

void FakeStore::BlockSyncs() {
  MutexLock lock(mutex_);
  syncs_blocked_ = true;
}

void FakeStore::UnblockSyncs() {
  MutexLock lock(mutex_);
  syncs_blocked_ = false;
  changed_.NotifyAll();
}

void FakeStore::AwaitBlockedSync() {
  MutexLock lock(mutex_);
  while (!(sync_waits_ && syncs_blocked_)) changed_.Wait(mutex_);
}

void FakeStore::AwaitEnds(uint64_t groups) {
  MutexLock lock(mutex_);
  while (groups_ < groups) changed_.Wait(mutex_);
}

std::vector<FakeStore::Record> FakeStore::journal() const {
  MutexLock lock(mutex_);
  return journal_;
}

uint64_t FakeStore::synced_group() const {
  MutexLock lock(mutex_);
  return synced_;
}

int FakeStore::sync_calls() const {
  MutexLock lock(mutex_);
  return sync_calls_;
}

}  // namespace fundgate::sequencer
