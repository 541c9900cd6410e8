#include "tests/simulation/disk.h"

#include <algorithm>
#include <chrono>
#include <cstdarg>
#include <cstring>
#include <limits>
#include <string_view>

#include "rocksdb/env.h"

namespace fundgate::simulation {

using rocksdb::IOStatus;
using rocksdb::Slice;
using Lock = std::lock_guard<std::mutex>;

namespace {

constexpr uint64_t kFreeBytes = uint64_t{1} << 40;
constexpr size_t kTornBytes = 64;
// How far a log is laid out ahead of what is written. What a gate does with a real disk is more.
constexpr size_t kLaidOut = 16384;

IOStatus NoPower() { return IOStatus::IOError("the power is out"); }

bool IsLog(std::string_view name) { return name.ends_with(".log"); }

uint64_t HashOf(std::string_view text) {
  uint64_t hash = 14695981039346656037U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return hash;
}

// What RocksDB has to say is not listened to.
class SilentLog final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char* /*format*/, va_list /*arguments*/) override {}
};

class HeldLock final : public rocksdb::FileLock {
 public:
  explicit HeldLock(std::string name) : name_(std::move(name)) {}
  const std::string& name() const { return name_; }

 private:
  const std::string name_;
};

}  // namespace

// One open file, whoever opened it how.
class DiskFile final : public rocksdb::FSSequentialFile,
                       public rocksdb::FSRandomAccessFile,
                       public rocksdb::FSWritableFile {
 public:
  DiskFile(Disk& disk, std::shared_ptr<Inode> file, bool is_log)
      : disk_(disk), file_(std::move(file)), is_log_(is_log) {}

  // FSSequentialFile.
  IOStatus Read(size_t size, const Disk::Options& options, Slice* result, char* scratch,
                Disk::Debug* debug) override {
    IOStatus status =
        static_cast<const DiskFile*>(this)->Read(place_, size, options, result, scratch, debug);
    place_ += result->size();
    return status;
  }
  IOStatus Skip(uint64_t count) override {
    place_ += count;
    return IOStatus::OK();
  }
  bool use_direct_io() const override { return false; }
  size_t GetRequiredBufferAlignment() const override { return 1; }
  IOStatus InvalidateCache(size_t /*offset*/, size_t /*length*/) override { return IOStatus::OK(); }
  rocksdb::Temperature GetTemperature() const override { return rocksdb::Temperature::kUnknown; }
  size_t GetUniqueId(char* /*id*/, size_t /*max_size*/) const override { return 0; }

  // FSRandomAccessFile.
  IOStatus Read(uint64_t offset, size_t size, const Disk::Options& /*options*/, Slice* result,
                char* scratch, Disk::Debug* /*debug*/) const override {
    const std::string bytes = disk_.Read(*file_, offset, size);
    std::memcpy(scratch, bytes.data(), bytes.size());
    *result = Slice(scratch, bytes.size());
    return IOStatus::OK();
  }

  // FSWritableFile.
  IOStatus Append(const Slice& bytes, const Disk::Options& /*options*/,
                  Disk::Debug* /*debug*/) override {
    return disk_.Append(*file_, is_log_, bytes.data(), bytes.size());
  }
  IOStatus Append(const Slice& bytes, const Disk::Options& options,
                  const rocksdb::DataVerificationInfo& /*verification*/,
                  Disk::Debug* debug) override {
    return Append(bytes, options, debug);
  }
  IOStatus Truncate(uint64_t size, const Disk::Options& /*options*/,
                    Disk::Debug* /*debug*/) override {
    return disk_.Truncate(*file_, size);
  }
  IOStatus Close(const Disk::Options& /*options*/, Disk::Debug* /*debug*/) override {
    return IOStatus::OK();
  }
  IOStatus Flush(const Disk::Options& /*options*/, Disk::Debug* /*debug*/) override {
    return IOStatus::OK();
  }
  IOStatus Sync(const Disk::Options& /*options*/, Disk::Debug* /*debug*/) override {
    return disk_.Sync(*file_, is_log_);
  }
  // The log is synced while others append to it.
  bool IsSyncThreadSafe() const override { return true; }
  uint64_t GetFileSize(const Disk::Options& /*options*/, Disk::Debug* /*debug*/) override {
    return disk_.Read(*file_, 0, SIZE_MAX).size();
  }

 private:
  Disk& disk_;
  const std::shared_ptr<Inode> file_;
  const bool is_log_;
  size_t place_ = 0;
};

