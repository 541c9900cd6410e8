// Facts in policies: their types in expressions, and in tests.
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/expression/program.h"
#include "server/policy/event_environment.h"
#include "server/policy/money_functions.h"
#include "server/policy/tester.h"
#include "tests/policy/documents.h"

namespace fundgate::policy {
namespace {

using ::testing::HasSubstr;
using testing::MustLoad;
using testing::SmallPolicy;

constexpr char kBid[] =
    "facts:\n"
    "  bid: {key: item_id, fields: {item_id: string, price: money, market_price: money, n: int}}\n";

std::string WithBids(const std::string& more = "") {
  return SmallPolicy({{"emits: [chargeback]", "emits: [chargeback, bid]"}}) + kBid + more;
}

// What is said of an expression over the event; empty if it compiles to a boolean.
std::string IssueOf(const std::string& event, const std::string& text) {
  const LoadedPolicy loaded = MustLoad(WithBids());
  expression::Environment environment;
  EXPECT_TRUE(AddMoney(environment).ok());
  EXPECT_TRUE(AddEvent(loaded.document, event, environment).ok());
  const expression::Compiled compiled =
      expression::Compile(environment, text, expression::Type::Bool());
  return compiled.ok() ? "" : compiled.issues.front().message;
}

TEST(Facts, AreCompiledWithTheirSources) {
  const auto policy = MustLoad(WithBids()).policy;
  const core::FactDefinition* bid = policy->FindFact("bid");
  ASSERT_NE(bid, nullptr);
  EXPECT_EQ(bid->key, "item_id");
  EXPECT_EQ(bid->FindField("price")->type, core::FactType::kMoney);
  EXPECT_EQ(bid->sources, std::vector<SourceName>{SourceName("bank")});
  EXPECT_EQ(policy->FindSource(SourceName("bank"))->facts, std::vector<std::string>{"bid"});
  EXPECT_EQ(policy->FindSource(SourceName("bank"))->emits.size(), 1u);
}

TEST(Facts, HaveTheirTypesInExpressions) {
  EXPECT_EQ(IssueOf("bid", "event.price + event.price < event.market_price"), "");
  EXPECT_EQ(IssueOf("bid", "event.before.n < event.n && event.key == event.item_id"), "");
  EXPECT_EQ(IssueOf("bid", "event.origin.server_id == 77 || event.origin.marks.app == 'shop'"), "");
  EXPECT_EQ(IssueOf("bid", "event.statement.contains('x') && event.change == 'insert'"), "");
  EXPECT_THAT(IssueOf("bid", "event.pric < event.market_price"), HasSubstr("did you mean 'price'"));
  EXPECT_NE(IssueOf("bid", "event.price < event.n"), "");
}

TEST(Movements, HaveTheirTypesInExpressions) {
  EXPECT_EQ(IssueOf("refund", "event.amount > money('CNY 1.00') && event.status == 'happened'"),
            "");
  EXPECT_EQ(IssueOf("refund", "event.attributes.channel == 'app' && event.before.key == ''"), "");
  EXPECT_NE(IssueOf("refund", "event.price > money('CNY 1.00')"), "");
}

TEST(Facts, CanBeGivenInTests) {
  const std::string test =
      "tests:\n"
      "  - name: a bid is no violation\n"
      "    given: [{fact: {bid: {item_id: i1, price: CNY 1.00, n: 3}}}, {fact: {bid: {change: "
      "delete, before: {item_id: i1}}}}]\n"
      "    expect: {violation: none}\n";
  const std::vector<TestResult> results = RunTests(MustLoad(WithBids(test)));
  ASSERT_EQ(results.size(), 1u);
  EXPECT_TRUE(results[0].passed) << results[0].message;
  EXPECT_EQ(results[0].got, "no violation");
}

TEST(Violations, CanBeExpectedInTests) {
  const std::string start =
      "tests:\n  - name: t\n    given: [{refund: {order_id: o1, account_id: m1, amount: CNY "
      "1.00}}]\n";
  const auto run = [&](const std::string& expect) {
    return RunTests(MustLoad(SmallPolicy() + start + "    expect: {violation: " + expect + "}\n"))
        .at(0);
  };
  EXPECT_TRUE(run("ungated").passed);
  EXPECT_TRUE(run("refunds_within_paid").passed);
  EXPECT_FALSE(run("none").passed);
  const TestResult other = run("overdue");
  EXPECT_FALSE(other.passed);
  EXPECT_THAT(other.message, HasSubstr("expected violation overdue, got violation ungated"));
}

}  // namespace
}  // namespace fundgate::policy
