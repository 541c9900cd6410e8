#include "server/core/invariants/invariants.h"

#include <cstdint>
#include <limits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/world.h"

namespace fundgate::core::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Invariants, AllowUpToTheEdgeAndNotOneMinorUnitMore) {
  World world;
  world.Insert("payment", 1, {.key = "p1"});
  world.Prove();
  EXPECT_EQ(world.Check("refund", "r1", "CNY 100.01").verdict, Verdict::kBlock);
  EXPECT_EQ(world.Check("refund", "r2", "CNY 100.00").verdict, Verdict::kAllow);
  EXPECT_EQ(world.Check("refund", "r3", "CNY 0.01").verdict, Verdict::kBlock);
}

TEST(Invariants, WhatTightensCountsAsSoonAsItIsAllowed) {
  World world;
  world.Insert("payment", 1, {.key = "p1"});
  world.Prove();
  world.Check("refund", "r1", "CNY 60.00");
  const Decision decision = world.Check("refund", "r2", "CNY 60.00");
  EXPECT_EQ(decision.verdict, Verdict::kBlock);
  EXPECT_EQ(decision.reasons.front().name, "escrow_covers");
  EXPECT_THAT(decision.reasons.front().message, HasSubstr("refunded CNY 120.00"));
}

TEST(Invariants, WhatLoosensCountsOnlyOnceItHasHappened) {
  World world;
  world.Insert("payment", 1, {.key = "p1"});
  world.Prove();
  CheckInput settle = world.NewCheck("settlement", "s1", "CNY 50.00");
  settle.lines = {{OrderId("o1"), 5000, {{"fee", 100}, {"net", 4900}}}};
  ASSERT_EQ(world.Check(settle).verdict, Verdict::kAllow);
  EXPECT_EQ(world.MerchantCounter("settled").pending_up, 4900);
  EXPECT_EQ(world.Check("cash_out", "c1", "CNY 1.00").verdict, Verdict::kBlock);
  world.Insert("settlement", 1,
               {.key = "s1", .amount = "CNY 50.00", .net = "CNY 49.00", .fee = "CNY 1.00"});
  world.Prove();
  EXPECT_EQ(world.Check("cash_out", "c2", "CNY 49.00").verdict, Verdict::kAllow);
}

TEST(Invariants, OneThatTheCheckCannotWorsenIsOnlyReported) {
  World world;
  world.Insert("payment", 1, {.key = "p1"});
  world.Insert("late_refund", 1, {.key = "l1", .amount = "CNY 150.00"});  // went round the gate
  world.Prove();
  CheckInput settle = world.NewCheck("settlement", "s1", "CNY 50.00");
  settle.lines = {{OrderId("o1"), 5000, {{"fee", 0}, {"net", 5000}}}};
  world.Get<BreakerAnswer>(ResetBreakerInput{"*/order:o1", "ann", "looked at"});
  world.Get<BreakerAnswer>(ResetBreakerInput{"late_refund/account:m1", "ann", "looked at"});
  world.Get<BreakerAnswer>(ResetBreakerInput{"cash_out/account:m1", "ann", "looked at"});
  const Decision decision = world.Check(settle);
  EXPECT_EQ(decision.verdict, Verdict::kAllow);
  ASSERT_FALSE(decision.reasons.empty());
  EXPECT_EQ(decision.reasons.front().verdict, Verdict::kAllow);
}

TEST(Invariants, OverflowIsTheDeclaredAnswerAndNeverAnAllow) {
  World world;
  const Currency cny = Currency::FromCode("CNY").value();
  const Money most{cny, std::numeric_limits<int64_t>::max()};
  world.Insert("payment", 1, {.key = "p1", .amount = most.ToString()});
  world.Prove();
  EXPECT_EQ(world.Check("refund", "r1", Money{cny, most.minor_units - 1}.ToString()).verdict,
            Verdict::kAllow);
  const Decision decision = world.Check("refund", "r2", "CNY 0.02");
  EXPECT_EQ(decision.verdict, Verdict::kHold);
  EXPECT_THAT(Codes(decision), ElementsAre("LIMIT"));
}

TEST(Invariants, ACheckAgainstAnUnknownOrderIsBlockedOnceItsSourcesAreProven) {
  World world;
  EXPECT_EQ(world.Check("refund", "r1", "CNY 1.00", "never-paid").verdict, Verdict::kBlock);
}

}  // namespace
}  // namespace fundgate::core::testing
