#include "server/core/verification/chain.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/core/verification/balance_trail.h"
#include "tests/core/check_world.h"

namespace fundgate::core::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kBroken[] = "chain_broken merchant_balance";

ChainDefinition Balances(absl::Duration within, bool by_sequence = false) {
  ChainDefinition chain;
  chain.event = "entry";
  chain.key = {FactField("account_id")};
  chain.amount = FactField("amount");
  chain.balance = FactField("balance");
  if (by_sequence) chain.sequence = FactField("seq");
  chain.within = within;
  return chain;
}

CheckWorld WorldOf(ChainDefinition chain) {
  EventCheck::Declaration declaration = Declare("chains", "merchant_balance", {"entry"});
  declaration.sources = {SourceName("shop")};
  return CheckWorld({std::make_shared<Chain>(std::move(declaration), std::move(chain))});
}

Attributes Fields(const std::string& amount, const std::string& balance,
                  const std::string& account = "m1", int64_t sequence = 0) {
  return {
      {"account_id", account}, {"amount", M(amount)}, {"balance", M(balance)}, {"seq", sequence}};
}

void Entry(CheckWorld& world, const std::string& id, const std::string& amount,
           const std::string& balance, const std::string& account = "m1", int64_t sequence = 0) {
  world.Fact("entry", id, Fields(amount, balance, account, sequence));
}

TEST(Chain, RowsThatLinkUpRaiseNothing) {
  CheckWorld world = WorldOf(Balances(absl::ZeroDuration()));
  Entry(world, "e1", "CNY 10.00", "CNY 110.00");  // what was there before it, nobody knows
  Entry(world, "e2", "CNY -30.00", "CNY 80.00");
  Entry(world, "e3", "CNY 5.00", "CNY 5.00", "m2");
  world.PassProven(absl::Hours(1));
  EXPECT_THAT(world.Found(), IsEmpty());
}

TEST(Chain, ALostRowIsFoundOnceWhereItIsMissing) {
  CheckWorld world = WorldOf(Balances(absl::ZeroDuration()));
  Entry(world, "e1", "CNY 10.00", "CNY 10.00");
  Entry(world, "e3", "CNY 10.00", "CNY 30.00");
  Entry(world, "e4", "CNY 10.00", "CNY 40.00");
  EXPECT_THAT(world.Found(), ElementsAre(kBroken));
  EXPECT_EQ(world.state().violations()[0].message,
            "entry e3 of m1 has balance CNY 30.00, but the last balance CNY 10.00 and its amount "
            "CNY 10.00 make CNY 20.00");
  EXPECT_EQ(world.state().violations()[0].account, AccountId("m1"));
}

TEST(Chain, RowsInAnyOrderLinkUpByTheirBalances) {
  CheckWorld world = WorldOf(Balances(absl::Seconds(60)));
  Entry(world, "e1", "CNY 10.00", "CNY 10.00");
  world.PassProven(absl::Seconds(61));
  Entry(world, "e4", "CNY 10.00", "CNY 40.00");
  Entry(world, "e2", "CNY 10.00", "CNY 20.00");
  Entry(world, "e3", "CNY 10.00", "CNY 30.00");
  world.PassProven(absl::Seconds(61));
  EXPECT_THAT(world.Found(), IsEmpty());
}

TEST(Chain, NothingIsBrokenWhileTheSourceLags) {
  CheckWorld world = WorldOf(Balances(absl::Seconds(60)));
  Entry(world, "e1", "CNY 10.00", "CNY 10.00");
  world.PassProven(absl::Seconds(61));
  Entry(world, "e3", "CNY 10.00", "CNY 30.00");
  world.Advance(absl::Hours(2));
  world.ProveLedger(world.now());
  world.Put(TickInput{});
  EXPECT_THAT(world.Found(), IsEmpty());
  Entry(world, "e2", "CNY 10.00", "CNY 20.00");
  world.PassProven(absl::Seconds(61));
  EXPECT_THAT(world.Found(), IsEmpty());
}

TEST(Chain, ALostRowAmongUnorderedOnesIsFoundOnce) {
  CheckWorld world = WorldOf(Balances(absl::Seconds(60)));
  Entry(world, "e1", "CNY 10.00", "CNY 10.00");
  world.PassProven(absl::Seconds(61));
  Entry(world, "e5", "CNY 10.00", "CNY 50.00");
  Entry(world, "e4", "CNY 10.00", "CNY 40.00");
  Entry(world, "e2", "CNY 10.00", "CNY 20.00");
  world.PassProven(absl::Seconds(61));
  EXPECT_THAT(world.Found(), ElementsAre(kBroken));
  EXPECT_THAT(world.state().violations()[0].message, HasSubstr("entry e4 of m1"));
}

TEST(Chain, BySequenceTheOrderIsTheSequences) {
  CheckWorld world = WorldOf(Balances(absl::Seconds(60), true));
  Entry(world, "e2", "CNY 10.00", "CNY 20.00", "m1", 2);
  Entry(world, "e1", "CNY 10.00", "CNY 10.00", "m1", 1);
  Entry(world, "e3", "CNY -20.00", "CNY 0.00", "m1", 7);
  world.PassProven(absl::Seconds(61));
  EXPECT_THAT(world.Found(), IsEmpty());
  Entry(world, "e4", "CNY 1.00", "CNY 2.00", "m1", 8);
  world.PassProven(absl::Seconds(61));
  EXPECT_THAT(world.Found(), ElementsAre(kBroken));
}

