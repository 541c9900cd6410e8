#include "server/gate/priorities.h"

#include <gtest/gtest.h>

#include "tests/gate/gate_world.h"

namespace fundgate::gate {
namespace {

using sequencer::Priority;

TEST(Priorities, MoneyThatLeavesForGoodIsRefusedLastUnlessThePolicySaysOtherwise) {
  Priorities priorities;
  EXPECT_EQ(priorities.Of("cash_out"), Priority::kHigh);
  EXPECT_EQ(priorities.Of("settlement"), Priority::kNormal);
  EXPECT_EQ(priorities.Of("refund"), Priority::kLow);
  priorities.Read("checkpoints: {refund: {priority: high}, cash_out: {priority: low}, top_up: {}}");
  EXPECT_EQ(priorities.Of("refund"), Priority::kHigh);
  EXPECT_EQ(priorities.Of("cash_out"), Priority::kLow);
  EXPECT_EQ(priorities.Of("top_up"), Priority::kNormal);
  priorities.Read("checkpoints: {refund: {priority: normal}}");
  EXPECT_EQ(priorities.Of("refund"), Priority::kNormal);
  EXPECT_EQ(priorities.Of("cash_out"), Priority::kHigh) << "the newest policy says nothing of it";
}

TEST(Priorities, TheWorkedExamplesAreItsOwn) {
  Priorities priorities;
  priorities.Read(testing::WorkedPolicy());
  EXPECT_EQ(priorities.Of("late_refund"), Priority::kLow);
  EXPECT_EQ(priorities.Of("cash_out"), Priority::kHigh);
}

}  // namespace
}  // namespace fundgate::gate
