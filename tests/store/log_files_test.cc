// Logs that are longer than what is written, and what is left of them.
#include "server/store/log_files.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
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

// A disk that has no room from some byte of a file on.
class SmallDisk final : public rocksdb::FileSystemWrapper {
 public:
  explicit SmallDisk(const uint64_t& room)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), room_(room) {}
  const char* Name() const override { return "SmallDisk"; }

  IOStatus NewRandomRWFile(const std::string& name, const rocksdb::FileOptions& options,
                           std::unique_ptr<rocksdb::FSRandomRWFile>* file,
                           IODebugContext* debug) override {
    IOStatus status = FileSystemWrapper::NewRandomRWFile(name, options, file, debug);
    if (status.ok()) *file = std::make_unique<File>(std::move(*file), room_);
    return status;
  }

 private:
  class File final : public rocksdb::FSRandomRWFileOwnerWrapper {
   public:
    File(std::unique_ptr<rocksdb::FSRandomRWFile> file, const uint64_t& room)
        : FSRandomRWFileOwnerWrapper(std::move(file)), room_(room) {}
    IOStatus Write(uint64_t offset, const rocksdb::Slice& data, const IOOptions& options,
                   IODebugContext* debug) override {
      if (offset + data.size() > room_) return IOStatus::NoSpace("the disk is full");
      return FSRandomRWFileOwnerWrapper::Write(offset, data, options, debug);
    }

   private:
    const uint64_t& room_;
  };
  const uint64_t& room_;
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
  uint64_t room_ = std::numeric_limits<uint64_t>::max();
  LogFiles files_{std::make_shared<SmallDisk>(room_)};
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
  room_ = 20;
  const auto log = Open("000007.log");
  ASSERT_TRUE(log->Append("0123456789", {}, nullptr).ok());
  ASSERT_TRUE(log->Append("0123456789", {}, nullptr).ok());
  EXPECT_TRUE(log->Append("x", {}, nullptr).IsNoSpace());
  EXPECT_EQ(log->GetFileSize({}, nullptr), 20u);
  EXPECT_EQ(BytesOf(PathOf("000007.log")), "01234567890123456789");
  room_ = std::numeric_limits<uint64_t>::max();
  ASSERT_TRUE(log->Append("abc", {}, nullptr).ok());
  EXPECT_EQ(BytesOf(PathOf("000007.log")),
            "01234567890123456789abc" + std::string(kPortion - 23, '\0'));
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
