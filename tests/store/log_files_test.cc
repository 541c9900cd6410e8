// Logs that are longer than what is written, and what is left of them.
#include "server/store/log_files.h"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/store/database.h"
#include "tests/store/store_world.h"

namespace fundgate::store::testing {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

constexpr uint64_t kPortion = 262'144;

std::string BytesOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A disk that has no room from some byte of a file on, or doesn't sync.
struct Disk {
  uint64_t room = std::numeric_limits<uint64_t>::max();
  bool syncs = true;
  std::vector<std::string> synced = {};  // names of files, without their folder
};

class SmallDisk final : public rocksdb::FileSystemWrapper {
 public:
  explicit SmallDisk(Disk& disk) : FileSystemWrapper(rocksdb::FileSystem::Default()), disk_(disk) {}
  const char* Name() const override { return "SmallDisk"; }

  IOStatus NewRandomRWFile(const std::string& name, const rocksdb::FileOptions& options,
                           std::unique_ptr<rocksdb::FSRandomRWFile>* file,
                           IODebugContext* debug) override {
    IOStatus status = FileSystemWrapper::NewRandomRWFile(name, options, file, debug);
    const std::string short_name = std::filesystem::path(name).filename();
    if (status.ok()) *file = std::make_unique<File>(std::move(*file), short_name, disk_);
    return status;
  }

 private:
  class File final : public rocksdb::FSRandomRWFileOwnerWrapper {
   public:
    File(std::unique_ptr<rocksdb::FSRandomRWFile> file, std::string name, Disk& disk)
        : FSRandomRWFileOwnerWrapper(std::move(file)), name_(std::move(name)), disk_(disk) {}
    IOStatus Write(uint64_t offset, const rocksdb::Slice& data, const IOOptions& options,
                   IODebugContext* debug) override {
      if (offset + data.size() > disk_.room) return IOStatus::NoSpace("the disk is full");
      return FSRandomRWFileOwnerWrapper::Write(offset, data, options, debug);
    }
    IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
      if (!disk_.syncs) return IOStatus::IOError("the disk does not sync");
      disk_.synced.push_back(name_);
      return FSRandomRWFileOwnerWrapper::Sync(options, debug);
    }

   private:
    const std::string name_;
    Disk& disk_;
  };
  Disk& disk_;
};

class LogFilesTest : public ::testing::Test {
 protected:
  std::unique_ptr<rocksdb::FSWritableFile> Open(const std::string& name) {
    std::unique_ptr<rocksdb::FSWritableFile> file;
    const IOStatus status = files_.NewWritableFile(PathOf(name), {}, &file, nullptr);
    EXPECT_TRUE(status.ok()) << status.ToString();
    return file;
  }
  std::string PathOf(const std::string& name) const {
    return absl::StrCat(folder_.path(), "/", name);
  }

  const TemporaryFolder folder_;
  Disk disk_;
  LogFiles files_{std::make_shared<SmallDisk>(disk_)};
};

TEST_F(LogFilesTest, ALogIsLaidOutAhead) {
  const auto log = Open("000007.log");
  ASSERT_TRUE(log->Append("first", {}, nullptr).ok());
  ASSERT_TRUE(log->Append(", second", {}, nullptr).ok());
  ASSERT_TRUE(log->Sync({}, nullptr).ok());
  EXPECT_EQ(log->GetFileSize({}, nullptr), 13u);
  EXPECT_EQ(BytesOf(PathOf("000007.log")), "first, second" + std::string(kPortion - 13, '\0'));
}

TEST_F(LogFilesTest, WhatIsAppendedFollowsOnItselfAcrossPortions) {
  const auto log = Open("000007.log");
  std::string all;
  for (int i = 0; all.size() < 3 * kPortion; ++i) {
    const std::string more = absl::StrCat(i, std::string(static_cast<size_t>(i) * 7, 'x'));
    ASSERT_TRUE(log->Append(more, {}, nullptr).ok());
    all += more;
  }
  EXPECT_EQ(log->GetFileSize({}, nullptr), all.size());
  all.resize((all.size() / kPortion + 1) * kPortion);
  EXPECT_EQ(BytesOf(PathOf("000007.log")), all);
}

TEST_F(LogFilesTest, OtherFilesAreNot) {
  const auto table = Open("000007.sst");
  ASSERT_TRUE(table->Append("first", {}, nullptr).ok());
  ASSERT_TRUE(table->Close({}, nullptr).ok());
  EXPECT_EQ(BytesOf(PathOf("000007.sst")), "first");
}

TEST_F(LogFilesTest, ALogBeginsAnewWhereAnOldOneLay) {
  { ASSERT_TRUE(Open("000007.log")->Append("an old log", {}, nullptr).ok()); }
  const auto log = Open("000007.log");
  ASSERT_TRUE(log->Append("new", {}, nullptr).ok());
  EXPECT_EQ(BytesOf(PathOf("000007.log")), "new" + std::string(kPortion - 3, '\0'));
}

