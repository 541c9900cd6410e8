// A store in memory whose disk can be slow, full or broken.
#ifndef TESTS_SEQUENCER_FAKE_STORE_H_
#define TESTS_SEQUENCER_FAKE_STORE_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/state.h"
#include "server/sequencer/failure.h"
#include "server/sequencer/mutex.h"
#include "server/store/store.h"

namespace fundgate::sequencer {

class FakeStore final : public store::Store {
 public:
  struct Record {
    uint64_t group = 0;
    core::Input input;
    core::Answer answer;
  };

  const core::StateReader& state() const override { return live_; }
  absl::Status Append(const core::Input& input, const core::Outcome& outcome) override;
  uint64_t EndGroup() override;
  absl::Status Write(uint64_t group) override;
  uint64_t written() const override;
  absl::Status Sync(uint64_t group) override;
  absl::Status Reload() override;
  std::shared_ptr<const store::View> view() const override { return nullptr; }
  store::StorageStatistics statistics() const override { return {}; }
  absl::Status Checkpoint(const std::string&) override { return absl::OkStatus(); }

  // What the next calls answer, until it is set back to ok.
  void FailAppends(absl::Status status) { Set(&FakeStore::append_status_, std::move(status)); }
  void FailWrites(absl::Status status) { Set(&FakeStore::write_status_, std::move(status)); }
  void FailSyncs(absl::Status status) { Set(&FakeStore::sync_status_, std::move(status)); }
  void FailReloads(absl::Status status) { Set(&FakeStore::reload_status_, std::move(status)); }

  // Syncs wait from now on, or go on.
  void BlockSyncs();
  void UnblockSyncs();
  // Waits until a sync waits.
  void AwaitBlockedSync();
  // Waits until this many groups have ended.
  void AwaitEnds(uint64_t groups);

  // What was written, in order; what of it is durable.
  std::vector<Record> journal() const;
  uint64_t synced_group() const;
  int sync_calls() const;

 private:
  void Set(absl::Status FakeStore::*which, absl::Status status) {
    MutexLock lock(mutex_);
    this->*which = std::move(status);
  }

  // What isn't written yet.
  struct Ended {
    uint64_t number = 0;
    std::vector<core::Changes> changes;
    std::vector<Record> records;
  };

  core::MemoryState live_;  // the writer's thread alone, as the next one
  Ended appended_;

  mutable Mutex mutex_;
  mutable CondVar changed_;
  absl::Status append_status_ FUNDGATE_GUARDED_BY(mutex_);
  absl::Status write_status_ FUNDGATE_GUARDED_BY(mutex_);
  absl::Status sync_status_ FUNDGATE_GUARDED_BY(mutex_);
  absl::Status reload_status_ FUNDGATE_GUARDED_BY(mutex_);
  bool syncs_blocked_ FUNDGATE_GUARDED_BY(mutex_) = false;
  bool sync_waits_ FUNDGATE_GUARDED_BY(mutex_) = false;
  std::deque<Ended> ended_ FUNDGATE_GUARDED_BY(mutex_);
  core::MemoryState written_state_ FUNDGATE_GUARDED_BY(mutex_);
  std::vector<Record> journal_ FUNDGATE_GUARDED_BY(mutex_);
  uint64_t groups_ FUNDGATE_GUARDED_BY(mutex_) = 0;
  uint64_t written_ FUNDGATE_GUARDED_BY(mutex_) = 0;
  uint64_t synced_ FUNDGATE_GUARDED_BY(mutex_) = 0;
  int sync_calls_ FUNDGATE_GUARDED_BY(mutex_) = 0;
};

}  // namespace fundgate::sequencer

#endif  // TESTS_SEQUENCER_FAKE_STORE_H_