TEST(Chain, ARowThatIsDeliveredTwiceCountsOnce) {
  CheckWorld world = WorldOf(Balances(absl::ZeroDuration()));
  Entry(world, "e1", "CNY 10.00", "CNY 10.00");
  Entry(world, "e2", "CNY 10.00", "CNY 20.00");
  Entry(world, "e1", "CNY 10.00", "CNY 10.00");
  Entry(world, "e2", "CNY 10.00", "CNY 20.00");
  EXPECT_THAT(world.Found(), IsEmpty());
}

TEST(Chain, CurrenciesAreChainsOfTheirOwn) {
  CheckWorld world = WorldOf(Balances(absl::ZeroDuration()));
  Entry(world, "e1", "CNY 10.00", "CNY 10.00");
  Entry(world, "e2", "USD 1.00", "USD 501.00");
  Entry(world, "e3", "CNY 10.00", "CNY 20.00");
  EXPECT_THAT(world.Found(), IsEmpty());
  world.Fact("entry", "e4", Fields("CNY 1.00", "USD 502.00"));
  EXPECT_THAT(world.Found(), ElementsAre(kBroken));
}

TEST(Chain, ABalanceThatLeaves64BitsIsBroken) {
  CheckWorld world = WorldOf(Balances(absl::ZeroDuration()));
  const Currency cny = M("CNY 1.00").currency;
  world.Fact("entry", "e1",
             {{"account_id", std::string("m1")},
              {"amount", Money{cny, -1}},
              {"balance", Money{cny, std::numeric_limits<int64_t>::max()}}});
  EXPECT_THAT(world.Found(), ElementsAre(kBroken));
}

TEST(Chain, AChangedOrDeletedRowBreaksIt) {
  CheckWorld world = WorldOf(Balances(absl::ZeroDuration()));
  const Attributes was = Fields("CNY 10.00", "CNY 10.00");
  world.FactChange("entry", "e1", std::nullopt, was);
  world.FactChange("entry", "e1", was, Fields("CNY 11.00", "CNY 10.00"), "tx/0");
  world.FactChange("entry", "e1", was, Fields("CNY 11.00", "CNY 10.00"), "tx/0");
  EXPECT_THAT(world.Found(), ElementsAre(kBroken));
  world.FactChange("entry", "e1", was, std::nullopt);
  EXPECT_THAT(world.Found(), SizeIs(2));
}

TEST(Chain, MoreWaitingRowsThanAreKeptAreJudgedAtOnce) {
  CheckWorld world = WorldOf(Balances(absl::Hours(1)));
  for (int i = 1; i <= 600; ++i) {
    Entry(world, absl::StrCat("e", i), "CNY 1.00", absl::StrCat("CNY ", i, ".00"));
  }
  const auto& watches = world.state().of<Watches>();
  ASSERT_EQ(watches.size(), 1u);
  EXPECT_LE(std::get<ChainWatch>(watches.begin()->second.of).waiting.size(), kMaxWaitingRows);
  EXPECT_THAT(world.Found(), IsEmpty());
}

TEST(BalanceTrail, FindsTheOrderThoughBalancesComeAgain) {
  // 0 -> 5 -> 0 -> 7 -> 0 -> 3, told in another order: a greedy walk may end in 3 too early.
  const std::vector<BalanceStep> steps = {{0, 3}, {7, 0}, {0, 5}, {5, 0}, {0, 7}};
  EXPECT_THAT(TrailFrom(steps, 0), SizeIs(5));
  EXPECT_EQ(HeadOf(steps), 0);
}

// Many accounts with many rows, reordered and delivered twice: nothing. Rows left out: each found.
TEST(Chain, OfManyCleanRowsRaisesNothingAndFindsEveryLostOne) {
  std::mt19937_64 random(4242);
  for (const bool by_sequence : {false, true}) {
    CheckWorld world = WorldOf(Balances(absl::Seconds(60), by_sequence));
    std::vector<int64_t> balance(20, 0);
    struct OnItsWay {
      uint64_t place;
      std::string id;
      Attributes fields;
    };
    std::vector<OnItsWay> all;
    size_t lost = 0;
    std::vector<bool> broken(20, false);
    for (int i = 0; i < 4000; ++i) {
      const size_t account = random() % 20;
      int64_t amount = static_cast<int64_t>(random() % 2001) - 1000;
      if (amount == 0) amount = 1;
      balance[account] += amount;
      const Currency cny = M("CNY 1.00").currency;
      const bool early = i < 500;  // so that every chain has begun
      if (!early && !broken[account] && i < 3000 && random() % 60 == 0) {
        ++lost;
        broken[account] = true;  // one each: two next to each other would be one break
        continue;
      }
      for (int times = random() % 50 == 0 ? 2 : 1; times > 0; --times) {
        all.push_back({static_cast<uint64_t>(i) + (early ? 0 : random() % 30),
                       absl::StrCat("e", i),
                       {{"account_id", absl::StrCat("m", account)},
                        {"amount", Money{cny, amount}},
                        {"balance", Money{cny, balance[account]}},
                        {"seq", int64_t{i}}}});
      }
    }
    std::stable_sort(all.begin(), all.end(),
                     [](const OnItsWay& a, const OnItsWay& b) { return a.place < b.place; });
    for (const OnItsWay& row : all) {
      world.Fact("entry", row.id, row.fields);
      world.Advance(absl::Milliseconds(random() % 1000));
      if (random() % 15 == 0) world.ProveShop(world.now());
    }
    for (int i = 0; i < 10; ++i) world.PassProven(absl::Seconds(60));
    EXPECT_THAT(world.Found(), SizeIs(lost)) << by_sequence;
    EXPECT_GT(lost, 10u);
  }
}

}  // namespace
}  // namespace fundgate::core::testing
