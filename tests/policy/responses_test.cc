// What a document's rules lead to: holds that people let pass, risk classes, actions.
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/core/machine.h"
#include "server/core/state.h"
#include "server/policy/loader.h"

namespace fundgate::policy {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

constexpr char kStructure[] = R"yaml(
books:
  merchant: {key: [account_id], counters: [drawn]}
movements:
  draw: {effects: [+merchant.drawn], gated: true}
checkpoints:
  draw: {}
sources:
  shop: {report: {emits: [bid]}}
facts:
  bid: {key: item_id, fields: {item_id: string, account_id: string, price: money}}
attributes: {level: int}
)yaml";

// A machine under a policy of the structure above and what is given.
class Shop {
 public:
  explicit Shop(const std::string& rest) {
    LoadResult result = LoadPolicy(absl::StrCat(kStructure, rest), "test.yaml");
    EXPECT_TRUE(result.ok()) << Render(result.problems);
    if (!result.ok()) return;
    core::ApplyPolicyInput apply;
    apply.policy = result.loaded->policy;
    Put(std::move(apply));
    core::GrantEpochInput grant;
    grant.source = SourceName("shop");
    Put(std::move(grant));
  }

  core::Answer Put(decltype(core::Input::body) body) {
    absl::StatusOr<core::Outcome> outcome = machine_.Apply(core::Input{now_, std::move(body)});
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    if (outcome->recorded) state_.Absorb(outcome->changes);
    return std::move(outcome->answer);
  }

  core::Decision Draw(const std::string& key, int64_t level) {
    core::CheckInput check;
    check.key = {MovementKind("draw"), IdempotencyKey(key)};
    check.account = AccountId("m1");
    check.amount = Money::Parse("CNY 1.00").value();
    check.lines = {{OrderId(), check.amount.minor_units, {}}};
    if (level > 0) check.attributes = {{"level", level}};
    check.arrived_at = now_;
    core::Answer answer = Put(std::move(check));
    auto* decision = std::get_if<core::Decision>(&answer);
    EXPECT_NE(decision, nullptr);
    return decision == nullptr ? core::Decision{} : *decision;
  }
  core::Answer Approve(const core::Decision& held) {
    return Put(core::ApproveHoldInput{held.account, held.key, held.id, "bob", "called the shop"});
  }

  void Bid(const std::string& item, const std::string& price,
           const std::string& seller = "seller") {
    core::IngestInput batch;
    batch.source = SourceName("shop");
    batch.epoch = state_.resident().of<core::Sources>().at(batch.source).epoch;
    batch.previous = state_.resident().of<core::Sources>().at(batch.source).position;
    batch.position = Position::Parse(absl::StrCat("shop:", ++offset_)).value();
    core::FactEvent bid;
    bid.name = "bid";
    bid.key = item;
    bid.after = core::Attributes{
        {"item_id", item}, {"account_id", seller}, {"price", Money::Parse(price).value()}};
    batch.events = {core::Event{absl::StrCat("e", offset_), now_, std::move(bid), {}}};
    Put(std::move(batch));
  }

  void Advance(absl::Duration duration) { now_ += duration; }
  const core::MemoryState& state() const { return state_; }
  const core::Resident& resident() const { return state_.resident(); }
  std::vector<core::Alert> Calls() const {
    std::vector<core::Alert> calls;
    for (const auto& [slot, alert] : resident().of<core::Outbox>()) {
      if (alert.kind == core::AlertKind::kCall) calls.push_back(alert);
    }
    return calls;
  }

 private:
  core::MemoryState state_;
  core::Machine machine_{state_};
  absl::Time now_ = absl::FromUnixSeconds(1'800'000'000);
  uint64_t offset_ = 0;
};

constexpr char kHigh[] = R"yaml(
rules:
  high: {on: check, when: 'request.attributes.level > 3', then: HOLD, mode: enforce}
  very_high: {on: check, when: 'request.attributes.level > 7', then: HOLD, mode: enforce}
  highest: {on: check, when: 'request.attributes.level > 9', then: BLOCK, mode: enforce}
)yaml";

TEST(Responses, AnApprovalLetsARulePassOnce) {
  Shop shop(kHigh);
  const core::Decision held = shop.Draw("d1", 5);
  EXPECT_EQ(held.verdict, core::Verdict::kHold);
  EXPECT_TRUE(std::holds_alternative<core::Done>(shop.Approve(held)));
  const core::Decision allowed = shop.Draw("d1", 5);
  EXPECT_EQ(allowed.verdict, core::Verdict::kAllow);
  ASSERT_THAT(allowed.reasons, SizeIs(1));
  EXPECT_THAT(allowed.reasons.front().message, HasSubstr("bob approved it: called the shop"));
  EXPECT_EQ(shop.Draw("d2", 5).verdict, core::Verdict::kHold) << "the approval was of one key";
}

