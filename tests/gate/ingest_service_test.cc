#include "server/gate/ingest_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/gate/gate_world.h"

namespace fundgate::gate {
namespace {

using testing::GateWorld;
using ::testing::HasSubstr;

v1::GetStatusResponse StatusOf(GateWorld& world) {
  grpc::ClientContext context;
  v1::GetStatusResponse response;
  EXPECT_TRUE(world.status->GetStatus(&context, {}, &response).ok());
  return response;
}

TEST(IngestService, WhatIsAcknowledgedIsInTheBooks) {
  GateWorld world;
  const auto feeder = world.Feed();
  feeder->Happened("payment", "p1", "o1", 1000);
  feeder->Happened("payment", "p2", "o1", 500);
  EXPECT_EQ(world.Book("o1").counters(0).posted(), 1500);
  EXPECT_EQ(StatusOf(world).sources(0).position(), "ledger:2");
}

TEST(IngestService, AFeederGoesOnWhereTheLastOneStopped) {
  GateWorld world;
  world.Feed()->Happened("payment", "p1", "o1", 1000);
  const auto feeder = world.Feed();
  feeder->Happened("payment", "p2", "o1", 500);
  EXPECT_EQ(StatusOf(world).sources(0).position(), "ledger:2");
}

TEST(IngestService, ANewerFeederFencesOffTheOlderOne) {
  GateWorld world;
  const auto older = world.Feed();
  const auto newer = world.Feed();
  older->Happened("payment", "p1", "o1", 1000);
  EXPECT_EQ(older->Finish().error_code(), grpc::StatusCode::ABORTED);
  newer->Happened("payment", "p1", "o1", 1000);
  EXPECT_EQ(world.Book("o1").counters(0).posted(), 1000);
}

TEST(IngestService, ABatchThatDoesNotFollowOnEndsTheStreamWithoutEffect) {
  GateWorld world;
  const auto feeder = world.Feed();
  feeder->Happened("payment", "p1", "o1", 1000);
  v1::IngestRequest request;
  request.set_previous_position("ledger:7");
  request.set_position("ledger:8");
  feeder->Send(request);
  const grpc::Status status = feeder->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("ledger:1"));
  EXPECT_EQ(StatusOf(world).sources(0).position(), "ledger:1");
}

TEST(IngestService, AnUnreadableBatchNamesItsFields) {
  GateWorld world;
  const auto feeder = world.Feed();
  v1::IngestRequest request;
  request.add_events()->mutable_movement()->set_kind("payment");
  request.set_position("nowhere");
  feeder->Send(request);
  const google::rpc::BadRequest details = testing::BadRequestOf(feeder->Finish());
  ASSERT_EQ(details.field_violations_size(), 2);
  EXPECT_EQ(details.field_violations(0).field(), "position");
  EXPECT_EQ(details.field_violations(1).field(), "events[0].movement");
}

TEST(IngestService, AStreamStaysWithItsSource) {
  GateWorld world;
  const auto feeder = world.Feed();
  v1::IngestRequest request;
  request.set_source("other");
  feeder->Send(request);
  const google::rpc::BadRequest details = testing::BadRequestOf(feeder->Finish());
  ASSERT_EQ(details.field_violations_size(), 1);
  EXPECT_EQ(details.field_violations(0).field(), "source");
}

TEST(IngestService, AnUnknownSourceIsNotFound) {
  GateWorld world;
  grpc::ClientContext context;
  v1::GetPositionRequest request;
  request.set_source("nobody");
  v1::GetPositionResponse response;
  EXPECT_EQ(world.ingest->GetPosition(&context, request, &response).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST(IngestService, StatusKnowsWhoIsConnectedAndHowFarTheSourceIsProven) {
  GateWorld world;
  EXPECT_FALSE(StatusOf(world).sources(0).has_proven_past());
  EXPECT_EQ(StatusOf(world).blind_permille(), 1000);
  const auto feeder = world.Feed();
  v1::IngestRequest request;
  request.mutable_committed_at()->set_seconds(1'700'000'000);
  feeder->Send(request);
  const v1::GetStatusResponse status = StatusOf(world);
  EXPECT_TRUE(status.serving());
  EXPECT_EQ(status.blind_permille(), 0);
  EXPECT_TRUE(status.sources(0).feeder_connected());
  EXPECT_TRUE(status.sources(0).has_proven_past());
  EXPECT_EQ(status.sources(0).committed_at().seconds(), 1'700'000'000);
  EXPECT_EQ(status.sources(0).epoch(), 1);
  feeder->Finish();
  EXPECT_FALSE(StatusOf(world).sources(0).feeder_connected());
}

// What `status` says of a gap.
int32_t BlindWith(const std::string& source, const std::string& kind, const std::string& account,
                  const std::string& order) {
  GateWorld world;
  const auto feeder = world.Feed();
  testing::TestFeeder shop(world.channel(), "shop");
  EXPECT_EQ(StatusOf(world).blind_permille(), 0);
  v1::IngestRequest request;
  v1::Event& event = *request.add_events();
  event.set_event_id("damaged");
  event.mutable_gap()->set_movement_kind(kind);
  event.mutable_gap()->set_account_id(account);
  event.mutable_gap()->set_order_id(order);
  event.mutable_gap()->set_reason("it was damaged");
  (source == "shop" ? shop : *feeder).Send(request);
  EXPECT_EQ(StatusOf(world).unproven_scopes(), 1U);
  return StatusOf(world).blind_permille();
}

TEST(IngestService, NoGapLeavesHowBlindTheGateIsAtZero) {
  EXPECT_EQ(BlindWith("ledger", "refund", "m1", "o1"), 1);
  EXPECT_EQ(BlindWith("ledger", "refund", "m1", ""), 1);
  EXPECT_GE(BlindWith("ledger", "refund", "", ""), 500);
  EXPECT_EQ(BlindWith("shop", "bid", "m1", ""), 1);
  EXPECT_EQ(BlindWith("shop", "bid", "", ""), 1);
}

TEST(IngestService, AnEventThatBreaksAnInvariantFreezesItsOrderOnceProven) {
  GateWorld world;
  const auto feeder = world.Feed();
  feeder->Happened("payment", "p1", "o1", 1000);
  feeder->Happened("refund", "r9", "o1", 2000);  // nobody asked for it
  // The gate asks for the proof by itself; after one more probe it has judged.
  feeder->AwaitProbesAsked(1);
  feeder->Probe();
  grpc::ClientContext context;
  v1::GetBreakerRequest request;
  request.set_scope("*/order:o1");
  v1::GetBreakerResponse response;
  ASSERT_TRUE(world.breakers->GetBreaker(&context, request, &response).ok());
  EXPECT_EQ(response.breaker().state(), v1::BREAKER_STATE_OPEN);
  EXPECT_EQ(response.breaker().created_by(), v1::BREAKER_CREATOR_FREEZE);
  grpc::ClientContext other;
  v1::ListViolationsRequest all;
  v1::ListViolationsResponse violations;
  ASSERT_TRUE(world.audit->ListViolations(&other, all, &violations).ok());
  EXPECT_GE(violations.violations_size(), 2);  // ungated, and the invariants
}

}  // namespace
}  // namespace fundgate::gate
