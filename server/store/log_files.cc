#include "server/store/log_files.h"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace fundgate::store {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

// Zeros are written in such portions: few enough syncs have to bring them to the disk, and none has
// so many that answers wait for it.
constexpr size_t kPortion = size_t{256} << 10;

class LogFile final : public rocksdb::FSWritableFile {
 public:
  LogFile(std::unique_ptr<rocksdb::FSRandomRWFile> file, const rocksdb::FileOptions& options)
      : FSWritableFile(options), file_(std::move(file)) {}

  using FSWritableFile::Append;
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  IODebugContext* debug) override {
    const IOStatus written = file_->Write(size_, data, options, debug);
    if (!written.ok()) return written;
    size_ += data.size();
    if (size_ > laid_out_) LayOut(options, debug);
    return written;
  }
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    return file_->Close(options, debug);
  }
  IOStatus Flush(const IOOptions& options, IODebugContext* debug) override {
    return file_->Flush(options, debug);
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    return file_->Sync(options, debug);
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return file_->Fsync(options, debug);
  }
  bool IsSyncThreadSafe() const override { return true; }
  uint64_t GetFileSize(const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    return size_;
  }

 private:
  // Where the disk has no room for it, the log goes on as others do.
  void LayOut(const IOOptions& options, IODebugContext* debug) {
    static const std::string kZeros(kPortion, '\0');
    const uint64_t end = (size_ / kPortion + 1) * kPortion;
    const rocksdb::Slice zeros(kZeros.data(), end - size_);
    laid_out_ = file_->Write(size_, zeros, options, debug).ok() ? end : size_;
  }

  const std::unique_ptr<rocksdb::FSRandomRWFile> file_;
  uint64_t size_ = 0;      // of what was appended
  uint64_t laid_out_ = 0;  // of the file, at least
};

}  // namespace

IOStatus LogFiles::NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                   std::unique_ptr<rocksdb::FSWritableFile>* file,
                                   IODebugContext* debug) {
  std::unique_ptr<rocksdb::FSWritableFile> made;
  IOStatus status = FileSystemWrapper::NewWritableFile(name, options, &made, debug);
  if (!status.ok() || !std::string_view(name).ends_with(".log")) {
    *file = std::move(made);
    return status;
  }
  status = made->Close(options.io_options, debug);
  std::unique_ptr<rocksdb::FSRandomRWFile> log;
  if (status.ok()) status = NewRandomRWFile(name, options, &log, debug);
  if (status.ok()) *file = std::make_unique<LogFile>(std::move(log), options);
  return status;
}

}  // namespace fundgate::store
