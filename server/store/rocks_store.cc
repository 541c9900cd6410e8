#include "server/store/rocks_store.h"

#include <array>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "rocksdb/file_system.h"
#include "rocksdb/utilities/checkpoint.h"
#include "server/core/machine.h"
#include "server/store/journal_cut.h"
#include "server/store/journal_record.h"
#include "server/store/keys.h"
#include "server/store/record_places.h"
#include "server/store/records.h"
#include "server/store/resident_records.h"

namespace fundgate::store {
namespace {

// Records that are checked against the chain at every start: enough to meet whatever a crash may
// have left half done, few enough to start at once. `fundgated --verify` reads them all.
constexpr uint64_t kTailRecords = 1000;

// Sees to it that something is in RocksDB's memory. When a write finds no room, RocksDB goes on by
// bringing that to safety and beginning a new log; with nothing there it would go on in the log
// that could not be written, and fail for good. The record deletes what was never there, and needs
// no log.
absl::Status FillMemory(Database& database) {
  rocksdb::WriteOptions unlogged;
  unlogged.disableWAL = true;
  return FromRocks(database.db().Delete(unlogged, database.family(kMeta), "nothing"),
                   "preparing for a full disk");
}

// Syncs every log in the folder by handles of our own: what was written before a write failed is in
// there, but RocksDB syncs no file in which one has.
absl::Status SyncLogFiles(rocksdb::FileSystem& files, const std::string& directory) {
  constexpr std::string_view kDoing = "syncing the write-ahead log past a failed write";
  std::vector<std::string> names;
  FUNDGATE_RETURN_IF_ERROR(FromRocks(files.GetChildren(directory, {}, &names, nullptr), kDoing));
  for (const std::string& name : names) {
    const std::string path = absl::StrCat(directory, "/", name);
    if (!std::string_view(name).ends_with(".log")) continue;
    // RocksDB may be recovering by now, and have brought all that was in it to safety.
    if (!files.FileExists(path, {}, nullptr).ok()) continue;
    std::unique_ptr<rocksdb::FSWritableFile> log;
    FUNDGATE_RETURN_IF_ERROR(FromRocks(files.ReopenWritableFile(path, {}, &log, nullptr), kDoing));
    FUNDGATE_RETURN_IF_ERROR(FromRocks(log->Sync({}, nullptr), kDoing));
    FUNDGATE_RETURN_IF_ERROR(FromRocks(log->Close({}, nullptr), kDoing));
  }
  std::unique_ptr<rocksdb::FSDirectory> folder;
  FUNDGATE_RETURN_IF_ERROR(FromRocks(files.NewDirectory(directory, {}, &folder, nullptr), kDoing));
  return FromRocks(folder->Fsync({}, nullptr), kDoing);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> Store::Open(const Options& options) {
  absl::StatusOr<std::unique_ptr<RocksStore>> store = RocksStore::Open(options);
  if (!store.ok()) return store.status();
  return std::unique_ptr<Store>(*std::move(store));
}

absl::StatusOr<CutReport> Store::CutJournal(const CutOptions& /*options*/) {
  return absl::UnimplementedError("this store keeps every record of its journal");
}

absl::StatusOr<std::unique_ptr<RocksStore>> RocksStore::Open(const Options& options) {
  FUNDGATE_ASSIGN_OR_RETURN(std::unique_ptr<Database> database,
                            Database::Open(options, Database::Access::kReadWrite));
  std::unique_ptr<RocksStore> store(new RocksStore(options, std::move(database)));
  FUNDGATE_RETURN_IF_ERROR(store->LoadState());
  FUNDGATE_RETURN_IF_ERROR(CheckTail(*store->database_, store->head_, kTailRecords));
  // What recovery found is on disk, but perhaps not synced: nothing may be shown before it is.
  FUNDGATE_RETURN_IF_ERROR(store->Sync(0));
  FUNDGATE_RETURN_IF_ERROR(FillMemory(*store->database_));
  store->view_ = store->NewView(store->state_->resident());
  return store;
}

absl::Status RocksStore::LoadState() {
  FUNDGATE_ASSIGN_OR_RETURN(core::Resident resident,
                            LoadResident(*database_, options_.compile_policy));
  FUNDGATE_ASSIGN_OR_RETURN(head_, ReadHead(*database_));
  state_ =
      std::make_unique<StoredState>(*database_, std::move(resident), options_.kept_record_bytes);
  batch_.Clear();
  const std::lock_guard<std::mutex> lock(mutex_);
  ended_.clear();
  write_status_ = absl::OkStatus();
  return absl::OkStatus();
}

std::shared_ptr<const View> RocksStore::NewView(core::Resident resident) const {
  return std::make_shared<RocksView>(database_, database_->db().GetSnapshot(), std::move(resident));
}

absl::Status RocksStore::Append(const core::Input& input, const core::Outcome& outcome) {
  if (!outcome.recorded || !outcome.changes.clock.has_value() ||
      outcome.changes.clock->sequence != head_.clock.sequence + 1) {
    return absl::InternalError("an outcome was appended out of order");
  }
  const Sequence sequence = outcome.changes.clock->sequence;
  EncodeJournalBodyInto(sequence, core::kLogicVersion, state_->resident().policy_version, input,
                        outcome.answer, bytes_);
  head_.hash = chain_.Next(head_.hash, bytes_);
  head_.clock = *outcome.changes.clock;
  const std::string key = SequenceKey(sequence);
  const rocksdb::Slice key_part = key;
  const std::array<rocksdb::Slice, 2> value = {AsSlice(AsBytes(head_.hash)), bytes_};
  (void)batch_.Put(database_->family(kJournal), rocksdb::SliceParts(&key_part, 1),
                   rocksdb::SliceParts(value.data(), static_cast<int>(value.size())));
  PutChanges(outcome.changes);
  state_->Absorb(outcome.changes);
  return absl::OkStatus();
}

void RocksStore::PutChanges(const core::Changes& changes) {
  core::StoredKinds::ForEach([&]<typename Kind>(Kind) {
    using Place = PlaceOf<Kind>;
    for (const auto& [id, record] : changes.of<Kind>()) {
      rocksdb::ColumnFamilyHandle* family = database_->family(Place::kTable);
      std::optional<std::string_view> bytes;
      if (record.has_value()) {
        EncodeRecordInto(*record, bytes_);
        bytes = bytes_;
        (void)batch_.Put(family, Place::Key(id), bytes_);
      } else {
        (void)batch_.Delete(family, Place::Key(id));
      }
      if constexpr (!KeptKinds::kHas<Kind>) state_->Note<Kind>(id, bytes);
    }
  });
  PutResident(*database_, changes, batch_);
  if (changes.policy_record.has_value()) {
    (void)batch_.Put(database_->family(kPolicies), SequenceKey(changes.policy_record->version),
                     EncodeRecord(*changes.policy_record));
  }
}

uint64_t RocksStore::EndGroup() {
  if (batch_.Count() == 0) return groups_ended_;
  (void)batch_.Put(database_->family(kMeta), AsSlice(kHeadKey), EncodeHead(head_));
  ++groups_ended_;
  state_->EndGroup(groups_ended_, written_);
  Ended ended{groups_ended_, std::move(batch_), state_->resident()};
  const std::lock_guard<std::mutex> lock(mutex_);
  ended_.push_back(std::move(ended));
  batch_ = rocksdb::WriteBatch();
  if (!spare_batches_.empty()) {
    batch_ = std::move(spare_batches_.back());
    spare_batches_.pop_back();
  }
  return groups_ended_;
}

absl::Status RocksStore::Write(uint64_t group) {
  while (Ended* const next = NextEnded(group)) {
    absl::Status status = WriteOne(*next);
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!status.ok()) return write_status_ = std::move(status);
    spare_batches_.push_back(std::move(next->batch));
    ended_.pop_front();
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  return write_status_;
}

RocksStore::Ended* RocksStore::NextEnded(uint64_t most) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const bool none = !write_status_.ok() || ended_.empty() || ended_.front().number > most;
  return none ? nullptr : &ended_.front();
}

absl::Status RocksStore::WriteOne(Ended& group) {
  const rocksdb::Status status = database_->db().Write(rocksdb::WriteOptions(), &group.batch);
  if (!status.ok()) log_is_broken_ = true;
  FUNDGATE_RETURN_IF_ERROR(FromRocks(status, "writing a group"));
  written_ = group.number;
  group.batch.Clear();
  std::shared_ptr<const View> view = NewView(std::move(group.resident));
  const std::lock_guard<std::mutex> lock(mutex_);
  unsynced_.emplace_back(group.number, std::move(view));
  return absl::OkStatus();
}

// Earlier groups are written whole, whatever became of later ones.
absl::Status RocksStore::SyncLog() {
  rocksdb::DB& db = database_->db();
  absl::Status synced;
  if (!log_is_broken_) synced = FromRocks(db.SyncWAL(), "syncing the write-ahead log");
  // A write may have failed meanwhile.
  if (log_is_broken_) synced = SyncLogFiles(*db.GetFileSystem(), options_.directory);
  return synced;
}

absl::Status RocksStore::Sync(uint64_t group) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!sync_status_.ok()) return sync_status_;
  }
  absl::Status synced = absl::OkStatus();
  if (options_.durability == Durability::kSync) {
    synced = SyncLog();
  }
  std::vector<std::shared_ptr<const View>> outdated;  // released without the lock
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!synced.ok()) return sync_status_ = std::move(synced);
  while (!unsynced_.empty() && unsynced_.front().first <= group) {
    outdated.push_back(std::exchange(view_, std::move(unsynced_.front().second)));
    unsynced_.pop_front();
  }
  return absl::OkStatus();
}

