#include "server/sidecar/feed/staged_events.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <utility>
#include <vector>

#include "tests/sidecar/transactions.h"

namespace fundgate::feed {
namespace {

using testing::EventOf;

std::vector<uint32_t> TakeRows(StagedEvents& events) {
  std::vector<uint32_t> rows;
  while (true) {
    const auto event = events.Front();
    EXPECT_TRUE(event.ok()) << event.status();
    if (!event.ok() || *event == nullptr) return rows;
    EXPECT_EQ((*event)->SerializeAsString(),
              EventOf(7, (*event)->row_index() / 8).SerializeAsString());
    rows.push_back((*event)->row_index() / 8);
    events.Pop();
  }
}

TEST(StagedEvents, ComeBackInOrderWhereverTheyWereKept) {
  for (const size_t bound : {size_t{1}, size_t{1000}, size_t{1} << 20}) {
    StagedEvents events(bound, ::testing::TempDir());
    std::vector<uint32_t> expected;
    for (uint32_t row = 0; row < 200; ++row) {
      ASSERT_TRUE(events.Append(EventOf(7, row)).ok());
      expected.push_back(row);
    }
    EXPECT_EQ(events.count(), 200U);
    StagedEvents moved = std::move(events);
    EXPECT_EQ(TakeRows(moved), expected) << "with " << bound << " bytes of memory";
    EXPECT_TRUE(moved.empty());
    EXPECT_EQ(moved.bytes(), 0U);
  }
}

TEST(StagedEvents, MemoryStaysWithinItsBoundAndTheFileHasNoName) {
  const std::string folder = ::testing::TempDir() + "fundgate-staged";
  std::filesystem::create_directory(folder);
  StagedEvents events(1000, folder);
  for (uint32_t row = 0; row < 5000; ++row) ASSERT_TRUE(events.Append(EventOf(7, row)).ok());
  EXPECT_LE(events.memory_bytes(), 1000U);
  EXPECT_GT(events.bytes(), 100'000U);
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  std::filesystem::remove_all(folder);
}

TEST(StagedEvents, AFolderThatIsNotThereIsNamedInTheError) {
  StagedEvents events(1, "/nowhere/at/all");
  ASSERT_TRUE(events.Append(EventOf(7, 0)).ok());  // the first one always has room
  const absl::Status status = events.Append(EventOf(7, 1));
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_NE(status.message().find("/nowhere/at/all"), std::string::npos);
}

TEST(StagedEvents, ClearForgetsAll) {
  StagedEvents events(1, ::testing::TempDir());
  for (uint32_t row = 0; row < 3; ++row) ASSERT_TRUE(events.Append(EventOf(7, row)).ok());
  events.Clear();
  EXPECT_TRUE(events.empty());
  ASSERT_TRUE(events.Append(EventOf(7, 9)).ok());
  EXPECT_EQ(TakeRows(events), std::vector<uint32_t>{9});
}

}  // namespace
}  // namespace fundgate::feed
