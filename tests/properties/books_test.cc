// What holds of books and reservations whatever moves: books are the sums of rows in any order, and
// nothing that is said twice counts twice; what is allowed only ever takes room, exactly as much as
// it says; no number wraps.
#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/core/records.h"
#include "tests/core/world.h"
#include "tests/properties/numbers.h"

namespace fundgate::core::testing {
namespace {

using fundgate::testing::kMost;
using fundgate::testing::Random;

std::string Cny(int64_t minor_units) {
  return Money{Currency::FromCode("CNY").value(), minor_units}.ToString();
}

// A row of the ledger.
struct Told {
  std::string kind;
  int row = 0;
  int64_t amount = 0;
  Row says;
};

const std::vector<std::string>& Kinds() {
  static const std::vector<std::string> kKinds = {"payment",     "chargeback", "refund",
                                                  "late_refund", "settlement", "cash_out"};
  return kKinds;
}

Told RandomRow(Random& random, int number) {
  Told told{.kind = Kinds()[random() % Kinds().size()],
            .row = number,
            .amount = 1 + static_cast<int64_t>(random() % 10'000),
            .says = {}};
  told.says.key = absl::StrCat("k", number);
  told.says.account = random() % 4 == 0 ? "m2" : "m1";
  told.says.order = told.kind == "cash_out" ? "" : absl::StrCat("o", 1 + random() % 3);
  told.says.amount = Cny(told.amount);
  if (told.kind == "settlement") {
    told.says.fee = Cny(told.amount / 10);
    told.says.net = Cny(told.amount - told.amount / 10);
    told.says.part_key = told.says.order;
  }
  const uint64_t status = random() % 10;
  told.says.status = status < 7   ? MovementStatus::kHappened
                     : status < 9 ? MovementStatus::kInProgress
                                  : MovementStatus::kFailed;
  return told;
}

// The posted counters, "order paid m1 o1" and the like, that rows add up to.
using Sums = std::map<std::string, int64_t>;

Sums SumsOf(const std::vector<Told>& rows) {
  Sums sums;
  const auto add = [&sums](const char* book, const char* counter, const Row& row,
                           const std::string& order, int64_t amount) {
    sums[absl::StrCat(book, " ", counter, " ", row.account, " ", order)] += amount;
  };
  for (const Told& told : rows) {
    if (told.says.status != MovementStatus::kHappened) continue;
    const Row& row = told.says;
    if (told.kind == "payment") add("order", "paid", row, row.order, told.amount);
    if (told.kind == "chargeback") add("order", "paid", row, row.order, -told.amount);
    if (told.kind == "refund") add("order", "refunded", row, row.order, told.amount);
    if (told.kind == "settlement") {
      add("order", "settled", row, row.order, told.amount);
      add("merchant", "settled", row, "", told.amount - told.amount / 10);
    }
    if (told.kind == "cash_out") add("merchant", "cashed_out", row, "", told.amount);
    if (told.kind != "late_refund") continue;
    add("order", "refunded_late", row, row.order, told.amount);
    add("merchant", "clawed_back", row, "", told.amount);
  }
  std::erase_if(sums, [](const auto& sum) { return sum.second == 0; });
  return sums;
}

Sums PostedIn(const World& world) {
  Sums sums;
  for (const char* account : {"m1", "m2"}) {
    for (const char* order : {"o1", "o2", "o3"}) {
      for (const char* counter : {"paid", "refunded", "refunded_late", "settled"}) {
        sums[absl::StrCat("order ", counter, " ", account, " ", order)] =
            world.OrderCounter(counter, order, account).posted;
      }
    }
    for (const char* counter : {"settled", "cashed_out", "clawed_back"}) {
      sums[absl::StrCat("merchant ", counter, " ", account, " ")] =
          world.MerchantCounter(counter, account).posted;
    }
  }
  std::erase_if(sums, [](const auto& sum) { return sum.second == 0; });
  return sums;
}

TEST(Books, AreTheSumsOfTheirRowsHoweverTheseChange) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    Random random(seed);
    World world;
    std::vector<Told> rows;
    for (int change = 0; change < 60; ++change) {
      const uint64_t what = rows.empty() ? 0 : random() % 10;
      if (what < 6) {
        rows.push_back(RandomRow(random, change));
        world.Insert(rows.back().kind, rows.back().row, rows.back().says);
      } else if (what < 9) {
        Told& told = rows[random() % rows.size()];
        Told edited = RandomRow(random, told.row);
        // The same movement, of another amount, elsewhere, or further on.
        edited.kind = told.kind;
        edited.says.key = told.says.key;
        if (told.kind == "cash_out") edited.says.order = "";
        if (told.kind != "cash_out" && edited.says.order.empty()) edited.says.order = "o1";
        edited.says.fee = told.kind == "settlement" ? Cny(edited.amount / 10) : "";
        edited.says.net = told.kind == "settlement" ? Cny(edited.amount - edited.amount / 10) : "";
        edited.says.part_key = told.kind == "settlement" ? told.says.part_key : "";
        world.Update(told.kind, told.row, told.says, edited.says);
        told = edited;
      } else {
        const size_t gone = random() % rows.size();
        world.Delete(rows[gone].kind, rows[gone].row, rows[gone].says);
        rows.erase(rows.begin() + static_cast<ptrdiff_t>(gone));
      }
      ASSERT_EQ(PostedIn(world), SumsOf(rows)) << "seed " << seed << ", change " << change;
    }
  }
}

TEST(Books, AreTheSameInWhateverOrderRowsAreTold) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    Random random(seed);
    std::vector<Told> rows;
    for (int i = 0; i < 40; ++i) rows.push_back(RandomRow(random, i));
    World first;
    for (const Told& told : rows) first.Insert(told.kind, told.row, told.says);
    std::shuffle(rows.begin(), rows.end(), random);
    World second;
    for (const Told& told : rows) second.Insert(told.kind, told.row, told.says);
    EXPECT_EQ(PostedIn(first), PostedIn(second)) << "seed " << seed;
    EXPECT_EQ(first.state().of<Books>(), second.state().of<Books>()) << "seed " << seed;
  }
}