TEST(Responses, AnApprovalCoversNoRuleThatCameLaterAndNoBlock) {
  Shop shop(kHigh);
  EXPECT_TRUE(std::holds_alternative<core::Done>(shop.Approve(shop.Draw("d1", 5))));
  EXPECT_EQ(shop.Draw("d1", 8).verdict, core::Verdict::kHold);
  EXPECT_EQ(shop.Draw("d1", 10).verdict, core::Verdict::kBlock);
}

TEST(Responses, ARuleThatCouldNotBeJudgedMayBeApproved) {
  Shop shop(kHigh);
  const core::Decision held = shop.Draw("d1", 0);  // has no level
  EXPECT_EQ(held.verdict, core::Verdict::kHold);
  EXPECT_TRUE(std::holds_alternative<core::Done>(shop.Approve(held)));
  EXPECT_EQ(shop.Draw("d1", 0).verdict, core::Verdict::kAllow);
}

TEST(Responses, HoldsOfOneRuleAreOneAlertThatNamesIt) {
  Shop shop(kHigh);
  shop.Draw("d1", 5);
  shop.Draw("d2", 5);
  ASSERT_THAT(shop.state().of<core::Groups>(), SizeIs(1));
  const core::Group& group = shop.state().of<core::Groups>().begin()->second;
  EXPECT_EQ(group.open, 2);
  EXPECT_THAT(group.common, Contains(Pair("reason", "RULE high")));
}

constexpr char kTakeOff[] = R"yaml(
rules:
  cheap: {on: event.bid, when: "event.price < money('CNY 10.00')", mode: enforce,
          then: {violation: critical, action: take_off_sale}, alerts_per_minute: 1}
actions:
  take_off_sale: {call: item_service}
  freeze_seller: {on: [cheap], freeze: account, lasts: 1h}
risk_classes:
  first: {severities: [critical], answered: 5m, contained: 10m}
)yaml";

TEST(Responses, ARulesActionIsCalledOnceForEachThing) {
  Shop shop(kTakeOff);
  shop.Bid("i1", "CNY 9.00");
  shop.Bid("i1", "CNY 8.00");
  shop.Bid("i2", "CNY 1.00");  // past the alerts of the minute: it is taken off all the same
  shop.Bid("i3", "CNY 10.00");
  const std::vector<core::Alert> calls = shop.Calls();
  ASSERT_THAT(calls, SizeIs(2));
  for (const core::Alert& call : calls) {
    EXPECT_EQ(call.action, "take_off_sale");
    EXPECT_EQ(call.endpoint, "item_service");
  }
  const auto about = shop.state().Find<core::Violations>(calls[1].violation);
  ASSERT_TRUE(about.has_value());
  EXPECT_THAT(about->fields, Contains(Pair("key", "i2")));
  EXPECT_THAT(about->fields, Contains(Pair("attribute.price", "CNY 1.00")));
  EXPECT_EQ(shop.resident().of<core::Breakers>().count("*/account:seller"), 1U);
}

TEST(Responses, WhatTellsNobodyFreezesNobodyAndSaysSo) {
  Shop shop(kTakeOff);
  shop.Bid("i1", "CNY 9.00", "");
  EXPECT_THAT(shop.resident().of<core::Breakers>(), IsEmpty());
  EXPECT_THAT(shop.state().violations().front().fields,
              Contains(Pair("not_done.freeze_seller", "it tells no account")));
  EXPECT_THAT(shop.Calls(), SizeIs(1));
}

TEST(Responses, ARulesSeverityGivesItsViolationsAClassThatEscalates) {
  Shop shop(kTakeOff);
  shop.Bid("i1", "CNY 9.00");
  const auto group = shop.state().of<core::Groups>().begin()->second;
  EXPECT_EQ(group.risk_class, "first");
  EXPECT_THAT(group.common, Contains(Pair("source", "shop")));
  shop.Advance(absl::Minutes(5));
  shop.Put(core::TickInput{});
  EXPECT_EQ(shop.state().of<core::Groups>().begin()->second.level, 1U);
}

TEST(Responses, AFrozenSellerIsFreeAgainWhenTheActionHasLasted) {
  Shop shop(kTakeOff);
  shop.Bid("i1", "CNY 9.00");
  shop.Advance(absl::Minutes(30));
  shop.Bid("i2", "CNY 9.00");  // lasts an hour from now
  shop.Advance(absl::Minutes(40));
  shop.Put(core::TickInput{});
  EXPECT_EQ(shop.resident().of<core::Breakers>().count("*/account:seller"), 1U);
  shop.Advance(absl::Minutes(20));
  shop.Put(core::TickInput{});
  EXPECT_THAT(shop.resident().of<core::Breakers>(), IsEmpty());
}

}  // namespace
}  // namespace fundgate::policy
