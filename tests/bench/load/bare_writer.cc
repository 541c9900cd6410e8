// What the disk gives, without gRPC and without deciding anything. Prints one line of JSON.
//
//   bench_writer append DIRECTORY SECONDS   appends the bytes of one check to a file and syncs it
//   bench_writer groups DIRECTORY SECONDS   writes groups of 64 checks to RocksDB and syncs each
//   bench_writer judged DIRECTORY SECONDS   judges and stores groups of 64 checks and syncs each:
//                                           Fundgate without gRPC and without threads
//
// The bytes are what Fundgate's store writes for checks under the worked example: they are made
// once, by judging and storing checks, and read back from the write-ahead log.
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "rocksdb/db.h"
#include "rocksdb/options.h"
#include "rocksdb/transaction_log.h"
#include "rocksdb/write_batch.h"
#include "server/policy/loader.h"
#include "server/store/store.h"
#include "tests/bench/deciding.h"
#include "tests/bench/load/histogram.h"
#include "tests/bench/load/plan.h"

namespace fundgate::bench {
namespace {

constexpr size_t kChecksOfGroup = 64;
constexpr size_t kGroups = 300;

[[noreturn]] void Die(const std::string& why) {
  std::cerr << "bench_writer: " << why << "\n";
  std::exit(1);
}

void Require(const absl::Status& status) {
  if (!status.ok()) Die(status.ToString());
}

void Require(const rocksdb::Status& status) {
  if (!status.ok()) Die(status.ToString());
}

// A store in which the worked example's orders are paid, and checks are judged.
class Judging {
 public:
  Judging(const std::string& directory, store::Durability durability);

  void StoreGroup(size_t checks);

 private:
  void Commit();

  std::unique_ptr<store::Store> store_;
  std::unique_ptr<Deciding> deciding_;
};

Judging::Judging(const std::string& directory, store::Durability durability) {
  store::Options options;
  options.directory = directory;
  options.durability = durability;
  options.compile_policy =
      [](std::string_view text) -> absl::StatusOr<std::shared_ptr<const core::Policy>> {
    policy::LoadResult loaded = policy::LoadPolicy(std::string(text), "policy");
    if (!loaded.ok()) return absl::InternalError("the policy doesn't load");
    return loaded.loaded->policy;
  };
  absl::StatusOr<std::unique_ptr<store::Store>> store = store::Store::Open(options);
  Require(store.status());
  store_ = *std::move(store);
  deciding_ = std::make_unique<Deciding>(
      store_->state(), [this](const core::Input& input, const core::Outcome& outcome) {
        Require(store_->Append(input, outcome));
      });
  Commit();
}

void Judging::Commit() {
  const uint64_t group = store_->EndGroup();
  Require(store_->Write(group));
  Require(store_->Sync(group));
}

void Judging::StoreGroup(size_t checks) {
  for (const core::Input& check : deciding_->MakeChecks(checks)) deciding_->Judge(check, true);
  Commit();
  if (!deciding_->error().empty()) Die(deciding_->error());
}

// An open RocksDB with the column families of Fundgate's store.
class Rocks {
 public:
  explicit Rocks(const std::string& directory, const std::vector<std::string>& families) {
    rocksdb::Options options;
    options.create_if_missing = true;
    options.create_missing_column_families = true;
    options.avoid_flush_during_recovery = true;  // the log must stay to be read
    std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
    for (const std::string& name : families) descriptors.emplace_back(name, options);
    rocksdb::DB* db = nullptr;
    Require(rocksdb::DB::Open(options, directory, descriptors, &families_, &db));
    db_.reset(db);
  }
  ~Rocks() {
    for (rocksdb::ColumnFamilyHandle* family : families_) {
      (void)db_->DestroyColumnFamilyHandle(family);
    }
  }
  Rocks(const Rocks&) = delete;
  Rocks& operator=(const Rocks&) = delete;

  rocksdb::DB& db() { return *db_; }