class DiskDirectory final : public rocksdb::FSDirectory {
 public:
  explicit DiskDirectory(Disk& disk) : disk_(disk) {}
  IOStatus Fsync(const Disk::Options& /*options*/, Disk::Debug* /*debug*/) override {
    return disk_.SyncNames();
  }

 private:
  Disk& disk_;
};

// ---- Faults ----

void Disk::CutPowerAt(uint64_t writes, uint64_t percent) {
  const Lock lock(mutex_);
  cut_at_ = writes_ + writes;
  cut_percent_ = percent;
}

void Disk::DisarmPower() {
  const Lock lock(mutex_);
  cut_at_.reset();
}

void Disk::CutPower() {
  const Lock lock(mutex_);
  powered_ = false;
  cut_at_.reset();
}

bool Disk::is_powered() const {
  const Lock lock(mutex_);
  return powered_;
}

void Disk::SetFull(bool full) {
  const Lock lock(mutex_);
  full_ = full;
}

bool Disk::is_full() const {
  const Lock lock(mutex_);
  return full_;
}

void Disk::FailNextAppend() {
  const Lock lock(mutex_);
  append_fails_ = true;
}

void Disk::FailNextSync() {
  const Lock lock(mutex_);
  sync_fails_ = true;
}

void Disk::ComeUp(model::Dice& dice) {
  {
    const Lock lock(mutex_);
    // What RocksDB's own threads left there must not show in anybody's luck but its own.
    const uint64_t luck = dice.Roll(std::numeric_limits<uint64_t>::max());
    const size_t kept = KeptNames(luck);
    names_ = durable_names_;
    for (size_t i = 0; i < kept; ++i) {
      const NameChange& change = unsynced_names_[i];
      if (change.file == nullptr) {
        names_.erase(change.name);
      } else {
        names_[change.name] = change.file;
      }
    }
    // Which number a log has, and how many older ones are still there, is up to RocksDB's threads.
    auto logs_from_here = std::count_if(names_.begin(), names_.end(),
                                        [](const auto& named) { return IsLog(named.first); });
    for (const auto& [name, file] : names_) {
      const size_t unsynced = file->bytes.size() - file->synced;
      const bool is_log = IsLog(name);
      model::Dice of_file(luck ^ (is_log ? static_cast<uint64_t>(logs_from_here) : HashOf(name)));
      if (is_log) --logs_from_here;
      const uint64_t roll = of_file.Roll(100);
      size_t left = 0;
      if (roll >= 60) left = roll < 80 ? unsynced : of_file.Roll(unsynced + 1);
      const bool is_torn = of_file.Percent(30) && left < unsynced;
      file->bytes.resize(file->synced + left);
      // A block that was on its way has its length but not its bytes.
      if (is_torn) file->bytes.append(std::min(kTornBytes, unsynced - left), '\0');
      file->synced = file->bytes.size();
    }
    durable_names_ = names_;
    unsynced_names_.clear();
  }
  Reopen();
}

void Disk::Reopen() {
  const Lock lock(mutex_);
  for (const auto& [name, file] : names_) {
    if (!IsLog(name)) continue;
    const bool is_synced = file->synced == file->bytes.size();
    file->bytes.resize((file->bytes.size() / kLaidOut + 1) * kLaidOut);
    if (is_synced) file->synced = file->bytes.size();
  }
  locks_.clear();
  powered_ = true;
  append_fails_ = false;
  sync_fails_ = false;
  cut_at_.reset();
}

uint64_t Disk::writes() const {
  const Lock lock(mutex_);
  return writes_;
}

void Disk::AwaitOthers() {
  std::unique_lock<std::mutex> lock(mutex_);
  const uint64_t seen = writes_of_others_;
  others_wrote_.wait_for(lock, std::chrono::milliseconds(1),
                         [this, seen] { return writes_of_others_ != seen; });
}

// ---- Files ----

bool Disk::CountWrite() {
  if (!powered_) return false;
  if (std::this_thread::get_id() != owner_) {
    ++writes_of_others_;
    others_wrote_.notify_all();
    return true;
  }
  ++writes_;
  if (cut_at_.has_value() && writes_ >= *cut_at_) {
    powered_ = false;
    cut_at_.reset();
  }
  return powered_;
}

void Disk::ChangeName(const std::string& name, std::shared_ptr<Inode> file) {
  if (file == nullptr) {
    names_.erase(name);
  } else {
    names_[name] = file;
  }
  const bool is_own = std::this_thread::get_id() == owner_;
  unsynced_names_.push_back({name, std::move(file), is_own});
}

