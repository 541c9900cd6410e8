#include "tests/bench/scale/fill.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "rocksdb/options.h"
#include "rocksdb/write_batch.h"
#include "server/store/head.h"
#include "server/store/journal_cut.h"
#include "server/store/store.h"
#include "tests/bench/scale/tables.h"

namespace fundgate::bench {
namespace {

constexpr uint64_t kRecordsOfFile = 500'000;
constexpr uint64_t kRecordsOfSample = 20'000;
constexpr size_t kThreads = 2;
constexpr std::chrono::milliseconds kTellEvery{200};
// Keys are that old: nothing is due for weeks, and what is counted over days is over.
constexpr absl::Duration kOldest = absl::Hours(24 * 370);
constexpr absl::Duration kNewest = absl::Hours(24 * 8);
constexpr absl::Duration kOverdueStep = absl::Milliseconds(10);

constexpr char kAbout[] = "/population";

store::Options OptionsFor(const std::string& directory) {
  store::Options options;
  options.directory = directory;
  options.compile_policy = CompileWorkedPolicy;
  return options;
}

absl::Status WriteFilled(const std::string& directory, const Filled& filled) {
  std::ofstream file(directory + kAbout);
  file << "orders " << filled.orders << "\nkeys_of_order " << filled.keys_of_order << "\naccounts "
       << filled.accounts << "\noverdue_orders " << filled.overdue_orders << "\n";
  file.close();
  return file.good() ? absl::OkStatus()
                     : absl::UnavailableError(absl::StrCat("can't write ", directory, kAbout));
}

// The files of all pieces, by table, each in the order of their keys.
using Files = std::map<store::Table, std::vector<std::string>>;

// Several threads, each with pieces of its own.
absl::StatusOr<Files> WritePieces(store::Database& database, const Timeline& timeline,
                                  const std::string& folder, const FillProgress& progress) {
  const std::vector<Piece> pieces = PiecesOf(timeline.population, kRecordsOfFile);
  const std::vector<uint64_t> accounts = SortedAccounts(timeline.population.accounts());
  uint64_t total = 0;
  for (const Piece::Of of : Piece::kAll) total += RecordsOf(of, timeline.population);
  const auto path_of = [&folder](size_t piece) { return absl::StrCat(folder, "/", piece, ".sst"); };

  std::atomic<uint64_t> done = 0;
  std::atomic<size_t> next = 0;
  std::mutex mutex;
  std::condition_variable ended;
  size_t running = kThreads;  // under `mutex`
  std::vector<char> is_there(pieces.size(), 0);
  std::vector<absl::Status> failed(kThreads);
  std::vector<std::thread> threads;
  FUNDGATE_ASSIGN_OR_RETURN(const FilledRecords records, FilledRecords::Of(timeline));
  for (size_t thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      PieceWriter writer(database, accounts, records, done);
      for (size_t piece = next++; piece < pieces.size() && failed[thread].ok(); piece = next++) {
        const absl::StatusOr<PieceWriter::Written> written =
            writer.Write(pieces[piece], path_of(piece));
        failed[thread] = written.status();
        is_there[piece] = written.ok() && written->records > 0 ? 1 : 0;
      }
      const std::lock_guard<std::mutex> lock(mutex);
      --running;
      ended.notify_one();
    });
  }
  {
    std::unique_lock<std::mutex> lock(mutex);
    while (running > 0) {
      ended.wait_for(lock, kTellEvery);
      if (progress) progress(done, total);
    }
  }
  for (std::thread& thread : threads) thread.join();
  for (const absl::Status& status : failed) FUNDGATE_RETURN_IF_ERROR(status);
  Files files;
  for (size_t piece = 0; piece < pieces.size(); ++piece) {
    if (is_there[piece] != 0) files[TableOf(pieces[piece].of)].push_back(path_of(piece));
  }
  return files;
}

