// When an invariant that events broke is judged: each event has its own grace.
#include "server/core/suspects.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/world.h"

namespace fundgate::core::testing {
namespace {

using ::testing::Contains;
using ::testing::Not;

constexpr char kBroken[] = "refunds_within_paid";

// An order is paid CNY 100.00.
void Pay(World& world, const std::string& order, int row) {
  world.Insert("payment", row, {.key = "p" + std::to_string(row), .order = order});
}

void Refund(World& world, int row, const std::string& amount) {
  world.Insert("refund", row, {.key = "r" + std::to_string(row), .amount = amount});
}

TEST(Suspects, AreJudgedHoweverManyEventsKeepComing) {
  World world;
  Pay(world, "o1", 1);
  Refund(world, 1, "CNY 150.00");
  for (int row = 2; row < 10; ++row) {
    const absl::Time before = world.now();
    Refund(world, row, "CNY 0.01");
    world.ProveAsOf(before);  // always one event behind
  }
  EXPECT_THAT(world.Violations(), Contains(kBroken));
}

TEST(Suspects, AreNotFoundGuiltyOfWhatALaterEventDid) {
  World world;
  Refund(world, 1, "CNY 100.00");
  const absl::Time first = world.now();
  Pay(world, "o1", 1);             // the first one's cure
  Refund(world, 2, "CNY 100.00");  // ahead of its own
  world.ProveAsOf(first);
  EXPECT_THAT(world.Violations(), Not(Contains(kBroken)));
  Pay(world, "o1", 2);
  world.Prove();
  EXPECT_THAT(world.Violations(), Not(Contains(kBroken)));
  EXPECT_TRUE(world.state().resident().of<core::Suspects>().empty());
}

TEST(Suspects, OfALaterEventHaveTheirTurnWhenItsOwnGraceEnds) {
  World world;
  Refund(world, 1, "CNY 100.00");
  const absl::Time first = world.now();
  Pay(world, "o1", 1);
  Refund(world, 2, "CNY 50.00");
  world.ProveAsOf(first);
  EXPECT_THAT(world.Violations(), Not(Contains(kBroken)));
  world.Prove();
  EXPECT_THAT(world.Violations(), Contains(kBroken));
}

}  // namespace
}  // namespace fundgate::core::testing