size_t Disk::KeptNames(uint64_t luck) const {
  const auto own = std::count_if(unsynced_names_.begin(), unsynced_names_.end(),
                                 [](const NameChange& change) { return change.is_own; });
  uint64_t left = model::Dice(luck).Roll(static_cast<uint64_t>(own) + 1);
  size_t kept = 0;
  while (kept < unsynced_names_.size() && (left > 0 || !unsynced_names_[kept].is_own)) {
    if (unsynced_names_[kept++].is_own) --left;
  }
  return kept;
}

std::shared_ptr<Inode> Disk::Find(const std::string& name) const {
  const auto found = names_.find(name);
  return found == names_.end() ? nullptr : found->second;
}

IOStatus Disk::Append(Inode& file, bool is_log, const char* bytes, size_t size) {
  const Lock lock(mutex_);
  const bool was_powered = powered_;
  if (!CountWrite()) {
    if (was_powered) file.bytes.append(bytes, size * cut_percent_ / 100);
    return NoPower();
  }
  const bool is_own = std::this_thread::get_id() == owner_;
  if (is_own && is_log && (full_ || append_fails_)) {
    file.bytes.append(bytes, size / 2);
    if (full_) return IOStatus::NoSpace("the disk is full");
    append_fails_ = false;
    return IOStatus::IOError("the disk does not write");
  }
  file.bytes.append(bytes, size);
  return IOStatus::OK();
}

IOStatus Disk::Sync(Inode& file, bool is_log) {
  const Lock lock(mutex_);
  if (!CountWrite()) return NoPower();
  if (is_log && sync_fails_ && std::this_thread::get_id() == owner_) {
    sync_fails_ = false;
    return IOStatus::IOError("the disk does not sync");
  }
  file.synced = file.bytes.size();
  return IOStatus::OK();
}

IOStatus Disk::Truncate(Inode& file, size_t size) {
  const Lock lock(mutex_);
  if (!powered_) return NoPower();
  file.bytes.resize(size);
  file.synced = std::min(file.synced, size);
  return IOStatus::OK();
}

IOStatus Disk::SyncNames() {
  const Lock lock(mutex_);
  if (!CountWrite()) return NoPower();
  durable_names_ = names_;
  unsynced_names_.clear();
  return IOStatus::OK();
}

std::string Disk::Read(const Inode& file, size_t from, size_t size) const {
  const Lock lock(mutex_);
  return from >= file.bytes.size() ? std::string() : file.bytes.substr(from, size);
}

IOStatus Disk::NewSequentialFile(const std::string& name, const rocksdb::FileOptions& /*options*/,
                                 std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                 Debug* /*debug*/) {
  const Lock lock(mutex_);
  const std::shared_ptr<Inode> found = Find(name);
  if (found == nullptr) return IOStatus::PathNotFound(name);
  *file = std::make_unique<DiskFile>(*this, found, IsLog(name));
  return IOStatus::OK();
}

IOStatus Disk::NewRandomAccessFile(const std::string& name, const rocksdb::FileOptions& /*options*/,
                                   std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                   Debug* /*debug*/) {
  const Lock lock(mutex_);
  const std::shared_ptr<Inode> found = Find(name);
  if (found == nullptr) return IOStatus::PathNotFound(name);
  *file = std::make_unique<DiskFile>(*this, found, IsLog(name));
  return IOStatus::OK();
}

IOStatus Disk::NewWritableFile(const std::string& name, const rocksdb::FileOptions& /*options*/,
                               std::unique_ptr<rocksdb::FSWritableFile>* file, Debug* /*debug*/) {
  const Lock lock(mutex_);
  if (!CountWrite()) return NoPower();
  const auto made = std::make_shared<Inode>();
  ChangeName(name, made);
  *file = std::make_unique<DiskFile>(*this, made, IsLog(name));
  return IOStatus::OK();
}

IOStatus Disk::ReopenWritableFile(const std::string& name, const rocksdb::FileOptions& /*options*/,
                                  std::unique_ptr<rocksdb::FSWritableFile>* file,
                                  Debug* /*debug*/) {
  const Lock lock(mutex_);
  const std::shared_ptr<Inode> found = Find(name);
  if (found == nullptr) return IOStatus::PathNotFound(name);
  *file = std::make_unique<DiskFile>(*this, found, IsLog(name));
  return IOStatus::OK();
}

IOStatus Disk::DeleteFile(const std::string& name, const Options& /*options*/, Debug* /*debug*/) {
  const Lock lock(mutex_);
  if (!CountWrite()) return NoPower();
  if (Find(name) == nullptr) return IOStatus::PathNotFound(name);
  ChangeName(name, nullptr);
  return IOStatus::OK();
}

