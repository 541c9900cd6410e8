// Rules and windows of a document, judged by the machine.
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

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr char kStructure[] = R"yaml(
books:
  order: {key: [account_id, order_id], counters: [paid, refunded]}
  merchant: {key: [account_id], counters: [drawn]}
movements:
  payment: {effects: [+order.paid]}
  refund: {effects: [+order.refunded], gated: true}
  draw: {effects: [+merchant.drawn], gated: true}
checkpoints:
  refund: {}
  draw: {when_error: BLOCK}
sources:
  ledger: {report: {emits: [payment]}}
attributes: {channel: string, level: int, vip: bool, limit: money}
lists: {risky: [web, app], levels: [3, 5]}
numbers: {many: 2, much: CNY 50.00}
)yaml";

// A machine under a policy of the structure above and what is given.
class Machinery {
 public:
  explicit Machinery(const std::string& rest) { Apply(rest); }

  void Apply(const std::string& rest) {
    LoadResult result = LoadPolicy(absl::StrCat(kStructure, rest), "test.yaml");
    ASSERT_TRUE(result.ok()) << Render(result.problems);
    core::ApplyPolicyInput apply;
    apply.policy = result.loaded->policy;
    Put(std::move(apply));
    core::GrantEpochInput grant;
    grant.source = SourceName("ledger");
    Put(std::move(grant));
  }

  core::Answer Put(decltype(core::Input::body) body) {
    absl::StatusOr<core::Outcome> outcome = machine_.Apply(core::Input{now_, std::move(body)});
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    if (outcome->recorded) state_.Absorb(outcome->changes);
    return std::move(outcome->answer);
  }

  static core::CheckInput NewCheck(const std::string& checkpoint, const std::string& key,
                                   const std::string& amount, const std::string& account = "m1",
                                   const std::string& order = "o1") {
    core::CheckInput check;
    check.key = {MovementKind(checkpoint), IdempotencyKey(key)};
    check.account = AccountId(account);
    check.amount = Money::Parse(amount).value();
    check.lines = {{OrderId(order), check.amount.minor_units, {}}};
    return check;
  }

  core::Decision Check(core::CheckInput check) {
    Prove();
    check.arrived_at = now_;
    check.may_wait = false;
    core::Answer answer = Put(std::move(check));
    auto* decision = std::get_if<core::Decision>(&answer);
    EXPECT_NE(decision, nullptr);
    return decision == nullptr ? core::Decision{} : *decision;
  }
  core::Decision Draw(const std::string& key, const std::string& amount,
                      const std::string& account = "m1") {
    return Check(NewCheck("draw", key, amount, account, ""));
  }

  void Prove() {
    core::IngestInput probe;
    probe.source = SourceName("ledger");
    probe.epoch = state_.resident().of<core::Sources>().at(probe.source).epoch;
    probe.probe = core::Probe{Position(), now_};
    Put(std::move(probe));
  }

  void Advance(absl::Duration duration) {
    now_ += duration;
    Put(core::TickInput{});
  }

  core::RuleStatistics Statistics(const std::string& rule) const {
    return state_.Find<core::RulesSeen>(rule).value_or(core::RuleStatistics{});
  }
  const core::MemoryState& state() const { return state_; }

 private:
  core::MemoryState state_;
  core::Machine machine_{state_};
  absl::Time now_ = absl::FromUnixSeconds(1'800'000'000);
};

std::vector<std::string> Names(const std::vector<core::Reason>& reasons) {
  std::vector<std::string> names;
  for (const core::Reason& reason : reasons) names.push_back(reason.name);
  return names;
}

constexpr char kBurst[] = R"yaml(
windows:
  draws: {of: draw, span: 1h}
rules:
  burst: {on: check, when: 'request.checkpoint == "draw" && windows.draws.count >= numbers.many',
          then: HOLD, mode: enforce}
)yaml";

TEST(Rules, AWindowCountsEarlierAllowedChecksAndNotThisOne) {
  Machinery machine(kBurst);
  EXPECT_EQ(machine.Draw("d1", "CNY 1.00").verdict, core::Verdict::kAllow);
  EXPECT_EQ(machine.Draw("d2", "CNY 1.00").verdict, core::Verdict::kAllow);
  const core::Decision third = machine.Draw("d3", "CNY 1.00");
  EXPECT_EQ(third.verdict, core::Verdict::kHold);
  ASSERT_EQ(third.reasons.size(), 1U);
  EXPECT_EQ(third.reasons[0].code, core::ReasonCode::kRule);
  EXPECT_EQ(third.reasons[0].name, "burst");
  EXPECT_THAT(third.reasons[0].fields,
              ElementsAre(Pair("request.checkpoint", "draw"), Pair("windows.draws.count", "2")));
  // Other accounts have windows of their own, and the held one was not counted.
  EXPECT_EQ(machine.Draw("e1", "CNY 1.00", "m2").verdict, core::Verdict::kAllow);
  machine.Advance(absl::Minutes(62));
  EXPECT_EQ(machine.Draw("d3", "CNY 1.00").verdict, core::Verdict::kAllow);
}

