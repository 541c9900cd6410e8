// A machine that loses its power leaves of a log any of the sectors that no sync had brought yet.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/store/log_damage.h"
#include "server/store/log_files.h"
#include "server/store/verify.h"
#include "tests/store/store_world.h"

namespace fundgate::store::testing {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

constexpr uint64_t kSector = 512;
constexpr uint64_t kPage = 4096;

// Remembers what lay where logs were written to since they were synced.
class TearingFiles final : public rocksdb::FileSystemWrapper {
 public:
  TearingFiles() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "TearingFiles"; }

  IOStatus NewRandomRWFile(const std::string& name, const rocksdb::FileOptions& options,
                           std::unique_ptr<rocksdb::FSRandomRWFile>* file,
                           IODebugContext* debug) override {
    IOStatus status = FileSystemWrapper::NewRandomRWFile(name, options, file, debug);
    if (status.ok()) *file = std::make_unique<File>(std::move(*file), name, *this);
    return status;
  }

  // With all files closed. Each piece of a log that was written since its last sync is as it was
  // then, or as it is: `dice` say.
  void LosePower(std::mt19937_64& dice) {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, sectors_before] : unsynced_) {
      if (!std::filesystem::exists(name)) continue;
      const uint64_t size = std::filesystem::file_size(name);
      const uint64_t piece = dice() % 2 == 0 ? kSector : kPage;
      const uint64_t percent = dice() % 100;
      std::fstream log(name, std::ios::in | std::ios::out | std::ios::binary);
      uint64_t decided = std::numeric_limits<uint64_t>::max();
      bool is_lost = false;
      for (const auto& [place, before] : sectors_before) {
        if (std::exchange(decided, place / piece) != place / piece)
          is_lost = dice() % 100 < percent;
        if (!is_lost || place >= size) continue;
        log.seekp(static_cast<std::streamoff>(place));
        log.write(before.data(),
                  static_cast<std::streamsize>(std::min<uint64_t>(before.size(), size - place)));
      }
    }
    unsynced_.clear();
  }

 private:
  class File final : public rocksdb::FSRandomRWFileOwnerWrapper {
   public:
    File(std::unique_ptr<rocksdb::FSRandomRWFile> file, std::string name, TearingFiles& files)
        : FSRandomRWFileOwnerWrapper(std::move(file)), name_(std::move(name)), files_(files) {}
    IOStatus Write(uint64_t offset, const rocksdb::Slice& data, const IOOptions& options,
                   IODebugContext* debug) override {
      // The whole sectors that are written to. Behind its end a file has zeros.
      const uint64_t begin = offset / kSector * kSector;
      const uint64_t end = (offset + data.size() + kSector - 1) / kSector * kSector;
      std::string before(end - begin, '\0');
      rocksdb::Slice read;
      const IOStatus status = Read(begin, before.size(), options, &read, before.data(), debug);
      if (!status.ok()) return status;
      before.replace(0, read.size(), read.ToString());
      files_.Note(name_, begin, before);
      return FSRandomRWFileOwnerWrapper::Write(offset, data, options, debug);
    }
    IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
      const IOStatus status = FSRandomRWFileOwnerWrapper::Sync(options, debug);
      if (status.ok()) files_.NoteSync(name_);
      return status;
    }

   private:
    const std::string name_;
    TearingFiles& files_;
  };

  void Note(const std::string& name, uint64_t begin, const std::string& before) {
    const std::lock_guard lock(mutex_);
    std::map<uint64_t, std::string>& sectors = unsynced_[name];
    // What was noted first was there at the sync.
    for (uint64_t i = 0; i < before.size(); i += kSector) {
      sectors.try_emplace(begin + i, before, i, kSector);
    }
  }
  void NoteSync(const std::string& name) {
    const std::lock_guard lock(mutex_);
    unsynced_[name].clear();
  }

  std::mutex mutex_;
  std::map<std::string, std::map<uint64_t, std::string>> unsynced_;  // sectors by their places
};

class TornLog : public ::testing::TestWithParam<uint64_t> {};

TEST_P(TornLog, HasAllThatWasSyncedAndEndsWhereItCantBeRead) {
  std::mt19937_64 dice(GetParam());
  const TemporaryFolder folder;
  const auto files = std::make_shared<TearingFiles>();
  Options options = OptionsFor(folder.path());
  options.file_system = std::make_shared<LogFiles>(files);
  StoreWorld world(options);
  world.Begin();
  int lost = 0;
  for (int cut = 0; cut < 12; ++cut) {
    std::vector<core::KeyId> synced;
    for (uint64_t i = dice() % 4 + 1; i > 0; --i) {
      const core::CheckInput check =
          world.NewCheck(absl::StrCat(cut, "-", i, std::string(dice() % 100, 's')));
      world.Put(check);
      synced.push_back(check.key);
    }
    std::vector<core::KeyId> unsynced;
    for (uint64_t i = dice() % 40 + 1; i > 0; --i) {
      const core::CheckInput check =
          world.NewCheck(absl::StrCat(cut, "-", i, std::string(dice() % 100, 'u')));
      world.Append(check);
      ASSERT_TRUE(world.Write().ok());
      unsynced.push_back(check.key);
    }
    world.Close();
    files->LosePower(dice);
    const absl::Status prepared = PrepareLogs(options.directory, false);
    ASSERT_TRUE(prepared.ok()) << prepared;
    world.Reopen();
    const auto is_there = [&world](const core::KeyId& key) {
      return world.store().state().Find<core::Keys>(key).has_value();
    };
    EXPECT_TRUE(std::all_of(synced.begin(), synced.end(), is_there));
    // Of the others a first part.
    const auto first_lost = std::find_if_not(unsynced.begin(), unsynced.end(), is_there);
    EXPECT_TRUE(std::none_of(first_lost, unsynced.end(), is_there));
    if (first_lost != unsynced.end()) ++lost;
  }
  EXPECT_GT(lost, 0);
  world.Close();
  const absl::StatusOr<VerifyReport> report = VerifyByReplay(options, nullptr);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->difference, "");
}

INSTANTIATE_TEST_SUITE_P(Seeds, TornLog, ::testing::Range(uint64_t{1}, uint64_t{21}));

}  // namespace
}  // namespace fundgate::store::testing
