#include "server/core/verification/match.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/check_world.h"

namespace fundgate::core::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kMissing[] = "match_missing order_vs_payment";
constexpr char kDiffers[] = "match_differs order_vs_payment";

MatchDefinition OrderAndPayment() {
  MatchDefinition match;
  match.left.event = "order_paid";
  match.left.key = {FactField("order_id")};
  match.left.values = {FactField("amount")};
  match.right.event = "payment";
  match.right.key = {MovementField("order_id")};
  match.right.values = {MovementField("amount")};
  match.names = {"amount"};
  match.within = absl::Seconds(60);
  return match;
}

MatchDefinition Summed() {
  MatchDefinition match = OrderAndPayment();
  match.has_sum = true;
  return match;
}

CheckWorld WorldOf(MatchDefinition match, OnEvent reaction = OnEvent::kAlert) {
  return CheckWorld({std::make_shared<Match>(
      Declare("matches", "order_vs_payment", {"order_paid", "payment"}, reaction),
      std::move(match))});
}

Violation Last(const CheckWorld& world) { return world.state().violations().back(); }

TEST(Match, EitherSideMayComeFirst) {
  CheckWorld world = WorldOf(OrderAndPayment());
  world.Paid("o1", "CNY 100.00");
  world.Payment("o1", "CNY 100.00");
  world.Payment("o2", "CNY 5.00");
  world.Paid("o2", "CNY 5.00");
  world.PassProven(absl::Hours(1));
  EXPECT_THAT(world.Found(), IsEmpty());
}

TEST(Match, AMissingSideIsFoundAtTheDeadlineAndNotBefore) {
  CheckWorld world = WorldOf(OrderAndPayment());
  world.Paid("o1", "CNY 100.00");
  world.PassProven(absl::Seconds(60) - absl::Nanoseconds(1));
  EXPECT_THAT(world.Found(), IsEmpty());
  world.PassProven(absl::Nanoseconds(1));
  EXPECT_THAT(world.Found(), ElementsAre(kMissing));
  EXPECT_EQ(Last(world).message, "there is a order_paid but no payment for o1 within 1m");
  EXPECT_EQ(Last(world).account, AccountId("m1"));
  EXPECT_EQ(Last(world).amount, M("CNY 100.00"));
  EXPECT_EQ(Last(world).source, SourceName("shop"));
}

TEST(Match, NothingIsMissingWhileASourceLags) {
  CheckWorld world = WorldOf(OrderAndPayment());
  world.Paid("o1", "CNY 100.00");
  world.Advance(absl::Hours(5));
  world.ProveShop(world.now());
  world.Put(TickInput{});
  EXPECT_THAT(world.Found(), IsEmpty());
  world.Payment("o1", "CNY 100.00");  // it had been on its way all the time
  world.PassProven(absl::Hours(1));
  EXPECT_THAT(world.Found(), IsEmpty());
}

TEST(Match, ALateSideIsFoundMissingOnceAndAgreesThen) {
  CheckWorld world = WorldOf(OrderAndPayment());
  world.Payment("o1", "CNY 100.00");
  world.PassProven(absl::Seconds(61));
  world.PassProven(absl::Seconds(61));
  EXPECT_THAT(world.Found(), ElementsAre(kMissing));
  world.Paid("o1", "CNY 100.00");
  world.PassProven(absl::Seconds(61));
  EXPECT_THAT(world.Found(), ElementsAre(kMissing));
}

TEST(Match, AKeyWithTooManyEventsIsJudgedNoMoreAndKeepsNone) {
  CheckWorld world = WorldOf(Summed());
  const WatchId id{"matches.order_vs_payment@1", "o1"};
  world.Paid("o1", "CNY 1.00");
  for (size_t i = 0; i < kMaxMatchEntries; ++i) world.Payment("o1", "CNY 1.00");
  const auto watch = [&world, &id] {
    return std::get<MatchWatch>(world.state().Find<Watches>(id).value().of);
  };
  EXPECT_EQ(watch().right.size(), kMaxMatchEntries);
  EXPECT_FALSE(watch().overflowed);
  for (int i = 0; i < 2; ++i) {
    world.Payment("o1", "CNY 1.00");
    EXPECT_TRUE(watch().overflowed);
    EXPECT_THAT(watch().left, IsEmpty());
    EXPECT_THAT(watch().right, IsEmpty());
  }
  world.PassProven(absl::Hours(1));
  EXPECT_THAT(world.Found(), IsEmpty());
}

