#include "server/gate/violations_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "server/gate/outbox_access.h"
#include "tests/gate/gate_world.h"

namespace fundgate::gate {
namespace {

using testing::GateWorld;

class ViolationsService : public ::testing::Test {
 protected:
  ViolationsService() : feeder_(world_.Feed()) {
    feeder_->Happened("payment", "p1", "o1", 1000);
    feeder_->Happened("refund", "u1", "o1", 20);
    feeder_->Happened("refund", "u2", "o1", 30);
  }

  v1::ViolationGroup OnlyGroup() {
    grpc::ClientContext context;
    v1::ListViolationGroupsResponse response;
    EXPECT_TRUE(world_.violations->ListViolationGroups(&context, {}, &response).ok());
    EXPECT_EQ(response.groups_size(), 1);
    return response.groups_size() == 0 ? v1::ViolationGroup() : response.groups(0);
  }
  v1::ListViolationsResponse Violations(v1::ReviewState state = v1::REVIEW_STATE_UNSPECIFIED) {
    v1::ListViolationsRequest request;
    request.set_state(state);
    grpc::ClientContext context;
    v1::ListViolationsResponse response;
    EXPECT_TRUE(world_.audit->ListViolations(&context, request, &response).ok());
    return response;
  }
  grpc::Status Resolve(const std::string& id, v1::ViolationCause cause,
                       v1::ResolveViolationResponse* response) {
    v1::ResolveViolationRequest request;
    request.set_id(id);
    request.set_cause(cause);
    request.set_actor("ann");
    request.set_reason("paid back");
    grpc::ClientContext context;
    return world_.violations->ResolveViolation(&context, request, response);
  }
  v1::ListAlertsResponse Alerts() {
    grpc::ClientContext context;
    v1::ListAlertsResponse response;
    EXPECT_TRUE(world_.alerts->ListAlerts(&context, {}, &response).ok());
    return response;
  }

  GateWorld world_;
  std::unique_ptr<testing::TestFeeder> feeder_;
};

TEST_F(ViolationsService, AGroupSaysWhatItsMembersHaveInCommon) {
  const v1::ViolationGroup group = OnlyGroup();
  EXPECT_EQ(group.name(), "ungated");
  EXPECT_EQ(group.count(), 2);
  ASSERT_EQ(group.sums_size(), 1);
  EXPECT_EQ(group.sums(0).minor_units(), 50);
  EXPECT_EQ(group.common().at("account"), "m1");
  EXPECT_EQ(group.common().at("source"), "ledger");
  EXPECT_EQ(group.review().state(), v1::REVIEW_STATE_OPEN);
}

TEST_F(ViolationsService, AnAcknowledgedOneAnswersItsGroup) {
  v1::AcknowledgeViolationRequest request;
  request.set_id(Violations().violations(0).id());
  request.set_actor("ann");
  request.set_reason("looking");
  grpc::ClientContext context;
  v1::AcknowledgeViolationResponse response;
  ASSERT_TRUE(world_.violations->AcknowledgeViolation(&context, request, &response).ok());
  EXPECT_EQ(response.review().acknowledged().actor(), "ann");
  EXPECT_EQ(response.group().review().state(), v1::REVIEW_STATE_ACKNOWLEDGED);
  EXPECT_EQ(Violations(v1::REVIEW_STATE_ACKNOWLEDGED).violations_size(), 2);
  EXPECT_EQ(Violations(v1::REVIEW_STATE_OPEN).violations_size(), 0);
}

TEST_F(ViolationsService, AResolvedGroupShowsInItsViolationsAndInTheTally) {
  v1::ResolveViolationResponse response;
  ASSERT_TRUE(Resolve(OnlyGroup().id(), v1::VIOLATION_CAUSE_WRONG_RULE, &response).ok());
  EXPECT_EQ(response.review().state(), v1::REVIEW_STATE_RESOLVED);
  const v1::ListViolationsResponse resolved = Violations(v1::REVIEW_STATE_RESOLVED);
  ASSERT_EQ(resolved.violations_size(), 2);
  EXPECT_EQ(resolved.violations(0).review().cause(), v1::VIOLATION_CAUSE_WRONG_RULE);
  grpc::ClientContext context;
  v1::ListViolationTalliesResponse tallies;
  ASSERT_TRUE(world_.violations->ListViolationTallies(&context, {}, &tallies).ok());
  ASSERT_EQ(tallies.tallies_size(), 1);
  EXPECT_EQ(tallies.tallies(0).raised(), 2);
  EXPECT_EQ(tallies.tallies(0).wrong_rule(), 2);
  EXPECT_EQ(tallies.tallies(0).false_alarm_permille(), 1000);
}

TEST_F(ViolationsService, AReviewNeedsACauseAnActorAndAReason) {
  v1::ResolveViolationResponse response;
  EXPECT_EQ(Resolve("g1", v1::VIOLATION_CAUSE_UNSPECIFIED, &response).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Resolve("g1", v1::VIOLATION_CAUSE_BAD_DATA, &response).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST_F(ViolationsService, WhatWaitsIsListedUntilItIsDelivered) {
  v1::ListAlertsResponse listed = Alerts();
  ASSERT_EQ(listed.alerts_size(), 1);
  EXPECT_EQ(listed.alerts(0).kind(), v1::ALERT_KIND_OPENED);
  EXPECT_EQ(listed.alerts(0).group().count(), 2);
  EXPECT_THAT(listed.alerts(0).summary(), ::testing::HasSubstr("2 ungated"));

  OutboxAccess& outbox = world_.server().outbox();
  v1::DeliveryAttempt failed;
  failed.set_alert_id(listed.alerts(0).id());
  failed.set_sink("webhook");
  failed.set_error("down");
  outbox.NoteAttempt(failed);
  ASSERT_EQ(Alerts().attempts_size(), 1);
  EXPECT_EQ(Alerts().attempts(0).error(), "down");

  const auto waiting = outbox.ListWaiting();
  ASSERT_TRUE(waiting.ok());
  ASSERT_EQ(waiting->size(), 1U);
  ASSERT_TRUE(outbox.Delivered({{waiting->front().slot, waiting->front().alert.id()}}).ok());
  world_.Check(testing::Refund("r1", "o1", 10));  // answered after everything before it
  EXPECT_EQ(Alerts().alerts_size(), 0);
  grpc::ClientContext context;
  v1::GetStatusResponse status;
  ASSERT_TRUE(world_.status->GetStatus(&context, {}, &status).ok());
  EXPECT_EQ(status.alerts_waiting(), 0U);
  EXPECT_EQ(status.open_groups(), 1U);
}

}  // namespace
}  // namespace fundgate::gate
