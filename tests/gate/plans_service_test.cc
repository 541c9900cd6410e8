#include "server/gate/plans_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "fundgate/v1/plans.grpc.pb.h"
#include "tests/gate/gate_world.h"

namespace fundgate::gate {
namespace {

using testing::BadRequestOf;
using testing::GateWorld;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

// The worked example has one plan: reports_are_wrong.
class PlansService : public ::testing::Test {
 protected:
  grpc::Status Run(const std::string& name, v1::RunPlanResponse* response) {
    v1::RunPlanRequest request;
    request.set_plan(name);
    request.set_reason("the ledger tells what did not happen");
    request.set_actor("ann");
    grpc::ClientContext context;
    return plans_->RunPlan(&context, request, response);
  }
  grpc::Status Undo(const std::string& name, v1::UndoPlanResponse* response) {
    v1::UndoPlanRequest request;
    request.set_plan(name);
    request.set_reason("mended");
    request.set_actor("bob");
    grpc::ClientContext context;
    return plans_->UndoPlan(&context, request, response);
  }
  v1::Plan Only() {
    grpc::ClientContext context;
    v1::ListPlansResponse response;
    EXPECT_TRUE(plans_->ListPlans(&context, {}, &response).ok());
    EXPECT_EQ(response.plans_size(), 1);
    return response.plans_size() == 0 ? v1::Plan() : response.plans(0);
  }
  // The newest change.
  v1::Breaker Newest(const std::string& scope) {
    v1::ListBreakerChangesRequest request;
    request.set_scope(scope);
    grpc::ClientContext context;
    v1::ListBreakerChangesResponse response;
    EXPECT_TRUE(world_.breakers->ListBreakerChanges(&context, request, &response).ok());
    EXPECT_GT(response.changes_size(), 0);
    return response.changes_size() == 0 ? v1::Breaker() : response.changes(0);
  }
  v1::BreakerState StateOf(const std::string& scope) {
    v1::GetBreakerRequest request;
    request.set_scope(scope);
    grpc::ClientContext context;
    v1::GetBreakerResponse response;
    EXPECT_TRUE(world_.breakers->GetBreaker(&context, request, &response).ok());
    return response.breaker().state();
  }

  GateWorld world_;
  const std::unique_ptr<v1::Plans::Stub> plans_ = v1::Plans::NewStub(world_.channel());
};

TEST_F(PlansService, APlanIsListedWithItsOwnerAndWhatItSwitches) {
  const v1::Plan plan = Only();
  EXPECT_EQ(plan.name(), "reports_are_wrong");
  EXPECT_EQ(plan.owner(), "payments-oncall");
  EXPECT_EQ(plan.lasts().seconds(), 7200);
  ASSERT_EQ(plan.toggles_size(), 3);
  EXPECT_EQ(plan.toggles(0).scope(), "cash_out");
  EXPECT_EQ(plan.toggles(0).mode(), v1::VERDICT_BLOCK);
  EXPECT_FALSE(plan.has_run());
}

TEST_F(PlansService, TheHistoryOfEachBreakerTellsWhoUndidThePlanAndWhy) {
  v1::TripBreakerRequest trip;
  trip.set_scope("settlement");
  trip.set_mode(v1::VERDICT_ALLOW);  // it only reports
  trip.set_reason("odd amounts");
  trip.set_actor("eve");
  grpc::ClientContext tripping;
  v1::TripBreakerResponse tripped;
  ASSERT_TRUE(world_.breakers->TripBreaker(&tripping, trip, &tripped).ok());
  v1::RunPlanResponse ran;
  ASSERT_TRUE(Run("reports_are_wrong", &ran).ok());
  EXPECT_EQ(Newest("cash_out").actor(), "ann");
  EXPECT_THAT(Newest("cash_out").reason(), HasSubstr("the ledger tells what did not happen"));
  v1::UndoPlanResponse undone;
  ASSERT_TRUE(Undo("reports_are_wrong", &undone).ok());
  for (const char* scope : {"cash_out", "refund"}) {
    const v1::Breaker closed = Newest(scope);
    EXPECT_EQ(closed.state(), v1::BREAKER_STATE_CLOSED);
    EXPECT_EQ(closed.actor(), "bob");
    EXPECT_EQ(closed.reason(), "plan reports_are_wrong undone: mended");
  }
  const v1::Breaker back = Newest("settlement");
  EXPECT_EQ(back.state(), v1::BREAKER_STATE_OPEN);
  EXPECT_EQ(back.actor(), "bob");
  EXPECT_EQ(back.reason(), "plan reports_are_wrong undone: mended; as before it: odd amounts");
}

TEST_F(PlansService, OneCallSwitchesAllOfItAndOneCallTakesItBack) {
  v1::RunPlanResponse ran;
  ASSERT_TRUE(Run("reports_are_wrong", &ran).ok());
  EXPECT_EQ(ran.plan().run().actor(), "ann");
  EXPECT_THAT(ran.plan().run().switched(),
              UnorderedElementsAre("settlement", "cash_out", "refund"));
  EXPECT_TRUE(ran.plan().run().has_until());
  EXPECT_EQ(StateOf("settlement"), v1::BREAKER_STATE_OPEN);
  EXPECT_EQ(StateOf("cash_out"), v1::BREAKER_STATE_OPEN);
  EXPECT_EQ(Only().run().reason(), "the ledger tells what did not happen");
  v1::UndoPlanResponse undone;
  ASSERT_TRUE(Undo("reports_are_wrong", &undone).ok());
  EXPECT_FALSE(undone.plan().has_run());
  EXPECT_EQ(StateOf("settlement"), v1::BREAKER_STATE_CLOSED);
  EXPECT_FALSE(Only().has_run());
}

TEST_F(PlansService, WhatIsNoPlanOrDoesntRunIsRefusedByName) {
  v1::RunPlanResponse ran;
  EXPECT_EQ(Run("no_such_plan", &ran).error_code(), grpc::StatusCode::NOT_FOUND);
  v1::UndoPlanResponse undone;
  EXPECT_FALSE(Undo("reports_are_wrong", &undone).ok()) << "it doesn't run";
  v1::RunPlanRequest nothing;
  grpc::ClientContext context;
  const google::rpc::BadRequest problems = BadRequestOf(plans_->RunPlan(&context, nothing, &ran));
  EXPECT_EQ(problems.field_violations_size(), 3) << problems.DebugString();
}

}  // namespace
}  // namespace fundgate::gate