 private:
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> families_;
};

struct Recorded {
  std::vector<std::string> families;
  std::vector<std::string> groups;  // as RocksDB writes them
};

Recorded Record(const std::string& directory, size_t groups, size_t checks_of_group) {
  {
    Judging judging(directory, store::Durability::kNoSync);
    for (size_t group = 0; group < groups; ++group) judging.StoreGroup(checks_of_group);
  }
  Recorded recorded;
  Require(rocksdb::DB::ListColumnFamilies(rocksdb::DBOptions(), directory, &recorded.families));
  {
    Rocks rocks(directory, recorded.families);
    // Opening a store uses numbers up that no batch has; the iterator ends there.
    std::unique_ptr<rocksdb::TransactionLogIterator> log;
    const rocksdb::SequenceNumber end = rocks.db().GetLatestSequenceNumber();
    for (rocksdb::SequenceNumber next = 1; next <= end;) {
      Require(rocks.db().GetUpdatesSince(next, &log));
      if (!log->Valid()) Die("the log doesn't reach to its end");
      for (; log->Valid(); log->Next()) {
        const rocksdb::BatchResult batch = log->GetBatch();
        next = batch.sequence + static_cast<uint64_t>(batch.writeBatchPtr->Count());
        recorded.groups.push_back(batch.writeBatchPtr->Data());
      }
      if (!log->status().IsNotFound()) Require(log->status());
    }
  }
  std::filesystem::remove_all(directory);
  // Before the groups come those that make the store and its orders.
  if (recorded.groups.size() < groups) Die("the log doesn't have all groups");
  recorded.groups.erase(recorded.groups.begin(),
                        recorded.groups.end() - static_cast<std::ptrdiff_t>(groups));
  return recorded;
}

std::string Append(const std::string& directory, double seconds) {
  const std::string bytes = Record(directory + "/recorded", 1, 1).groups.front();
  const std::string path = directory + "/appended";
  const int file = open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) Die("can't make " + path);
  Histogram latencies;
  const Clock::time_point end = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                                   std::chrono::duration<double>(seconds));
  while (Clock::now() < end) {
    const Clock::time_point begun = Clock::now();
    if (write(file, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()) ||
        fdatasync(file) != 0) {
      Die("can't write " + path);
    }
    latencies.Add((Clock::now() - begun).count());
  }
  close(file);
  std::filesystem::remove(path);
  return absl::StrFormat("{\"bytes\": %d, \"rate\": %.1f, \"p50\": %.1f, \"p99\": %.1f}",
                         bytes.size(), static_cast<double>(latencies.count()) / seconds,
                         static_cast<double>(latencies.At(0.5)) / 1000,
                         static_cast<double>(latencies.At(0.99)) / 1000);
}

std::string WriteGroups(const std::string& directory, double seconds) {
  const Recorded recorded = Record(directory + "/recorded", kGroups, kChecksOfGroup);
  const std::string path = directory + "/written";
  uint64_t bytes = 0;
  uint64_t puts = 0;
  std::vector<rocksdb::WriteBatch> batches;
  for (const std::string& group : recorded.groups) {
    batches.emplace_back(group);
    bytes += group.size();
    puts += static_cast<uint64_t>(batches.back().Count());
  }
  rocksdb::WriteOptions sync;
  sync.sync = true;
  uint64_t groups = 0;
  {
    Rocks rocks(path, recorded.families);
    const Clock::time_point end = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                                     std::chrono::duration<double>(seconds));
    for (; Clock::now() < end; ++groups) {
      Require(rocks.db().Write(sync, &batches[groups % batches.size()]));
    }
  }
  std::filesystem::remove_all(path);
  constexpr double kChecks = kGroups * kChecksOfGroup;
  return absl::StrFormat("{\"rate\": %.1f, \"bytes_of_check\": %.0f, \"puts_of_check\": %.2f}",
                         static_cast<double>(groups * kChecksOfGroup) / seconds,
                         static_cast<double>(bytes) / kChecks, static_cast<double>(puts) / kChecks);
}

std::string JudgeGroups(const std::string& directory, double seconds) {
  const std::string path = directory + "/judged";
  uint64_t groups = 0;
  timespec begun{};
  timespec ended{};
  {
    Judging judging(path, store::Durability::kSync);
    const Clock::time_point end = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                                     std::chrono::duration<double>(seconds));
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begun);
    for (; Clock::now() < end; ++groups) judging.StoreGroup(kChecksOfGroup);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ended);
  }
  std::filesystem::remove_all(path);
  const auto checks = static_cast<double>(groups * kChecksOfGroup);
  const double cpu = static_cast<double>(ended.tv_sec - begun.tv_sec) * 1e6 +
                     static_cast<double>(ended.tv_nsec - begun.tv_nsec) / 1e3;
  return absl::StrFormat("{\"rate\": %.1f, \"cpu_of_check\": %.2f}", checks / seconds,
                         cpu / checks);
}

}  // namespace
}  // namespace fundgate::bench

int main(int argc, char** argv) {
  const std::string work = argc == 4 ? argv[1] : "";
  double seconds = 0;
  const std::map<std::string, std::string (*)(const std::string&, double)> works = {
      {"append", fundgate::bench::Append},
      {"groups", fundgate::bench::WriteGroups},
      {"judged", fundgate::bench::JudgeGroups}};
  const auto found = works.find(work);
  if (found == works.end() || !absl::SimpleAtod(argv[3], &seconds)) {
    std::cerr << "Usage: bench_writer append|groups|judged DIRECTORY SECONDS\n";
    return 2;
  }
  const std::string directory = argv[2];
  std::filesystem::create_directories(directory);
  std::cout << found->second(directory, seconds) << "\n";
  return 0;
}
