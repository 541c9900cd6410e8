#include "server/core/event_fields.h"

#include "gtest/gtest.h"
#include "server/core/money_value.h"
#include "tests/core/world.h"

namespace fundgate::core::testing {
namespace {

std::string Said(const EventField& field, const Event& event) { return TextOf(Read(field, event)); }

Event Bid() {
  FactEvent fact{"bid",
                 "i1",
                 AccountId("s1"),
                 {},
                 Attributes{{"price", M("CNY 9.00")}},
                 Attributes{{"price", M("CNY 1.00")}, {"units", int64_t{3}}}};
  return {"e/0", absl::InfinitePast(), std::move(fact), {77, "UPDATE bid", {{"app", "shop"}}}};
}

TEST(EventFields, OfFactsAreThoseAfterTheChangeAndBeforeIt) {
  const Event event = Bid();
  EXPECT_EQ(Said(FactField("price"), event), "CNY 1.00");
  EXPECT_EQ(Said(FactField("before.price"), event), "CNY 9.00");
  EXPECT_EQ(Said(FactField("units"), event), "3");
  EXPECT_EQ(Said(FactField("before.units"), event), "nothing");
  EXPECT_EQ(Said(FactField("key"), event), "i1");
  EXPECT_EQ(Said(FactField("account_id"), event), "s1");
  EXPECT_EQ(Said(FactField("change"), event), "update");
}

TEST(EventFields, SayWhoWroteTheEvent) {
  const Event event = Bid();
  EXPECT_EQ(Said(FactField("origin.server_id"), event), "77");
  EXPECT_EQ(Said(FactField("statement"), event), "UPDATE bid");
  EXPECT_EQ(Said(FactField("origin.marks.app"), event), "shop");
  EXPECT_EQ(Said(FactField("origin.marks.trace"), event), "");
}

TEST(EventFields, OfMovementsAreTheRows) {
  World world;
  Contribution row =
      Row{.amount = "CNY 12.34", .status = MovementStatus::kInProgress}.ToContribution();
  row.attributes["channel"] = std::string("app");
  const Event event = world.NewEvent("refund", 1, std::nullopt, row);
  EXPECT_EQ(Said(MovementField("key"), event), "k1");
  EXPECT_EQ(Said(MovementField("account_id"), event), "m1");
  EXPECT_EQ(Said(MovementField("order_id"), event), "o1");
  EXPECT_EQ(Said(MovementField("amount"), event), "CNY 12.34");
  EXPECT_EQ(Said(MovementField("status"), event), "in_progress");
  EXPECT_EQ(Said(MovementField("attributes.channel"), event), "app");
  EXPECT_EQ(Said(MovementField("change"), event), "insert");
  EXPECT_EQ(Said(MovementField("before.amount"), event), "nothing");
}

TEST(EventFields, AfterADeletionOnlyNamesAreLeft) {
  World world;
  const Event event = world.NewEvent("refund", 1, Row{}.ToContribution(), std::nullopt);
  EXPECT_EQ(Said(MovementField("key"), event), "k1");
  EXPECT_EQ(Said(MovementField("amount"), event), "nothing");
  EXPECT_EQ(Said(MovementField("before.amount"), event), "CNY 100.00");
  EXPECT_EQ(Said(MovementField("change"), event), "delete");
}

TEST(Facts, OfAnotherTypeThanDeclaredAreViolations) {
  World world([](Policy& policy) {
    policy.facts = {{"bid", "item_id", "", {{"price", FactType::kMoney}}, {SourceName("ledger")}}};
    policy.sources[0].facts = {"bid"};
  });
  Event event = Bid();
  world.Feed({event});
  EXPECT_TRUE(world.Violations().empty());
  std::get<FactEvent>(event.body).after = Attributes{{"price", int64_t{100}}};
  world.Feed({event});
  ASSERT_EQ(world.Violations(), std::vector<std::string>{"fact_unreadable"});
  EXPECT_EQ(world.state().violations()[0].name, "bid");
  EXPECT_EQ(world.state().violations()[0].message,
            "bid i1 can't be used: its field price is int, not money as the policy declares");
}

}  // namespace
}  // namespace fundgate::core::testing