absl::Status RocksStore::Reload() {
  FUNDGATE_RETURN_IF_ERROR(FromRocks(database_->db().Resume(), "resuming after a failed write"));
  log_is_broken_ = false;
  FUNDGATE_RETURN_IF_ERROR(FillMemory(*database_));
  return LoadState();
}

std::shared_ptr<const View> RocksStore::view() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return view_;
}

StorageStatistics RocksStore::statistics() const {
  StorageStatistics statistics = database_->Measure();
  std::error_code unknown;
  const std::filesystem::space_info space = std::filesystem::space(options_.directory, unknown);
  if (!unknown) statistics.free_bytes = space.available;
  return statistics;
}

absl::Status RocksStore::Checkpoint(const std::string& directory) {
  rocksdb::Checkpoint* raw = nullptr;
  FUNDGATE_RETURN_IF_ERROR(
      FromRocks(rocksdb::Checkpoint::Create(&database_->db(), &raw), "preparing a checkpoint"));
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(raw);
  const rocksdb::Status status = checkpoint->CreateCheckpoint(directory);
  if (status.IsInvalidArgument()) {
    return absl::FailedPreconditionError(
        absl::StrCat(directory, " exists already: name a new directory"));
  }
  return FromRocks(status, "writing a checkpoint");
}

absl::StatusOr<CutReport> RocksStore::CutJournal(const CutOptions& options) {
  // Of what was synced: whatever comes after it stands in newer records.
  const std::shared_ptr<const View> synced = view();
  FUNDGATE_ASSIGN_OR_RETURN(const CutPlan plan, PlanCut(*database_, *synced, options));
  if (plan.report.dropped == 0) return plan.report;
  rocksdb::WriteOptions write;
  write.sync = options_.durability == Durability::kSync;
  rocksdb::WriteBatch batch;
  PutCut(*database_, plan.cut, batch);
  const rocksdb::Status written = database_->db().Write(write, &batch);
  // As after a write of the writer's own: its next one finds the log so.
  if (!written.ok()) log_is_broken_ = true;
  FUNDGATE_RETURN_IF_ERROR(FromRocks(written, "writing where the journal begins"));
  GiveRoomBack(*database_, plan.cut.first, options.stopping);
  return plan.report;
}

}  // namespace fundgate::store
