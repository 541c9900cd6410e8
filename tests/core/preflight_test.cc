#include "server/core/preflight.h"

#include <functional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/core/world.h"

namespace fundgate::core::testing {
namespace {

using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

std::vector<std::string> BadFields(const World& world, const CheckInput& check) {
  std::vector<std::string> fields;
  for (const FieldProblem& problem : ValidateCheck(*world.state().resident().policy, check)) {
    fields.push_back(problem.field);
  }
  return fields;
}

struct PreflightRow {
  std::string name;
  std::function<void(CheckInput&)> spoil;
  std::vector<std::string> fields;
};

class Preflight : public ::testing::TestWithParam<PreflightRow> {};

TEST_P(Preflight, NamesEachBadField) {
  World world;
  CheckInput check = world.NewCheck("settlement", "s1", "CNY 3.00");
  check.lines = {{OrderId("o1"), 100, {{"fee", 10}, {"net", 90}}},
                 {OrderId("o2"), 200, {{"fee", 0}, {"net", 200}}}};
  ASSERT_THAT(BadFields(world, check), IsEmpty());
  GetParam().spoil(check);
  EXPECT_THAT(BadFields(world, check), ElementsAreArray(GetParam().fields));
  EXPECT_EQ(world.RefusalOf(check), absl::StatusCode::kInvalidArgument);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, Preflight,
    ::testing::Values(
        PreflightRow{"Checkpoint",
                     [](CheckInput& c) { c.key.kind = MovementKind("refnd"); },
                     {"checkpoint"}},
        PreflightRow{"NotGated",
                     [](CheckInput& c) { c.key.kind = MovementKind("payment"); },
                     {"checkpoint"}},
        PreflightRow{
            "Key", [](CheckInput& c) { c.key.key = IdempotencyKey(); }, {"idempotency_key"}},
        PreflightRow{"LongKey",
                     [](CheckInput& c) { c.key.key = IdempotencyKey(std::string(129, 'k')); },
                     {"idempotency_key"}},
        PreflightRow{"Account", [](CheckInput& c) { c.account = AccountId(); }, {"account_id"}},
        PreflightRow{"Currency",
                     [](CheckInput& c) { c.amount.currency = Currency(); },
                     {"amount.currency_code"}},
        PreflightRow{"SumOfLines",
                     [](CheckInput& c) { c.amount.minor_units = 301; },
                     {"amount.minor_units"}},
        PreflightRow{"NegativeAmount",
                     [](CheckInput& c) {
                       c.lines.resize(1);
                       c.lines[0] = {OrderId("o1"), -5, {{"fee", 0}, {"net", 0}}};
                       c.amount.minor_units = -5;
                     },
                     {"amount.minor_units", "lines[0].amount.minor_units", "lines[0].parts"}},
        PreflightRow{"SumOverflow",
                     [](CheckInput& c) {
                       for (Line& line : c.lines) {
                         line.amount = INT64_MAX;
                         line.parts = {{"fee", 0}, {"net", INT64_MAX}};
                       }
                     },
                     {"amount.minor_units"}},
        PreflightRow{"OrderTwice",
                     [](CheckInput& c) { c.lines[1].order = OrderId("o1"); },
                     {"lines[1].order_id"}},
        PreflightRow{"OrderMissing",
                     [](CheckInput& c) { c.lines[0].order = OrderId(); },
                     {"lines[0].order_id"}},
        PreflightRow{
            "PartMissing", [](CheckInput& c) { c.lines[0].parts.pop_back(); }, {"lines[0].parts"}},
        PreflightRow{"PartUnknown",
                     [](CheckInput& c) { c.lines[0].parts[0].first = "tax"; },
                     {"lines[0].parts"}},
        PreflightRow{"PartsDoNotAddUp",
                     [](CheckInput& c) { c.lines[1].parts[0].second = 1; },
                     {"lines[1].parts"}},
        PreflightRow{"SeveralLinesOfAKindWithOne",
                     [](CheckInput& c) { c.key.kind = MovementKind("refund"); },
                     {"lines"}},
        PreflightRow{"NoLines", [](CheckInput& c) { c.lines.clear(); }, {"lines"}},
        PreflightRow{"NegativeStaleness",
                     [](CheckInput& c) { c.max_staleness = absl::Seconds(-1); },
                     {"max_staleness"}},
        PreflightRow{"ReservedAttribute",
                     [](CheckInput& c) { c.attributes["order"] = std::string("x"); },
                     {"attributes[order]"}},
        PreflightRow{"LongAttribute",
                     [](CheckInput& c) { c.attributes["note"] = std::string(1025, 'x'); },
                     {"attributes[note]"}},
        PreflightRow{"UnknownSource",
                     [](CheckInput& c) { c.after_positions[SourceName("x")] = Position(); },
                     {"after_positions[x]"}}),
    [](const auto& row) { return row.param.name; });

TEST(Preflight, NothingOfARefusedCheckIsKept) {
  World world;
  CheckInput check = world.NewCheck("refund", "r1", "CNY 1.00");
  check.lines[0].order = OrderId();
  world.RefusalOf(check);
  EXPECT_TRUE(world.state().of<core::Keys>().empty());
}

}  // namespace
}  // namespace fundgate::core::testing
