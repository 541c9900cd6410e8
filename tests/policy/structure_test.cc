#include "server/policy/structure.h"

#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "tests/policy/documents.h"

namespace fundgate::policy {
namespace {

using testing::MustLoad;
using testing::SmallPolicy;

std::string ProblemsAfter(const std::vector<std::pair<std::string, std::string>>& changes) {
  const LoadedPolicy present = MustLoad(SmallPolicy());
  return Render(CheckSuccession(*present.policy, MustLoad(SmallPolicy(changes))));
}

TEST(Succession, TheSameBooksMayFollow) { EXPECT_EQ(ProblemsAfter({}), ""); }

TEST(Succession, ANewBookMayBeAdded) {
  EXPECT_EQ(
      ProblemsAfter({{"movements:", "  payee: {key: [account_id], counters: [out]}\nmovements:"}}),
      "");
}

TEST(Succession, ANewCounterIsRefusedAtItsPlace) {
  EXPECT_EQ(
      ProblemsAfter({{"[paid, refunded]", "[paid, refunded, settled]"}}),
      "policy.yaml:2:50: the book 'order' is in use with the counters [paid, refunded]; "
      "any other list, or another order, needs a re-snapshot of its books, which this version "
      "can't do; declare a new book beside it\n");
}

TEST(Succession, ARemovedBookIsRefused) {
  const std::string problems = ProblemsAfter({{"  order: {key", "  trade: {key"},
                                              {"+order.paid", "+trade.paid"},
                                              {"-order.paid", "-trade.paid"},
                                              {"+order.refunded", "+trade.refunded"},
                                              {"book: order", "book: trade"}});
  EXPECT_NE(problems.find("policy.yaml:1:1: the book 'order' is in use"), std::string::npos)
      << problems;
}

TEST(Succession, KeyAndCurrencyRuleStay) {
  EXPECT_NE(ProblemsAfter({{"[account_id, order_id]", "[account_id]"}}), "");
  EXPECT_NE(ProblemsAfter({{", single_currency: true", ""}}), "");
}

TEST(Succession, ANewKindOfMovementMayBeAdded) {
  EXPECT_EQ(ProblemsAfter({{"movements:\n", "movements:\n  fee: {effects: [-order.paid]}\n"}}), "");
}

TEST(Succession, AKindOfMovementKeepsItsEffects) {
  EXPECT_EQ(ProblemsAfter({{"chargeback: {effects: [-order.paid]",
                            "chargeback: {effects: [+order.refunded]"}}),
            "policy.yaml:5:3: the kind 'chargeback' is in use: what it has posted and reserved "
            "rests on its effects and parts, which can't change; declare a new kind beside it\n");
}

TEST(Succession, ARemovedKindOfMovementIsRefused) {
  const std::string problems = ProblemsAfter(
      {{"  chargeback: {", "  dispute: {"}, {"emits: [chargeback]", "emits: [dispute]"}});
  EXPECT_EQ(problems,
            "policy.yaml:3:1: the kind 'chargeback' is in use and can't be removed or renamed, "
            "since its keys are remembered; keep it as it is\n");
}

TEST(Succession, AGatedKindKeepsWhetherASourceReportsIt) {
  const std::string problems = ProblemsAfter({{"emits: [payment, refund]", "emits: [payment]"}});
  EXPECT_NE(problems.find("policy.yaml:6:3: the kind 'refund' is in use and is posted by its "
                          "sources' events"),
            std::string::npos)
      << problems;
}

}  // namespace
}  // namespace fundgate::policy
