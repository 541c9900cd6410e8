#include "server/policy/compile.h"

#include <iterator>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/core/records.h"
#include "server/policy/mapping.h"
#include "tests/policy/documents.h"

namespace fundgate::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::MustLoad;
using testing::SmallPolicy;

const SourceName kBank("bank");
const SourceName kTill("till");

TEST(Compile, ListsAreSortedByNameWhateverTheDocumentsOrder) {
  const auto policy = MustLoad(SmallPolicy()).policy;
  ASSERT_EQ(policy->movements.size(), 3u);
  EXPECT_EQ(policy->movements[0].kind, MovementKind("chargeback"));
  EXPECT_EQ(policy->movements[1].kind, MovementKind("payment"));
  EXPECT_EQ(policy->movements[2].kind, MovementKind("refund"));
  EXPECT_THAT(policy->sources[1].emits,
              ElementsAre(MovementKind("payment"), MovementKind("refund")));
}

TEST(Compile, EachViolationOfMovementsMayHaveItsReaction) {
  const char* names[] = {"ungated",         "after_release",  "after_block",   "duplicate_movement",
                         "amount_mismatch", "unit_mismatch",  "other_account", "other_order",
                         "other_currency",  "movement_undone"};
  std::string section = "violations:\n";
  for (const char* name : names) section += std::string("  ") + name + ": freeze\n";
  const auto policy = MustLoad(SmallPolicy() + section).policy;
  EXPECT_EQ(policy->on_violation.size(), std::size(names));
  for (const auto& [kind, reaction] : policy->on_violation) {
    EXPECT_EQ(reaction, core::OnEvent::kFreeze) << core::ToString(kind);
  }
  EXPECT_EQ(policy->OnViolation(core::ViolationKind::kUngated), core::OnEvent::kFreeze);
  EXPECT_EQ(policy->OnViolation(core::ViolationKind::kInvariant), core::OnEvent::kAlert);
}

TEST(Compile, EffectsPointAtTheirBooksAndCounters) {
  const auto policy = MustLoad(SmallPolicy()).policy;
  const core::Effect& chargeback = policy->FindMovement(MovementKind("chargeback"))->effects[0];
  EXPECT_EQ(policy->books[chargeback.book].counters[chargeback.counter], "paid");
  EXPECT_EQ(chargeback.sign, -1);
  EXPECT_EQ(chargeback.amount, "");
}

TEST(Compile, ABookIsFedByEverySourceThatReportsAMovementOfIt) {
  const auto policy = MustLoad(SmallPolicy()).policy;
  EXPECT_THAT(policy->books[0].sources, ElementsAre(kBank, kTill));
  EXPECT_THAT(policy->checkpoints[0].sources, ElementsAre(kBank, kTill));
}

// A payment loosens, a chargeback may be taken back, and a refund that was allowed may fail.
TEST(Compile, WhoeverMayReportThatAnInvariantHoldsAgainCanCureIt) {
  const auto policy = MustLoad(SmallPolicy()).policy;
  EXPECT_THAT(policy->invariants[0].cures, ElementsAre(kBank, kTill));
  EXPECT_THAT(policy->invariants[0].influence,
              ElementsAre(core::Influence::kLoosens, core::Influence::kTightens));
}

TEST(Compile, WhatOnlyTightensForGoodCuresNothing) {
  const auto policy = MustLoad(SmallPolicy({{", reversible: true", ""}})).policy;
  EXPECT_THAT(policy->invariants[0].cures, ElementsAre(kTill));
}

TEST(Compile, AKindWithoutSourceIsReportedByNobody) {
  const auto policy =
      MustLoad(SmallPolicy({{"emits: [payment, refund]", "emits: [payment]"}})).policy;
  EXPECT_THAT(policy->FindMovement(MovementKind("refund"))->sources, IsEmpty());
}

TEST(Compile, WhatIsLeftOutHasItsDefault) {
  const auto policy = MustLoad(SmallPolicy()).policy;
  const core::CheckpointDefinition& refund = policy->checkpoints[0];
  EXPECT_EQ(refund.when_stale, core::Verdict::kHold);
  EXPECT_EQ(refund.patience, absl::Milliseconds(200));
  EXPECT_EQ(refund.valid_for, absl::Minutes(2));
  EXPECT_EQ(refund.overdue_after, absl::Minutes(10));
  EXPECT_FALSE(refund.blind_budget.has_value());
  EXPECT_EQ(policy->invariants[0].otherwise, core::Verdict::kBlock);
  EXPECT_EQ(policy->invariants[0].on_event, core::OnEvent::kAlert);
  EXPECT_EQ(policy->key_retention, absl::Hours(24 * 400));
}