TEST(Rules, AKeyCountsOnceHoweverOftenItIsAllowed) {
  Machinery machine(kBurst);
  const std::string first = machine.Draw("d1", "CNY 1.00").id;
  machine.Put(core::ReleaseInput{
      AccountId("m1"), {MovementKind("draw"), IdempotencyKey("d1")}, first, "not wanted"});
  EXPECT_EQ(machine.Draw("d1", "CNY 1.00").verdict, core::Verdict::kAllow);
  EXPECT_TRUE(machine.Draw("d1", "CNY 1.00").replayed);
  EXPECT_EQ(machine.Draw("d2", "CNY 1.00").verdict, core::Verdict::kAllow);
  EXPECT_EQ(machine.Draw("d3", "CNY 1.00").verdict, core::Verdict::kHold);
}

TEST(Rules, AWindowThatHoldsNothingIsForgotten) {
  Machinery machine(kBurst);
  machine.Draw("d1", "CNY 1.00");
  machine.Advance(absl::Minutes(30));
  machine.Draw("d2", "CNY 1.00");
  machine.Advance(absl::Minutes(40));  // the first has gone, the second is there
  EXPECT_EQ(machine.state().of<core::Windows>().size(), 1U);
  EXPECT_EQ(machine.state().of<core::WindowEnds>().size(), 1U);
  machine.Advance(absl::Minutes(40));
  EXPECT_THAT(machine.state().of<core::Windows>(), IsEmpty());
  EXPECT_THAT(machine.state().of<core::WindowEnds>(), IsEmpty());
}

TEST(Rules, InShadowChangeNoAnswerButAreTold) {
  Machinery machine(R"yaml(
rules:
  large: {on: check, when: 'request.amount > numbers.much', then: BLOCK}
)yaml");
  const core::Decision decision = machine.Draw("d1", "CNY 50.01");
  EXPECT_EQ(decision.verdict, core::Verdict::kAllow);
  EXPECT_THAT(decision.reasons, IsEmpty());
  EXPECT_THAT(Names(decision.shadow_reasons), ElementsAre("large"));
  EXPECT_EQ(decision.shadow_reasons[0].verdict, core::Verdict::kBlock);
  EXPECT_EQ(machine.Statistics("large").shadow_hits, 1);
  EXPECT_EQ(machine.Statistics("large").hits, 0);
  EXPECT_THAT(machine.Draw("d2", "CNY 50.00").shadow_reasons, IsEmpty());
}

TEST(Rules, AllOfThemAnswerAndTheSeverestWins) {
  Machinery machine(R"yaml(
rules:
  a_hold: {on: check, when: 'request.currency == "CNY"', then: HOLD, mode: enforce}
  b_block: {on: check, when: 'request.account_id.startsWith("m")', then: BLOCK, mode: enforce}
  c_shadow: {on: check, when: 'true', then: BLOCK}
)yaml");
  const core::Decision decision = machine.Draw("d1", "CNY 1.00");
  EXPECT_EQ(decision.verdict, core::Verdict::kBlock);
  EXPECT_THAT(Names(decision.reasons), ElementsAre("b_block", "a_hold"));
  EXPECT_THAT(Names(decision.shadow_reasons), ElementsAre("c_shadow"));
}

