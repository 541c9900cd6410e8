#include "server/core/reviews.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/core/outbox.h"
#include "tests/core/world.h"

namespace fundgate::core::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Reviews : public ::testing::Test {
 protected:
  Reviews() {
    world_.Insert("refund", 1, {.key = "r1", .amount = "CNY 5.00"});
    world_.Insert("refund", 2, {.key = "r2", .amount = "CNY 5.00"});
  }

  Violation Found(size_t place) { return world_.state().violations().at(place); }
  const Group& GroupNow() { return world_.state().of<Groups>().at(Found(0).group); }
  Review Now(size_t place) { return EffectiveReview(Found(place), GroupNow()); }
  Tally TallyNow() { return world_.state().resident().of<Tallies>().at("ungated"); }

  World world_;
};

TEST_F(Reviews, AnAnswerToOneViolationAnswersItsGroup) {
  world_.Get<Done>(AcknowledgeInput{Found(0).id, "ann", "looking into it"});
  EXPECT_EQ(Found(0).review.state, ReviewState::kAcknowledged);
  EXPECT_EQ(GroupNow().review.state, ReviewState::kAcknowledged);
  EXPECT_EQ(GroupNow().review.acknowledged->actor, "ann");
  EXPECT_EQ(Now(1).state, ReviewState::kAcknowledged);
}

TEST_F(Reviews, AResolutionHasACauseAndTheLastOneResolvesTheGroup) {
  world_.Get<Done>(ResolveInput{Found(0).id, Cause::kWrongRule, "ann", "test account"});
  EXPECT_EQ(Now(0).cause, Cause::kWrongRule);
  EXPECT_EQ(Now(1).state, ReviewState::kOpen);
  EXPECT_EQ(GroupNow().open, 1);
  world_.Get<Done>(ResolveInput{Found(1).id, Cause::kRealLoss, "ann", "paid back"});
  EXPECT_EQ(GroupNow().review.state, ReviewState::kResolved);
  EXPECT_EQ(Now(0).cause, Cause::kWrongRule);
  EXPECT_THAT(world_.state().resident().of<OpenGroups>(), IsEmpty());
}

TEST_F(Reviews, AResolvedGroupResolvesAllThatAreOpenInIt) {
  world_.Get<Done>(ResolveInput{Found(0).id, Cause::kWrongRule, "ann", "test account"});
  world_.Get<Done>(ResolveInput{GroupNow().id, Cause::kBadData, "bob", "a wrong import"});
  EXPECT_EQ(Now(0).cause, Cause::kWrongRule);
  EXPECT_EQ(Now(1).cause, Cause::kBadData);
  EXPECT_EQ(Now(1).resolved->actor, "bob");
}

TEST_F(Reviews, TheTallyOfANameShowsItsFalseAlarms) {
  EXPECT_EQ(TallyNow(), (Tally{2, 0, 0, 0}));
  world_.Get<Done>(ResolveInput{Found(0).id, Cause::kWrongRule, "ann", "test account"});
  world_.Get<Done>(ResolveInput{GroupNow().id, Cause::kBadData, "bob", "a wrong import"});
  EXPECT_EQ(TallyNow(), (Tally{2, 0, 1, 1}));
}

TEST_F(Reviews, WhatComesAfterTheResolutionIsANewGroupAndANewAlert) {
  const std::string first = GroupNow().id;
  world_.Get<Done>(ResolveInput{first, Cause::kRealLoss, "ann", "paid back"});
  world_.Insert("refund", 3, {.key = "r3", .amount = "CNY 5.00"});
  EXPECT_NE(Found(2).group, first);
  EXPECT_EQ(world_.state().resident().of<Outbox>().at(Found(2).group).kind, AlertKind::kOpened);
}

