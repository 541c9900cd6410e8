#include "server/core/grouping.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/world.h"

namespace fundgate::core::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;
using ::testing::Pair;
using ::testing::SizeIs;

// A refund that nobody had asked for.
Event Ungated(World& world, int row, const std::string& statement = "", uint64_t server_id = 0,
              const std::string& account = "m1") {
  Event event =
      world.NewEvent("refund", row, std::nullopt,
                     Row{.key = absl::StrCat("u", row), .account = account, .amount = "CNY 5.00"}
                         .ToContribution());
  event.origin.server_id = server_id;
  event.origin.statement = statement;
  return event;
}

const Group& OnlyGroup(const World& world) {
  EXPECT_THAT(world.state().of<core::Groups>(), SizeIs(1));
  return world.state().of<core::Groups>().begin()->second;
}

const Resident& Board(const World& world) { return world.state().resident(); }

TEST(Groups, OneCauseIsOneGroupAndOneAlert) {
  World world;
  world.Feed({Ungated(world, 1), Ungated(world, 2)});
  world.Feed({Ungated(world, 3)});
  const Group& group = OnlyGroup(world);
  EXPECT_EQ(group.key.name, "ungated");
  EXPECT_EQ(group.count, 3);
  EXPECT_EQ(group.open, 3);
  EXPECT_THAT(group.sums, ElementsAre(M("CNY 15.00")));
  EXPECT_THAT(Board(world).of<Outbox>(), SizeIs(1));
  for (const Violation& violation : world.state().violations()) {
    EXPECT_EQ(violation.group, group.id);
  }
}

TEST(Groups, SayWhatTheirMembersHaveInCommon) {
  World world;
  world.Feed({Ungated(world, 1, "UPDATE refund SET amount = 5 WHERE id = 1", 77),
              Ungated(world, 2, "UPDATE refund SET amount = 6 WHERE id = 2", 77, "m2")});
  const Group& group = OnlyGroup(world);
  EXPECT_THAT(group.common, Contains(Pair("table", "refund")));
  EXPECT_THAT(group.common, Contains(Pair("application", "77")));
  EXPECT_THAT(group.common, Contains(Pair("currency", "CNY")));
  EXPECT_THAT(group.common, Contains(Pair("source", "ledger")));
  EXPECT_THAT(group.common,
              Contains(Pair("statement", "UPDATE refund SET amount = ? WHERE id = ?")));
  EXPECT_THAT(group.common, Contains(Pair("order", "o1")));
  EXPECT_THAT(group.common, Not(Contains(Pair("account", ::testing::_))));
}

TEST(Groups, OtherApplicationsAndOtherStatementsAreOtherCauses) {
  World world;
  world.Feed({Ungated(world, 1, "UPDATE refund SET amount = 5", 77),
              Ungated(world, 2, "UPDATE refund SET amount = 5", 78),
              Ungated(world, 3, "DELETE FROM refund", 77)});
  EXPECT_THAT(world.state().of<core::Groups>(), SizeIs(3));
}

TEST(Groups, ACatchUpMakesOneAlert) {
  World world;
  world.Advance(absl::Hours(2));  // the source was away and isn't proven yet
  world.Feed({Ungated(world, 1, "UPDATE refund SET amount = 5", 77),
              Ungated(world, 2, "DELETE FROM refund", 78)});
  world.Feed({world.NewEvent("refund", 1, Row{.key = "u1", .amount = "CNY 5.00"}.ToContribution(),
                             std::nullopt)});
  const Group& group = OnlyGroup(world);
  EXPECT_EQ(group.key.name, "catch_up");
  ASSERT_THAT(group.names, SizeIs(2));
  EXPECT_EQ(group.names[0].name, "movement_undone");
  EXPECT_EQ(group.names[1].count, 2);
  EXPECT_THAT(Board(world).of<Outbox>(), SizeIs(1));
}

TEST(Groups, OneThatGrowsAfterItWasQuietIsToldOfAgain) {
  World world;
  world.Insert("payment", 1, {.key = "p1"});
  world.Feed({Ungated(world, 1)});
  const std::string first = Board(world).of<Outbox>().begin()->second.id;
  world.Advance(absl::Hours(1) + absl::Seconds(1));
  world.Prove();
  world.Feed({Ungated(world, 2)});
  EXPECT_EQ(OnlyGroup(world).count, 2);
  const Alert& alert = Board(world).of<Outbox>().begin()->second;
  EXPECT_EQ(alert.kind, AlertKind::kRenewed);
  EXPECT_NE(alert.id, first);
  EXPECT_EQ(alert.stands_for, 1);
}

