// The store over RocksDB.
#ifndef SERVER_STORE_ROCKS_STORE_H_
#define SERVER_STORE_ROCKS_STORE_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>

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
  absl::StatusOr<uint64_t> Write() override;
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
  std::shared_ptr<const View> NewView() const;
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
  uint64_t groups_written_ = 0;

  // A write failed and RocksDB has not resumed yet. Set by the writer, read by the committer.
  std::atomic<bool> log_is_broken_{false};

  // Shared; protected by mutex_.
  mutable std::mutex mutex_;
  std::deque<std::pair<uint64_t, std::shared_ptr<const View>>> unsynced_;  // by group, oldest first
  std::shared_ptr<const View> view_;
  absl::Status sync_status_;  // of the first sync that failed
};

}  // namespace fundgate::store

#endif  // SERVER_STORE_ROCKS_STORE_H_