TEST(Books, DoNotChangeWhenAnythingIsSaidTwice) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    Random random(seed);
    World world;
    world.Insert("payment", 1000, {.key = "p", .amount = Cny(1'000'000)});
    world.Prove();
    const auto unchanged = [&](const auto& say) {
      const auto books = world.state().of<Books>();
      const auto keys = world.state().of<Keys>();
      say();
      ASSERT_EQ(world.state().of<Books>(), books) << "seed " << seed;
      ASSERT_EQ(world.state().of<Keys>().size(), keys.size()) << "seed " << seed;
    };
    for (int i = 0; i < 20; ++i) {
      const Told told = RandomRow(random, i);
      const Event event =
          world.NewEvent(told.kind, told.row, std::nullopt, told.says.ToContribution());
      world.Feed({event});
      unchanged([&] { world.Feed({event}); });
      world.Prove();
      const std::string key = absl::StrCat("c", i);
      const CheckInput check = world.NewCheck("refund", key, Cny(1 + i));
      const Decision decision = world.Check(check);
      if (decision.verdict != Verdict::kAllow) continue;
      unchanged([&] { EXPECT_TRUE(world.Check(check).replayed); });
      const bool confirms = random() % 2 == 0;
      const ConfirmInput confirm{AccountId("m1"), check.key, decision.id, std::nullopt};
      const ReleaseInput release{AccountId("m1"), check.key, decision.id, "not needed"};
      const auto say = [&] { confirms ? world.Put(confirm) : world.Put(release); };
      say();
      unchanged(say);
    }
  }
}

// What a refund of order o1 may still take, by what the books say at worst.
absl::int128 RoomOf(const World& world) {
  const auto most = [&](const char* name) {
    const Counter counter = world.OrderCounter(name);
    return absl::int128(counter.posted) + counter.pending_up;
  };
  const Counter paid = world.OrderCounter("paid");
  const absl::int128 least_paid = absl::int128(paid.posted) - paid.pending_down;
  return least_paid - most("refunded") - std::max(most("refunded_late"), most("settled"));
}

TEST(Room, IsTakenByWhatIsAllowedAndGivenBackByItsReleaseAlone) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    Random random(seed);
    World world;
    std::vector<std::pair<CheckInput, Decision>> open;
    world.Insert("payment", 1000, {.key = "p", .amount = Cny(5000)});
    world.Prove();
    for (int i = 0; i < 60; ++i) {
      const absl::int128 room = RoomOf(world);
      const uint64_t what = random() % 10;
      if (what < 5) {
        const int64_t amount = 1 + static_cast<int64_t>(random() % 2000);
        const CheckInput check = world.NewCheck("refund", absl::StrCat("c", i), Cny(amount));
        const Decision decision = world.Check(check);
        ASSERT_EQ(decision.verdict, amount <= room ? Verdict::kAllow : Verdict::kBlock)
            << "seed " << seed << ", step " << i;
        const bool allowed = decision.verdict == Verdict::kAllow;
        ASSERT_EQ(RoomOf(world), allowed ? room - amount : room);
        if (allowed) open.emplace_back(check, decision);
      } else if (what < 7 && !open.empty()) {
        // Given back, or moved: then it takes the same room for good.
        const auto [check, decision] = open.back();
        open.pop_back();
        if (random() % 2 == 0) {
          world.Put(ReleaseInput{AccountId("m1"), check.key, decision.id, "not needed"});
          ASSERT_EQ(RoomOf(world), room + check.amount.minor_units);
        } else {
          world.Put(ConfirmInput{AccountId("m1"), check.key, decision.id, std::nullopt});
          ASSERT_EQ(RoomOf(world), room);
          world.Insert("refund", i,
                       {.key = check.key.key.value(), .amount = Cny(check.amount.minor_units)});
          world.Prove();
          ASSERT_EQ(RoomOf(world), room);
        }
      } else if (what < 9) {
        const int64_t amount = 1 + static_cast<int64_t>(random() % 1000);
        world.Insert("payment", i, {.key = absl::StrCat("p", i), .amount = Cny(amount)});
        world.Prove();
        ASSERT_EQ(RoomOf(world), room + amount);
      } else if (!open.empty()) {
        // A later question about a key that is taken changes nothing.
        CheckInput again = open.front().first;
        again.amount.minor_units += 1;
        again.lines.front().amount += 1;
        ASSERT_NE(world.Check(again).verdict, Verdict::kAllow);
        ASSERT_EQ(RoomOf(world), room);
      }
    }
  }
}