TEST_F(LogFilesTest, WithoutRoomAheadALogGoesOnAsLongAsItCan) {
  disk_.room = 20;
  const auto log = Open("000007.log");
  ASSERT_TRUE(log->Append("0123456789", {}, nullptr).ok());
  ASSERT_TRUE(log->Append("0123456789", {}, nullptr).ok());
  EXPECT_TRUE(log->Append("x", {}, nullptr).IsNoSpace());
  EXPECT_EQ(log->GetFileSize({}, nullptr), 20u);
  EXPECT_EQ(BytesOf(PathOf("000007.log")), "01234567890123456789");
  // It doesn't try again to take what room there is from others.
  disk_.room = std::numeric_limits<uint64_t>::max();
  ASSERT_TRUE(log->Append("abc", {}, nullptr).ok());
  EXPECT_EQ(BytesOf(PathOf("000007.log")), "01234567890123456789abc");
}

TEST_F(LogFilesTest, BeforeANewOneBeginsThoseThatWereSyncedAreAgain) {
  const auto synced = Open("000007.log");
  ASSERT_TRUE(synced->Append("first", {}, nullptr).ok());
  ASSERT_TRUE(synced->Sync({}, nullptr).ok());
  const auto unsynced = Open("000008.log");
  auto closed = Open("000009.log");
  ASSERT_TRUE(closed->Sync({}, nullptr).ok());
  ASSERT_TRUE(closed->Close({}, nullptr).ok());
  disk_.synced.clear();
  const auto next = Open("000010.log");
  EXPECT_EQ(disk_.synced, std::vector<std::string>{"000007.log"});
}

TEST_F(LogFilesTest, ALogThatDidNotSyncOnceDoesNotAnyMore) {
  const auto log = Open("000007.log");
  ASSERT_TRUE(log->Append("first", {}, nullptr).ok());
  ASSERT_TRUE(log->Sync({}, nullptr).ok());
  disk_.syncs = false;
  std::unique_ptr<rocksdb::FSWritableFile> next;
  EXPECT_TRUE(files_.NewWritableFile(PathOf("000008.log"), {}, &next, nullptr).IsIOError());
  EXPECT_FALSE(std::filesystem::exists(PathOf("000008.log")));
  disk_.syncs = true;
  EXPECT_TRUE(log->Sync({}, nullptr).IsIOError());
}

TEST_F(LogFilesTest, AnOpenLogIsAsLongAsWhatWasAppended) {
  const auto size_of = [this](const std::string& name) {
    uint64_t size = 0;
    EXPECT_TRUE(files_.GetFileSize(PathOf(name), {}, &size, nullptr).ok());
    return size;
  };
  auto log = Open("000007.log");
  ASSERT_TRUE(log->Append("first", {}, nullptr).ok());
  const auto other = Open("000008.log");
  EXPECT_EQ(size_of("000007.log"), 5u);
  EXPECT_EQ(size_of("000008.log"), 0u);
  log.reset();
  EXPECT_EQ(size_of("000007.log"), kPortion);
  log = Open("000007.log");
  EXPECT_EQ(size_of("000007.log"), 0u);
}

// A checkpoint copies the log that is written meanwhile.
TEST_F(LogFilesTest, ACheckpointOfABusyStoreIsWhole) {
  const Options options = OptionsFor(folder_.path());
  StoreWorld world(options);
  world.Begin();
  std::atomic<bool> done = false;
  const TemporaryFolder copies;
  std::thread copier([&] {
    for (int i = 0; i < 20; ++i) {
      const std::string copy = absl::StrCat(copies.path(), "/", i);
      const absl::Status copied = world.store().Checkpoint(copy);
      EXPECT_TRUE(copied.ok()) << copied;
      Options of_copy = options;
      of_copy.directory = copy;
      const absl::Status opened =
          Database::Open(of_copy, Database::Access::kReadOnlyWhole).status();
      EXPECT_TRUE(opened.ok()) << i << ": " << opened;
    }
    done = true;
  });
  for (int i = 0; !done; ++i) world.Put(world.NewCheck(absl::StrCat("r", i)));
  copier.join();
}

// What a process that was killed leaves: its folder as it lay while it ran.
TEST_F(LogFilesTest, AStoreThatWasKilledHasAllThatWasSynced) {
  const Options options = OptionsFor(folder_.path());
  StoreWorld world(options);
  world.Begin();
  core::CheckInput last;
  for (int i = 0; i < 500; ++i) {
    last = world.NewCheck(absl::StrCat("r", i));
    world.Put(last);
  }
  const Sequence sequence = world.store().state().resident().clock.sequence;
  const TemporaryFolder left;
  const Options options_left = OptionsFor(left.path());
  std::filesystem::copy(options.directory, options_left.directory,
                        std::filesystem::copy_options::recursive);
  StoreWorld after(options_left);
  EXPECT_EQ(after.store().state().resident().clock.sequence, sequence);
  EXPECT_TRUE(after.store().state().Find<core::Keys>(last.key).has_value());
}

}  // namespace
}  // namespace fundgate::store::testing
