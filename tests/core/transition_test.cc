#include "server/core/verification/transition.h"

#include <memory>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/check_world.h"

namespace fundgate::core::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kEdge[] = "transition order_status";
constexpr char kStuck[] = "stuck order_status";

TransitionDefinition Orders(absl::Duration within = absl::ZeroDuration()) {
  TransitionDefinition orders;
  orders.event = "order_status";
  orders.status = FactField("status");
  orders.edges = {{"CREATED", {"PAID", "CLOSED"}}, {"PAID", {"SHIPPED", "REFUNDED"}}};
  orders.initial = {"CREATED"};
  orders.stuck = {{"PAID", absl::Hours(24)}};
  orders.within = within;
  return orders;
}

CheckWorld WorldOf(TransitionDefinition orders) {
  EventCheck::Declaration declaration = Declare("transitions", "order_status", {"order_status"});
  declaration.sources = {SourceName("shop")};
  return CheckWorld({std::make_shared<Transition>(std::move(declaration), std::move(orders))});
}

Attributes Is(const std::string& status) { return {{"status", status}}; }

// The row of order o1 changes.
void Change(CheckWorld& world, const std::string& from, const std::string& to,
            const std::string& event = "") {
  world.FactChange("order_status", "o1", from.empty() ? std::nullopt : std::optional(Is(from)),
                   Is(to), event);
}

// A service says so, without saying what was before.
void Say(CheckWorld& world, const std::string& status, const std::string& event = "") {
  world.Fact("order_status", "o1", Is(status), event);
}

TEST(Transition, AlongDeclaredEdgesRaisesNothing) {
  CheckWorld world = WorldOf(Orders());
  Change(world, "", "CREATED");
  Change(world, "CREATED", "PAID");
  Change(world, "PAID", "PAID");
  Change(world, "PAID", "SHIPPED");
  world.PassProven(absl::Hours(48));
  EXPECT_THAT(world.Found(), IsEmpty());
}

TEST(Transition, AlongNoEdgeIsFoundAtOnce) {
  CheckWorld world = WorldOf(Orders());
  Change(world, "", "CREATED");
  Change(world, "CREATED", "SHIPPED");
  EXPECT_THAT(world.Found(), ElementsAre(kEdge));
  EXPECT_EQ(world.state().violations()[0].message,
            "order_status o1 went from CREATED to SHIPPED, along no declared edge");
}

TEST(Transition, BackIsNoEdgeEither) {
  CheckWorld world = WorldOf(Orders());
  Change(world, "PAID", "CREATED");
  EXPECT_THAT(world.Found(), ElementsAre(kEdge));
}

TEST(Transition, NoneMayBeginElsewhere) {
  CheckWorld world = WorldOf(Orders());
  Change(world, "", "PAID");
  EXPECT_THAT(world.Found(), ElementsAre(kEdge));
}

TEST(Transition, OfChangedRowsInAnyOrderRaisesNothing) {
  CheckWorld world = WorldOf(Orders());
  Change(world, "CREATED", "PAID");
  Change(world, "PAID", "SHIPPED");
  EXPECT_THAT(world.Found(), IsEmpty());
}

TEST(Transition, ThatIsDeliveredTwiceIsFoundOnce) {
  CheckWorld world = WorldOf(Orders());
  Change(world, "CREATED", "SHIPPED", "tx/0");
  Change(world, "CREATED", "SHIPPED", "tx/0");
  EXPECT_THAT(world.Found(), SizeIs(1));
}

TEST(Transition, OfReportsInAnyOrderRaisesNothing) {
  CheckWorld world = WorldOf(Orders(absl::Seconds(60)));
  Say(world, "SHIPPED");
  Say(world, "CREATED", "tx/0");
  Say(world, "PAID");
  Say(world, "CREATED", "tx/0");
  world.PassProven(absl::Seconds(61));
  EXPECT_THAT(world.Found(), IsEmpty());
}

TEST(Transition, OfReportsWaitsForProof) {
  CheckWorld world = WorldOf(Orders(absl::Seconds(60)));
  Say(world, "CREATED");
  world.PassProven(absl::Seconds(61));
  Say(world, "SHIPPED");
  world.Advance(absl::Hours(1));
  world.Put(TickInput{});
  EXPECT_THAT(world.Found(), IsEmpty());
  Say(world, "PAID");
  world.PassProven(absl::Seconds(61));
  EXPECT_THAT(world.Found(), IsEmpty());
}

TEST(Transition, AReportThatFitsNowhereIsFound) {
  CheckWorld world = WorldOf(Orders(absl::Seconds(60)));
  Say(world, "CREATED");
  Say(world, "SHIPPED");
  world.PassProven(absl::Seconds(61));
  EXPECT_THAT(world.Found(), ElementsAre(kEdge));
}

TEST(Transition, StuckIsFoundOnceItIsProvenToHaveStayed) {
  CheckWorld world = WorldOf(Orders());
  Change(world, "", "CREATED");
  Change(world, "CREATED", "PAID");
  world.PassProven(absl::Hours(23));
  EXPECT_THAT(world.Found(), IsEmpty());
  world.Advance(absl::Hours(2));
  world.Put(TickInput{});  // the source may only lag
  EXPECT_THAT(world.Found(), IsEmpty());
  world.PassProven(absl::ZeroDuration());
  EXPECT_THAT(world.Found(), ElementsAre(kStuck));
  world.PassProven(absl::Hours(100));
  EXPECT_THAT(world.Found(), ElementsAre(kStuck));
}

TEST(Transition, WhatMovesOnInTimeIsNotStuck) {
  CheckWorld world = WorldOf(Orders());
  Change(world, "CREATED", "PAID");
  world.PassProven(absl::Hours(23));
  Change(world, "PAID", "SHIPPED");
  world.PassProven(absl::Hours(48));
  EXPECT_THAT(world.Found(), IsEmpty());
}

TEST(Transition, OfADeletedRowIsForgotten) {
  CheckWorld world = WorldOf(Orders());
  Change(world, "CREATED", "PAID");
  world.FactChange("order_status", "o1", Is("PAID"), std::nullopt);
  world.PassProven(absl::Hours(48));
  EXPECT_THAT(world.Found(), IsEmpty());
  EXPECT_TRUE(world.state().of<Watches>().empty());
}

}  // namespace
}  // namespace fundgate::core::testing
