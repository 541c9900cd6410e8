#include "tests/store/power_loss_file_system.h"

#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

namespace fundgate::store::testing {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

namespace {

// How far a log is laid out ahead of what is written.
constexpr uint64_t kLaidOut = 100'000;

bool IsLog(std::string_view name) { return name.ends_with(".log"); }

}  // namespace

// Tells the file system what is written to one file, and what is synced.
class TrackedFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  TrackedFile(std::unique_ptr<rocksdb::FSWritableFile> file, std::string name,
              PowerLossFileSystem& system)
      : FSWritableFileOwnerWrapper(std::move(file)), name_(std::move(name)), system_(system) {}

  using FSWritableFileOwnerWrapper::Append;
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  IODebugContext* debug) override {
    IOStatus status = system_.MayAppend();
    if (status.ok()) status = FSWritableFileOwnerWrapper::Append(data, options, debug);
    if (status.ok()) system_.Grow(name_, data.size());
    return status;
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& /*verification*/,
                  IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    IOStatus status = system_.MaySync(name_);
    if (status.ok()) status = FSWritableFileOwnerWrapper::Sync(options, debug);
    if (status.ok()) system_.MarkSynced(name_);
    return status;
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return Sync(options, debug);
  }

 private:
  const std::string name_;
  PowerLossFileSystem& system_;
};

IOStatus PowerLossFileSystem::MayAppend() const {
  if (!powered_) return IOStatus::IOError("the power is out");
  return full_ ? IOStatus::NoSpace("the disk is full") : IOStatus::OK();
}

IOStatus PowerLossFileSystem::MaySync(const std::string& name) const {
  if (!powered_) return IOStatus::IOError("the power is out");
  return sync_fails_ && IsLog(name) ? IOStatus::IOError("the disk does not sync") : IOStatus::OK();
}

void PowerLossFileSystem::Grow(const std::string& name, uint64_t bytes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  extents_[name].written += bytes;
}

void PowerLossFileSystem::MarkSynced(const std::string& name) {
  const std::lock_guard<std::mutex> lock(mutex_);
  extents_[name].synced = extents_[name].written;
}

void PowerLossFileSystem::Restore() {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const auto& [name, extent] : extents_) {
    std::error_code error;
    if (std::filesystem::exists(name, error) && std::filesystem::file_size(name) > extent.synced) {
      std::filesystem::resize_file(name, extent.synced);
      if (IsLog(name)) std::filesystem::resize_file(name, extent.synced + kLaidOut);
    }
  }
  extents_.clear();
  powered_ = true;
}

IOStatus PowerLossFileSystem::NewWritableFile(const std::string& name,
                                              const rocksdb::FileOptions& options,
                                              std::unique_ptr<rocksdb::FSWritableFile>* file,
                                              IODebugContext* debug) {
  if (!powered_) return IOStatus::IOError("the power is out");
  IOStatus status = FileSystemWrapper::NewWritableFile(name, options, file, debug);
  if (!status.ok()) return status;
  const std::lock_guard<std::mutex> lock(mutex_);
  extents_[name] = Extent{};
  *file = std::make_unique<TrackedFile>(std::move(*file), name, *this);
  return status;
}

IOStatus PowerLossFileSystem::ReopenWritableFile(const std::string& name,
                                                 const rocksdb::FileOptions& options,
                                                 std::unique_ptr<rocksdb::FSWritableFile>* file,
                                                 IODebugContext* debug) {
  if (!powered_) return IOStatus::IOError("the power is out");
  IOStatus status = FileSystemWrapper::ReopenWritableFile(name, options, file, debug);
  if (!status.ok()) return status;
  const std::lock_guard<std::mutex> lock(mutex_);
  // Of a file that is known, no more is synced for being opened again.
  const uint64_t size = std::filesystem::file_size(name);
  extents_.try_emplace(name, Extent{size, size});
  *file = std::make_unique<TrackedFile>(std::move(*file), name, *this);
  return status;
}

IOStatus PowerLossFileSystem::RenameFile(const std::string& from, const std::string& to,
                                         const IOOptions& options, IODebugContext* debug) {
  if (!powered_) return IOStatus::IOError("the power is out");
  IOStatus status = FileSystemWrapper::RenameFile(from, to, options, debug);
  if (!status.ok()) return status;
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto moved = extents_.extract(from);
  extents_.erase(to);
  if (!moved.empty()) extents_[to] = moved.mapped();
  return status;
}

IOStatus PowerLossFileSystem::DeleteFile(const std::string& name, const IOOptions& options,
                                         IODebugContext* debug) {
  if (!powered_) return IOStatus::IOError("the power is out");
  const std::lock_guard<std::mutex> lock(mutex_);
  extents_.erase(name);
  return FileSystemWrapper::DeleteFile(name, options, debug);
}

}  // namespace fundgate::store::testing