// Makes the records of the timeline part of the database.
absl::Status TakeIn(store::Database& database, const Timeline& timeline,
                    const std::string& directory, const FillProgress& progress) {
  const std::string folder = directory + "/filling";
  std::filesystem::create_directories(folder);
  FUNDGATE_ASSIGN_OR_RETURN(const Files files, WritePieces(database, timeline, folder, progress));
  rocksdb::IngestExternalFileOptions take;
  take.move_files = true;
  take.write_global_seqno = false;
  for (const auto& [table, paths] : files) {
    FUNDGATE_RETURN_IF_ERROR(
        store::FromRocks(database.db().IngestExternalFile(database.family(table), paths, take),
                         "taking in what was made"));
  }
  std::filesystem::remove_all(folder);
  return absl::OkStatus();
}

// As if all that was judged, and cut off since: the next record follows on it.
absl::Status BeginJournalAt(store::Database& database, Sequence first, const Timeline& timeline) {
  store::Head head;
  head.clock.sequence = first - 1;
  head.clock.time = timeline.ChangedAt(timeline.population.keys());
  store::JournalCut cut;
  cut.first = first;
  cut.before_hash = std::string(store::AsBytes(head.hash));
  cut.origin_hash = cut.before_hash;
  cut.begun = timeline.begun;
  cut.ended = head.clock.time;
  cut.cut_at = head.clock.time;
  rocksdb::WriteBatch batch;
  store::PutCut(database, cut, batch);
  (void)batch.Put(database.family(store::kMeta), store::AsSlice(store::kHeadKey),
                  store::EncodeHead(head));
  rocksdb::WriteOptions sync;
  sync.sync = true;
  return store::FromRocks(database.db().Write(sync, &batch), "writing where the journal begins");
}

// The policy, and a ledger that has told all of it.
absl::Status BeginServing(const std::string& directory, const Timeline& timeline, absl::Time now) {
  FUNDGATE_ASSIGN_OR_RETURN(const std::unique_ptr<store::Store> store,
                            store::Store::Open(OptionsFor(directory)));
  History history(store->state(), [&store](const core::Input& input, const core::Outcome& outcome) {
    return store->Append(input, outcome);
  });
  FUNDGATE_RETURN_IF_ERROR(history.Begin(now));
  FUNDGATE_RETURN_IF_ERROR(
      history.Prove(PositionOf(timeline.FirstKey() + timeline.population.keys() - 1), now));
  const uint64_t group = store->EndGroup();
  FUNDGATE_RETURN_IF_ERROR(store->Write(group));
  return store->Sync(group);
}

}  // namespace

absl::StatusOr<Filled> ReadFilled(const std::string& directory) {
  std::ifstream file(directory + kAbout);
  std::map<std::string, uint64_t> values;
  std::string name;
  uint64_t value = 0;
  while (file >> name >> value) values[name] = value;
  if (values.size() != 4) {
    return absl::FailedPreconditionError(
        absl::StrCat(directory, " was not filled, or not to its end: remove it and fill it anew"));
  }
  return Filled{values["orders"], values["keys_of_order"], values["accounts"],
                values["overdue_orders"]};
}

absl::StatusOr<uint64_t> BytesNeeded(const std::string& directory, const Timeline& timeline) {
  const std::string folder = directory + "/sample";
  std::filesystem::create_directories(folder);
  uint64_t bytes = 0;
  {
    FUNDGATE_ASSIGN_OR_RETURN(
        const std::unique_ptr<store::Database> database,
        store::Database::Open(OptionsFor(folder + "/store"), store::Database::Access::kReadWrite));
    FUNDGATE_ASSIGN_OR_RETURN(FilledRecords records, FilledRecords::Of(timeline));
    const std::vector<uint64_t> accounts = SortedAccounts(timeline.population.accounts());
    std::atomic<uint64_t> done = 0;
    PieceWriter writer(*database, accounts, std::move(records), done);
    for (const Piece::Of of : Piece::kAll) {
      Piece sample;
      for (const Piece& piece : PiecesOf(timeline.population, kRecordsOfSample)) {
        if (piece.of == of) sample = piece;
      }
      FUNDGATE_ASSIGN_OR_RETURN(const PieceWriter::Written written,
                                writer.Write(sample, folder + "/sample.sst"));
      const uint64_t records_of = RecordsOf(of, timeline.population);
      bytes += written.bytes * records_of / std::max<uint64_t>(written.records, 1);
    }
  }
  std::filesystem::remove_all(folder);
  return bytes;
}

