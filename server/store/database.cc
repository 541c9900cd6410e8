#include "server/store/database.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "fundgate/types/text.h"
#include "rocksdb/cache.h"
#include "rocksdb/filter_policy.h"
#include "rocksdb/table.h"
#include "rocksdb/write_batch.h"
#include "server/store/codec.h"
#include "server/store/log_damage.h"
#include "server/store/log_files.h"

namespace fundgate::store {
namespace {

constexpr const char* kNames[kTableCount] = {"default",  "journal", "books",    "families",
                                             "keys",     "timers",  "resident", "violations",
                                             "policies", "records"};
constexpr char kFormatKey[] = "format";
// Of all write buffers, for the filter of each: ten bits for each record that it can hold.
constexpr double kShareForFilter = 0.01;
// What is read at once, of records and of indexes and filters. A read of the disk takes about as
// long for more: after a start, few of them bring back all that checks need. A part of a filter
// stands for 50,000 keys.
constexpr size_t kBlock = size_t{16} << 10;
constexpr size_t kPartOfIndex = size_t{64} << 10;
// Files are brought to the disk in such portions: all at once would keep the log's syncs waiting.
constexpr uint64_t kPortion = uint64_t{1} << 20;
constexpr char kRecordsKey[] = "records";

rocksdb::Options DatabaseOptions(const Options& options, rocksdb::Env* env) {
  rocksdb::Options rocks;
  rocks.create_if_missing = true;
  rocks.create_missing_column_families = true;
  rocks.env = env;
  // What is in memory is in the log, too: nothing is to be saved at the end.
  rocks.avoid_flush_during_shutdown = true;
  rocks.db_write_buffer_size = options.write_buffer_bytes;
  // A table that is hardly ever written keeps the log from being shortened: then it is flushed.
  // What is in the log is what a start after a crash has to read.
  rocks.max_total_wal_size = 2 * options.write_buffer_bytes;
  rocks.bytes_per_sync = kPortion;
  // There is one writer.
  rocks.allow_concurrent_memtable_write = false;
  rocks.enable_write_thread_adaptive_yield = false;
  rocks.max_background_jobs = 2;
  rocks.keep_log_file_num = 4;
  rocks.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  return rocks;
}

rocksdb::ColumnFamilyOptions FamilyOptions(Table place,
                                           const std::shared_ptr<rocksdb::Cache>& cache,
                                           uint64_t write_buffer_bytes) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  // Indexes and filters grow with what is stored. They come and go by parts in the same cache, so
  // that memory doesn't grow; their tops stay.
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  table.partition_filters = true;
  table.metadata_block_size = kPartOfIndex;
  table.block_size = kBlock;
  rocksdb::ColumnFamilyOptions family;
  // Nobody asks these for a record that isn't there. Of the others, most that are read are new or
  // lie in tables: mostly a few bits say that a write buffer doesn't have them.
  if (place != kJournal && place != kTimers) {
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    family.memtable_whole_key_filtering = true;
    // RocksDB reckons from the size of one buffer; ours are bounded by what all may take.
    family.memtable_prefix_bloom_size_ratio = kShareForFilter *
                                              static_cast<double>(write_buffer_bytes) /
                                              static_cast<double>(family.write_buffer_size);
  }
  family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  // Levels are as large as the last one wants: what was deleted or replaced takes a tenth at most.
  family.level_compaction_dynamic_level_bytes = true;
  family.compression = rocksdb::kLZ4Compression;
  return family;
}

// The lock is given back at once: a gate that starts later only adds to what is read.
absl::Status CheckStopped(const Options& options) {
  rocksdb::Env* env = rocksdb::Env::Default();
  const std::string path = options.directory + "/LOCK";
  if (options.file_system != nullptr || !env->FileExists(path).ok()) return absl::OkStatus();
  rocksdb::FileLock* lock = nullptr;
  if (!env->LockFile(path, &lock).ok()) {
    return absl::FailedPreconditionError(
        absl::StrCat(options.directory, " is in use: stop the gate, or verify a checkpoint of it"));
  }
  return FromRocks(env->UnlockFile(lock), "unlocking");
}

absl::Status InUse(const Options& options, const std::string& why) {
  return absl::FailedPreconditionError(absl::StrCat(
      options.directory, " is in use by another process: stop it, or name another directory (", why,
      ")"));
}

// Before RocksDB reads past what is missing.
absl::Status CheckReadable(const Options& options, Database::Access access) {
  if (options.file_system != nullptr) return absl::OkStatus();
  const absl::Status checked = CheckLogs(options.directory);
  const bool ends_there = access == Database::Access::kReadOnly && absl::IsDataLoss(checked);
  return ends_there ? absl::OkStatus() : checked;
}

// Before recovery takes what it can't read for never written. Under the lock, for this writes, too.
absl::Status MakeLogsReadable(const Options& options) {
  if (options.file_system != nullptr) return absl::OkStatus();
  rocksdb::Env* env = rocksdb::Env::Default();
  rocksdb::FileLock* lock = nullptr;
  const rocksdb::Status locked = env->LockFile(options.directory + "/LOCK", &lock);
  if (!locked.ok()) return InUse(options, locked.ToString());
  const absl::Status prepared = PrepareLogs(options.directory, options.accepts_lost_tail);
  const rocksdb::Status unlocked = env->UnlockFile(lock);
  return prepared.ok() ? FromRocks(unlocked, "unlocking") : prepared;
}

absl::Status NewerThanThis(std::string_view what, std::string_view stored, std::string_view ours) {
  return absl::FailedPreconditionError(
      absl::StrCat("the data has ", ToAbsl(what), " ", ToAbsl(stored), ", this program knows ",
                   ToAbsl(what), " ", ToAbsl(ours),
                   ": use the version of fundgated that wrote it, or a newer one; to go back to "
                   "this one, restore a backup from before the upgrade"));
}

// Says that from now on there may be records of this program's version. Programs that don't know it
// refuse the data from then on, instead of meeting a record that they can't read some day.
absl::Status NoteVersions(Database& database) {
  rocksdb::WriteBatch batch;
  (void)batch.Put(database.family(kMeta), kFormatKey, absl::StrCat(kFormatVersion));
  (void)batch.Put(database.family(kMeta), kRecordsKey, absl::StrCat(kRecordVersion));
  rocksdb::WriteOptions sync;
  sync.sync = true;
  return FromRocks(database.db().Write(sync, &batch), "writing the versions of the format");
}

// What the directory says about its format, before anything is opened for writing.
absl::Status CheckFormat(Database& database, Database::Access access) {
  FUNDGATE_ASSIGN_OR_RETURN(const std::optional<std::string> format,
                            database.Get(kMeta, kFormatKey));
  FUNDGATE_ASSIGN_OR_RETURN(const std::optional<std::string> records,
                            database.Get(kMeta, kRecordsKey));
  const std::string our_format = absl::StrCat(kFormatVersion);
  const std::string our_records = absl::StrCat(kRecordVersion);
  if (format.has_value() && *format != our_format) {
    return NewerThanThis("format", *format, our_format);
  }
  int newest = 0;  // before it was noted, there were none that this program doesn't know
  if (records.has_value() && (!absl::SimpleAtoi(*records, &newest) || newest > kRecordVersion)) {
    return NewerThanThis("records of version", *records, our_records);
  }
  if (access == Database::Access::kReadWrite) {
    return records == our_records ? absl::OkStatus() : NoteVersions(database);
  }
  return format.has_value()
             ? absl::OkStatus()
             : absl::FailedPreconditionError("there is no Fundgate data in this directory");
}

}  // namespace