TEST(Compile, WhatIsGivenIsTaken) {
  const auto policy =
      MustLoad(SmallPolicy(
                   {{"{max_staleness: 5s}",
                     "{max_staleness: 1s, when_stale: ALLOW, when_unproven: BLOCK, when_error: "
                     "BLOCK, blind_budget: {calls: 3, amount: CNY 10.50}, patience: 0s, valid_for: "
                     "1m, overdue_after: 1h, auto_release: proven, auto_release_grace: 5s}"},
                    {"gated: true}",
                     "gated: true, identity: [payee], gated_from: "
                     "2026-01-31T00:00:00Z}"},
                    {"refunded <= paid}", "refunded <= paid, otherwise: hold, on_event: TRIP}"}}))
          .policy;
  const core::CheckpointDefinition& refund = policy->checkpoints[0];
  EXPECT_EQ(refund.max_staleness, absl::Seconds(1));
  EXPECT_EQ(refund.when_stale, core::Verdict::kAllow);
  EXPECT_EQ(refund.when_unproven, core::Verdict::kBlock);
  EXPECT_EQ(refund.when_error, core::Verdict::kBlock);
  const core::Budget budget{3, Money::Parse("CNY 10.50").value()};
  EXPECT_EQ(refund.blind_budget, budget);
  EXPECT_EQ(refund.patience, absl::ZeroDuration());
  EXPECT_EQ(refund.overdue_after, absl::Hours(1));
  EXPECT_TRUE(refund.auto_release);
  EXPECT_EQ(refund.auto_release_grace, absl::Seconds(5));
  const core::MovementDefinition& movement = *policy->FindMovement(MovementKind("refund"));
  EXPECT_THAT(movement.identity, ElementsAre("payee"));
  EXPECT_EQ(movement.gated_from, absl::FromUnixSeconds(1769817600));
  EXPECT_EQ(policy->invariants[0].otherwise, core::Verdict::kHold);
  EXPECT_EQ(policy->invariants[0].on_event, core::OnEvent::kTrip);
}

TEST(Compile, TheTotalOfPartsIsTheLinesOwnAmount) {
  const auto policy = MustLoad(testing::ReadProjectFile("config/policy.yaml")).policy;
  const core::MovementDefinition& settlement = *policy->FindMovement(MovementKind("settlement"));
  EXPECT_TRUE(settlement.many_lines);
  EXPECT_THAT(settlement.parts, ElementsAre("fee", "net"));
  EXPECT_EQ(settlement.effects[0].amount, "");
  EXPECT_EQ(settlement.effects[1].amount, "net");
}

TEST(Compile, ResponsesHaveTheirTargetsAndDefaults) {
  const auto policy = MustLoad(testing::ReadProjectFile("config/policy.yaml")).policy;
  const core::Responses& responses = policy->responses;
  ASSERT_EQ(responses.risk_classes.size(), 3U);
  EXPECT_EQ(responses.ClassOf("order_vs_payment")->name, "urgent");
  EXPECT_EQ(responses.ClassOf("price_collapse")->name, "urgent");  // by its severity
  EXPECT_EQ(responses.ClassOf("late_refunds_in_pieces")->name, "daily");
  EXPECT_EQ(responses.ClassOf("escrow_covers")->name, "critical");
  EXPECT_EQ(responses.ClassOf("hold")->answered, absl::Hours(4));
  EXPECT_EQ(responses.ClassOf("movement_undone"), nullptr);
  EXPECT_EQ(responses.FindClass("critical")->found, absl::Minutes(1));
  ASSERT_EQ(responses.actions.size(), 2U);
  const core::Action& action = responses.actions.front();
  EXPECT_EQ(action.checkpoint, "refund");
  EXPECT_EQ(action.field, "account");
  EXPECT_EQ(action.mode, core::Verdict::kHold);
  EXPECT_EQ(action.lasts, absl::Hours(1));
  const core::Action& call = responses.actions.back();
  EXPECT_EQ(call.endpoint, "item_service");
  EXPECT_EQ(call.on, std::vector<std::string>{"price_collapse"});  // the rule that names it
  EXPECT_EQ(responses.holds.approval_lasts, absl::Minutes(10));
  EXPECT_EQ(responses.holds.expire_after, absl::Hours(24));
}

v1::Document Mapped() {
  return MustLoad(testing::ReadProjectFile("config/policy-mariadb.yaml")).document;
}

v1::Source& PayDb(v1::Document& document) { return document.mutable_sources()->at("pay_db"); }

uint64_t VersionOf(const v1::Document& document) { return MappingVersion(document, "pay_db"); }

TEST(MappingVersion, IsTheSameOnEveryMachine) {
  v1::Document document;
  v1::Table& table = *(*document.mutable_sources())["pay_db"].add_tables();
  table.set_table("pay.refund");
  table.set_counts("true");
  table.set_emit("refund");
  (*table.mutable_fields())["amount"] = "money('CNY 1.00')";
  EXPECT_EQ(VersionOf(document), 14813524410104218874u);
}

TEST(MappingVersion, DoesNotDependOnOrderOrOnWhereTheDatabaseIs) {
  v1::Document moved = Mapped();
  PayDb(moved).mutable_mariadb()->set_hosts(0, "10.0.0.7:3306");
  PayDb(moved).mutable_tables()->SwapElements(0, 3);
  EXPECT_EQ(VersionOf(moved), VersionOf(Mapped()));
}

TEST(MappingVersion, ChangesWithTheMeaningOfARow) {
  v1::Document changed = Mapped();
  (*PayDb(changed).mutable_tables(0)->mutable_fields())["order_id"] = "row.other";
  EXPECT_NE(VersionOf(changed), VersionOf(Mapped()));
}

TEST(MappingVersion, ChangesWithTheTypesOfAFact) {
  v1::Document document;
  v1::Table& table = *(*document.mutable_sources())["pay_db"].add_tables();
  table.set_table("pay.bid");
  table.set_emit("bid");
  (*table.mutable_fields())["item_id"] = "row.item_id";
  v1::Fact& fact = (*document.mutable_facts())["bid"];
  fact.set_key("item_id");
  (*fact.mutable_fields())["item_id"] = v1::FACT_TYPE_STRING;
  const uint64_t before = VersionOf(document);
  (*fact.mutable_fields())["price"] = v1::FACT_TYPE_MONEY;
  EXPECT_NE(VersionOf(document), before);
}

}  // namespace
}  // namespace fundgate::policy
