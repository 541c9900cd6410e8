// Makes groups of inputs and their outcomes durable, and reads them back. Owns every byte layout;
// the only folder that knows RocksDB. FORMAT.md describes what lies on disk.
#ifndef SERVER_STORE_STORE_H_
#define SERVER_STORE_STORE_H_

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/input.h"
#include "server/core/outcome.h"
#include "server/core/state.h"
#include "server/store/view.h"

namespace rocksdb {
class FileSystem;
}  // namespace rocksdb

namespace fundgate::store {

// Turns the text of a policy that was applied once into its compiled form again. The store keeps
// texts only. An error here means damage or a binary older than the data: opening fails.
using PolicyCompiler =
    std::function<absl::StatusOr<std::shared_ptr<const core::Policy>>(std::string_view text)>;

// When a verdict may leave the process.
enum class Durability {
  // After fsync: survives a crash of the process and of the machine. The default.
  kSync,
  // After the write to the operating system: survives a crash of the process; a crash of the
  // machine may lose the newest acknowledged verdicts. For tests and experiments.
  kNoSync,
};

struct Options {
  std::string directory;  // created if missing; one process at a time
  PolicyCompiler compile_policy;
  Durability durability = Durability::kSync;
  // Opens even if a write-ahead log was damaged where no crash explains it, without what was
  // recorded behind that: for who holds all checks until what may be missing can do no harm.
  bool accepts_lost_tail = false;
  // The file system to live on; null means the operating system's. For tests that lose power.
  std::shared_ptr<rocksdb::FileSystem> file_system;

  // Memory: what was read from tables, with their indexes and filters; what isn't in tables yet;
  // records as the machine has them. All of it is bounded by these, however much is stored.
  uint64_t block_cache_bytes = uint64_t{256} << 20;
  uint64_t write_buffer_bytes = uint64_t{64} << 20;
  uint64_t kept_record_bytes = uint64_t{64} << 20;

  // Shares so much memory out among the three.
  void ShareMemory(uint64_t bytes) {
    // More would only make the log longer that a start after a crash reads.
    write_buffer_bytes = std::min(bytes / 6, uint64_t{128} << 20);
    kept_record_bytes = bytes / 6;
    block_cache_bytes = bytes - write_buffer_bytes - kept_record_bytes;
  }
};

// How the storage underneath is. All zero where it can't say.
struct StorageStatistics {
  // Bytes on disk of each table, without what is in the write-ahead log alone.
  std::vector<std::pair<std::string_view, uint64_t>> table_bytes;
  uint64_t free_bytes = 0;  // of the file system that the store lies on
  // In memory.
  uint64_t write_buffer_bytes = 0;
  uint64_t block_cache_bytes = 0;
  uint64_t table_reader_bytes = 0;  // what open tables take outside of the cache
  // What compaction is behind by, and what it does to writes.
  uint64_t pending_compaction_bytes = 0;
  uint64_t running_compactions = 0;
  uint64_t running_flushes = 0;
  bool writes_stopped = false;
  uint64_t delayed_write_bytes_per_second = 0;  // 0: writes aren't slowed down
  // Since it was opened.
  uint64_t write_slowdowns = 0;     // how often writes began to be slowed down
  uint64_t write_stops = 0;         // how often they were stopped
  absl::Duration write_stall_time;  // that they have waited for either
  uint64_t background_errors = 0;   // since it was opened
};

// Which of the journal's oldest records may be dropped, and how that is sealed.
struct CutOptions {
  absl::Time before;       // records of earlier input times
  Sequence keep_from = 0;  // but not this one or later ones: somebody still reads them; 0: nobody
  // Not worth a cut: fewer records than that are left for the next one.
  Sequence fewest = 1;
  // In one cut.
  Sequence most = 1'000'000;
  absl::Time now;
  // Signs what will be kept of the records that go. Empty: it stays unsigned.
  std::function<absl::Status(JournalCut&)> seal;
  std::atomic<bool>* stopping = nullptr;  // ends the giving back of room early
};

// What became of it.
struct CutReport {
  Sequence first = 1;    // the first record kept, now
  Sequence dropped = 0;  // by this cut; 0: nothing was due
  // Records that are old enough but still needed, for a key's decision or by a reader.
  Sequence held_back = 0;
  std::string needed_by;  // who needs the first of them; empty: nobody
};

// A durable state with its journal.
//
// Two threads drive it. The writer calls `state`, `Append`, `EndGroup` and `Reload`; the committer
// calls `Write` and `Sync`, and nothing while the writer reloads. `written`, `view` and
// `statistics` may be called from any thread, and `CutJournal` from one.
class Store {
 public:
  virtual ~Store() = default;

  // Opens or creates the store, recovers from RocksDB alone and checks the journal's tail against
  // its hash chain. FAILED_PRECONDITION if another process has it open or if its format is newer
  // than this binary; DATA_LOSS on damage, saying where and what to do; both leave it untouched.
  static absl::StatusOr<std::unique_ptr<Store>> Open(const Options& options);

  // The state after everything appended so far, synced or not. For the machine, on the writer
  // thread.
  virtual const core::StateReader& state() const = 0;

  // Adds a recorded outcome to the current group: its journal record and its changes. `state`
  // shows them at once; nothing is on disk yet. Nothing fails but damage inside the process.
  virtual absl::Status Append(const core::Input& input, const core::Outcome& outcome) = 0;

  // Ends the current group and returns the number of the newest one: of that before if nothing was
  // appended since. Numbers grow, also past groups that are lost.
  virtual uint64_t EndGroup() = 0;

  // Hands every ended group up to `group` to the write-ahead log, each in one atomic batch,
  // unsynced. RESOURCE_EXHAUSTED when the disk is full, else UNAVAILABLE or INTERNAL: then nothing
  // of the groups behind written() is on disk, nor ever will be, and the writer must call Reload
  // and drop their answers. Until then it fails again.
  virtual absl::Status Write(uint64_t group) = 0;

  // The newest group that was written.
  virtual uint64_t written() const = 0;

  // Makes every group up to `group` durable (by the options' durability) and shows it to views.
  // An error is final: an fsync is never tried again, the process must end without answering.
  virtual absl::Status Sync(uint64_t group) = 0;

  // After a failed Write: forgets what isn't written and loads the state from disk. Fails while the
  // disk is still full (RESOURCE_EXHAUSTED): call it again later.
  virtual absl::Status Reload() = 0;

  // What was synced last, as one consistent picture. Cheap; keep it no longer than a request.
  virtual std::shared_ptr<const View> view() const = 0;

  virtual StorageStatistics statistics() const = 0;

  // A consistent copy of what was synced, openable like a store. For verification and backups.
  // FAILED_PRECONDITION if `directory` exists.
  virtual absl::Status Checkpoint(const std::string& directory) = 0;

  // Drops the journal's oldest records, in the same atomic write as what is kept of them, and
  // gives their room back. Never a record that a kept key's decision stands in: GetDecision, holds
  // and reservations go on to tell it. Reads all keys, so it takes its time; beside the writer, at
  // whose pace it doesn't touch. Views show it from the next group on. UNAVAILABLE or
  // RESOURCE_EXHAUSTED if it can't be written, and what `seal` says: then nothing was dropped.
  // UNIMPLEMENTED for a store that keeps everything.
  virtual absl::StatusOr<CutReport> CutJournal(const CutOptions& options);
};

}  // namespace fundgate::store

#endif  // SERVER_STORE_STORE_H_
