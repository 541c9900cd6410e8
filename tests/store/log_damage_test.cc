// A byte that changes anywhere in a write-ahead log is found; a log that a crash cut short is not
// taken for damaged.
#include "server/store/log_damage.h"

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
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
    size_ = std::filesystem::file_size(log_);
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
