// What fundctl shows of rules, and how it releases them.
#include <fstream>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/fake_gate.h"
#include "tests/client/run_words.h"

namespace fundgate::fundctl {
namespace {

using ::fundgate::testing::Answers;
using ::fundgate::testing::DecisionOn;
using ::fundgate::testing::FakeGate;
using ::testing::HasSubstr;
using ::testing::Not;

v1::Rule Rule(const std::string& name, v1::RuleCondition condition) {
  v1::Rule rule;
  rule.set_name(name);
  rule.set_on("check");
  rule.set_when("request.line_count > 3");
  rule.set_verdict(v1::VERDICT_HOLD);
  rule.set_mode(v1::RULE_MODE_ENFORCE);
  rule.set_rollout_percent(10);
  rule.set_rollout_by("account_id");
  rule.set_condition(condition);
  rule.set_hits(7);
  rule.set_cost(12);
  return rule;
}

TEST(FundctlRules, BrokenOnesStandFirst) {
  Answers answers;
  answers.list_rules = [](int, const v1::ListRulesRequest& request, v1::ListRulesResponse* answer) {
    EXPECT_EQ(request.stale_after().seconds(), 3600);
    *answer->add_rules() = Rule("a_fine", v1::RULE_CONDITION_FINE);
    *answer->add_rules() = Rule("b_stale", v1::RULE_CONDITION_STALE);
    *answer->add_rules() = Rule("c_broken", v1::RULE_CONDITION_BROKEN);
    return grpc::Status::OK;
  };
  FakeGate gate(std::move(answers));
  const Outcome outcome = RunWords({"rules", "list", "--stale-after", "1h"}, gate.address());
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const size_t broken = outcome.out.find("c_broken  BROKEN");
  const size_t stale = outcome.out.find("b_stale   STALE");
  const size_t fine = outcome.out.find("a_fine    FINE");
  EXPECT_LT(broken, stale);
  EXPECT_LT(stale, fine);
  EXPECT_NE(fine, std::string::npos) << outcome.out;
  EXPECT_THAT(outcome.out, HasSubstr("ENFORCE 10%"));
  EXPECT_THAT(outcome.out, HasSubstr("never"));
}

TEST(FundctlRules, OneIsShownWithWhatIsKnownOfIt) {
  Answers answers;
  answers.list_rules = [](int, const v1::ListRulesRequest& request, v1::ListRulesResponse* answer) {
    EXPECT_EQ(request.name(), "burst");
    v1::Rule& rule = *answer->add_rules() = Rule("burst", v1::RULE_CONDITION_BROKEN);
    rule.set_condition_reason("it could not be judged: no such field");
    rule.set_violation("high");
    rule.set_action("freeze");
    rule.set_runbook("https://runbooks.example/burst");
    (*rule.mutable_labels())["loss"] = "takeover";
    return grpc::Status::OK;
  };
  FakeGate gate(std::move(answers));
  const Outcome outcome = RunWords({"rules", "show", "burst"}, gate.address());
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  for (const char* text : {"burst: BROKEN, it could not be judged", "HOLD, violation high, freeze",
                           "account_id", "https://runbooks.example/burst", "loss=takeover",
                           "12 steps at most", "none makes it true"}) {
    EXPECT_THAT(outcome.out, HasSubstr(text));
  }
}

TEST(FundctlRules, AsJsonAreOneObjectALine) {
  Answers answers;
  answers.list_rules = [](int, const v1::ListRulesRequest&, v1::ListRulesResponse* answer) {
    *answer->add_rules() = Rule("a", v1::RULE_CONDITION_FINE);
    *answer->add_rules() = Rule("b", v1::RULE_CONDITION_FINE);
    return grpc::Status::OK;
  };
  FakeGate gate(std::move(answers));
  const Outcome outcome = RunWords({"--output", "json", "rules", "list"}, gate.address());
  EXPECT_THAT(outcome.out, HasSubstr("{\"name\":\"a\""));
  EXPECT_THAT(outcome.out, HasSubstr("\n{\"name\":\"b\""));
}

TEST(FundctlPolicyRelease, PromoteSendsTheModeAndTheShareAndPrintsTheDifference) {
  Answers answers;
  answers.change_rule = [](int, const v1::ChangeRuleRequest& request,
                           v1::ChangeRuleResponse* answer) {
    EXPECT_EQ(request.rule(), "burst");
    EXPECT_EQ(request.mode(), v1::RULE_MODE_ENFORCE);
    EXPECT_EQ(request.rollout_percent(), 10);
    EXPECT_EQ(request.comment(), "a week");
    EXPECT_EQ(request.expected_current_version(), 4);
    EXPECT_FALSE(request.dry_run());
    answer->mutable_version()->set_version(5);
    v1::PolicyChange& change = *answer->add_changes();
    change.set_kind(v1::POLICY_CHANGE_KIND_CHANGED);
    change.set_path("rules.burst.mode");
    change.set_before("shadow");
    change.set_after("enforce");
    return grpc::Status::OK;
  };
  FakeGate gate(std::move(answers));
  const Outcome outcome = RunWords({"policy", "promote", "burst", "--percent", "10", "--comment",
                                    "a week", "--expect-version", "4"},
                                   gate.address());
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("~ rules.burst.mode"));
  EXPECT_THAT(outcome.out, HasSubstr("Version 5 is in force."));
}

TEST(FundctlPolicyRelease, RolloutLeavesTheModeAndDemoteTheShare) {
  int calls = 0;
  Answers answers;
  answers.change_rule = [&calls](int, const v1::ChangeRuleRequest& request,
                                 v1::ChangeRuleResponse* answer) {
    if (++calls == 1) {
      EXPECT_EQ(request.mode(), v1::RULE_MODE_UNSPECIFIED);
      EXPECT_EQ(request.rollout_percent(), 0);
      EXPECT_TRUE(request.has_rollout_percent());
    } else {
      EXPECT_EQ(request.mode(), v1::RULE_MODE_SHADOW);
      EXPECT_FALSE(request.has_rollout_percent());
    }
    answer->mutable_version()->set_version(5);
    return grpc::Status::OK;
  };
  FakeGate gate(std::move(answers));
  EXPECT_EQ(RunWords({"policy", "rollout", "burst", "0", "--comment", "c"}, gate.address()).code,
            0);
  EXPECT_EQ(RunWords({"policy", "demote", "burst", "--comment", "c"}, gate.address()).code, 0);
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(RunWords({"policy", "rollout", "burst", "101", "--comment", "c"}, gate.address()).code,
            2);
}

TEST(FundctlPolicyRelease, ADryRunSaysThatItsTestsFailAndFails) {
  Answers answers;
  answers.change_rule = [](int, const v1::ChangeRuleRequest& request,
                           v1::ChangeRuleResponse* answer) {
    EXPECT_TRUE(request.dry_run());
    answer->set_base_version(4);
    v1::PolicyTestResult& result = *answer->add_results();
    result.set_name("a large one is allowed");
    result.set_line(9);
    result.set_message("expected ALLOW, got HOLD");
    return grpc::Status::OK;
  };
  FakeGate gate(std::move(answers));
  const Outcome outcome =
      RunWords({"policy", "promote", "burst", "--comment", "c", "--dry-run"}, gate.address());
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.out, HasSubstr("FAIL  a large one is allowed (line 9): expected ALLOW"));
  EXPECT_THAT(outcome.out, HasSubstr("Nothing was applied"));
  EXPECT_THAT(outcome.out, HasSubstr("version 4, and be refused"));
}