TEST(Rules, OneThatCantBeJudgedGivesItsDeclaredAnswerAndCountsAsBroken) {
  Machinery machine(R"yaml(
rules:
  by_level: {on: check, when: 'request.attributes.level > 3', then: HOLD, mode: enforce}
  lenient: {on: check, when: 'request.attributes.level > 3', then: HOLD, mode: enforce,
            on_error: ALLOW}
  shadowed: {on: check, when: 'request.attributes.level > 3', then: HOLD}
)yaml");
  const core::Decision decision = machine.Draw("d1", "CNY 1.00");  // without the attribute
  EXPECT_EQ(decision.verdict, core::Verdict::kBlock);              // draw's when_error
  EXPECT_THAT(Names(decision.reasons), ElementsAre("by_level", "lenient"));
  EXPECT_EQ(decision.reasons[0].code, core::ReasonCode::kLimit);
  EXPECT_THAT(decision.reasons[0].message, HasSubstr("could not be judged"));
  EXPECT_EQ(decision.reasons[1].verdict, core::Verdict::kAllow);
  EXPECT_THAT(Names(decision.shadow_reasons), ElementsAre("shadowed"));
  for (const char* rule : {"by_level", "lenient", "shadowed"}) {
    EXPECT_EQ(machine.Statistics(rule).errors, 1) << rule;
    EXPECT_EQ(machine.Statistics(rule).hits, 0) << rule;
    EXPECT_THAT(machine.Statistics(rule).error, HasSubstr("1:")) << rule;
  }
  core::CheckInput check = Machinery::NewCheck("draw", "d2", "CNY 1.00", "m1", "");
  check.attributes["level"] = int64_t{4};
  EXPECT_EQ(machine.Check(check).verdict, core::Verdict::kHold);
  EXPECT_EQ(machine.Statistics("by_level").hits, 1);
}

TEST(Rules, AnAttributeOfAnotherTypeThanDeclaredIsRefused) {
  Machinery machine("");
  core::CheckInput check = Machinery::NewCheck("draw", "d1", "CNY 1.00", "m1", "");
  check.attributes["level"] = std::string("four");
  const core::Answer answer = machine.Put(check);
  ASSERT_TRUE(std::holds_alternative<core::Refusal>(answer));
  EXPECT_THAT(std::string(std::get<core::Refusal>(answer).status.message()),
              HasSubstr("attributes[level]: must be of type int"));
}

TEST(Rules, ReadBooksBreakersSourcesListsAndTime) {
  Machinery machine(R"yaml(
rules:
  channel: {on: check, when: 'request.attributes.channel in lists.risky', then: HOLD}
  drawn: {on: check, when: "book('merchant').drawn > money('CNY 5.00')", then: HOLD}
  posted: {on: check, when: "book('merchant').posted.drawn > money('CNY 5.00')", then: HOLD}
  other_order: {on: check, when: "book('order', 'o9').paid == money('CNY 0.00')", then: HOLD}
  same_order: {on: check,
               when: "book('order', request.attributes.channel).paid == money('CNY 0.00')",
               then: HOLD}
  tripped: {on: check, when: "breaker('draw/account', request.account_id).open", then: HOLD}
  lagging: {on: check, when: "source('ledger').lag > duration('0s')", then: HOLD}
  late: {on: check, when: "now > timestamp('2027-01-15T08:00:00Z')", then: HOLD}
  alone: {on: check, when: "request.line_count == 1 && request.idempotency_key == 'd2'", then: HOLD}
)yaml");
  core::CheckInput check = Machinery::NewCheck("draw", "d1", "CNY 6.00", "m1", "");
  check.attributes["channel"] = std::string("web");
  EXPECT_THAT(Names(machine.Check(check).shadow_reasons),
              ElementsAre("channel", "other_order", "same_order"));
  check.key.key = IdempotencyKey("d2");
  check.attributes["channel"] = std::string("shop");
  machine.Advance(absl::Seconds(1));
  machine.Put(core::TripBreakerInput{"draw/account:m1", core::Verdict::kHold, "ann", "test", {}});
  EXPECT_THAT(Names(machine.Check(check).shadow_reasons),
              ElementsAre("alone", "drawn", "late", "other_order", "same_order", "tripped"));
}

TEST(Rules, DistinctSumAndMaximumOfAWindowByAttribute) {
  Machinery machine(R"yaml(
windows:
  by_channel: {of: draw, key: attributes.channel, span: 10m, resolution: 10s,
               distinct: attributes.level,
               distinct_max: 2}
rules:
  levels: {on: check, when: windows.by_channel.distinct > 2, then: HOLD}
  sums: {on: check, when: windows.by_channel.sum >= numbers.much, then: HOLD}
  largest: {on: check, when: "windows.by_channel.max >= money('CNY 20.00')", then: HOLD}
)yaml");
  core::CheckInput check = Machinery::NewCheck("draw", "d1", "CNY 20.00", "m1", "");
  check.attributes["channel"] = std::string("web");
  std::vector<std::string> found;
  for (int64_t i = 1; i <= 4; ++i) {
    check.key.key = IdempotencyKey(absl::StrCat("d", i));
    check.attributes["level"] = i;
    found = Names(machine.Check(check).shadow_reasons);
    if (i == 2) {
      EXPECT_THAT(found, ElementsAre("largest"));
    }
  }
  EXPECT_THAT(found, ElementsAre("largest", "levels", "sums"));
  check.key.key = IdempotencyKey("d5");
  check.attributes["channel"] = std::string("app");
  EXPECT_THAT(machine.Check(check).shadow_reasons, IsEmpty());
}

