#include "server/core/verification/guard.h"

#include <memory>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/expression/environment.h"
#include "tests/core/check_world.h"

namespace fundgate::core::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kForbidden[] = "guard refund_rows";

CheckWorld WorldOf(const std::string& allow, OnEvent reaction = OnEvent::kAlert) {
  expression::Environment environment;
  EXPECT_TRUE(environment.AddRecord({"marks", {}, true}).ok());
  EXPECT_TRUE(environment
                  .AddRecord({"origin",
                              {{"server_id", expression::Type::Int()},
                               {"marks", expression::Type::Record("marks")}},
                              false})
                  .ok());
  EXPECT_TRUE(environment.AddVariable("origin", expression::Type::Record("origin")).ok());
  EXPECT_TRUE(environment.AddVariable("statement", expression::Type::String()).ok());
  EXPECT_TRUE(environment.AddVariable("gated", expression::Type::Bool()).ok());
  EXPECT_TRUE(
      environment.AddVariable("columns", expression::Type::List(expression::Type::String())).ok());
  expression::Compiled compiled = expression::Compile(environment, allow, expression::Type::Bool());
  EXPECT_TRUE(compiled.ok()) << allow;
  GuardDefinition guard{
      "pay.refund", *std::move(compiled.program), allow, {}, {MovementKind("refund")}};
  for (const expression::Slot& slot : environment.slots()) {
    GuardDefinition::Slot place;
    place.field = MovementField(slot.path);
    if (slot.path == "columns") place.kind = GuardDefinition::Slot::Kind::kColumns;
    if (slot.path == "gated") place.kind = GuardDefinition::Slot::Kind::kGated;
    guard.slots.push_back(std::move(place));
  }
  return CheckWorld({std::make_shared<Guard>(
      Declare("guards", "refund_rows", {"guards.refund_rows"}, reaction), std::move(guard))});
}

Event Change(uint64_t server_id, const std::string& statement = "", const std::string& mark = "",
             const std::string& id = "") {
  GuardEvent change{
      "refund_rows",   {"pay.refund", "7"}, 5, RowChange::kUpdate, {{"amount", "12.34", "99.00"}},
      AccountId("m1"), IdempotencyKey("r1")};
  Event event{id, absl::InfinitePast(), std::move(change), {server_id, statement, {}}};
  if (!mark.empty()) event.origin.marks = {{"app", mark}};
  return event;
}

TEST(Guard, TellsTheApplicationByItsServerId) {
  CheckWorld world = WorldOf("origin.server_id == 77");
  world.FeedShop(Change(77));
  EXPECT_THAT(world.Found(), IsEmpty());
  world.FeedShop(Change(1, "UPDATE pay.refund SET amount=99"));
  ASSERT_THAT(world.Found(), ElementsAre(kForbidden));
  const Violation found = world.state().violations()[0];
  EXPECT_EQ(found.message,
            "row 7 of pay.refund was updated by server_id 1 (amount from 12.34 to 99.00), which "
            "\"origin.server_id == 77\" does not allow");
  EXPECT_EQ(found.key, (KeyId{MovementKind("refund"), IdempotencyKey("r1")}));
  EXPECT_EQ(found.account, AccountId("m1"));
}

TEST(Guard, TellsTheApplicationByAMarkOfTheTransaction) {
  CheckWorld world = WorldOf("origin.marks.app == 'pay'");
  world.FeedShop(Change(1, "", "pay"));
  EXPECT_THAT(world.Found(), IsEmpty());
  world.FeedShop(Change(1));
  EXPECT_THAT(world.Found(), ElementsAre(kForbidden));
}

TEST(Guard, TellsTheApplicationByItsStatement) {
  CheckWorld world = WorldOf("statement.startsWith('/* app=pay */')");
  world.FeedShop(Change(1, "/* app=pay */ UPDATE refund SET amount=1"));
  EXPECT_THAT(world.Found(), IsEmpty());
  world.FeedShop(Change(1, "UPDATE refund SET amount=1"));
  EXPECT_THAT(world.Found(), ElementsAre(kForbidden));
}

TEST(Guard, TellsByAnEarlierAllow) {
  CheckWorld world = WorldOf("gated");
  world.FeedShop(Change(1));
  EXPECT_THAT(world.Found(), ElementsAre(kForbidden));
  world.Payment("o1", "CNY 100.00");
  world.Prove();
  ASSERT_EQ(world.Check("refund", "r1", "CNY 10.00").verdict, Verdict::kAllow);
  world.FeedShop(Change(1));
  EXPECT_THAT(world.Found(), ElementsAre(kForbidden));
}

TEST(Guard, MayLookAtTheColumns) {
  CheckWorld world = WorldOf("!('amount' in columns)");
  world.FeedShop(Change(1));
  EXPECT_THAT(world.Found(), ElementsAre(kForbidden));
}

TEST(Guard, AConditionThatFailsAllowsNothing) {
  CheckWorld world = WorldOf("1 / (origin.server_id - origin.server_id) == 1");
  world.FeedShop(Change(77));
  EXPECT_THAT(world.Found(), ElementsAre(kForbidden));
}

TEST(Guard, WhatIsDeliveredTwiceIsSaidOnce) {
  CheckWorld world = WorldOf("origin.server_id == 77");
  world.FeedShop(Change(1, "", "", "0-1-7/3"));
  world.FeedShop(Change(1, "", "", "0-1-7/3"));
  EXPECT_THAT(world.Found(), ElementsAre(kForbidden));
  world.PassProven(absl::Hours(25));
  EXPECT_TRUE(world.state().of<Watches>().empty());
}

TEST(Guard, AFreezeHoldsTheAccount) {
  CheckWorld world = WorldOf("origin.server_id == 77", OnEvent::kFreeze);
  world.FeedShop(Change(1));
  EXPECT_TRUE(world.state().resident().of<Breakers>().contains("*/account:m1"));
}

}  // namespace
}  // namespace fundgate::core::testing
