// What a source tells again after it declared that its coordinates have changed.
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/world.h"

namespace fundgate::core::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(ToldAgain, TheSameImageIsARedelivery) {
  World world;
  world.Insert("payment", 1, {.key = "p1"});
  world.BeginAgain();
  world.Insert("payment", 1, {.key = "p1"});
  EXPECT_EQ(world.OrderCounter("paid").posted, 10000);
  world.Insert("payment", 2, {.key = "p1"});  // another row is a duplicate all the same
  EXPECT_THAT(world.Violations(), ElementsAre("duplicate_movement"));
}

// A row comes into being once: its insert is an old one, and what became of it is known already.
TEST(ToldAgain, ARowIsNotInsertedASecondTime) {
  World world;
  const Row first{.key = "p1", .amount = "CNY 100.00"};
  const Row edited{.key = "p1", .amount = "CNY 80.00"};
  Row open = first;
  open.status = MovementStatus::kInProgress;
  world.Insert("payment", 1, first);
  world.Update("payment", 1, first, edited);
  world.BeginAgain();
  world.Insert("payment", 1, first);
  world.Update("payment", 1, first, edited);
  world.Insert("payment", 1, open);
  EXPECT_EQ(world.OrderCounter("paid").posted, 8000);
  EXPECT_THAT(world.Violations(), ElementsAre("movement_undone"));
}

// A connector that began again tells every change of the row anew: none is posted a second time.
TEST(ToldAgain, OldChangesOfARowPostNothing) {
  World world;
  const Row first{.key = "p1", .amount = "CNY 100.00"};
  const Row second{.key = "p1", .amount = "CNY 150.00"};
  const Row third{.key = "p1", .amount = "CNY 170.00"};
  Row open = first;
  open.status = MovementStatus::kInProgress;
  const std::vector<std::pair<std::optional<Row>, Row>> told = {
      {std::nullopt, open}, {open, first}, {first, second}, {second, third}};
  const auto tell = [&world](const std::pair<std::optional<Row>, Row>& change) {
    if (change.first.has_value()) {
      world.Update("payment", 1, *change.first, change.second);
    } else {
      world.Insert("payment", 1, change.second);
    }
  };
  for (const auto& change : told) tell(change);
  ASSERT_EQ(world.OrderCounter("paid").posted, 17000);
  world.BeginAgain();
  for (size_t i = 0; i + 1 < told.size(); ++i) {
    tell(told[i]);
    EXPECT_EQ(world.OrderCounter("paid").posted, 17000) << i;
  }
  EXPECT_THAT(world.state().resident().of<Gaps>(), SizeIs(1));
  tell(told.back());
  EXPECT_EQ(world.OrderCounter("paid").posted, 17000);
  EXPECT_THAT(world.state().resident().of<Gaps>(), IsEmpty());
  EXPECT_THAT(world.Violations(), IsEmpty());
}

// A change that doesn't follow on what is known may also mean that one was lost. Then the order is
// unproven, for that row alone, until a change fits again.
TEST(ToldAgain, ALostChangeLeavesTheOrderUnproven) {
  World world;
  const Row first{.key = "p1", .amount = "CNY 100.00"};
  const Row lost{.key = "p1", .amount = "CNY 120.00"};
  const Row next{.key = "p1", .amount = "CNY 130.00"};
  world.Insert("payment", 1, first);
  world.BeginAgain();
  world.Update("payment", 1, lost, next);
  world.Update("payment", 1, next, lost);
  EXPECT_EQ(world.OrderCounter("paid").posted, 10000);
  ASSERT_THAT(world.state().resident().of<Gaps>(), SizeIs(1));
  const auto& [scope, gap] = *world.state().resident().of<Gaps>().begin();
  EXPECT_EQ(scope.order, OrderId("o1"));
  EXPECT_EQ(gap.count, 1U);
  EXPECT_THAT(gap.reason, HasSubstr("does not follow on what is known of it"));
  world.Update("payment", 1, first, next);
  EXPECT_EQ(world.OrderCounter("paid").posted, 13000);
  EXPECT_THAT(world.state().resident().of<Gaps>(), IsEmpty());
}

// Where a change that doesn't follow says that the row is now is as unproven as where it was.
TEST(ToldAgain, ALostChangeLeavesBothOrdersUnproven) {
  World world;
  const Row here{.key = "p1", .order = "o1", .amount = "CNY 100.00"};
  const Row lost{.key = "p1", .order = "o1", .amount = "CNY 120.00"};
  const Row there{.key = "p1", .order = "o2", .amount = "CNY 120.00"};
  world.Insert("payment", 1, here);
  world.BeginAgain();
  world.Update("payment", 1, lost, there);
  const auto& gaps = world.state().resident().of<Gaps>();
  ASSERT_THAT(gaps, SizeIs(2));
  EXPECT_EQ(gaps.begin()->first.order, OrderId("o1"));
  EXPECT_EQ(std::next(gaps.begin())->first.order, OrderId("o2"));
  world.Update("payment", 1, here, there);
  EXPECT_EQ(world.OrderCounter("paid").posted, 0);
  EXPECT_THAT(world.state().resident().of<Gaps>(), IsEmpty());
}

// What the row says and what is posted of it differ where its beginning was never told.
TEST(ToldAgain, TheSayingOfARowCounts) {
  World world;
  const Row first{.key = "p1", .amount = "CNY 100.00"};
  const Row second{.key = "p1", .amount = "CNY 150.00"};
  const Row third{.key = "p1", .amount = "CNY 160.00"};
  world.Update("payment", 1, first, second);
  ASSERT_EQ(world.OrderCounter("paid").posted, 5000);
  world.BeginAgain();
  world.Update("payment", 1, first, second);
  EXPECT_EQ(world.OrderCounter("paid").posted, 5000);
  world.Update("payment", 1, second, third);
  EXPECT_EQ(world.OrderCounter("paid").posted, 6000);
  EXPECT_THAT(world.state().resident().of<Gaps>(), IsEmpty());
}

}  // namespace
}  // namespace fundgate::core::testing