TEST(Groups, AreBoundedHoweverManyCausesThereAre) {
  World world;
  std::vector<Event> events;
  for (int i = 1; i <= 400; ++i) events.push_back(Ungated(world, i, "", static_cast<uint64_t>(i)));
  world.Feed(std::move(events));
  EXPECT_EQ(Board(world).of<OpenGroups>().size(), kMaxFineGroups + 1);
  int64_t members = 0;
  for (const auto& [id, group] : world.state().of<core::Groups>()) members += group.count;
  EXPECT_EQ(members, 400);
  const OpenGroup& whole = Board(world).of<OpenGroups>().at(GroupKey{"ungated", {}});
  EXPECT_EQ(world.state().of<core::Groups>().at(whole.id).count,
            400 - static_cast<int64_t>(kMaxFineGroups));
}

// ---- Risk classes and escalation ----

World Watched() {
  return World([](Policy& policy) {
    policy.responses.risk_classes = {{"critical",
                                      {"ungated"},
                                      absl::Minutes(1),
                                      absl::Minutes(5),
                                      absl::Minutes(10),
                                      "https://runbooks.example/ungated"}};
  });
}

void TickAfter(World& world, absl::Duration duration) {
  world.Advance(duration);
  world.Put(TickInput{});
}

TEST(Escalation, WhatStaysUnansweredIsToldOfAtAHigherLevel) {
  World world = Watched();
  world.Feed({Ungated(world, 1)});
  EXPECT_EQ(OnlyGroup(world).risk_class, "critical");
  TickAfter(world, absl::Minutes(4));
  EXPECT_EQ(OnlyGroup(world).level, 0U);
  TickAfter(world, absl::Minutes(1));
  EXPECT_EQ(OnlyGroup(world).level, 1U);
  EXPECT_EQ(Board(world).of<Outbox>().begin()->second.kind, AlertKind::kEscalated);
  EXPECT_EQ(Board(world).of<Outbox>().begin()->second.level, 1U);
  TickAfter(world, absl::Minutes(5));
  EXPECT_EQ(OnlyGroup(world).level, 2U);
}

TEST(Escalation, WhatIsAnsweredEscalatesOnlyWhenItIsNotContained) {
  World world = Watched();
  world.Feed({Ungated(world, 1)});
  world.Get<Done>(AcknowledgeInput{OnlyGroup(world).id, "ann", "looking"});
  TickAfter(world, absl::Minutes(9));
  EXPECT_EQ(OnlyGroup(world).level, 0U);
  TickAfter(world, absl::Minutes(1));
  EXPECT_EQ(OnlyGroup(world).level, 1U);
}

TEST(Escalation, WhatIsResolvedIsLeftInPeace) {
  World world = Watched();
  world.Feed({Ungated(world, 1)});
  world.Get<Done>(ResolveInput{OnlyGroup(world).id, Cause::kRealLoss, "ann", "paid back"});
  TickAfter(world, absl::Hours(1));
  EXPECT_EQ(OnlyGroup(world).level, 0U);
  EXPECT_EQ(Board(world).of<Outbox>().begin()->second.kind, AlertKind::kResolved);
}

TEST(Escalation, NamesWithoutAClassNeverEscalate) {
  World world;
  world.Feed({Ungated(world, 1)});
  TickAfter(world, absl::Hours(100));
  EXPECT_EQ(OnlyGroup(world).level, 0U);
}

TEST(Escalation, WhatWasFoundTooLateIsCounted) {
  World world = Watched();
  Event late = Ungated(world, 1);
  late.occurred_at = world.now() - absl::Minutes(2);
  world.Feed({late, Ungated(world, 2)});
  EXPECT_EQ(OnlyGroup(world).found_late, 1);
}

// ---- Shapes of statements ----

TEST(StatementShape, IsTheSameForOtherValues) {
  EXPECT_EQ(ShapeOf("UPDATE refund SET amount=12.50, note='it''s' WHERE id = 0x1F;"),
            "UPDATE refund SET amount=?, note=? WHERE id = ?");
  EXPECT_EQ(ShapeOf("select  1\n from\tt2"), "select ? from t2");
  EXPECT_EQ(ShapeOf("INSERT INTO t VALUES (1, 'a', \"b\\\"c\")"), "INSERT INTO t VALUES (?)");
  EXPECT_EQ(ShapeOf("DELETE FROM t WHERE id IN (1,2,3)"), ShapeOf("DELETE FROM t WHERE id IN (9)"));
  EXPECT_EQ(ShapeOf(""), "");
}

TEST(StatementShape, IsBoundedAndEndsInWholeCharacters) {
  EXPECT_LE(ShapeOf(std::string(5000, 'x')).size(), kMaxShapeBytes);
  std::string wide;
  for (int i = 0; i < 1000; ++i) wide += "\xE6\x94\xAF";
  const std::string shape = ShapeOf(wide);
  EXPECT_LE(shape.size(), kMaxShapeBytes);
  EXPECT_EQ(shape.size() % 3, 0U);
  EXPECT_EQ(ShapeOf("'cut off"), "?");
}

}  // namespace
}  // namespace fundgate::core::testing
