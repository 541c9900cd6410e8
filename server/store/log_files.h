// Write-ahead logs whose files are longer than what is written.
#ifndef SERVER_STORE_LOG_FILES_H_
#define SERVER_STORE_LOG_FILES_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "rocksdb/file_system.h"

namespace fundgate::store {

// A file system in which a write-ahead log (NAME.log) gets zeros ahead of what is appended to it. A
// sync of a file that grew has the file's new size and blocks to bring to safety as well; where
// they were there before, only the data is written. Of a log that is synced the system begins to
// write what is appended at once: it does so while the records go into memory, and the sync waits
// for the rest.
//
// While a log is open its size is what was appended: a checkpoint copies that much, and nothing
// that changes meanwhile. Those that were synced before are so once more before a new one begins,
// so that no crash leaves records there without those before them. A log whose sync failed fails
// all that come after: what the system did with what it didn't write is unknown.
//
// Everything else is as in `base`. What reads logs takes the zeros for never written, as it does
// after a crash. Any thread, but each file one at a time, except that it may be synced meanwhile.
class LogFiles final : public rocksdb::FileSystemWrapper {
 public:
  explicit LogFiles(const std::shared_ptr<rocksdb::FileSystem>& base) : FileSystemWrapper(base) {}

  const char* Name() const override { return "LogFiles"; }

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetFileSize(const std::string& name, const rocksdb::IOOptions& options,
                                uint64_t* size, rocksdb::IODebugContext* debug) override;

 private:
  class Log;
  class File;

  std::vector<std::shared_ptr<Log>> OpenLogs();

  std::mutex mutex_;
  // Those that are or were open.
  absl::flat_hash_map<std::string, std::weak_ptr<Log>> logs_;
};

}  // namespace fundgate::store

#endif  // SERVER_STORE_LOG_FILES_H_
