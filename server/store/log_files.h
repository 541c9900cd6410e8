// Write-ahead logs whose files are longer than what is written.
#ifndef SERVER_STORE_LOG_FILES_H_
#define SERVER_STORE_LOG_FILES_H_

#include <memory>
#include <string>

#include "rocksdb/file_system.h"

namespace fundgate::store {

// A file system in which a write-ahead log (NAME.log) gets zeros ahead of what is appended to it. A
// sync of a file that grew has the file's new size to bring to safety as well, which on ext4 is a
// commit of the file system's own journal; where blocks and size were there before, only the data
// is written. Everything else is as in `base`. What reads logs takes the zeros for never written,
// as it does after a crash. Any thread, but each file one at a time, except that it may be synced
// meanwhile.
class LogFiles final : public rocksdb::FileSystemWrapper {
 public:
  explicit LogFiles(const std::shared_ptr<rocksdb::FileSystem>& base) : FileSystemWrapper(base) {}

  const char* Name() const override { return "LogFiles"; }

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;
};

}  // namespace fundgate::store

#endif  // SERVER_STORE_LOG_FILES_H_
