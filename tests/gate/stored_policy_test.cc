// A policy that an earlier version applied and that this one would refuse: the gate serves under
// it, and loosens nothing by itself that takes two people.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "server/core/machine.h"
#include "server/gate/policy_documents.h"
#include "server/policy/compile.h"
#include "server/policy/document.h"
#include "server/store/verify.h"
#include "tests/gate/gate_world.h"
#include "tests/store/store_world.h"

namespace fundgate::gate {
namespace {

using testing::GateWorld;
using ::testing::HasSubstr;
using testing::Refund;

constexpr char kRefusedNow[] = R"yaml(
books:
  order: {key: [account_id, order_id], counters: [paid, refunded]}
movements:
  payment: {effects: [+order.paid]}
  refund: {effects: [+order.refunded], gated: true}
checkpoints:
  refund: {max_staleness: 1h}
invariants:
  refunds_within_paid: {book: order, holds: "refunded <= paid"}
sources:
  ledger: {report: {emits: [payment, refund]}}
rules:
  large:
    on: check
    when: request.checkpoint == "refund" && request.amount > money("CNY 500.00")
    then: HOLD
    mode: shadow
actions:
  hold_order: {on: [ungated], freeze: order, lasts: 1h}
breakers:
  auto:
    - {name: ungated, scope: refund, trip_when: "violations('1h') >= 1", half_open_after: 1s,
       half_open_budget: {calls: 1, amount: CNY 1.00}}
    - {name: never, scope: refund,
       trip_when: "violated_amount('1h', 'CNY') > violated_amount('1h', 'USD')"}
  two_person: [refund, "*/order"]
)yaml";

// As a version did that didn't refuse it.
absl::StatusOr<std::shared_ptr<const core::Policy>> CompileUnasked(std::string_view text) {
  policy::Problems problems("policy.yaml");
  const policy::ReadDocument read = policy::ReadPolicyDocument(text, problems);
  EXPECT_EQ(policy::Render(std::move(problems).Take()), "");
  return policy::Compile(read.document);
}

store::Options OptionsFor(const std::string& directory, store::PolicyCompiler compile_policy) {
  store::Options options;
  options.directory = directory;
  options.compile_policy = std::move(compile_policy);
  return options;
}

class StoredPolicy : public ::testing::Test {
 protected:
  StoredPolicy() {
    store::testing::StoreWorld earlier(OptionsFor(directory(), CompileUnasked));
    earlier.Advance(-absl::Hours(24 * 365));  // before the gate's own time
    core::ApplyPolicyInput apply;
    apply.text = kRefusedNow;
    apply.policy = CompileUnasked(kRefusedNow).value();
    apply.actor = "ann";
    apply.comment = "first";
    const core::Answer answer = earlier.Put(std::move(apply));
    EXPECT_EQ(std::get<core::PolicyAnswer>(answer).version, 1U);
  }

  std::string directory() const { return folder_.path() + "/data"; }
  void Stored(ServerSettings& settings) const { settings.data_directory = directory(); }

  static v1::Breaker Breaker(GateWorld& world, const std::string& scope) {
    v1::GetBreakerRequest request;
    request.set_scope(scope);
    grpc::ClientContext context;
    v1::GetBreakerResponse response;
    EXPECT_TRUE(world.breakers->GetBreaker(&context, request, &response).ok());
    return response.breaker();
  }

