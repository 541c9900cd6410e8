// Windows and rules through the store: kept, merged with the group at hand, replayed alike.
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/policy/loader.h"
#include "server/store/database.h"
#include "server/store/record_places.h"
#include "server/store/records.h"
#include "server/store/verify.h"
#include "tests/core/world.h"
#include "tests/store/store_world.h"

namespace fundgate::store::testing {
namespace {

using ::testing::HasSubstr;

constexpr char kPolicy[] = R"(
books:
  merchant: {key: [account_id], counters: [drawn]}
movements:
  draw: {effects: [+merchant.drawn], gated: true}
checkpoints:
  draw: {}
attributes: {payee: string}
windows:
  draws: {of: draw, span: 1m, distinct: attributes.payee, distinct_max: 2}
rules:
  burst: {on: check, when: windows.draws.count > 3, then: HOLD, mode: enforce}
  payees: {on: check, when: windows.draws.distinct > 1, then: HOLD}
  broken: {on: check, when: request.order_id == "o1", then: HOLD}
)";

absl::StatusOr<std::shared_ptr<const core::Policy>> Compile(std::string_view text) {
  const policy::LoadResult result = policy::LoadPolicy(text, "policy");
  if (!result.ok()) return absl::InvalidArgumentError(policy::Render(result.problems));
  return result.loaded->policy;
}

class RulesInTheStore : public ::testing::Test {
 protected:
  RulesInTheStore() {
    core::ApplyPolicyInput apply;
    apply.text = kPolicy;
    apply.policy = Compile(kPolicy).value();
    world_.Put(std::move(apply));
  }

  static Options OptionsWithPolicy(const std::string& directory) {
    Options options = OptionsFor(directory);
    options.compile_policy = Compile;
    return options;
  }

  core::CheckInput Draw(int number, const std::string& account = "m1") const {
    core::CheckInput check = world_.NewCheck(absl::StrCat("d", number));
    check.key.kind = MovementKind("draw");
    check.account = AccountId(account);
    check.lines.front().order = OrderId();
    check.attributes["payee"] = absl::StrCat("p", number % 3);
    return check;
  }

  TemporaryFolder folder_;
  Options options_ = OptionsWithPolicy(folder_.path());
  StoreWorld world_{options_};
};

TEST_F(RulesInTheStore, WindowsGoOnAfterReopening) {
  for (int i = 0; i < 4; ++i) world_.Put(Draw(i));
  world_.Reopen();
  const auto held = std::get<core::Decision>(world_.Put(Draw(4)));
  EXPECT_EQ(held.verdict, core::Verdict::kHold);
  EXPECT_EQ(held.reasons.front().name, "burst");
  EXPECT_EQ(world_.store().state().Find<core::RulesSeen>("burst")->hits, 1);
  EXPECT_EQ(world_.store().state().Find<core::RulesSeen>("broken")->errors, 5);
}

TEST_F(RulesInTheStore, EndsOfWindowsMergeTheGroupAtHandWithWhatIsStored) {
  world_.Put(Draw(1, "m1"));
  world_.Append(Draw(2, "m2"));
  const core::StateReader& state = world_.store().state();
  const absl::Time later = absl::FromUnixSeconds(1'900'000'000);
  EXPECT_EQ(state.Due<core::WindowEnds>(later, 10).size(), 2U);
  EXPECT_EQ(state.Due<core::WindowEnds>(later, 1).size(), 1U);
  EXPECT_TRUE(state.Due<core::WindowEnds>(absl::UnixEpoch(), 10).empty());
}

TEST_F(RulesInTheStore, AReplayMakesTheSameWindowsAndStatistics) {
  for (int i = 0; i < 60; ++i) {
    world_.Put(Draw(i, absl::StrCat("m", i % 3)));
    world_.Advance(absl::Seconds(i % 7));
    if (i % 5 == 0) world_.Put(core::TickInput{});
    if (i == 30) world_.Reopen();
  }
  EXPECT_GT(world_.store().state().Find<core::RulesSeen>("burst")->hits, 0);
  world_.Close();
  const absl::StatusOr<VerifyReport> report = VerifyByReplay(options_, nullptr);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->difference, "");
  EXPECT_GT(report->compared, 60U);
}

TEST_F(RulesInTheStore, AWindowThatSomebodyEmptiedIsFound) {
  for (int i = 0; i < 4; ++i) world_.Put(Draw(i));
  world_.Close();
  {
    auto database = Database::Open(options_, Database::Access::kReadWrite).value();
    using Place = PlaceOf<core::Windows>;
    const std::string key = Place::Key({AccountId("m1"), core::WindowName("draws"), ""});
    ASSERT_TRUE(database->Get(Place::kTable, key)->has_value());
    ASSERT_TRUE(database->db()
                    .Put({}, database->family(Place::kTable), key, EncodeRecord(core::Window{}))
                    .ok());
  }
  EXPECT_THAT(VerifyByReplay(options_, nullptr)->difference, HasSubstr("windows"));
}

TEST_F(RulesInTheStore, ARecordOfNoKnownKindIsFound) {
  world_.Close();
  {
    auto database = Database::Open(options_, Database::Access::kReadWrite).value();
    ASSERT_TRUE(database->db().Put({}, database->family(kRecords), "?planted", "x").ok());
  }
  EXPECT_THAT(VerifyByReplay(options_, nullptr)->difference, HasSubstr("no known kind"));
}

}  // namespace
}  // namespace fundgate::store::testing
