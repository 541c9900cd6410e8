#include "server/gate/policies_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_replace.h"
#include "tests/gate/gate_world.h"

namespace fundgate::gate {
namespace {

using testing::GateWorld;
using ::testing::HasSubstr;
using testing::WorkedPolicy;

void WithoutPolicy(ServerSettings& settings) { settings.first_policy.clear(); }

v1::ApplyPolicyRequest ToApply(const std::string& document) {
  v1::ApplyPolicyRequest request;
  request.set_document(document);
  request.set_file_name("my.yaml");
  request.set_comment("to try it");
  request.set_actor("ann");
  return request;
}

grpc::Status Apply(GateWorld& world, const v1::ApplyPolicyRequest& request,
                   v1::ApplyPolicyResponse& response) {
  grpc::ClientContext context;
  return world.policies->ApplyPolicy(&context, request, &response);
}

std::string Renamed() {
  return absl::StrReplaceAll(WorkedPolicy(), {{"refunds_within_paid", "refunds_fit"}});
}

TEST(PoliciesService, AGoodDocumentBecomesTheNextVersion) {
  GateWorld world(WithoutPolicy);
  v1::ApplyPolicyResponse response;
  const grpc::Status status = Apply(world, ToApply(WorkedPolicy()), response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.version().version(), 1);
  EXPECT_EQ(response.version().actor(), "ann");
  EXPECT_EQ(response.version().document_hash().size(), 32);
  EXPECT_GT(response.results_size(), 5);
  EXPECT_EQ(world.server().policy_version(), 1);
}

TEST(PoliciesService, AnEqualDocumentMakesNoNewVersion) {
  GateWorld world;
  v1::ApplyPolicyResponse response;
  ASSERT_TRUE(Apply(world, ToApply(WorkedPolicy()), response).ok());
  EXPECT_TRUE(response.unchanged());
  EXPECT_EQ(response.version().version(), 1);
  EXPECT_EQ(world.server().sequence(), 1);
}

TEST(PoliciesService, ADocumentThatFailsItsOwnTestsIsRefused) {
  GateWorld world;
  const std::string wrong = absl::StrReplaceAll(
      WorkedPolicy(),
      {{"expect: {verdict: BLOCK, reason: escrow_covers}", "expect: {verdict: ALLOW}"}});
  v1::ApplyPolicyResponse response;
  const grpc::Status status = Apply(world, ToApply(wrong), response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("tests failed"));
  EXPECT_EQ(world.server().policy_version(), 1);
}

TEST(PoliciesService, ProblemsAreToldWithTheirPlaces) {
  GateWorld world;
  const std::string wrong =
      absl::StrReplaceAll(WorkedPolicy(), {{"effects: [-order.paid]", "effects: [-order.payed]"}});
  v1::ApplyPolicyResponse response;
  const google::rpc::BadRequest details =
      testing::BadRequestOf(Apply(world, ToApply(wrong), response));
  ASSERT_GT(details.field_violations_size(), 0);
  EXPECT_EQ(details.field_violations(0).field(), "document");
  EXPECT_THAT(details.field_violations(0).description(), HasSubstr("my.yaml:"));

  v1::ValidatePolicyRequest request;
  request.set_document(wrong);
  grpc::ClientContext context;
  v1::ValidatePolicyResponse problems;
  ASSERT_TRUE(world.policies->ValidatePolicy(&context, request, &problems).ok());
  ASSERT_EQ(problems.problems_size(), details.field_violations_size());
  EXPECT_EQ(problems.problems(0).file(), "policy.yaml");
  EXPECT_GT(problems.problems(0).line(), 0);
}

TEST(PoliciesService, TestsRunWithoutApplying) {
  GateWorld world(WithoutPolicy);
  v1::TestPolicyRequest request;
  request.set_document(WorkedPolicy());
  grpc::ClientContext context;
  v1::TestPolicyResponse response;
  ASSERT_TRUE(world.policies->TestPolicy(&context, request, &response).ok());
  EXPECT_EQ(response.problems_size(), 0);
  EXPECT_GT(response.results_size(), 5);
  for (const v1::PolicyTestResult& result : response.results()) EXPECT_TRUE(result.passed());
  EXPECT_EQ(world.server().policy_version(), 0);
}

TEST(PoliciesService, AnotherExpectedVersionRefuses) {
  GateWorld world;
  v1::ApplyPolicyRequest request = ToApply(Renamed());
  request.set_expected_current_version(7);
  v1::ApplyPolicyResponse response;
  EXPECT_EQ(Apply(world, request, response).error_code(), grpc::StatusCode::FAILED_PRECONDITION);
}

TEST(PoliciesService, VersionsAreListedReadAndRolledBack) {
  GateWorld world;
  v1::ApplyPolicyResponse applied;
  ASSERT_TRUE(Apply(world, ToApply(Renamed()), applied).ok());
  ASSERT_EQ(applied.version().version(), 2);

  v1::RollbackPolicyRequest rollback;
  rollback.set_version(1);
  rollback.set_actor("bob");
  rollback.set_comment("back");
  grpc::ClientContext back;
  v1::RollbackPolicyResponse rolled;
  const grpc::Status status = world.policies->RollbackPolicy(&back, rollback, &rolled);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(rolled.version().version(), 3);

  grpc::ClientContext get;
  v1::GetPolicyResponse present;
  ASSERT_TRUE(world.policies->GetPolicy(&get, {}, &present).ok());
  EXPECT_EQ(present.version().version(), 3);
  EXPECT_TRUE(present.current());
  EXPECT_EQ(present.document(), WorkedPolicy());

  v1::ListPolicyVersionsRequest list;
  list.set_page_size(2);
  grpc::ClientContext first;
  v1::ListPolicyVersionsResponse page;
  ASSERT_TRUE(world.policies->ListPolicyVersions(&first, list, &page).ok());
  ASSERT_EQ(page.versions_size(), 2);
  EXPECT_EQ(page.versions(0).version(), 3);
  list.set_page_token(page.next_page_token());
  grpc::ClientContext second;
  ASSERT_TRUE(world.policies->ListPolicyVersions(&second, list, &page).ok());
  ASSERT_EQ(page.versions_size(), 1);
  EXPECT_EQ(page.versions(0).version(), 1);
  EXPECT_EQ(page.next_page_token(), "");
}

TEST(PoliciesService, AnUnknownVersionIsNotFound) {
  GateWorld world;
  v1::GetPolicyRequest request;
  request.set_version(9);
  grpc::ClientContext context;
  v1::GetPolicyResponse response;
  EXPECT_EQ(world.policies->GetPolicy(&context, request, &response).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST(PoliciesService, APolicyThatCannotFollowIsRefusedWithItsPlace) {
  GateWorld world;
  v1::ApplyPolicyResponse response;
  const std::string document =
      absl::StrReplaceAll(WorkedPolicy(), {{"counters: [settled, cashed_out, clawed_back]",
                                            "counters: [settled, cashed_out, clawed_back, lent]"}});
  const grpc::Status status = Apply(world, ToApply(document), response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("it can't follow policy 1:\nmy.yaml:"));
  EXPECT_THAT(status.error_message(), HasSubstr("'merchant' is in use"));
}

v1::DiffPolicyResponse Diff(GateWorld& world, const v1::DiffPolicyRequest& request) {
  grpc::ClientContext context;
  v1::DiffPolicyResponse response;
  const grpc::Status status = world.policies->DiffPolicy(&context, request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response;
}

TEST(PoliciesService, ADifferenceNamesWhatChangedAndWhetherItMayFollow) {
  GateWorld world;
  v1::DiffPolicyRequest request;
  request.set_document(
      absl::StrReplaceAll(WorkedPolicy(), {{"patience: 200ms", "patience: 300ms"}}));
  const v1::DiffPolicyResponse response = Diff(world, request);
  ASSERT_EQ(response.changes_size(), 1);
  EXPECT_EQ(response.changes(0).kind(), v1::POLICY_CHANGE_KIND_CHANGED);
  EXPECT_EQ(response.changes(0).path(), "checkpoints.refund.patience");
  EXPECT_EQ(response.changes(0).before(), "200ms");
  EXPECT_EQ(response.changes(0).after(), "300ms");
  EXPECT_EQ(response.base_version(), 1);
  EXPECT_EQ(response.refusals_size(), 0);
}

TEST(PoliciesService, ADifferenceTakesADocumentOrAVersionAndNotBoth) {
  GateWorld world;
  for (const bool both : {false, true}) {
    v1::DiffPolicyRequest request;
    if (both) {
      request.set_document(WorkedPolicy());
      request.set_version(1);
    }
    grpc::ClientContext context;
    v1::DiffPolicyResponse response;
    const grpc::Status status = world.policies->DiffPolicy(&context, request, &response);
    EXPECT_EQ(testing::BadRequestOf(status).field_violations(0).field(), "document");
  }
  v1::DiffPolicyRequest unknown;
  unknown.set_version(7);
  grpc::ClientContext context;
  v1::DiffPolicyResponse response;
  EXPECT_EQ(world.policies->DiffPolicy(&context, unknown, &response).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST(PoliciesService, ABacktestTellsInMoneyWhatWouldHaveBeenHeldBack) {
  GateWorld world;
  const auto feeder = world.Feed();
  feeder->Happened("payment", "p1", "o1", 10'000);
  ASSERT_EQ(world.Check(testing::Refund("r1", "o1", 6'000)).verdict(), v1::VERDICT_ALLOW);
  ASSERT_EQ(world.Check(testing::Refund("r2", "o1", 3'000)).verdict(), v1::VERDICT_ALLOW);
  v1::BacktestPolicyRequest request;
  // Room for half of what was paid.
  request.set_document(absl::StrReplaceAll(
      WorkedPolicy(),
      {{"refunded + refunded_late <= paid", "2 * (refunded + refunded_late) <= paid"}}));
  grpc::ClientContext context;
  const auto stream = world.policies->BacktestPolicy(&context, request);
  v1::BacktestPolicyResponse report;
  while (stream->Read(&report)) {
  }
  const grpc::Status status = stream->Finish();
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_TRUE(report.done());
  EXPECT_EQ(report.records_done(), report.records_total());
  EXPECT_EQ(report.judged().movements(), 2);
  EXPECT_EQ(report.judged().amounts(0).minor_units(), 9'000);
  ASSERT_EQ(report.verdict_changes_size(), 1);  // r1; then r2 has room
  EXPECT_EQ(report.verdict_changes(0).checkpoint(), "refund");
  EXPECT_EQ(report.verdict_changes(0).before(), v1::VERDICT_ALLOW);
  EXPECT_EQ(report.verdict_changes(0).sum().movements(), 1);
  EXPECT_EQ(report.verdict_changes(0).sum().amounts(0).minor_units(), 6'000);
  EXPECT_EQ(report.reason_changes(0).name(), "refunds_within_paid");
}

TEST(PoliciesService, ABacktestOfAFaultyDocumentIsRefusedWithPlaces) {
  GateWorld world;
  v1::BacktestPolicyRequest request;
  request.set_document("books: 5\n");
  grpc::ClientContext context;
  const auto stream = world.policies->BacktestPolicy(&context, request);
  v1::BacktestPolicyResponse report;
  EXPECT_FALSE(stream->Read(&report));
  EXPECT_EQ(testing::BadRequestOf(stream->Finish()).field_violations(0).field(), "document");
}

// ---- Rules ----

v1::ListRulesResponse ListRules(GateWorld& world, const std::string& name = "") {
  v1::ListRulesRequest request;
  request.set_name(name);
  grpc::ClientContext context;
  v1::ListRulesResponse response;
  const grpc::Status status = world.policies->ListRules(&context, request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response;
}

v1::Rule RuleNamed(GateWorld& world, const std::string& name) {
  const v1::ListRulesResponse response = ListRules(world, name);
  EXPECT_EQ(response.rules_size(), 1);
  return response.rules_size() == 1 ? response.rules(0) : v1::Rule();
}

TEST(PoliciesService, RulesAreListedWithWhatTheyDid) {
  GateWorld world;
  const auto feeder = world.Feed();
  feeder->Happened("payment", "p1", "o1", 2'000'000);
  EXPECT_EQ(RuleNamed(world, "large_by_themselves").condition(), v1::RULE_CONDITION_FINE);
  v1::CheckRequest large = testing::Refund("r1", "o1", 600'000);
  (*large.mutable_attributes())["channel"].set_string_value("app");
  const v1::Decision decision = world.Check(large);
  ASSERT_EQ(decision.verdict(), v1::VERDICT_ALLOW);
  ASSERT_EQ(decision.shadow_reasons_size(), 1);
  v1::Rule rule = RuleNamed(world, "large_by_themselves");
  EXPECT_EQ(rule.on(), "check");
  EXPECT_EQ(rule.verdict(), v1::VERDICT_HOLD);
  EXPECT_EQ(rule.mode(), v1::RULE_MODE_SHADOW);
  EXPECT_EQ(rule.owner(), "payments-risk");
  EXPECT_EQ(rule.hits(), 0);
  EXPECT_EQ(rule.shadow_hits(), 1);
  EXPECT_EQ(rule.hits_today(), 1);
  EXPECT_EQ(rule.last_hit().seconds(), decision.decided_at().seconds());
  EXPECT_EQ(rule.added_version(), 1);
  EXPECT_GT(rule.cost(), 0);
  EXPECT_EQ(rule.tests(), 1);
  EXPECT_FALSE(rule.has_drilled_at());

  // Without the attribute that it reads it can't be judged.
  ASSERT_EQ(world.Check(testing::Refund("r2", "o1", 600'000)).verdict(), v1::VERDICT_ALLOW);
  rule = RuleNamed(world, "large_by_themselves");
  EXPECT_EQ(rule.errors(), 1);
  EXPECT_EQ(rule.condition(), v1::RULE_CONDITION_BROKEN);
  EXPECT_THAT(rule.condition_reason(), HasSubstr("could not be judged"));
  const v1::ListRulesResponse all = ListRules(world);
  EXPECT_EQ(all.policy_version(), 1);
  EXPECT_GT(all.rules_size(), 4);
}

TEST(PoliciesService, RulesThatNothingHappensToGoStale) {
  GateWorld world;
  v1::ListRulesRequest request;
  request.mutable_stale_after()->set_seconds(0);
  grpc::ClientContext refused;
  v1::ListRulesResponse response;
  EXPECT_EQ(testing::BadRequestOf(world.policies->ListRules(&refused, request, &response))
                .field_violations(0)
                .field(),
            "stale_after");
  request.mutable_stale_after()->set_seconds(1);
  request.set_name("none_such");
  grpc::ClientContext unknown;
  EXPECT_EQ(world.policies->ListRules(&unknown, request, &response).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

v1::ChangeRuleRequest Promote(const std::string& rule) {
  v1::ChangeRuleRequest request;
  request.set_rule(rule);
  request.set_mode(v1::RULE_MODE_ENFORCE);
  request.set_actor("ann");
  request.set_comment("a week without false alarms");
  return request;
}

grpc::Status Change(GateWorld& world, const v1::ChangeRuleRequest& request,
                    v1::ChangeRuleResponse& response) {
  grpc::ClientContext context;
  return world.policies->ChangeRule(&context, request, &response);
}

TEST(PoliciesService, APromotedRuleIsANewVersionThatDiffersInThatAlone) {
  GateWorld world;
  v1::ChangeRuleRequest request = Promote("refund_burst");
  request.set_rollout_percent(25);
  request.set_dry_run(true);
  v1::ChangeRuleResponse tried;
  ASSERT_TRUE(Change(world, request, tried).ok());
  EXPECT_FALSE(tried.has_version());
  EXPECT_EQ(world.server().policy_version(), 1);
  request.set_dry_run(false);
  v1::ChangeRuleResponse response;
  const grpc::Status status = Change(world, request, response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.version().version(), 2);
  EXPECT_EQ(response.version().comment(), "a week without false alarms");
  EXPECT_EQ(response.document(), tried.document());
  ASSERT_EQ(response.changes_size(), 2);
  EXPECT_EQ(response.changes(0).path(), "rules.refund_burst.mode");
  EXPECT_EQ(response.changes(1).path(), "rules.refund_burst.rollout.percent");
  std::string expected = WorkedPolicy();
  const size_t rule = expected.find("  refund_burst:");
  expected.replace(expected.find("mode: shadow", rule), 12, "mode: enforce");
  expected.replace(expected.find("percent: 10", rule), 11, "percent: 25");
  EXPECT_EQ(response.document(), expected);
  const v1::Rule changed = RuleNamed(world, "refund_burst");
  EXPECT_EQ(changed.mode(), v1::RULE_MODE_ENFORCE);
  EXPECT_EQ(changed.rollout_percent(), 25);
  EXPECT_EQ(changed.added_version(), 1);
  EXPECT_EQ(changed.changed_version(), 2);
  EXPECT_EQ(RuleNamed(world, "many_payees").changed_version(), 1);
  EXPECT_EQ(Change(world, request, response).error_code(), grpc::StatusCode::FAILED_PRECONDITION);
}

TEST(PoliciesService, APromotionThatTheTestsForbidIsRefused) {
  GateWorld world;
  v1::ChangeRuleRequest request = Promote("large_by_themselves");
  v1::ChangeRuleResponse response;
  const grpc::Status status = Change(world, request, response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("tests failed"));
  EXPECT_EQ(world.server().policy_version(), 1);
  request.set_dry_run(true);
  v1::ChangeRuleResponse tried;
  ASSERT_TRUE(Change(world, request, tried).ok());
  int failed = 0;
  for (const v1::PolicyTestResult& result : tried.results()) failed += result.passed() ? 0 : 1;
  EXPECT_GT(failed, 0);
}

TEST(PoliciesService, ARuleIsChangedOnlyInTheVersionThatItsAuthorSaw) {
  GateWorld world;
  v1::ChangeRuleRequest request = Promote("refund_burst");
  request.set_expected_current_version(7);
  v1::ChangeRuleResponse response;
  const grpc::Status status = Change(world, request, response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("version 1 is in force, not 7"));
  request.clear_mode();
  EXPECT_EQ(testing::BadRequestOf(Change(world, request, response)).field_violations(0).field(),
            "mode");
  request = Promote("none_such");
  EXPECT_EQ(Change(world, request, response).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST(PoliciesService, TestsTellWhatTheyCover) {
  GateWorld world;
  v1::TestPolicyRequest request;
  request.set_document(WorkedPolicy());
  grpc::ClientContext context;
  v1::TestPolicyResponse response;
  ASSERT_TRUE(world.policies->TestPolicy(&context, request, &response).ok());
  bool seen = false;
  for (const v1::PolicyCoverage& covered : response.coverage()) {
    EXPECT_GT(covered.line(), 0) << covered.path();
    if (covered.path() != "rules.refund_burst") continue;
    seen = true;
    EXPECT_EQ(covered.tests_size(), 1);
  }
  EXPECT_TRUE(seen);
  EXPECT_EQ(response.results(0).got(), "ALLOW");
}

}  // namespace
}  // namespace fundgate::gate