  const store::testing::TemporaryFolder folder_;
};

TEST_F(StoredPolicy, ThatIsRefusedTodayIsServed) {
  {
    GateWorld world([this](ServerSettings& settings) { Stored(settings); });
    EXPECT_EQ(world.server().policy_version(), 1U);
    const auto feeder = world.Feed();
    feeder->Happened("payment", "p1", "o1", 1000);
    feeder->Happened("payment", "p2", "o2", 1000);
    feeder->Probe();
    EXPECT_EQ(world.Check(Refund("r1", "o1", 1)).verdict(), v1::VERDICT_ALLOW);
    // What it opens waits for two people.
    feeder->Happened("refund", "by-hand", "o1", 1);
    const v1::Breaker tripped = Breaker(world, "refund");
    EXPECT_EQ(tripped.state(), v1::BREAKER_STATE_OPEN);
    EXPECT_EQ(tripped.rule(), "ungated");
    EXPECT_FALSE(tripped.has_half_open_at());
    EXPECT_FALSE(tripped.has_until());
    const v1::Breaker frozen = Breaker(world, "*/order:o1");
    EXPECT_EQ(frozen.state(), v1::BREAKER_STATE_OPEN);
    EXPECT_FALSE(frozen.has_until());
    EXPECT_EQ(world.Check(Refund("r2", "o2", 1)).verdict(), v1::VERDICT_HOLD);
  }
  const auto report = store::VerifyByReplay(OptionsFor(directory(), CompilePolicy), nullptr);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->difference, "");
}

TEST_F(StoredPolicy, IsRefusedWhereItIsApplied) {
  const GateWorld stored([this](ServerSettings& settings) { Stored(settings); });
  v1::ApplyPolicyRequest request;
  request.set_document(kRefusedNow);
  request.set_actor("ann");
  request.set_comment("again");
  grpc::ClientContext applying;
  v1::ApplyPolicyResponse applied;
  const grpc::Status refused = stored.policies->ApplyPolicy(&applying, request, &applied);
  EXPECT_THAT(testing::BadRequestOf(refused).ShortDebugString(), HasSubstr("two_person"));

  v1::TestPolicyRequest test;
  test.set_document(kRefusedNow);
  grpc::ClientContext testing_it;
  v1::TestPolicyResponse tested;
  ASSERT_TRUE(stored.policies->TestPolicy(&testing_it, test, &tested).ok());
  EXPECT_EQ(tested.problems_size(), 3) << "its lasts, its half_open_after, and two currencies";

  v1::ValidatePolicyRequest validate;
  validate.set_document(kRefusedNow);
  grpc::ClientContext validating;
  v1::ValidatePolicyResponse validated;
  ASSERT_TRUE(stored.policies->ValidatePolicy(&validating, validate, &validated).ok());
  EXPECT_EQ(validated.problems_size(), 3);

  // A change of one rule applies the whole document anew.
  for (const bool dry_run : {true, false}) {
    v1::ChangeRuleRequest change;
    change.set_rule("large");
    change.set_mode(v1::RULE_MODE_ENFORCE);
    change.set_actor("ann");
    change.set_comment("no false alarms");
    change.set_dry_run(dry_run);
    grpc::ClientContext changing;
    v1::ChangeRuleResponse changed;
    const grpc::Status status = stored.policies->ChangeRule(&changing, change, &changed);
    EXPECT_THAT(testing::BadRequestOf(status).ShortDebugString(), HasSubstr("two_person"));
  }
}

TEST_F(StoredPolicy, IsWhatTheNextOneIsComparedWith) {
  const GateWorld stored([this](ServerSettings& settings) { Stored(settings); });
  std::string mended = kRefusedNow;
  mended.replace(mended.find(", lasts: 1h"), 11, "");
  mended.replace(mended.find("two_person: [refund, "), 21, "two_person: [");
  mended.replace(mended.find("'1h', 'USD'"), 11, "'2h', 'CNY'");
  v1::DiffPolicyRequest request;
  request.set_document(mended);
  grpc::ClientContext context;
  v1::DiffPolicyResponse response;
  const grpc::Status status = stored.policies->DiffPolicy(&context, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.problems_size(), 0) << response.ShortDebugString();
  EXPECT_GT(response.changes_size(), 0);

  v1::ApplyPolicyRequest apply;
  apply.set_document(mended);
  apply.set_actor("ann");
  apply.set_comment("mended");
  grpc::ClientContext applying;
  v1::ApplyPolicyResponse applied;
  const grpc::Status mending = stored.policies->ApplyPolicy(&applying, apply, &applied);
  ASSERT_TRUE(mending.ok()) << mending.error_message();
  EXPECT_EQ(applied.version().version(), 2U);
}

}  // namespace
}  // namespace fundgate::gate