TEST(Match, AnOldChangeThatIsToldAgainIsNoDifference) {
  CheckWorld world = WorldOf(OrderAndPayment());
  const Row first{.key = "p1", .amount = "CNY 80.00"};
  const Row second{.key = "p1", .amount = "CNY 100.00"};
  Row open = first;
  open.status = MovementStatus::kInProgress;
  world.Insert("payment", 1, open);
  world.Update("payment", 1, open, first);
  world.Update("payment", 1, first, second);
  world.Paid("o1", "CNY 100.00");
  world.BeginAgain();
  world.Update("payment", 1, open, first);
  world.PassProven(absl::Hours(1));
  EXPECT_THAT(world.Found(), IsEmpty());
}

TEST(Match, OnlyARequiredSideCanBeMissing) {
  MatchDefinition match = OrderAndPayment();
  match.left.required = false;
  CheckWorld world = WorldOf(std::move(match));
  world.Payment("o1", "CNY 100.00");
  world.PassProven(absl::Hours(1));
  EXPECT_THAT(world.Found(), IsEmpty());
  world.Paid("o2", "CNY 1.00");
  world.PassProven(absl::Hours(1));
  EXPECT_THAT(world.Found(), ElementsAre(kMissing));
}

TEST(Match, SidesThatDifferAreFoundAsSoonAsBothAreProven) {
  CheckWorld world = WorldOf(OrderAndPayment());
  world.Paid("o1", "CNY 100.00");
  world.Payment("o1", "CNY 90.00");
  EXPECT_THAT(world.Found(), IsEmpty());  // a correction may be on its way
  world.ProveShop(world.now());
  EXPECT_THAT(world.Found(), IsEmpty());
  world.ProveLedger(world.now());
  EXPECT_THAT(world.Found(), ElementsAre(kDiffers));
  EXPECT_THAT(Last(world).message,
              HasSubstr("amount is CNY 100.00 in order_paid and CNY 90.00 in payment"));
  world.PassProven(absl::Hours(1));
  EXPECT_THAT(world.Found(), ElementsAre(kDiffers));
}

TEST(Match, MixedUnitsAreNamed) {
  CheckWorld world = WorldOf(OrderAndPayment());
  world.Paid("o1", "CNY 100.00");
  world.Payment("o1", "CNY 1.00");
  world.PassProven(absl::ZeroDuration());
  EXPECT_THAT(Last(world).message, HasSubstr("a factor of 10^2: mixed units"));
}

TEST(Match, ACorrectionInTimeRaisesNothing) {
  CheckWorld world = WorldOf(OrderAndPayment());
  world.Paid("o1", "CNY 100.00");
  world.Payment("o1", "CNY 90.00", 7);
  world.Update("payment", 7, {.key = "p7", .amount = "CNY 90.00"}, {.key = "p7"});
  world.PassProven(absl::Hours(1));
  EXPECT_THAT(world.Found(), IsEmpty());
}

TEST(Match, ADifferenceOfTheToleranceIsNone) {
  MatchDefinition match = OrderAndPayment();
  match.tolerance = M("CNY 0.05");
  CheckWorld world = WorldOf(std::move(match));
  world.Paid("o1", "CNY 100.00");
  world.Payment("o1", "CNY 100.05");
  world.Paid("o2", "CNY 100.00");
  world.Payment("o2", "CNY 99.95");
  world.PassProven(absl::Hours(1));
  EXPECT_THAT(world.Found(), IsEmpty());
  world.Paid("o3", "CNY 100.00");
  world.Payment("o3", "CNY 100.06");
  world.PassProven(absl::Hours(1));
  EXPECT_THAT(world.Found(), ElementsAre(kDiffers));
}

TEST(Match, AmountsInTwoCurrenciesDifferWhateverTheTolerance) {
  MatchDefinition match = OrderAndPayment();
  match.tolerance = M("CNY 1000.00");
  CheckWorld world = WorldOf(std::move(match));
  world.Paid("o1", "CNY 100.00");
  world.Payment("o1", "USD 100.00");
  world.PassProven(absl::Seconds(1));
  EXPECT_THAT(world.Found(), ElementsAre(kDiffers));
}

TEST(Match, OneIsMatchedByManyThatAddUp) {
  CheckWorld world = WorldOf(Summed());
  world.Payment("o1", "CNY 30.00");
  world.Paid("o1", "CNY 100.00");
  world.PassProven(absl::Seconds(30));  // the rest may still come
  EXPECT_THAT(world.Found(), IsEmpty());
  world.Payment("o1", "CNY 70.00");
  world.PassProven(absl::Hours(1));
  EXPECT_THAT(world.Found(), IsEmpty());
}