absl::Status FromRocks(const rocksdb::Status& status, std::string_view doing) {
  if (status.ok()) return absl::OkStatus();
  const std::string message = absl::StrCat(ToAbsl(doing), ": ", status.ToString());
  if (status.IsNoSpace() || status.subcode() == rocksdb::Status::kSpaceLimit)
    return absl::ResourceExhaustedError(message);
  if (status.IsCorruption()) return absl::DataLossError(message);
  if (status.IsIOError() || status.IsBusy() || status.IsTryAgain()) {
    return absl::UnavailableError(message);
  }
  return absl::InternalError(message);
}

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const Options& options, Access access) {
  std::unique_ptr<Database> database(new Database());
  database->env_ = rocksdb::NewCompositeEnv(
      options.file_system != nullptr ? options.file_system
                                     : std::make_shared<LogFiles>(rocksdb::FileSystem::Default()));
  rocksdb::Env* env = database->env_.get();
  rocksdb::Options rocks = DatabaseOptions(options, env);
  const std::shared_ptr<rocksdb::Cache> cache = rocksdb::NewLRUCache(options.block_cache_bytes);
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (size_t table = 0; table < kTableCount; ++table) {
    descriptors.emplace_back(
        kNames[table], FamilyOptions(static_cast<Table>(table), cache, options.write_buffer_bytes));
  }

  if (access == Access::kReadWrite) {
    const rocksdb::Status created = env->CreateDirIfMissing(options.directory);
    FUNDGATE_RETURN_IF_ERROR(FromRocks(created, "creating " + options.directory));
    FUNDGATE_RETURN_IF_ERROR(MakeLogsReadable(options));
  } else {
    FUNDGATE_RETURN_IF_ERROR(CheckStopped(options));
    FUNDGATE_RETURN_IF_ERROR(CheckReadable(options, access));
  }
  if (access == Access::kReadOnlyWhole) {
    rocks.wal_recovery_mode = rocksdb::WALRecoveryMode::kAbsoluteConsistency;
  }
  rocksdb::DB* db = nullptr;
  const rocksdb::Status opened =
      access == Access::kReadWrite
          ? rocksdb::DB::Open(rocks, options.directory, descriptors, &database->families_, &db)
          : rocksdb::DB::OpenForReadOnly(rocks, options.directory, descriptors,
                                         &database->families_, &db);
  database->db_.reset(db);
  if (opened.IsIOError() && opened.ToString().find("lock") != std::string::npos) {
    return InUse(options, opened.ToString());
  }
  FUNDGATE_RETURN_IF_ERROR(FromRocks(opened, "opening " + options.directory));
  FUNDGATE_RETURN_IF_ERROR(CheckFormat(*database, access));
  return database;
}