Timeline RecentTimeline(uint64_t orders, uint64_t keys_of_order, absl::Time now) {
  constexpr uint64_t kOrdersOfAccount = 100;
  constexpr uint64_t kFewestAccounts = 1000;
  const Population population(0, orders, keys_of_order,
                              std::max(orders / kOrdersOfAccount, kFewestAccounts));
  return {population, now - kOldest, (kOldest - kNewest) / static_cast<int64_t>(population.keys())};
}

absl::Status Fill(const std::string& directory, const Timeline& timeline, absl::Time now,
                  const FillProgress& progress) {
  const Population& population = timeline.population;
  {
    FUNDGATE_ASSIGN_OR_RETURN(
        const std::unique_ptr<store::Database> database,
        store::Database::Open(OptionsFor(directory), store::Database::Access::kReadWrite));
    FUNDGATE_RETURN_IF_ERROR(TakeIn(*database, timeline, directory, progress));
    // As many orders again may be added that are overdue: their decisions lie before it, too.
    const Sequence first = SequenceBehind(2 * population.orders(), population.keys_of_order());
    FUNDGATE_RETURN_IF_ERROR(BeginJournalAt(*database, first, timeline));
  }
  FUNDGATE_RETURN_IF_ERROR(BeginServing(directory, timeline, now));
  return WriteFilled(directory,
                     {population.orders(), population.keys_of_order(), population.accounts(), 0});
}

absl::Status AddOverdue(const std::string& directory, uint64_t orders, absl::Time now,
                        const FillProgress& progress) {
  FUNDGATE_ASSIGN_OR_RETURN(Filled filled, ReadFilled(directory));
  const Population population(filled.orders + filled.overdue_orders, orders, filled.keys_of_order,
                              filled.accounts);
  FUNDGATE_ASSIGN_OR_RETURN(const std::shared_ptr<const core::Policy> policy,
                            CompileWorkedPolicy(WorkedPolicy()));
  const absl::Duration length = kOverdueStep * static_cast<int64_t>(population.keys());
  const Timeline timeline{population, now - policy->key_retention - length - absl::Hours(1),
                          kOverdueStep};
  FUNDGATE_ASSIGN_OR_RETURN(
      const std::unique_ptr<store::Database> database,
      store::Database::Open(OptionsFor(directory), store::Database::Access::kReadWrite));
  FUNDGATE_RETURN_IF_ERROR(TakeIn(*database, timeline, directory, progress));
  filled.overdue_orders += orders;
  return WriteFilled(directory, filled);
}

absl::StatusOr<std::vector<TableSize>> Compact(const std::string& directory) {
  FUNDGATE_ASSIGN_OR_RETURN(
      const std::unique_ptr<store::Database> database,
      store::Database::Open(OptionsFor(directory), store::Database::Access::kReadWrite));
  std::vector<TableSize> sizes;
  for (const auto& [name, bytes] : database->Measure().table_bytes) {
    sizes.push_back({std::string(name), bytes, 0});
  }
  for (size_t table = 0; table < store::kTableCount; ++table) {
    FUNDGATE_RETURN_IF_ERROR(store::FromRocks(
        database->db().CompactRange(rocksdb::CompactRangeOptions(),
                                    database->family(static_cast<store::Table>(table)), nullptr,
                                    nullptr),
        "compacting"));
  }
  const store::StorageStatistics after = database->Measure();
  for (size_t i = 0; i < sizes.size(); ++i) sizes[i].after = after.table_bytes[i].second;
  return sizes;
}

}  // namespace fundgate::bench
