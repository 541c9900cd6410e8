// The store over RocksDB.
#ifndef SERVER_STORE_ROCKS_STORE_H_
#define SERVER_STORE_ROCKS_STORE_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "rocksdb/write_batch.h"
#include "server/store/database.h"
#include "server/store/head.h"
#include "server/store/rocks_view.h"
#include "server/store/store.h"
#include "server/store/stored_state.h"

namespace fundgate::store {

class RocksStore final : public Store {
 public:
  static absl::StatusOr<std::unique_ptr<RocksStore>> Open(const Options& options);

  const core::StateReader& state() const override { return *state_; }
  absl::Status Append(const core::Input& input, const core::Outcome& outcome) override;
  uint64_t EndGroup() override;
  absl::Status Write(uint64_t group) override;
  uint64_t written() const override { return written_; }
  absl::Status Sync(uint64_t group) override;
  absl::Status Reload() override;
  std::shared_ptr<const View> view() const override;
  StorageStatistics statistics() const override;
  absl::Status Checkpoint(const std::string& directory) override;
  absl::StatusOr<CutReport> CutJournal(const CutOptions& options) override;

 private:
  RocksStore(Options options, std::shared_ptr<Database> database)
      : options_(std::move(options)), database_(std::move(database)) {}

  absl::Status LoadState();
  // A group on its way to the log, with the resident records as they are behind it.
  struct Ended {
    uint64_t number = 0;
    rocksdb::WriteBatch batch;
    core::Resident resident;
  };

  std::shared_ptr<const View> NewView(core::Resident resident) const;
  // The oldest that isn't written, if it is `most` or before; it stays where it is. Null: none, or
  // a write has failed.
  Ended* NextEnded(uint64_t most);
  absl::Status WriteOne(Ended& group);
  void PutChanges(const core::Changes& changes);
  absl::Status SyncLog();

  // Constant after opening.
  const Options options_;
  const std::shared_ptr<Database> database_;

  // The writer's.
  std::unique_ptr<StoredState> state_;
  Head head_;  // after the newest record appended
  HashChain chain_;
  rocksdb::WriteBatch batch_;
  std::string bytes_;  // what is being encoded; used again so that it needn't grow again
  uint64_t groups_ended_ = 0;

  std::atomic<uint64_t> written_{0};
  // A write failed and RocksDB has not resumed yet.
  std::atomic<bool> log_is_broken_{false};

  // Shared; protected by mutex_.
  mutable std::mutex mutex_;
  std::deque<Ended> ended_;    // and not written yet, oldest first
  absl::Status write_status_;  // of the first write that failed since the state was loaded
  // Batches that were written: their memory is used again.
  std::vector<rocksdb::WriteBatch> spare_batches_;
  std::deque<std::pair<uint64_t, std::shared_ptr<const View>>> unsynced_;  // by group, oldest first
  std::shared_ptr<const View> view_;
  absl::Status sync_status_;  // of the first sync that failed
};

}  // namespace fundgate::store

#endif  // SERVER_STORE_ROCKS_STORE_H_