Database::~Database() {
  if (db_ == nullptr) return;
  for (rocksdb::ColumnFamilyHandle* family : families_) {
    (void)db_->DestroyColumnFamilyHandle(family);
  }
  (void)db_->Close();
}

absl::StatusOr<std::optional<std::string>> Database::Get(
    Table table, std::string_view key, const rocksdb::ReadOptions& options) const {
  std::string value;
  const rocksdb::Status status = db_->Get(options, families_[table], AsSlice(key), &value);
  if (status.IsNotFound()) return std::nullopt;
  FUNDGATE_RETURN_IF_ERROR(FromRocks(status, "reading"));
  return value;
}

StorageStatistics Database::Measure() const {
  // Of one family, or of the whole database: what isn't known is 0.
  const auto number = [this](rocksdb::ColumnFamilyHandle* family, const std::string& property) {
    uint64_t value = 0;
    return db_->GetIntProperty(family, property, &value) ? value : 0;
  };
  const auto sum = [this](const std::string& property) {
    uint64_t value = 0;
    return db_->GetAggregatedIntProperty(property, &value) ? value : 0;
  };
  // One of the many that a property has.
  const auto counted = [this](rocksdb::ColumnFamilyHandle* family, const std::string& property,
                              const std::string& name) {
    std::map<std::string, std::string> values;
    uint64_t value = 0;
    if (!db_->GetMapProperty(family, property, &values)) return value;
    return absl::SimpleAtoi(values[name], &value) ? value : 0;
  };
  using Properties = rocksdb::DB::Properties;
  StorageStatistics statistics;
  for (size_t table = 0; table < kTableCount; ++table) {
    statistics.table_bytes.emplace_back(kNames[table],
                                        number(families_[table], Properties::kTotalSstFilesSize));
  }
  rocksdb::ColumnFamilyHandle* const any = families_[kMeta];
  statistics.write_buffer_bytes = sum(Properties::kCurSizeAllMemTables);
  statistics.block_cache_bytes = number(any, Properties::kBlockCacheUsage);  // all share one
  statistics.table_reader_bytes = sum(Properties::kEstimateTableReadersMem);
  statistics.pending_compaction_bytes = sum(Properties::kEstimatePendingCompactionBytes);
  statistics.running_compactions = number(any, Properties::kNumRunningCompactions);
  statistics.running_flushes = number(any, Properties::kNumRunningFlushes);
  statistics.writes_stopped = number(any, Properties::kIsWriteStopped) != 0;
  statistics.delayed_write_bytes_per_second = number(any, Properties::kActualDelayedWriteRate);
  statistics.background_errors = number(any, Properties::kBackgroundErrors);
  for (rocksdb::ColumnFamilyHandle* const family : families_) {
    statistics.write_slowdowns += counted(family, Properties::kCFStats, "io_stalls.total_slowdown");
    statistics.write_stops += counted(family, Properties::kCFStats, "io_stalls.total_stop");
  }
  statistics.write_stall_time =
      absl::Microseconds(counted(any, Properties::kDBStats, "db.write_stall"));
  return statistics;
}

std::unique_ptr<rocksdb::Iterator> Database::Iterate(Table table,
                                                     const rocksdb::ReadOptions& options) const {
  return std::unique_ptr<rocksdb::Iterator>(db_->NewIterator(options, families_[table]));
}

}  // namespace fundgate::store