TEST(Match, SumsThatDifferAreFoundAtTheDeadline) {
  CheckWorld world = WorldOf(Summed());
  world.Paid("o1", "CNY 100.00");
  world.Payment("o1", "CNY 30.00");
  world.Payment("o1", "CNY 69.99");
  world.PassProven(absl::Seconds(61));
  EXPECT_THAT(world.Found(), ElementsAre(kDiffers));
  EXPECT_THAT(Last(world).message,
              HasSubstr("CNY 100.00 over 1 order_paid and CNY 99.99 over 2 payment"));
}

TEST(Match, SumsInTwoCurrenciesAreTwoSums) {
  CheckWorld world = WorldOf(Summed());
  world.Paid("o1", "CNY 100.00");
  world.Payment("o1", "CNY 60.00");
  world.Payment("o1", "USD 40.00");
  world.PassProven(absl::Seconds(61));
  EXPECT_THAT(world.Found(), ElementsAre("other_currency other_currency", kDiffers));
}

TEST(Match, SumsThatLeave64BitsDiffer) {
  CheckWorld world = WorldOf(Summed());
  const Money most{M("CNY 1.00").currency, std::numeric_limits<int64_t>::max()};
  for (const char* thing : {"a", "b"}) {
    world.Fact("order_paid", thing, {{"order_id", std::string("o1")}, {"amount", most}});
  }
  world.Payment("o1", "CNY 1.00");
  world.PassProven(absl::Seconds(61));
  EXPECT_THAT(world.Found(), ElementsAre(kDiffers));
  EXPECT_THAT(Last(world).message, HasSubstr("more than 64 bits hold"));
}

TEST(Match, WhatIsDeliveredTwiceCountsOnce) {
  CheckWorld world = WorldOf(Summed());
  world.Paid("o1", "CNY 100.00", "tx1/0");
  world.Paid("o1", "CNY 100.00", "tx1/0");
  world.Paid("o1", "CNY 100.00", "tx2/0");  // said again under another name: of the same order
  world.Payment("o1", "CNY 100.00");
  world.PassProven(absl::Hours(1));
  EXPECT_THAT(world.Found(), IsEmpty());
}

TEST(Match, WhatIsDeliveredAgainAfterAgreementRaisesNothing) {
  CheckWorld world = WorldOf(OrderAndPayment());
  world.Paid("o1", "CNY 100.00", "tx1/0");
  world.Payment("o1", "CNY 100.00");
  world.PassProven(absl::Hours(1));
  world.Paid("o1", "CNY 100.00", "tx1/0");
  world.PassProven(absl::Hours(1));
  EXPECT_THAT(world.Found(), IsEmpty());
}

TEST(Match, AnEditAfterAgreementIsFound) {
  CheckWorld world = WorldOf(OrderAndPayment());
  world.Paid("o1", "CNY 100.00");
  world.Payment("o1", "CNY 100.00");
  world.PassProven(absl::Seconds(61));
  world.Paid("o1", "CNY 1.00");
  world.PassProven(absl::Seconds(61));
  EXPECT_THAT(world.Found(), ElementsAre(kDiffers));
}

TEST(Match, ADeletionAfterAgreementLeavesTheOtherSideAlone) {
  CheckWorld world = WorldOf(OrderAndPayment());
  const Attributes said{{"order_id", std::string("o1")}, {"amount", M("CNY 100.00")}};
  world.Fact("order_paid", "o1", said);
  world.Payment("o1", "CNY 100.00");
  world.PassProven(absl::Seconds(61));
  world.FactChange("order_paid", "o1", said, std::nullopt);
  world.PassProven(absl::Seconds(61));
  EXPECT_THAT(world.Found(), ElementsAre(kMissing));
}

TEST(Match, ARowThatComesToAnotherOrderLeavesItsFirst) {
  CheckWorld world = WorldOf(OrderAndPayment());
  Attributes before{{"order_id", std::string("o1")}, {"amount", M("CNY 1.00")}};
  Attributes after{{"order_id", std::string("o2")}, {"amount", M("CNY 1.00")}};
  world.FactChange("order_paid", "x", std::nullopt, before);
  world.FactChange("order_paid", "x", before, after);
  world.Payment("o2", "CNY 1.00");
  world.PassProven(absl::Hours(1));
  EXPECT_THAT(world.Found(), IsEmpty());
}

