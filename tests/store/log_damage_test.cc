// A byte that changes anywhere in a write-ahead log is found; a log that a crash cut short is not
// taken for damaged.
#include "server/store/log_damage.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/db.h"
#include "server/store/chain_check.h"
#include "server/store/stored_point.h"
#include "server/store/verify.h"
#include "tests/store/store_world.h"
#include "tests/store/tampering.h"
#include "tests/store/written_bytes.h"

namespace fundgate::store::testing {
namespace {

using ::testing::HasSubstr;

constexpr int kChecks = 60;  // more than a block of the log

void Zero(const std::string& path, uint64_t begin, uint64_t end) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(begin));
  file << std::string(end - begin, '\0');
}

class LogDamage : public ::testing::Test {
 protected:
  LogDamage() {
    StoreWorld world(options_);
    world.Begin();
    for (int i = 0; i < kChecks; ++i) world.Put(world.NewCheck(absl::StrCat("r", i)));
    world.Close();
    log_ = FilesOf(options_, ".log").front();
    size_ = WrittenBytes(log_);
  }

  const TemporaryFolder folder_;
  const Options options_ = OptionsFor(folder_.path());
  std::string log_;
  uint64_t size_ = 0;
};

TEST_F(LogDamage, EachChangedByteIsFoundAndNotServed) {
  ASSERT_GT(size_, 32'768U);  // a block
  ASSERT_TRUE(CheckLogs(options_.directory).ok());
  for (uint64_t offset = 0; offset < size_; offset += 97) {
    FlipByte(log_, offset);
    EXPECT_EQ(CheckLogs(options_.directory).code(), absl::StatusCode::kDataLoss)
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
  EXPECT_TRUE(CheckLogs(options_.directory).ok());
  // Nothing is there to be lost.
  FlipByte(log_, size_ + 5000);
  EXPECT_TRUE(CheckLogs(options_.directory).ok());
  StoreWorld world(options_);
  EXPECT_EQ(world.store().state().resident().clock.sequence, kChecks + 3);
}

TEST_F(LogDamage, ALogThatEndsEarlyIsWhatACrashLeaves) {
  for (uint64_t size = size_; size > size_ - 9'000; size -= 61) {
    std::filesystem::resize_file(log_, size);
    EXPECT_TRUE(CheckLogs(options_.directory).ok()) << size << " of " << size_;
  }
}

TEST_F(LogDamage, SoAreSectorsThatNeverCame) {
  for (uint64_t size = size_ / 512 * 512; size > size_ - 9'000; size -= 512) {
    std::filesystem::resize_file(log_, size);
    std::filesystem::resize_file(log_, size_);  // zeros
    EXPECT_TRUE(CheckLogs(options_.directory).ok()) << size << " of " << size_;
  }
}

TEST_F(LogDamage, ASectorThatNeverCameBeforeOneThatDidIsWhatACrashLeaves) {
  const uint64_t sector = size_ / 2 / 512 * 512;
  std::fstream log(log_, std::ios::in | std::ios::out | std::ios::binary);
  log.seekp(static_cast<std::streamoff>(sector));
  log << std::string(1024, '\0');
  log.close();
  const absl::Status checked = CheckLogs(options_.directory);
  EXPECT_EQ(checked.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(checked.message()), HasSubstr("Start the gate once"));
  EXPECT_TRUE(Store::Open(options_).ok());
  EXPECT_TRUE(CheckLogs(options_.directory).ok());
}

TEST_F(LogDamage, WhatFollowsAMissingSectorIsGoneWithIt) {
  const uint64_t sector = size_ / 2 / 512 * 512;
  Zero(log_, sector, sector + 1024);
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

// Three records, in RocksDB alone: the second one ends with the block.
class ThreeRecords : public ::testing::Test {
 protected:
  ThreeRecords() {
    rocks_.create_if_missing = true;
    // As if killed.
    rocks_.avoid_flush_during_shutdown = true;
    rocks_.avoid_flush_during_recovery = true;
  }
  // `first` bytes are the first one's, with 7 of a record's head, 12 of a batch's and 5 of a put's.
  void Write(size_t first = 512) {
    const std::unique_ptr<rocksdb::DB> db = Open();
    EXPECT_TRUE(db->Put({}, "a", std::string(first - 24, 'A')).ok());
    EXPECT_TRUE(db->Put({}, "b", std::string(32'768 - first - 25, 'B')).ok());
    EXPECT_TRUE(db->Put({}, "c", "C").ok());
  }
  std::unique_ptr<rocksdb::DB> Open() {
    rocksdb::DB* db = nullptr;
    const rocksdb::Status opened = rocksdb::DB::Open(rocks_, folder_.path(), &db);
    EXPECT_TRUE(opened.ok()) << opened.ToString();
    return std::unique_ptr<rocksdb::DB>(db);
  }
  // The oldest.
  std::string log() const {
    std::string oldest = "~";
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
      if (entry.path().extension() == ".log") oldest = std::min(oldest, entry.path().string());
    }
    return oldest;
  }
  // Which records recovery finds.
  std::string Found() {
    const std::unique_ptr<rocksdb::DB> db = Open();
    std::string found;
    std::string value;
    for (const char* key : {"a", "b", "c", "d"}) {
      if (db->Get({}, key, &value).ok()) found += key;
    }
    return found;
  }

  const TemporaryFolder folder_;
  rocksdb::Options rocks_;
};

TEST_F(ThreeRecords, WhatFollowsAMissingOneIsNotReadWithoutIt) {
  Write();
  ASSERT_EQ(std::filesystem::file_size(log()), 32'768 + 7 + 12 + 5);
  Zero(log(), 512, 32'768);
  EXPECT_TRUE(PrepareLogs(folder_.path(), false).ok());
  EXPECT_TRUE(PrepareLogs(folder_.path(), false).ok());
  EXPECT_EQ(Found(), "a");
}

TEST_F(ThreeRecords, WhatFollowsAChangedOneIsRefusedOrGoes) {
  Write();
  FlipByte(log(), 600);
  EXPECT_EQ(PrepareLogs(folder_.path(), false).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(std::filesystem::file_size(log()), 32'768 + 7 + 12 + 5);
  EXPECT_TRUE(PrepareLogs(folder_.path(), true).ok());
  EXPECT_TRUE(PrepareLogs(folder_.path(), true).ok());
  EXPECT_EQ(Found(), "a");
}

TEST_F(ThreeRecords, SoDoesWhatFollowsInTheNextLog) {
  Write();
  { EXPECT_TRUE(Open()->Put({}, "d", "D").ok()); }
  ASSERT_EQ(Found(), "abcd");
  FlipByte(log(), 600);
  EXPECT_TRUE(PrepareLogs(folder_.path(), true).ok());
  EXPECT_EQ(Found(), "a");
}

TEST_F(ThreeRecords, SoDoesWhatFollowsAMissingOneInTheNextLog) {
  Write();
  { EXPECT_TRUE(Open()->Put({}, "d", "D").ok()); }
  Zero(log(), 512, 32'768);
  EXPECT_TRUE(PrepareLogs(folder_.path(), false).ok());
  EXPECT_EQ(Found(), "a");
}

// A sector that held the end of what was synced comes as it was then, and later ones are there.
class RestOfASector : public ThreeRecords, public ::testing::WithParamInterface<size_t> {};

TEST_P(RestOfASector, ThatNeverCameIsWhatACrashLeaves) {
  Write(GetParam());
  Zero(log(), GetParam(), 512);
  EXPECT_EQ(CheckLogs(folder_.path()).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(PrepareLogs(folder_.path(), false).ok());
  EXPECT_EQ(Found(), "a");
}

INSTANTIATE_TEST_SUITE_P(Sizes, RestOfASector,
                         ::testing::Values(300, 450, 504, 505, 506, 507, 508, 509, 510, 511));

// That its first byte is zero is nothing that a crash alone would do.
TEST_F(ThreeRecords, ARecordThatLacksItsFirstByteAndWasChangedIsDamage) {
  Write(511);
  Zero(log(), 511, 512);
  FlipByte(log(), 700);
  EXPECT_EQ(CheckLogs(folder_.path()).code(), absl::StatusCode::kDataLoss);
}

// Nor is that its last one is, which lies alone in a sector with what follows.
TEST_F(ThreeRecords, ARecordThatEndsWithAZeroAndWasChangedIsDamage) {
  {
    const std::unique_ptr<rocksdb::DB> db = Open();
    std::string value(513 - 24, 'A');
    value.back() = '\0';
    EXPECT_TRUE(db->Put({}, "a", value).ok());
    EXPECT_TRUE(db->Put({}, "b", "B").ok());
  }
  ASSERT_TRUE(CheckLogs(folder_.path()).ok());
  FlipByte(log(), 200);
  EXPECT_EQ(CheckLogs(folder_.path()).code(), absl::StatusCode::kDataLoss);
}

// The disk was given the last sector while its record was written.
TEST_F(ThreeRecords, TheLastOneMayBeThereInPart) {
  Write();
  const uint64_t end = std::filesystem::file_size(log());
  for (uint64_t from = end - 8; from > end - 20; --from) {
    Zero(log(), from, end);
    EXPECT_TRUE(CheckLogs(folder_.path()).ok()) << from;
  }
  EXPECT_EQ(Found(), "ab");
}

TEST_F(ThreeRecords, OneBeforeItMayNot) {
  Write();
  Zero(log(), 32'768 - 100, 32'768);
  EXPECT_EQ(CheckLogs(folder_.path()).code(), absl::StatusCode::kDataLoss);
}

TEST_F(LogDamage, WhatLacksSomethingIsNotReadWithoutIt) {
  const uint64_t sector = size_ / 2 / 512 * 512;
  Zero(log_, sector, sector + 1024);
  EXPECT_EQ(VerifyByReplay(options_, nullptr).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(CheckChain(options_, nullptr).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReadStoredPoint(options_.directory).status().code(),
            absl::StatusCode::kFailedPrecondition);
  { const StoreWorld world(options_); }
  EXPECT_TRUE(VerifyByReplay(options_, nullptr).ok());
  EXPECT_TRUE(CheckChain(options_, nullptr).ok());
  EXPECT_TRUE(ReadStoredPoint(options_.directory).ok());
}

TEST_F(ThreeRecords, OfASoundLogAllStays) {
  Write();
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