IOStatus Disk::RenameFile(const std::string& from, const std::string& to,
                          const Options& /*options*/, Debug* /*debug*/) {
  const Lock lock(mutex_);
  if (!CountWrite()) return NoPower();
  const std::shared_ptr<Inode> file = Find(from);
  if (file == nullptr) return IOStatus::PathNotFound(from);
  ChangeName(to, file);
  ChangeName(from, nullptr);
  return IOStatus::OK();
}

// ---- Names, locks and the rest ----

IOStatus Disk::FileExists(const std::string& name, const Options& /*options*/, Debug* /*debug*/) {
  const Lock lock(mutex_);
  return Find(name) != nullptr || folders_.contains(name) ? IOStatus::OK()
                                                          : IOStatus::NotFound(name);
}

IOStatus Disk::GetChildren(const std::string& folder, const Options& /*options*/,
                           std::vector<std::string>* names, Debug* /*debug*/) {
  const Lock lock(mutex_);
  names->clear();
  const std::string prefix = folder.ends_with('/') ? folder : folder + "/";
  for (const auto& [name, file] : names_) {
    if (name.starts_with(prefix)) names->push_back(name.substr(prefix.size()));
  }
  return folders_.contains(folder) || !names->empty() ? IOStatus::OK() : IOStatus::NotFound(folder);
}

IOStatus Disk::NewDirectory(const std::string& /*name*/, const Options& /*options*/,
                            std::unique_ptr<rocksdb::FSDirectory>* directory, Debug* /*debug*/) {
  *directory = std::make_unique<DiskDirectory>(*this);
  return IOStatus::OK();
}

IOStatus Disk::CreateDir(const std::string& name, const Options& options, Debug* debug) {
  return CreateDirIfMissing(name, options, debug);
}

IOStatus Disk::CreateDirIfMissing(const std::string& name, const Options& /*options*/,
                                  Debug* /*debug*/) {
  const Lock lock(mutex_);
  folders_.insert(name);
  return IOStatus::OK();
}

IOStatus Disk::DeleteDir(const std::string& name, const Options& /*options*/, Debug* /*debug*/) {
  const Lock lock(mutex_);
  folders_.erase(name);
  return IOStatus::OK();
}

IOStatus Disk::GetFileSize(const std::string& name, const Options& /*options*/, uint64_t* size,
                           Debug* /*debug*/) {
  const Lock lock(mutex_);
  const std::shared_ptr<Inode> found = Find(name);
  if (found == nullptr) return IOStatus::PathNotFound(name);
  *size = found->bytes.size();
  return IOStatus::OK();
}

IOStatus Disk::GetFileModificationTime(const std::string& /*name*/, const Options& /*options*/,
                                       uint64_t* time, Debug* /*debug*/) {
  *time = 0;
  return IOStatus::OK();
}

IOStatus Disk::LockFile(const std::string& name, const Options& /*options*/,
                        rocksdb::FileLock** lock, Debug* /*debug*/) {
  const Lock held(mutex_);
  if (!locks_.insert(name).second) return IOStatus::IOError("lock " + name, "is held");
  *lock = new HeldLock(name);
  return IOStatus::OK();
}

IOStatus Disk::UnlockFile(rocksdb::FileLock* lock, const Options& /*options*/, Debug* /*debug*/) {
  const Lock held(mutex_);
  const std::unique_ptr<HeldLock> owned(static_cast<HeldLock*>(lock));
  locks_.erase(owned->name());
  return IOStatus::OK();
}

IOStatus Disk::GetTestDirectory(const Options& /*options*/, std::string* path, Debug* /*debug*/) {
  *path = "/test";
  return IOStatus::OK();
}

IOStatus Disk::NewLogger(const std::string& /*name*/, const Options& /*options*/,
                         std::shared_ptr<rocksdb::Logger>* logger, Debug* /*debug*/) {
  *logger = std::make_shared<SilentLog>();
  return IOStatus::OK();
}

IOStatus Disk::GetAbsolutePath(const std::string& path, const Options& /*options*/,
                               std::string* absolute, Debug* /*debug*/) {
  *absolute = path;
  return IOStatus::OK();
}

IOStatus Disk::GetFreeSpace(const std::string& /*path*/, const Options& /*options*/, uint64_t* free,
                            Debug* /*debug*/) {
  *free = kFreeBytes;
  return IOStatus::OK();
}

IOStatus Disk::IsDirectory(const std::string& path, const Options& /*options*/, bool* is_directory,
                           Debug* /*debug*/) {
  const Lock lock(mutex_);
  *is_directory = folders_.contains(path);
  return IOStatus::OK();
}

}  // namespace fundgate::simulation