TEST(Checks, OfDifferentOrdersCommute) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    Random random(seed);
    std::vector<CheckInput> checks;
    World first;
    World second;
    for (World* world : {&first, &second}) {
      for (int order = 1; order <= 3; ++order) {
        world->Insert("payment", order,
                      {.key = absl::StrCat("p", order),
                       .order = absl::StrCat("o", order),
                       .amount = Cny(100)});
      }
      world->Prove();
    }
    for (int order = 1; order <= 3; ++order) {
      const std::string amount = Cny(1 + static_cast<int64_t>(random() % 200));
      checks.push_back(
          first.NewCheck("refund", absl::StrCat("c", order), amount, absl::StrCat("o", order)));
    }
    std::map<KeyId, Verdict> verdicts;
    for (const CheckInput& check : checks) verdicts[check.key] = first.Check(check).verdict;
    std::shuffle(checks.begin(), checks.end(), random);
    for (const CheckInput& check : checks) {
      EXPECT_EQ(second.Check(check).verdict, verdicts[check.key]) << "seed " << seed;
    }
    EXPECT_EQ(first.state().of<Books>(), second.state().of<Books>());
  }
}

// At every edge: an ALLOW only where numbers without end say that the invariants hold, and always
// where they do and fit.
TEST(Edges, AreJudgedAsNumbersWithoutEndWould) {
  std::vector<int64_t> amounts;
  for (const int64_t edge : fundgate::testing::Edges()) {
    if (edge > 0 && (edge < 20 || edge > kMost / 4)) amounts.push_back(edge);
  }
  Random random(7);
  const auto pick = [&] { return amounts[random() % amounts.size()]; };
  for (int round = 0; round < 400; ++round) {
    World world;
    const int64_t paid = pick();
    const int64_t refunded = pick();
    const int64_t settled = pick();
    const int64_t asked = pick();
    world.Insert("payment", 1, {.key = "p", .amount = Cny(paid)});
    world.Insert("refund", 2, {.key = "r", .amount = Cny(refunded)});
    world.Insert("settlement", 3,
                 {.key = "s", .amount = Cny(settled), .net = Cny(settled), .fee = Cny(0)});
    world.Prove();
    ASSERT_EQ(world.OrderCounter("paid").posted, paid);
    ASSERT_EQ(world.OrderCounter("refunded").posted, refunded);
    const Decision decision = world.Check("refund", "c", Cny(asked));
    const absl::int128 taken = absl::int128(refunded) + asked + settled;
    const bool holds = taken <= paid;
    if (decision.verdict == Verdict::kAllow) {
      ASSERT_TRUE(holds) << paid << " " << refunded << " " << settled << " " << asked;
      ASSERT_EQ(world.OrderCounter("refunded").pending_up, asked);
    } else {
      ASSERT_EQ(world.OrderCounter("refunded").pending_up, 0);
      ASSERT_FALSE(holds) << paid << " " << refunded << " " << settled << " " << asked;
    }
  }
}

TEST(Edges, APostingThatDoesNotFitIsNotPostedAndNoted) {
  for (const int64_t first : {kMost, kMost - 1, kMost / 2 + 1}) {
    for (const int64_t second : {kMost, kMost - first + 1}) {
      World world;
      world.Insert("payment", 1, {.key = "p1", .amount = Cny(first)});
      world.Insert("payment", 2, {.key = "p2", .amount = Cny(second)});
      EXPECT_EQ(world.OrderCounter("paid").posted, first);
      EXPECT_FALSE(world.state().resident().of<Gaps>().empty());
      world.Prove();
      EXPECT_NE(world.Check("refund", "c", "CNY 0.01").verdict, Verdict::kAllow);
    }
  }
}

}  // namespace
}  // namespace fundgate::core::testing