TEST(FundctlPolicyTest, ShowsWhatCameAndWhatNoTestShows) {
  const std::string file = ::testing::TempDir() + "fundctl_rules_test_policy.yaml";
  std::ofstream(file) << "books: {}\n";
  Answers answers;
  answers.test_policy = [](int, const v1::TestPolicyRequest&, v1::TestPolicyResponse* answer) {
    v1::PolicyTestResult& result = *answer->add_results();
    result.set_name("a burst is held");
    result.set_passed(true);
    result.set_got("HOLD (RULE burst)");
    v1::PolicyCoverage& shown = *answer->add_coverage();
    shown.set_path("rules.burst");
    shown.add_tests("a burst is held");
    v1::PolicyCoverage& hidden = *answer->add_coverage();
    hidden.set_path("rules.other");
    hidden.set_line(12);
    return grpc::Status::OK;
  };
  FakeGate gate(std::move(answers));
  const Outcome outcome = RunWords({"policy", "test", file.c_str()}, gate.address());
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("ok    a burst is held: HOLD (RULE burst)\n"));
  EXPECT_THAT(outcome.out, HasSubstr("Tests make 1 of 2 rules and checks speak."));
  EXPECT_THAT(outcome.out, HasSubstr(file + ":12: rules.other"));
  EXPECT_THAT(outcome.out, Not(HasSubstr("rules.burst\n")));
}

TEST(FundctlCheck, TellsWhatRulesInShadowWouldHaveSaid) {
  Answers answers;
  answers.check = [](int, const v1::CheckRequest& request, v1::Decision* decision) {
    *decision = DecisionOn(request, v1::VERDICT_ALLOW);
    v1::Reason& reason = *decision->add_shadow_reasons();
    reason.set_code(v1::REASON_CODE_RULE);
    reason.set_name("burst");
    reason.set_verdict(v1::VERDICT_BLOCK);
    reason.set_message("rule burst: true");
    return grpc::Status::OK;
  };
  FakeGate gate(std::move(answers));
  const Outcome outcome = RunWords({"check", "refund", "--key", "r1", "--account", "m1", "--order",
                                    "o1", "--amount", "CNY 1.00"},
                                   gate.address());
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("  in shadow BLOCK  RULE  burst: rule burst: true\n"));
}

}  // namespace
}  // namespace fundgate::fundctl
