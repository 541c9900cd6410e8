#include "server/gate/reservation_counts.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/store/store_world.h"

namespace fundgate::gate {
namespace {

uint64_t Pending(const ReservationCounts& counts) {
  uint64_t pending = 0;
  counts.rows().ForEach([&pending](const std::string& /*name*/, const ReservationCounts::Row& row) {
    pending += row.pending.value();
  });
  return pending;
}

class ReservationCountsTest : public ::testing::Test {
 protected:
  ReservationCountsTest() {
    world_.Begin();
    for (int i = 0; i < 20; ++i) world_.Put(world_.NewCheck(absl::StrCat("r", i)));
  }

  store::testing::TemporaryFolder folder_;
  store::testing::StoreWorld world_{store::testing::OptionsFor(folder_.path())};
};

TEST_F(ReservationCountsTest, AFewAreCountedAtOnce) {
  ReservationCounts counts;
  ASSERT_TRUE(counts.Load(world_.store().view()).ok());
  EXPECT_EQ(Pending(counts), 20U);
}

TEST_F(ReservationCountsTest, ManyAreCountedBesideWhatIsRecordedMeanwhile) {
  ReservationCounts counts;
  ASSERT_TRUE(counts.Load(world_.store().view(), 1).ok());
  // Three are gone; what the view says of them is older than that, whenever it is read.
  core::Changes changes;
  for (int i = 5; i < 8; ++i) {
    changes.Put<core::Keys>(
        core::KeyId{MovementKind("refund"), IdempotencyKey(absl::StrCat("r", i))}, std::nullopt);
  }
  counts.Recorded(changes);
  counts.AwaitLoaded();
  EXPECT_EQ(Pending(counts), 17U);
  counts.Recorded(changes);
  EXPECT_EQ(Pending(counts), 17U);
}

}  // namespace
}  // namespace fundgate::gate