TEST_F(Reviews, WhatIsResolvedIsNotReviewedAgain) {
  world_.Get<Done>(ResolveInput{GroupNow().id, Cause::kRealLoss, "ann", "paid back"});
  const auto again =
      world_.Get<Refusal>(ResolveInput{Found(1).id, Cause::kBadData, "bob", "no, wrong data"});
  EXPECT_EQ(again.status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(again.status.message()),
              HasSubstr("is resolved as real_loss by ann: paid back"));
  EXPECT_EQ(world_.RefusalOf(AcknowledgeInput{GroupNow().id, "bob", "late"}),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(TallyNow(), (Tally{2, 2, 0, 0}));
}

TEST_F(Reviews, UnknownIdsAreNotFound) {
  EXPECT_EQ(world_.RefusalOf(AcknowledgeInput{"v9", "ann", "?"}), absl::StatusCode::kNotFound);
  EXPECT_EQ(world_.RefusalOf(ResolveInput{"g9", Cause::kBadData, "ann", "?"}),
            absl::StatusCode::kNotFound);
}

// ---- The outbox ----

TEST(Outbox, WhatWasDeliveredLeavesItAndWhatTookItsPlaceStays) {
  World world;
  world.Insert("refund", 1, {.key = "r1", .amount = "CNY 5.00"});
  const auto& outbox = world.state().resident().of<Outbox>();
  ASSERT_THAT(outbox, SizeIs(1));
  const std::string slot = outbox.begin()->first;
  const std::string opened = outbox.begin()->second.id;
  world.Get<Done>(ResolveInput{slot, Cause::kBadData, "ann", "wrong import"});
  const Alert resolved = outbox.at(slot);
  EXPECT_EQ(resolved.kind, AlertKind::kResolved);
  EXPECT_EQ(resolved.stands_for, 1);
  world.Get<Done>(DeliveredInput{{{slot, opened}}});
  EXPECT_EQ(outbox.at(slot), resolved);
  world.Get<Done>(DeliveredInput{{{slot, resolved.id}}});
  EXPECT_THAT(outbox, IsEmpty());
  world.Get<Done>(DeliveredInput{{{slot, resolved.id}, {"no such slot", "a1"}}});
}

TEST(Outbox, IsBoundedAndWhatIsTakenOverIsCounted) {
  World world;
  int64_t raised = 0;
  for (int i = 1; i <= 1200; ++i) {
    world.Insert("refund", i, {.key = "r" + std::to_string(i), .amount = "CNY 5.00"});
    const Violation& newest = world.state().of<Violations>().rbegin()->second;
    world.Get<Done>(ResolveInput{newest.group, Cause::kBadData, "ann", "wrong import"});
    raised += 2;  // opened and resolved
  }
  const auto& outbox = world.state().resident().of<Outbox>();
  EXPECT_EQ(outbox.size(), kMaxWaiting);
  int64_t told = 0;
  for (const auto& [slot, alert] : outbox) told += 1 + alert.stands_for;
  EXPECT_EQ(told, raised);
}

// ---- Actions ----

World Acting(Action action) {
  return World([&](Policy& policy) { policy.responses.actions = {std::move(action)}; });
}

TEST(Actions, FreezeAnyFieldThatTheMovementTells) {
  World world = Acting({.name = "hold_channel",
                        .on = {"ungated"},
                        .checkpoint = "*",
                        .field = "channel",
                        .lasts = absl::Minutes(30)});
  Contribution refund = Row{.key = "r1"}.ToContribution();
  refund.attributes.emplace("channel", std::string("app"));
  world.Feed({world.NewEvent("refund", 1, std::nullopt, refund)});
  const Breaker& breaker = world.state().resident().of<Breakers>().at("*/channel:app");
  EXPECT_EQ(breaker.origin, BreakerOrigin::kFreeze);
  EXPECT_EQ(breaker.until, world.now() + absl::Minutes(30));
  EXPECT_THAT(breaker.reason, HasSubstr("action hold_channel, ungated"));
}

TEST(Actions, AFieldThatIsNotToldFreezesTheAccountInstead) {
  World world =
      Acting({.name = "hold_channel", .on = {"ungated"}, .checkpoint = "*", .field = "channel"});
  world.Insert("refund", 1, {.key = "r1"});
  EXPECT_EQ(world.state().resident().of<Breakers>().count("*/account:m1"), 1U);
}

TEST(Actions, TripAWholeCheckpointInTheirMode) {
  World world = Acting(
      {.name = "stop_refunds", .on = {"ungated"}, .checkpoint = "refund", .mode = Verdict::kBlock});
  world.Insert("refund", 1, {.key = "r1"});
  EXPECT_EQ(world.state().resident().of<Breakers>().at("refund").mode, Verdict::kBlock);
}

TEST(Actions, OtherViolationsDoNotTakeThem) {
  World world = Acting({.name = "stop_refunds", .on = {"after_block"}, .checkpoint = "refund"});
  world.Insert("refund", 1, {.key = "r1"});
  EXPECT_THAT(world.state().resident().of<Breakers>(), IsEmpty());
}

TEST(Actions, ACallWaitsInTheOutboxOnceForEachThing) {
  World world = Acting({.name = "take_off_sale", .on = {"ungated"}, .endpoint = "item_service"});
  world.Insert("refund", 1, {.key = "r1", .amount = "CNY 5.00"});
  world.Insert("refund", 2, {.key = "r2", .amount = "CNY 5.00"});
  std::vector<Alert> calls;
  for (const auto& [slot, alert] : world.state().resident().of<Outbox>()) {
    if (alert.kind == AlertKind::kCall) calls.push_back(alert);
  }
  ASSERT_THAT(calls, SizeIs(2));
  EXPECT_EQ(calls.front().endpoint, "item_service");
  EXPECT_EQ(calls.front().action, "take_off_sale");
  EXPECT_EQ(world.state().Find<Violations>(calls.front().violation)->name, "ungated");
}

TEST(Actions, ACallThatFindsNoRoomIsAnAlertItself) {
  World world = Acting({.name = "take_off_sale", .on = {"ungated"}, .endpoint = "item_service"});
  for (int i = 1; i <= 1100; ++i) {
    world.Insert("refund", i, {.key = "r" + std::to_string(i), .amount = "CNY 5.00"});
  }
  const auto& open = world.state().resident().of<OpenGroups>();
  const GroupKey dropped{"call_dropped", {{"action", "take_off_sale"}}};
  ASSERT_EQ(open.count(dropped), 1U);
  EXPECT_EQ(world.state().of<Groups>().at(open.at(dropped).id).count,
            1100 - static_cast<int64_t>(kMaxWaiting) + 1);
}

}  // namespace
}  // namespace fundgate::core::testing
