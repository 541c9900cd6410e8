// Watches of checks between events through the store: their turns by lanes, reopened and replayed.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/core/verification/check.h"
#include "server/policy/loader.h"
#include "server/store/verify.h"
#include "tests/core/world.h"
#include "tests/store/store_world.h"

namespace fundgate::store::testing {
namespace {

constexpr char kPolicy[] = R"(
books:
  order: {key: [account_id, order_id], counters: [paid]}
movements:
  payment: {effects: [+order.paid]}
facts:
  order_paid: {key: order_id, fields: {order_id: string, amount: money}}
  status: {key: order_id, fields: {order_id: string, status: string}}
  entry: {key: id, fields: {id: string, account_id: string, amount: money, balance: money}}
sources:
  shop: {report: {emits: [order_paid, status, entry]}}
  till: {report: {emits: [payment]}}
matches:
  paid: {left: event.order_paid, right: event.payment, key: order_id, equal: [amount], within: 60s}
transitions:
  status: {of: event.status, field: status, edges: {NEW: [PAID]}, stuck: {NEW: 5m}, within: 10s}
chains:
  balance: {of: event.entry, key: account_id, amount: amount, balance: balance, within: 10s}
)";

absl::StatusOr<std::shared_ptr<const core::Policy>> Compile(std::string_view text) {
  const policy::LoadResult result = policy::LoadPolicy(text, "policy");
  if (!result.ok()) return absl::InvalidArgumentError(policy::Render(result.problems));
  return result.loaded->policy;
}

class ChecksInTheStore : public ::testing::Test {
 protected:
  ChecksInTheStore() {
    core::ApplyPolicyInput apply;
    apply.text = kPolicy;
    apply.policy = Compile(kPolicy).value();
    world_.Put(std::move(apply));
    for (const char* source : {"shop", "till"}) {
      core::GrantEpochInput grant;
      grant.source = SourceName(source);
      world_.Put(std::move(grant));
    }
  }

  static Options OptionsWithPolicy(const std::string& directory) {
    Options options = OptionsFor(directory);
    options.compile_policy = Compile;
    return options;
  }

  core::IngestInput Batch(const std::string& name) const {
    const core::Source& source =
        world_.store().state().resident().of<core::Sources>().at(SourceName(name));
    core::IngestInput input;
    input.source = SourceName(name);
    input.epoch = source.epoch;
    input.previous = source.position;
    input.position = source.position;
    return input;
  }

  core::IngestInput Fact(const std::string& name, const std::string& key, core::Attributes fields) {
    core::IngestInput input = Batch("shop");
    input.position = Position::Parse(absl::StrCat("shop:", ++offset_)).value();
    core::FactEvent fact{name, key, AccountId("m1"), {}, {}, std::move(fields)};
    input.events.push_back({absl::StrCat("shop:", offset_, "/0"), absl::UnixEpoch(), fact, {}});
    return input;
  }

  core::IngestInput Paid(const std::string& order) {
    return Fact("order_paid", order,
                {{"order_id", order}, {"amount", core::testing::M("CNY 1.00")}});
  }

  void Prove() {
    for (const char* source : {"shop", "till"}) {
      core::IngestInput input = Batch(source);
      input.probe = core::Probe{input.position, world_.now()};
      world_.Put(std::move(input));
    }
  }

  TemporaryFolder folder_;
  Options options_ = OptionsWithPolicy(folder_.path());
  StoreWorld world_{options_};
  uint64_t offset_ = 0;
};

TEST_F(ChecksInTheStore, AMissingSideIsFoundAfterReopening) {
  world_.Put(Paid("o1"));
  world_.Advance(absl::Seconds(61));
  world_.Reopen();
  Prove();
  const auto found = world_.store().view()->ListViolations(10);
  ASSERT_EQ(found->size(), 1u);
  EXPECT_EQ(found->front().name, "paid");
}

TEST_F(ChecksInTheStore, TurnsAreReadLaneByLaneFromBothTheStoreAndTheGroupAtHand) {
  world_.Put(Paid("o1"));
  world_.Put(
      Fact("status", "o1", {{"order_id", std::string("o1")}, {"status", std::string("NEW")}}));
  world_.Append(Paid("o2"));
  const core::StateReader& state = world_.store().state();
  const absl::Time later = absl::FromUnixSeconds(1'900'000'000);
  for (const auto& check : state.resident().policy->checks) {
    const std::string& name = check->declaration().name;
    const size_t expected = name == "paid" ? 2 : name == "status" ? 1 : 0;
    const core::WatchTurn from{check->declaration().id, absl::InfinitePast(), ""};
    EXPECT_EQ(state.Due<core::WatchTurns>(from, later, 10).size(), expected) << name;
    EXPECT_EQ(state.Due<core::WatchTurns>(from, later, 1).size(), std::min<size_t>(expected, 1));
    EXPECT_TRUE(state.Due<core::WatchTurns>(from, absl::UnixEpoch(), 10).empty());
  }
}

TEST_F(ChecksInTheStore, AReplayMakesTheSameWatchesAndViolations) {
  for (int i = 0; i < 60; ++i) {
    world_.Put(Paid(absl::StrCat("o", i)));
    world_.Put(Fact("entry", absl::StrCat("e", i),
                    {{"id", absl::StrCat("e", i)},
                     {"account_id", std::string("m1")},
                     {"amount", core::testing::M("CNY 1.00")},
                     {"balance", core::testing::M(absl::StrCat("CNY ", i % 9, ".00"))}}));
    world_.Put(Fact("status", absl::StrCat("o", i % 7),
                    {{"order_id", absl::StrCat("o", i % 7)},
                     {"status", std::string(i % 3 == 0 ? "PAID" : "NEW")}}));
    world_.Advance(absl::Seconds(i % 17));
    if (i % 4 == 0) Prove();
    if (i % 5 == 0) world_.Put(core::TickInput{});
    if (i == 30) world_.Reopen();
  }
  EXPECT_GT(world_.store().view()->ListViolations(100)->size(), 10u);
  world_.Close();
  const absl::StatusOr<VerifyReport> report = VerifyByReplay(options_, nullptr);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->difference, "");
}

}  // namespace
}  // namespace fundgate::store::testing