TEST(Rules, AViolationIsRecordedItsActionDoneAndTheFloodBounded) {
  Machinery machine(R"yaml(
rules:
  odd: {on: check, when: 'request.amount > numbers.much', mode: enforce,
        then: {violation: high, action: freeze}, alerts_per_minute: 2}
)yaml");
  EXPECT_EQ(machine.Draw("d1", "CNY 51.00").verdict, core::Verdict::kAllow);
  ASSERT_EQ(machine.state().violations().size(), 1U);
  const core::Violation violation = machine.state().violations().front();
  EXPECT_EQ(violation.kind, core::ViolationKind::kRule);
  EXPECT_EQ(violation.name, "odd");
  EXPECT_THAT(violation.fields, ::testing::Contains(Pair("severity", "high")));
  EXPECT_EQ(machine.state().resident().of<core::Breakers>().count("*/account:m1"), 1U);
  for (const char* account : {"m2", "m3", "m4"}) machine.Draw(account, "CNY 51.00", account);
  EXPECT_EQ(machine.state().violations().size(), 2U);
  EXPECT_EQ(machine.Statistics("odd").hits, 4);
  EXPECT_EQ(machine.Statistics("odd").suppressed, 2);
  machine.Advance(absl::Minutes(1));
  machine.Draw("d5", "CNY 51.00", "m5");
  EXPECT_EQ(machine.state().violations().size(), 3U);
}

TEST(Rules, ACheckThatWaitsIsNotCounted) {
  Machinery machine(R"yaml(
invariants:
  covered: {book: order, holds: refunded <= paid}
rules:
  any: {on: check, when: 'true', then: HOLD}
)yaml");
  core::CheckInput check = Machinery::NewCheck("refund", "r1", "CNY 1.00");
  machine.Advance(absl::Seconds(1));
  check.arrived_at = absl::FromUnixSeconds(1'800'000'001);
  EXPECT_TRUE(std::holds_alternative<core::Wait>(machine.Put(check)));
  EXPECT_EQ(machine.Statistics("any").shadow_hits, 0);
  EXPECT_EQ(machine.Check(check).verdict, core::Verdict::kBlock);
  EXPECT_EQ(machine.Statistics("any").shadow_hits, 1);
}

TEST(Rules, AreAskedByTheCheckpointsTheyNameAlone) {
  const LoadResult result = LoadPolicy(absl::StrCat(kStructure, R"yaml(
rules:
  all: {on: check, when: 'request.line_count > 1', then: HOLD}
  either: {on: check, when: 'request.checkpoint == "refund" || "draw" == request.checkpoint',
           then: HOLD}
  listed: {on: check, when: 'request.checkpoint in ["draw"] && request.line_count > 1', then: HOLD}
  one: {on: check, when: 'request.line_count > 1 && request.checkpoint == "refund"', then: HOLD}
)yaml"),
                                       "test.yaml");
  ASSERT_TRUE(result.ok()) << Render(result.problems);
  const core::Policy& policy = *result.loaded->policy;
  EXPECT_THAT(policy.FindCheckpoint(MovementKind("draw"))->rules, ElementsAre(0, 1, 2));
  EXPECT_THAT(policy.FindCheckpoint(MovementKind("refund"))->rules, ElementsAre(0, 1, 3));
}

TEST(Rules, HaveTheAgeOfThePolicyThatBroughtThemOrChangedTheirMeaning) {
  Machinery machine(R"yaml(
rules:
  changed: {on: check, when: request.line_count > 3, then: HOLD}
  described: {on: check, when: request.line_count > 3, then: HOLD}
  dropped: {on: check, when: "true", then: HOLD}
  of_events: {on: event.payment, when: event.amount > numbers.much, then: {violation: low}}
)yaml");
  const absl::Time first = absl::FromUnixSeconds(1'800'000'000);
  for (const char* rule : {"changed", "described", "dropped", "of_events"}) {
    EXPECT_EQ(machine.Statistics(rule).added_version, 1U) << rule;
    EXPECT_EQ(machine.Statistics(rule).changed_version, 1U) << rule;
    EXPECT_EQ(machine.Statistics(rule).added_at, first) << rule;
  }
  machine.Draw("d1", "CNY 1.00");
  EXPECT_EQ(machine.Statistics("dropped").shadow_hits, 1);
  machine.Advance(absl::Hours(1));
  machine.Apply(R"yaml(
rules:
  added: {on: check, when: "false", then: HOLD}
  changed: {on: check, when: request.line_count > 3, then: HOLD, mode: enforce}
  described: {on: check, when: request.line_count > 3, then: HOLD, owner: risk, labels: {a: b}}
  of_events: {on: event.payment, when: event.amount > numbers.much, then: {violation: low}}
)yaml");
  EXPECT_EQ(machine.Statistics("added").added_version, 2U);
  EXPECT_EQ(machine.Statistics("changed").added_version, 1U);
  EXPECT_EQ(machine.Statistics("changed").changed_version, 2U);
  EXPECT_EQ(machine.Statistics("changed").changed_at, first + absl::Hours(1));
  EXPECT_EQ(machine.Statistics("described").changed_version, 1U);
  EXPECT_EQ(machine.Statistics("of_events").changed_version, 1U);
  EXPECT_FALSE(machine.state().Find<core::RulesSeen>("dropped").has_value());
}

TEST(Rules, AreFoundByNameWithWhatPeopleNeedOfThem) {
  const LoadResult result = LoadPolicy(absl::StrCat(kStructure, R"yaml(
rules:
  of_checks: {on: check, when: "true", then: {verdict: HOLD, violation: high}, owner: risk,
              runbook: "https://runbooks.example/a", labels: {loss: takeover, area: refunds}}
  of_events: {on: event.payment, when: "true", then: {violation: low}, severity: critical}
)yaml"),
                                       "test.yaml");
  ASSERT_TRUE(result.ok()) << Render(result.problems);
  const core::Policy& policy = *result.loaded->policy;
  const core::RuleDescription& described = policy.FindRule("of_checks")->description;
  EXPECT_EQ(described.owner, "risk");
  EXPECT_EQ(described.runbook, "https://runbooks.example/a");
  EXPECT_EQ(described.severity, core::Severity::kHigh);  // its violation's
  EXPECT_THAT(described.labels, ElementsAre(Pair("area", "refunds"), Pair("loss", "takeover")));
  EXPECT_EQ(policy.FindRule("of_events")->description.severity, core::Severity::kCritical);
  EXPECT_EQ(policy.FindRule("no_rule"), nullptr);
  const auto all = policy.AllRules();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].first, "check");
  EXPECT_EQ(all[1].first, "event.payment");
}

