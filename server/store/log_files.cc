#include "server/store/log_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fundgate::store {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

// Zeros are written in such portions: few enough syncs have to bring them to the disk, and none has
// so many that answers wait for it.
constexpr size_t kPortion = size_t{256} << 10;
constexpr std::array<char, kPortion> kZeros{};

}  // namespace

class LogFiles::Log {
 public:
  // The name is for writing early: where it can't be opened for that, syncs have more to do.
  Log(std::unique_ptr<rocksdb::FSRandomRWFile> file, const std::string& name)
      : file_(std::move(file)), descriptor_(::open(name.c_str(), O_WRONLY | O_CLOEXEC)) {}
  ~Log() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  uint64_t size() const { return size_; }

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options, IODebugContext* debug) {
    const uint64_t begin = size_;
    const IOStatus written = file_->Write(begin, data, options, debug);
    if (!written.ok()) return written;
    size_ = begin + data.size();
    if (is_synced_) BeginWriting(begin, data.size());
    if (size_ > laid_out_ && has_room_) LayOut(options, debug);
    return written;
  }

  IOStatus Sync(const IOOptions& options, IODebugContext* debug) {
    is_synced_ = true;
    const IOStatus synced = file_->Sync(options, debug);
    if (!synced.ok()) {
      has_failed_ = true;
      return synced;
    }
    return has_failed_ ? IOStatus::IOError("a sync of this log has failed before") : synced;
  }
  // If it was synced before, and isn't closed. Any thread.
  IOStatus SyncAgain(const IOOptions& options, IODebugContext* debug) {
    const std::lock_guard lock(closing_);
    return is_synced_ && !is_closed_ ? Sync(options, debug) : IOStatus::OK();
  }

  IOStatus Flush(const IOOptions& options, IODebugContext* debug) {
    return file_->Flush(options, debug);
  }
  IOStatus Close(const IOOptions& options, IODebugContext* debug) {
    const std::lock_guard lock(closing_);
    return std::exchange(is_closed_, true) ? IOStatus::OK() : file_->Close(options, debug);
  }

 private:
  // Has the system begin to bring a part of the file to the disk, and doesn't wait for it. If that
  // fails the next sync says so.
  void BeginWriting(uint64_t from, size_t bytes) const {
    if (descriptor_ < 0) return;
    (void)::sync_file_range(descriptor_, static_cast<off64_t>(from), static_cast<off64_t>(bytes),
                            SYNC_FILE_RANGE_WRITE);
  }

  // Where the disk has no room for it, the log goes on as others do.
  void LayOut(const IOOptions& options, IODebugContext* debug) {
    const uint64_t begin = size_;
    laid_out_ = (begin / kPortion + 1) * kPortion;
    const rocksdb::Slice zeros(kZeros.data(), laid_out_ - begin);
    has_room_ = file_->Write(begin, zeros, options, debug).ok();
  }

  const std::unique_ptr<rocksdb::FSRandomRWFile> file_;
  const int descriptor_;
  std::atomic<uint64_t> size_{0};  // of what was appended. Who copies the log asks meanwhile
  uint64_t laid_out_ = 0;
  bool has_room_ = true;
  std::atomic<bool> is_synced_{false};
  std::atomic<bool> has_failed_{false};
  std::mutex closing_;
  bool is_closed_ = false;
};

// A log as RocksDB has it.
class LogFiles::File final : public rocksdb::FSWritableFile {
 public:
  File(std::shared_ptr<Log> log, const rocksdb::FileOptions& options)
      : FSWritableFile(options), log_(std::move(log)) {}
  ~File() override { (void)log_->Close({}, nullptr); }

  using FSWritableFile::Append;
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  IODebugContext* debug) override {
    return log_->Append(data, options, debug);
  }
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    return log_->Close(options, debug);
  }
  IOStatus Flush(const IOOptions& options, IODebugContext* debug) override {
    return log_->Flush(options, debug);
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    return log_->Sync(options, debug);
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return log_->Sync(options, debug);
  }
  bool IsSyncThreadSafe() const override { return true; }
  uint64_t GetFileSize(const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    return log_->size();
  }

 private:
  const std::shared_ptr<Log> log_;
};

IOStatus LogFiles::NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                   std::unique_ptr<rocksdb::FSWritableFile>* file,
                                   IODebugContext* debug) {
  if (!std::string_view(name).ends_with(".log"))
    return FileSystemWrapper::NewWritableFile(name, options, file, debug);
  for (const std::shared_ptr<Log>& log : OpenLogs()) {
    const IOStatus synced = log->SyncAgain(options.io_options, debug);
    if (!synced.ok()) return synced;
  }
  std::unique_ptr<rocksdb::FSWritableFile> empty;
  IOStatus status = FileSystemWrapper::NewWritableFile(name, options, &empty, debug);
  if (status.ok()) status = empty->Close(options.io_options, debug);
  std::unique_ptr<rocksdb::FSRandomRWFile> random;
  if (status.ok()) status = NewRandomRWFile(name, options, &random, debug);
  if (!status.ok()) return status;
  const auto log = std::make_shared<Log>(std::move(random), name);
  {
    const std::lock_guard lock(mutex_);
    logs_.insert_or_assign(name, log);
  }
  *file = std::make_unique<File>(log, options);
  return status;
}

IOStatus LogFiles::GetFileSize(const std::string& name, const IOOptions& options, uint64_t* size,
                               IODebugContext* debug) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = logs_.find(name);
    if (found != logs_.end()) {
      if (const auto log = found->second.lock()) {
        *size = log->size();
        return IOStatus::OK();
      }
    }
  }
  return FileSystemWrapper::GetFileSize(name, options, size, debug);
}

std::vector<std::shared_ptr<LogFiles::Log>> LogFiles::OpenLogs() {
  const std::lock_guard lock(mutex_);
  absl::erase_if(logs_, [](const auto& entry) { return entry.second.expired(); });
  std::vector<std::shared_ptr<Log>> open;
  for (const auto& [name, log] : logs_) {
    if (auto held = log.lock()) open.push_back(std::move(held));
  }
  return open;
}

}  // namespace fundgate::store
