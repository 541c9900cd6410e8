#include "tests/sequencer/fake_store.h"

#include <utility>

namespace fundgate::sequencer {

absl::Status FakeStore::Append(const core::Input& input, const core::Outcome& outcome) {
  {
    MutexLock lock(mutex_);
    if (!append_status_.ok()) return OwnCopy(append_status_);
  }
  live_.Absorb(outcome.changes);
  changes_.push_back(outcome.changes);
  appended_.push_back({0, input, outcome.answer});
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> FakeStore::Write() {
  MutexLock lock(mutex_);
  if (!write_status_.ok()) return OwnCopy(write_status_);
  ++groups_;
  for (const core::Changes& changes : changes_) written_.Absorb(changes);
  for (Record& record : appended_) {
    record.group = groups_;
    journal_.push_back(std::move(record));
  }
  changes_.clear();
  appended_.clear();
  changed_.NotifyAll();
  return groups_;
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
  changes_.clear();
  appended_.clear();
  live_ = written_;
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

void FakeStore::AwaitWrites(uint64_t groups) {
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
