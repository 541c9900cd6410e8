// What is filled is what a gate would have stored, byte for byte, and a gate can live on it.
#include "tests/bench/scale/fill.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/store/database.h"
#include "server/store/rocks_store.h"
#include "server/store/verify.h"
#include "tests/bench/load/movements.h"

namespace fundgate::bench {
namespace {

constexpr uint64_t kOrdersFilled = 50;
constexpr uint64_t kKeysOfOrder = 4;

store::Options OptionsFor(const std::string& directory) {
  store::Options options;
  options.directory = directory;
  options.compile_policy = CompileWorkedPolicy;
  return options;
}

class FillTest : public ::testing::Test {
 protected:
  FillTest() {
    std::string name = ::testing::TempDir() + "fill-XXXXXX";
    folder_ = mkdtemp(name.data());
  }
  ~FillTest() override { std::filesystem::remove_all(folder_); }

  std::string folder_;
  const absl::Time now_ = absl::FromUnixSeconds(1'800'000'000);
};

using Contents = std::vector<std::pair<std::string, std::string>>;

Contents Read(const std::string& directory, store::Table table) {
  const auto database =
      store::Database::Open(OptionsFor(directory), store::Database::Access::kReadOnly).value();
  Contents contents;
  const auto stored = database->Iterate(table);
  for (stored->SeekToFirst(); stored->Valid(); stored->Next()) {
    contents.emplace_back(stored->key().ToString(), stored->value().ToString());
  }
  return contents;
}

void Commit(store::Store& store) {
  const uint64_t group = store.EndGroup();
  EXPECT_TRUE(store.Write(group).ok());
  EXPECT_TRUE(store.Sync(group).ok());
}

// A store that has lived through the timeline.
void LiveIn(const std::string& directory, const Timeline& timeline) {
  const std::unique_ptr<store::Store> store = store::Store::Open(OptionsFor(directory)).value();
  History history(store->state(), [&store](const core::Input& input, const core::Outcome& outcome) {
    return store->Append(input, outcome);
  });
  const auto commit = [&store] { Commit(*store); };
  ASSERT_TRUE(history.Begin(timeline.begun).ok());
  for (uint64_t order = 0; order < timeline.population.orders(); ++order) {
    const absl::Status lived = history.Live(timeline, order);
    ASSERT_TRUE(lived.ok()) << lived;
    commit();
  }
  const absl::Time end = timeline.ChangedAt(timeline.population.keys()) + absl::Minutes(30);
  while (!store->state().Due<core::Timers>(end, 1).empty()) {
    ASSERT_TRUE(history.Rest(end).ok());
    commit();
  }
}

TEST_F(FillTest, MakesTheBytesThatTheGateWouldHaveWritten) {
  const Timeline timeline{Population(0, kOrdersFilled, kKeysOfOrder, 7), now_, absl::Seconds(1)};
  LiveIn(folder_ + "/lived", timeline);
  const absl::Status filled = Fill(folder_ + "/filled", timeline, now_ + absl::Hours(24), nullptr);
  ASSERT_TRUE(filled.ok()) << filled;
  for (const store::Table table : {store::kKeys, store::kTimers, store::kBooks, store::kFamilies}) {
    const Contents lived = Read(folder_ + "/lived", table);
    EXPECT_FALSE(lived.empty());
    EXPECT_EQ(Read(folder_ + "/filled", table), lived) << table;
  }
}

TEST_F(FillTest, AGateLivesOnInItAndItsJournalSaysSo) {
  const Timeline timeline = RecentTimeline(kOrdersFilled, kKeysOfOrder, now_);
  const std::string directory = folder_ + "/filled";
  ASSERT_TRUE(Fill(directory, timeline, now_, nullptr).ok());
  ASSERT_TRUE(AddOverdue(directory, 20, now_, nullptr).ok());
  std::filesystem::copy(directory, folder_ + "/before");
  {
    const std::unique_ptr<store::Store> store = store::Store::Open(OptionsFor(directory)).value();
    const core::Machine machine(store->state());
    const auto put = [&](absl::Time time, auto body) {
      const core::Input input{time, std::move(body)};
      core::Outcome outcome = machine.Apply(input).value();
      if (outcome.recorded) {
        EXPECT_TRUE(store->Append(input, outcome).ok());
      }
      Commit(*store);
      return outcome.answer;
    };
    // Every key that it was filled with is known.
    const Population& population = timeline.population;
    for (uint64_t number = 0; number < population.keys(); ++number) {
      if (population.IsPayment(number)) continue;
      core::CheckInput check;
      check.key = {MovementKind("refund"), IdempotencyKey(population.NameOf(number))};
      check.account = AccountId(AccountOf(population.OrderOf(number), population.accounts()));
      check.amount = Money{Currency::FromCode(kCurrency).value(), kRefund};
      check.lines = {core::Line{OrderId(NameOf(population.OrderOf(number))), kRefund, {}}};
      check.may_wait = false;
      check.arrived_at = now_;
      const auto decision = std::get<core::Decision>(put(now_, std::move(check)));
      EXPECT_EQ(decision.verdict, core::Verdict::kBlock);
      EXPECT_EQ(decision.reasons.front().code, core::ReasonCode::kAlreadyMoved);
    }
    // What is overdue is forgotten, and nothing else.
    put(now_ + absl::Seconds(1), core::TickInput{});
    EXPECT_TRUE(store->state().Due<core::Timers>(now_ + 24 * absl::Hours(7), 1).empty());
    size_t keys = 0;
    core::KeyId last;
    for (std::vector<core::KeyId> some; !(some = store->state().KeysAfter(last, 100)).empty();
         last = some.back()) {
      keys += some.size();
    }
    EXPECT_EQ(keys, population.keys());
  }
  const absl::StatusOr<store::VerifyReport> report =
      store::VerifyByReplay(OptionsFor(directory), nullptr, folder_ + "/before");
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->difference, "");
}

TEST_F(FillTest, SaysWhatItHasAndWhatItNeeds) {
  const Timeline timeline = RecentTimeline(kOrdersFilled, kKeysOfOrder, now_);
  EXPECT_FALSE(ReadFilled(folder_).ok());
  ASSERT_TRUE(Fill(folder_, timeline, now_, nullptr).ok());
  ASSERT_TRUE(AddOverdue(folder_, 5, now_, nullptr).ok());
  const absl::StatusOr<Filled> filled = ReadFilled(folder_);
  ASSERT_TRUE(filled.ok()) << filled.status();
  EXPECT_EQ(filled->orders, kOrdersFilled);
  EXPECT_EQ(filled->keys_of_order, kKeysOfOrder);
  EXPECT_EQ(filled->overdue_orders, 5U);
  const absl::StatusOr<uint64_t> bytes = BytesNeeded(folder_, RecentTimeline(1'000'000, 10, now_));
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  EXPECT_GT(*bytes, uint64_t{500} << 20);
  EXPECT_LT(*bytes, uint64_t{10} << 30);
}

}  // namespace
}  // namespace fundgate::bench
