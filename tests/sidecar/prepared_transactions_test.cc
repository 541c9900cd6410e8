#include "server/sidecar/feed/prepared_transactions.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/sidecar/transactions.h"

namespace fundgate::feed {
namespace {

PreparedTransaction Prepared(const std::string& xa_id, uint64_t sequence, int64_t second = 0,
                             uint32_t domain = 0, size_t memory_bytes_max = 1 << 20) {
  StagedEvents events(memory_bytes_max, ::testing::TempDir());
  for (uint32_t row = 0; row < 3; ++row) {
    EXPECT_TRUE(events.Append(testing::EventOf(sequence, row)).ok());
  }
  return {.xa_id = xa_id,
          .id = absl::StrCat("0-1-", sequence),
          .before = Gtid{domain, 1, sequence - 1},
          .prepared_at = absl::FromUnixSeconds(second),
          .events = std::move(events),
          .marks = {}};
}

TEST(PreparedTransactions, AreTakenOnceByTheirName) {
  PreparedTransactions prepared({});
  prepared.Add(Prepared("a", 7));
  prepared.Add(Prepared("b", 8));
  const auto taken = prepared.Take("a");
  ASSERT_TRUE(taken.has_value());
  EXPECT_EQ(taken->events.count(), 3U);
  EXPECT_EQ(taken->id, "0-1-7");
  EXPECT_FALSE(prepared.Take("a").has_value());
  EXPECT_TRUE(prepared.Take("b").has_value());
}

TEST(PreparedTransactions, OneOfTheSameNameTakesThePlaceOfTheFirst) {
  PreparedTransactions prepared({});
  prepared.Add(Prepared("a", 7));
  prepared.Add(Prepared("b", 8));
  prepared.Add(Prepared("a", 9));
  EXPECT_EQ(prepared.Before(), std::vector<Step>{Step(Gtid({0, 1, 7}))});
  EXPECT_EQ(prepared.Take("a")->id, "0-1-9");
  EXPECT_FALSE(prepared.Take("a").has_value());
}

TEST(PreparedTransactions, LieBehindTheStepBeforeTheOldestOfEachStream) {
  PreparedTransactions prepared({});
  EXPECT_TRUE(prepared.Before().empty());
  prepared.Add(Prepared("a", 7));
  prepared.Add(Prepared("b", 3, 0, 5));
  prepared.Add(Prepared("c", 9));
  EXPECT_EQ(prepared.Before(), (std::vector<Step>{Gtid{0, 1, 6}, Gtid{5, 1, 2}}));
  (void)prepared.Take("a");
  EXPECT_EQ(prepared.Before(), (std::vector<Step>{Gtid{5, 1, 2}, Gtid{0, 1, 8}}));
}

TEST(PreparedTransactions, TheOldestAreGivenUpBeyondEachLimit) {
  const absl::Time now = absl::FromUnixSeconds(100);
  const auto names_given_up = [now](const PreparedLimits& limits, size_t memory_bytes_max) {
    PreparedTransactions prepared(limits);
    for (uint64_t i = 1; i <= 4; ++i) {
      prepared.Add(Prepared(absl::StrCat(i), i, static_cast<int64_t>(i), 0, memory_bytes_max));
    }
    std::string names;
    for (const PreparedTransaction& given_up : prepared.GiveUp(now)) names += given_up.xa_id;
    return names;
  };
  EXPECT_EQ(names_given_up({}, 1 << 20), "");
  EXPECT_EQ(names_given_up({.transactions = 3}, 1 << 20), "1");
  EXPECT_EQ(names_given_up({.files = 2}, 1), "12");
  EXPECT_EQ(names_given_up({.files = 2}, 1 << 20), "");
  EXPECT_EQ(names_given_up({.age = absl::Seconds(97)}, 1 << 20), "12");
}

}  // namespace
}  // namespace fundgate::feed