TEST(Rollout, AnAccountKeepsItsSideAndALargerShareTakesInASmallerOne) {
  // Shares by another implementation of FNV-1a: 8, 45 and 74.
  for (const auto& [account, share] :
       {std::pair("m1", 8), std::pair("m2", 45), std::pair("shop-17", 74)}) {
    EXPECT_FALSE(core::IsInShare("refund_burst", account, share)) << account;
    EXPECT_TRUE(core::IsInShare("refund_burst", account, share + 1)) << account;
  }
  int64_t inside = 0;
  for (int i = 0; i < 10'000; ++i) {
    const std::string account = absl::StrCat("m", i);
    for (int64_t percent = 0; percent < 100; ++percent) {
      if (core::IsInShare("refund_burst", account, percent)) {
        EXPECT_TRUE(core::IsInShare("refund_burst", account, percent + 1));
      }
    }
    if (core::IsInShare("refund_burst", account, 10)) ++inside;
  }
  EXPECT_GT(inside, 900);
  EXPECT_LT(inside, 1100);
}

TEST(Rollout, OutsideItsShareARuleIsInShadow) {
  Machinery machine(R"yaml(
rules:
  half: {on: check, when: 'true', then: HOLD, mode: enforce, rollout: {percent: 50, by: account_id}}
)yaml");
  for (int i = 0; i < 40; ++i) {
    const std::string account = absl::StrCat("m", i);
    const core::Decision decision = machine.Draw(account, "CNY 1.00", account);
    const bool inside = core::IsInShare("half", account, 50);
    EXPECT_EQ(decision.verdict, inside ? core::Verdict::kHold : core::Verdict::kAllow);
    EXPECT_EQ(decision.shadow_reasons.size(), inside ? 0U : 1U);
  }
  EXPECT_EQ(machine.Statistics("half").hits + machine.Statistics("half").shadow_hits, 40);
}

}  // namespace
}  // namespace fundgate::policy
