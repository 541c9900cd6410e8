// A file system that can lose power, run full, and fail to sync.
#ifndef TESTS_STORE_POWER_LOSS_FILE_SYSTEM_H_
#define TESTS_STORE_POWER_LOSS_FILE_SYSTEM_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "rocksdb/file_system.h"

namespace fundgate::store::testing {

// Wraps the operating system's file system and remembers how much of each file was synced. After
// CutPower() nothing can be written any more; Restore() truncates every file to what was synced,
// as a machine does that comes up again, and lets writes pass. What a write-ahead log loses are
// zeros then, and so is more behind it: the store lays logs out ahead. Names of files are kept:
// RocksDB syncs directories where it needs to. Any thread.
class PowerLossFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  PowerLossFileSystem() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}

  const char* Name() const override { return "PowerLossFileSystem"; }

  void CutPower() { powered_ = false; }
  void Restore();

  // While set, appends fail with "no space".
  void SetFull(bool full) { full_ = full; }
  // While set, syncs of write-ahead logs fail.
  void SetSyncFails(bool fails) { sync_fails_ = fails; }

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus ReopenWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* file,
                                       rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;

 private:
  friend class TrackedFile;
  struct Extent {
    uint64_t written = 0;
    uint64_t synced = 0;
  };

  // Why an append or a sync can't be done now, or ok.
  rocksdb::IOStatus MayAppend() const;
  rocksdb::IOStatus MaySync(const std::string& name) const;
  void Grow(const std::string& name, uint64_t bytes);
  void MarkSynced(const std::string& name);

  std::atomic<bool> powered_ = true;
  std::atomic<bool> full_ = false;
  std::atomic<bool> sync_fails_ = false;
  std::mutex mutex_;
  std::map<std::string, Extent> extents_;  // protected by mutex_
};

}  // namespace fundgate::store::testing

#endif  // TESTS_STORE_POWER_LOSS_FILE_SYSTEM_H_
