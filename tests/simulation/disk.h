// A disk in memory for the store, which loses power, runs full and breaks as it is told.
#ifndef TESTS_SIMULATION_DISK_H_
#define TESTS_SIMULATION_DISK_H_

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "rocksdb/file_system.h"
#include "tests/model/random_values.h"

namespace fundgate::simulation {

// What a file holds. `synced` bytes of it survive the loss of power for certain.
struct Inode {
  std::string bytes;
  size_t synced = 0;
};

// What of a file system RocksDB uses. Faults are counted in the writes of the thread that made the
// disk, so that a run comes again exactly, whatever RocksDB's own threads do meanwhile.
//
// A write is: bytes appended, a file or a directory synced, a file made, renamed or deleted.
class Disk final : public rocksdb::FileSystem {
 public:
  Disk() : owner_(std::this_thread::get_id()) {}

  const char* Name() const override { return "Disk"; }

  // ---- Faults ----

  // The power goes in the `writes`-th write from now (1: the next), of which `percent` of the bytes
  // still get into the page cache. Nothing can be written from then on.
  void CutPowerAt(uint64_t writes, uint64_t percent);
  void DisarmPower();
  void CutPower();
  bool is_powered() const;

  // While it is full, bytes that the disk's maker appends to write-ahead logs find no room: half of
  // them are written. RocksDB's own threads, which would wait by the real clock, find some.
  void SetFull(bool full);
  bool is_full() const;
  // The maker's next append to a write-ahead log fails, or its next sync of one.
  void FailNextAppend();
  void FailNextSync();

  // The machine comes up again: what was not synced is there in part, as `dice` will have it. Names
  // of files keep the order in which they changed; of bytes any number is there, perhaps with a
  // torn end. Write-ahead logs end with zeros, as those do that the store lays out ahead.
  void ComeUp(model::Dice& dice);
  // Only the process ended: everything written is there. Logs end with zeros here as well.
  void Reopen();

  uint64_t writes() const;
  // Until another thread than the maker's has written, or a millisecond of real time has passed:
  // for who waits until RocksDB's own threads are done.
  void AwaitOthers();

  // ---- rocksdb::FileSystem ----

  using Options = rocksdb::IOOptions;
  using Debug = rocksdb::IODebugContext;
  rocksdb::IOStatus NewSequentialFile(const std::string& name, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                      Debug* debug) override;
  rocksdb::IOStatus NewRandomAccessFile(const std::string& name,
                                        const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                        Debug* debug) override;
  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    Debug* debug) override;
  rocksdb::IOStatus ReopenWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* file,
                                       Debug* debug) override;
  rocksdb::IOStatus NewDirectory(const std::string& name, const Options& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* directory,
                                 Debug* debug) override;
  rocksdb::IOStatus FileExists(const std::string& name, const Options& options,
                               Debug* debug) override;
  rocksdb::IOStatus GetChildren(const std::string& folder, const Options& options,
                                std::vector<std::string>* names, Debug* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& name, const Options& options,
                               Debug* debug) override;
  rocksdb::IOStatus CreateDir(const std::string& name, const Options& options,
                              Debug* debug) override;
  rocksdb::IOStatus CreateDirIfMissing(const std::string& name, const Options& options,
                                       Debug* debug) override;
  rocksdb::IOStatus DeleteDir(const std::string& name, const Options& options,
                              Debug* debug) override;
  rocksdb::IOStatus GetFileSize(const std::string& name, const Options& options, uint64_t* size,
                                Debug* debug) override;
  rocksdb::IOStatus GetFileModificationTime(const std::string& name, const Options& options,
                                            uint64_t* time, Debug* debug) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const Options& options, Debug* debug) override;
  rocksdb::IOStatus LockFile(const std::string& name, const Options& options,
                             rocksdb::FileLock** lock, Debug* debug) override;
  rocksdb::IOStatus UnlockFile(rocksdb::FileLock* lock, const Options& options,
                               Debug* debug) override;
  rocksdb::IOStatus GetTestDirectory(const Options& options, std::string* path,
                                     Debug* debug) override;
  rocksdb::IOStatus NewLogger(const std::string& name, const Options& options,
                              std::shared_ptr<rocksdb::Logger>* logger, Debug* debug) override;
  rocksdb::IOStatus GetAbsolutePath(const std::string& path, const Options& options,
                                    std::string* absolute, Debug* debug) override;
  rocksdb::IOStatus GetFreeSpace(const std::string& path, const Options& options, uint64_t* free,
                                 Debug* debug) override;
  rocksdb::IOStatus IsDirectory(const std::string& path, const Options& options, bool* is_directory,
                                Debug* debug) override;

 private:
  friend class DiskFile;
  friend class DiskDirectory;

  // A change of a name.
  struct NameChange {
    std::string name;
    std::shared_ptr<Inode> file;  // that it stands for now; null: none
    bool is_own = false;          // of the maker's thread
  };

  // Counts a write; true if it may be made. All of these are called with the lock held.
  bool CountWrite();
  void ChangeName(const std::string& name, std::shared_ptr<Inode> file);
  // How many of the unsynced changes of names survive: up to one of the maker's.
  size_t KeptNames(uint64_t luck) const;
  std::shared_ptr<Inode> Find(const std::string& name) const;

  // Of DiskFile and DiskDirectory.
  rocksdb::IOStatus Append(Inode& file, bool is_log, const char* bytes, size_t size);
  rocksdb::IOStatus Sync(Inode& file, bool is_log);
  rocksdb::IOStatus Truncate(Inode& file, size_t size);
  rocksdb::IOStatus SyncNames();
  std::string Read(const Inode& file, size_t from, size_t size) const;

  const std::thread::id owner_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Inode>> names_;
  std::map<std::string, std::shared_ptr<Inode>> durable_names_;
  std::vector<NameChange> unsynced_names_;  // oldest first
  std::set<std::string> folders_;
  std::set<std::string> locks_;
  uint64_t writes_ = 0;
  uint64_t writes_of_others_ = 0;
  std::condition_variable others_wrote_;
  std::optional<uint64_t> cut_at_;
  uint64_t cut_percent_ = 0;
  bool powered_ = true;
  bool full_ = false;
  bool append_fails_ = false;
  bool sync_fails_ = false;
};

}  // namespace fundgate::simulation

#endif  // TESTS_SIMULATION_DISK_H_
