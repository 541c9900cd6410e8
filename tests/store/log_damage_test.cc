// A byte that changes anywhere in a write-ahead log is found; a log that a crash cut short is not
// taken for damaged.
#include "server/store/log_damage.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/db.h"
#include "server/store/verify.h"
#include "tests/store/store_world.h"
#include "tests/store/tampering.h"

namespace fundgate::store::testing {
namespace {

using ::testing::HasSubstr;

constexpr int kChecks = 60;  // more than a block of the log

class LogDamage : public ::testing::Test {
 protected:
  LogDamage() {
    StoreWorld world(options_);
    world.Begin();
    for (int i = 0; i < kChecks; ++i) world.Put(world.NewCheck(absl::StrCat("r", i)));
    world.Close();
    log_ = FilesOf(options_, ".log").front();
    size_ = EndOf(log_);
  }

  // The log is laid out ahead of what is written.
  static uint64_t EndOf(const std::string& log) {
    std::ifstream file(log, std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    return bytes.find_last_not_of('\0') + 1;
  }

  const TemporaryFolder folder_;
  const Options options_ = OptionsFor(folder_.path());
  std::string log_;
  uint64_t size_ = 0;
};

TEST_F(LogDamage, EachChangedByteIsFoundAndNotServed) {
  ASSERT_GT(size_, 32'768U);  // a block
  ASSERT_TRUE(FindLogDamage(options_.directory).ok());
  for (uint64_t offset = 0; offset < size_; offset += 97) {
    FlipByte(log_, offset);
    EXPECT_EQ(FindLogDamage(options_.directory).code(), absl::StatusCode::kDataLoss)
        << "byte " << offset << " of " << size_;
    FlipByte(log_, offset);
  }
  FlipByte(log_, size_ / 2);
  const absl::Status refused = Store::Open(options_).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("restore the newest backup"));
  FlipByte(log_, size_ / 2);
  EXPECT_TRUE(Store::Open(options_).ok());
}

TEST_F(LogDamage, WhatIsLaidOutAheadIsNone) {
  ASSERT_GT(std::filesystem::file_size(log_), size_);
  EXPECT_TRUE(FindLogDamage(options_.directory).ok());
  // Nothing is there to be lost.
  FlipByte(log_, size_ + 5000);
  EXPECT_TRUE(FindLogDamage(options_.directory).ok());
  StoreWorld world(options_);
  EXPECT_EQ(world.store().state().resident().clock.sequence, kChecks + 3);
}

TEST_F(LogDamage, ALogThatEndsEarlyIsWhatACrashLeaves) {
  for (uint64_t size = size_; size > size_ - 9'000; size -= 61) {
    std::filesystem::resize_file(log_, size);
    EXPECT_TRUE(FindLogDamage(options_.directory).ok()) << size << " of " << size_;
  }
}

TEST_F(LogDamage, SoAreSectorsThatNeverCame) {
  for (uint64_t size = size_ / 512 * 512; size > size_ - 9'000; size -= 512) {
    std::filesystem::resize_file(log_, size);
    std::filesystem::resize_file(log_, size_);  // zeros
    EXPECT_TRUE(FindLogDamage(options_.directory).ok()) << size << " of " << size_;
  }
}

TEST_F(LogDamage, ASectorThatNeverCameBeforeOneThatDidIsWhatACrashLeaves) {
  const uint64_t sector = size_ / 2 / 512 * 512;
  std::fstream log(log_, std::ios::in | std::ios::out | std::ios::binary);
  log.seekp(static_cast<std::streamoff>(sector));
  log << std::string(1024, '\0');
  log.close();
  EXPECT_TRUE(FindLogDamage(options_.directory).ok());
}

TEST_F(LogDamage, WhatFollowsAMissingSectorIsGoneWithIt) {
  const uint64_t sector = size_ / 2 / 512 * 512;
  std::fstream log(log_, std::ios::in | std::ios::out | std::ios::binary);
  log.seekp(static_cast<std::streamoff>(sector));
  log << std::string(1024, '\0');
  log.close();
  {
    StoreWorld world(options_);
    const Sequence last = world.store().state().resident().clock.sequence;
    EXPECT_GT(last, Sequence{0});
    EXPECT_LT(last, static_cast<Sequence>(kChecks));
  }
  const auto report = VerifyByReplay(options_, nullptr);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->difference, "");
}

// Three records: of a sector, of the rest of the block, and one in the next block.
class LogWithABlockThatEndsWithARecord : public ::testing::Test {
 protected:
  LogWithABlockThatEndsWithARecord() {
    rocks_.create_if_missing = true;
    rocks_.avoid_flush_during_shutdown = true;  // as if killed
    const std::unique_ptr<rocksdb::DB> db = Open();
    // With 7 bytes of a record's head, 12 of a batch's and 3 to 6 of a put's.
    EXPECT_TRUE(db->Put({}, "a", std::string(512 - 24, 'A')).ok());
    EXPECT_TRUE(db->Put({}, "b", std::string(32'768 - 512 - 25, 'B')).ok());
    EXPECT_TRUE(db->Put({}, "c", "C").ok());
  }
  std::unique_ptr<rocksdb::DB> Open() {
    rocksdb::DB* db = nullptr;
    const rocksdb::Status opened = rocksdb::DB::Open(rocks_, folder_.path(), &db);
    EXPECT_TRUE(opened.ok()) << opened.ToString();
    return std::unique_ptr<rocksdb::DB>(db);
  }
  std::string log() const {
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
      if (entry.path().extension() == ".log") return entry.path();
    }
    return "";
  }
  // Which records recovery finds.
  std::string Found() {
    const std::unique_ptr<rocksdb::DB> db = Open();
    std::string found;
    std::string value;
    for (const char* key : {"a", "b", "c"}) {
      if (db->Get({}, key, &value).ok()) found += key;
    }
    return found;
  }

  const TemporaryFolder folder_;
  rocksdb::Options rocks_;
};

TEST_F(LogWithABlockThatEndsWithARecord, WhatFollowsAMissingOneIsNotReadWithoutIt) {
  ASSERT_EQ(std::filesystem::file_size(log()), 32'768 + 7 + 12 + 5);
  {
    std::fstream file(log(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(512);
    file << std::string(32'768 - 512, '\0');
  }
  EXPECT_TRUE(PrepareLogs(folder_.path(), false).ok());
  EXPECT_TRUE(PrepareLogs(folder_.path(), false).ok());
  EXPECT_EQ(Found(), "a");
}

TEST_F(LogWithABlockThatEndsWithARecord, WhatFollowsAChangedOneIsRefusedOrGoes) {
  FlipByte(log(), 600);
  EXPECT_EQ(PrepareLogs(folder_.path(), false).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(std::filesystem::file_size(log()), 32'768 + 7 + 12 + 5);
  EXPECT_TRUE(PrepareLogs(folder_.path(), true).ok());
  EXPECT_EQ(std::filesystem::file_size(log()), 512);
  EXPECT_EQ(Found(), "a");
}

TEST_F(LogWithABlockThatEndsWithARecord, ASoundLogStays) {
  EXPECT_TRUE(PrepareLogs(folder_.path(), false).ok());
  EXPECT_TRUE(PrepareLogs(folder_.path(), true).ok());
  EXPECT_EQ(Found(), "abc");
}

TEST_F(LogDamage, WhoHoldsAllChecksMayGoOnWithoutWhatIsMissing) {
  FlipByte(log_, size_ / 2);
  Options options = options_;
  options.accepts_lost_tail = true;
  const auto store = Store::Open(options);
  ASSERT_TRUE(store.ok()) << store.status();
  const Sequence last = (*store)->view()->resident().clock.sequence;
  EXPECT_GT(last, 0U);
  EXPECT_LT(last, static_cast<Sequence>(kChecks));
}

}  // namespace
}  // namespace fundgate::store::testing