TEST(Match, MovementsTakePartOnceTheyHappened) {
  CheckWorld world = WorldOf(OrderAndPayment());
  world.Insert("payment", 1, {.status = MovementStatus::kInProgress});
  world.PassProven(absl::Hours(1));
  EXPECT_THAT(world.Found(), IsEmpty());
}

TEST(Match, IsForgottenSomeTimeAfterItIsSettled) {
  CheckWorld world = WorldOf(OrderAndPayment());
  world.Paid("o1", "CNY 100.00");
  world.Payment("o1", "CNY 100.00");
  world.PassProven(absl::Hours(23));
  EXPECT_EQ(world.state().of<Watches>().size(), 1u);
  world.PassProven(absl::Hours(2));
  EXPECT_TRUE(world.state().of<Watches>().empty());
  EXPECT_TRUE(world.state().of<WatchTurns>().empty());
}

TEST(Match, AMissingSideThatMayBeInAGapSaysSo) {
  CheckWorld world = WorldOf(OrderAndPayment());
  Event gap{"ledger:9/0",
            world.now(),
            GapEvent{{MovementKind("payment"), AccountId("m1"), OrderId()}, "pay.payment", "torn"},
            {}};
  world.Feed({gap});
  world.Paid("o1", "CNY 100.00");
  world.PassProven(absl::Seconds(61));
  EXPECT_THAT(Last(world).message, HasSubstr("could not read every one, so it may be there"));
}

TEST(Match, AFreezeHoldsTheAccount) {
  CheckWorld world = WorldOf(OrderAndPayment(), OnEvent::kFreeze);
  world.Paid("o1", "CNY 100.00");
  world.PassProven(absl::Seconds(61));
  EXPECT_TRUE(world.state().resident().of<Breakers>().contains("*/account:m1"));
}

// Many orders, each paid and said to be paid, in any order, late, twice: nothing is found. What is
// left out is found, all of it and nothing else.
TEST(Match, OfManyCleanEventsRaisesNothingAndFindsEveryPlantedLoss) {
  std::mt19937_64 random(20261126);
  CheckWorld world = WorldOf(OrderAndPayment());
  std::set<std::string> lost;
  struct OnItsWay {
    uint64_t place;
    int order;
    bool is_payment;
  };
  std::vector<OnItsWay> all;
  for (int order = 0; order < 4000; ++order) {
    const bool loses = random() % 100 == 0;
    const bool payment_lost = random() % 2 == 0;
    if (loses) lost.insert("o" + std::to_string(order));
    for (const bool is_payment : {false, true}) {
      if (loses && is_payment == payment_lost) continue;
      // Late by up to 40 places, which take less than the time they may take; some of them twice.
      const int times = random() % 50 == 0 ? 2 : 1;
      for (int i = 0; i < times; ++i) {
        all.push_back({2 * static_cast<uint64_t>(order) + random() % 40, order, is_payment});
      }
    }
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const OnItsWay& a, const OnItsWay& b) { return a.place < b.place; });
  for (const auto& [place, order, is_payment] : all) {
    const std::string name = "o" + std::to_string(order);
    if (is_payment) {
      Event event =
          world.NewEvent("payment", order + 1, std::nullopt,
                         Row{.key = "p" + std::to_string(order), .order = name}.ToContribution());
      event.id = "ledger/" + std::to_string(order);
      world.Feed({event});
    } else {
      world.Paid(name, "CNY 100.00", "shop/" + std::to_string(order));
    }
    world.Advance(absl::Milliseconds(random() % 900));
    if (random() % 20 == 0) world.ProveShop(world.now());
    if (random() % 30 == 0) world.ProveLedger(world.now() - absl::Milliseconds(random() % 3000));
  }
  for (int i = 0; i < 40; ++i) world.PassProven(absl::Seconds(10));
  std::set<std::string> found;
  for (const Violation& violation : world.state().violations()) {
    EXPECT_EQ(violation.kind, ViolationKind::kMatchMissing) << violation.message;
    for (const auto& [name, value] : violation.fields) {
      if (name != "key") continue;
      EXPECT_TRUE(found.insert(value).second) << value << " is said twice";
    }
  }
  EXPECT_EQ(found, lost);
  EXPECT_GT(lost.size(), 20u);
}

}  // namespace
}  // namespace fundgate::core::testing
