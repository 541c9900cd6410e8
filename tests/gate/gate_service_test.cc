#include "server/gate/gate_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/gate/gate_world.h"

namespace fundgate::gate {
namespace {

using testing::BadRequestOf;
using ::testing::ElementsAre;
using testing::GateWorld;
using ::testing::HasSubstr;
using testing::Refund;
using ::testing::UnorderedElementsAre;

std::vector<std::string> Fields(const grpc::Status& status) {
  std::vector<std::string> fields;
  const google::rpc::BadRequest details = BadRequestOf(status);
  for (const auto& violation : details.field_violations()) fields.push_back(violation.field());
  return fields;
}

TEST(GateService, ARefundWithinWhatWasPaidIsAllowedAndReserved) {
  GateWorld world;
  const auto feeder = world.Feed();
  feeder->Happened("payment", "p1", "o1", 10000);
  v1::CheckRequest request = Refund("r1", "o1", 6000);
  request.set_request_id("q-1");
  const v1::Decision decision = world.Check(request);
  EXPECT_EQ(decision.verdict(), v1::VERDICT_ALLOW) << decision.DebugString();
  EXPECT_EQ(decision.request_id(), "q-1");
  EXPECT_EQ(decision.account_id(), "m1");
  EXPECT_EQ(decision.policy_version(), 1);
  EXPECT_GT(decision.sequence(), 0);
  EXPECT_EQ(decision.reservation().state(), v1::RESERVATION_STATE_PENDING);
  EXPECT_EQ(decision.reservation().amount().minor_units(), 6000);
  EXPECT_EQ(decision.reservation().decision_id(), decision.decision_id());
  EXPECT_THAT(decision.reservation().order_ids(), ElementsAre("o1"));
  ASSERT_EQ(decision.sources_size(), 1);
  EXPECT_EQ(decision.sources(0).position(), "ledger:1");
  EXPECT_EQ(world.Book("o1").counters(1).pending_up(), 6000);
}

TEST(GateService, ARetryGetsTheSameDecisionWithItsOwnRequestId) {
  GateWorld world;
  const auto feeder = world.Feed();
  feeder->Happened("payment", "p1", "o1", 10000);
  v1::CheckRequest request = Refund("r1", "o1", 6000);
  request.set_request_id("first");
  const v1::Decision first = world.Check(request);
  request.set_request_id("second");
  const v1::Decision second = world.Check(request);
  EXPECT_TRUE(second.replayed());
  EXPECT_EQ(second.decision_id(), first.decision_id());
  EXPECT_EQ(second.request_id(), "second");
  EXPECT_EQ(second.reservation().amount().minor_units(), 6000);
  EXPECT_EQ(world.Book("o1").counters(1).pending_up(), 6000);
}

TEST(GateService, TooMuchIsBlockedAndNamesTheInvariant) {
  GateWorld world;
  const auto feeder = world.Feed();
  feeder->Happened("payment", "p1", "o1", 10000);
  const v1::Decision decision = world.Check(Refund("r1", "o1", 10001));
  EXPECT_EQ(decision.verdict(), v1::VERDICT_BLOCK);
  ASSERT_GT(decision.reasons_size(), 0);
  EXPECT_EQ(decision.reasons(0).code(), v1::REASON_CODE_INVARIANT);
  EXPECT_FALSE(decision.has_reservation());
  EXPECT_FALSE(decision.has_valid_until());
}

TEST(GateService, WithoutAFeederTheAnswerIsHoldStaleSource) {
  GateWorld world;
  const v1::Decision decision = world.Check(Refund("r1", "o1", 100));
  EXPECT_EQ(decision.verdict(), v1::VERDICT_HOLD);
  std::vector<v1::ReasonCode> codes;
  for (const v1::Reason& reason : decision.reasons()) codes.push_back(reason.code());
  EXPECT_THAT(codes, ::testing::Contains(v1::REASON_CODE_STALE_SOURCE));
}

TEST(GateService, AnOrderPaidJustNowIsRefundedAfterAProbeOnDemand) {
  GateWorld world([](ServerSettings& settings) {
    // A slow machine must not turn the wait into a HOLD.
    const std::string patience = "patience: 200ms ";
    const size_t place = settings.first_policy.find(patience);
    ASSERT_NE(place, std::string::npos);
    settings.first_policy.replace(place, patience.size(), "patience: 10s ");
  });
  const auto feeder = world.Feed();
  feeder->AnswerProbes(false);
  // The check is there before the payment, and before any proof of it.
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  v1::Decision decision;
  grpc::Status status;
  const auto call = world.gate->AsyncCheck(&context, Refund("r1", "o1", 6000), &queue);
  call->Finish(&decision, &status, nullptr);
  feeder->AwaitProbesAsked(1);
  feeder->AnswerProbes(true);
  feeder->Happened("payment", "p1", "o1", 10000);
  feeder->Probe();
  void* tag = nullptr;
  bool ok = false;
  ASSERT_TRUE(queue.Next(&tag, &ok));
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(decision.verdict(), v1::VERDICT_ALLOW) << decision.DebugString();
}

TEST(GateService, AMalformedCheckNamesEachBadField) {
  GateWorld world;
  v1::CheckRequest request = Refund("", "o1", -5);
  request.mutable_amount()->set_currency_code("cny");
  request.set_drill_id("d1");
  (*request.mutable_attributes())["channel"];  // a value without a kind
  request.mutable_max_staleness()->set_seconds(0);
  grpc::ClientContext context;
  v1::Decision decision;
  const grpc::Status status = world.gate->Check(&context, request, &decision);
  EXPECT_THAT(Fields(status),
              UnorderedElementsAre("idempotency_key", "amount.currency_code", "amount.minor_units",
                                   "drill_id", "attributes[channel]", "max_staleness"));
  EXPECT_THAT(status.error_message(), HasSubstr("drills are not supported by this version"));
}

TEST(GateService, WhatThePolicyDemandsIsNamedToo) {
  GateWorld world;
  v1::CheckRequest request = Refund("r1", "", 100);
  grpc::ClientContext context;
  v1::Decision decision;
  EXPECT_THAT(Fields(world.gate->Check(&context, request, &decision)), ElementsAre("order_id"));
  request.set_checkpoint("refnud");
  grpc::ClientContext again;
  EXPECT_THAT(Fields(world.gate->Check(&again, request, &decision)), ElementsAre("checkpoint"));
}

TEST(GateService, WhatOnlyTheMachineCanRefuseNamesItsFieldToo) {
  GateWorld world;
  v1::ReleaseRequest release;
  release.set_account_id("m1");
  release.set_checkpoint("refnud");
  release.set_idempotency_key("r1");
  release.set_reason("not started");
  grpc::ClientContext context;
  v1::Reservation reservation;
  EXPECT_THAT(Fields(world.gate->Release(&context, release, &reservation)),
              ElementsAre("checkpoint"));
  v1::TripBreakerRequest trip;
  trip.set_scope("refnud");
  trip.set_mode(v1::VERDICT_HOLD);
  trip.set_actor("ann");
  trip.set_reason("incident");
  grpc::ClientContext other;
  v1::TripBreakerResponse tripped;
  EXPECT_THAT(Fields(world.breakers->TripBreaker(&other, trip, &tripped)), ElementsAre("scope"));
}

TEST(GateService, WithoutAPolicyNothingCanBeChecked) {
  GateWorld world([](ServerSettings& settings) { settings.first_policy.clear(); });
  grpc::ClientContext context;
  v1::Decision decision;
  const grpc::Status status = world.gate->Check(&context, Refund("r1", "o1", 1), &decision);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("fundctl policy apply"));
}

TEST(GateService, AFullQueueSaysWhenToRetry) {
  // No room at all: the sequencer refuses what it is given.
  GateWorld world([](ServerSettings& settings) { settings.sequencer.queue_capacity = 1; });
  // Checks wait for proof outside the queue, so it takes a crowd to find it full.
  const int crowd = 200;
  grpc::CompletionQueue queue;
  struct Call {
    grpc::ClientContext context;
    v1::BatchCheckResponse response;
    grpc::Status status;
    std::unique_ptr<grpc::ClientAsyncResponseReader<v1::BatchCheckResponse>> reader;
  };
  std::vector<std::unique_ptr<Call>> calls;
  for (int i = 0; i < crowd; ++i) {
    v1::BatchCheckRequest batch;
    for (int j = 0; j < 20; ++j) *batch.add_requests() = Refund(absl::StrCat(i, "-", j), "o1", 1);
    auto& call = calls.emplace_back(std::make_unique<Call>());
    call->reader = world.gate->AsyncBatchCheck(&call->context, batch, &queue);
    call->reader->Finish(&call->response, &call->status, call.get());
  }
  void* tag = nullptr;
  bool ok = false;
  for (int i = 0; i < crowd; ++i) ASSERT_TRUE(queue.Next(&tag, &ok));
  int refused = 0;
  for (const auto& call : calls) {
    if (call->status.ok()) continue;
    ++refused;
    EXPECT_GT(testing::RetryInfoOf(call->status).retry_delay().nanos(), 0);
  }
  EXPECT_GT(refused, 0);
}

TEST(GateService, ABatchIsJudgedInOrderAndAnsweredByIndex) {
  GateWorld world;
  const auto feeder = world.Feed();
  feeder->Happened("payment", "p1", "o1", 1000);
  feeder->Probe();
  v1::BatchCheckRequest request;
  for (int i = 0; i < 12; ++i) *request.add_requests() = Refund(absl::StrCat("r", i), "o1", 100);
  grpc::ClientContext context;
  v1::BatchCheckResponse response;
  const grpc::Status status = world.gate->BatchCheck(&context, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_EQ(response.decisions_size(), 12);
  int allowed = 0;
  for (int i = 0; i < 12; ++i) {
    EXPECT_EQ(response.decisions(i).idempotency_key(), absl::StrCat("r", i));
    if (response.decisions(i).verdict() == v1::VERDICT_ALLOW) ++allowed;
  }
  EXPECT_EQ(allowed, 10);
  EXPECT_EQ(world.Book("o1").counters(1).pending_up(), 1000);
}

TEST(GateService, OneBadCheckRefusesItsWholeBatchBeforeTheFirstIsJudged) {
  GateWorld world;
  v1::BatchCheckRequest request;
  *request.add_requests() = Refund("r0", "o1", 100);
  *request.add_requests() = Refund("r1", "o1", 0);
  grpc::ClientContext context;
  v1::BatchCheckResponse response;
  EXPECT_THAT(Fields(world.gate->BatchCheck(&context, request, &response)),
              ElementsAre("requests[1].amount.minor_units"));
  EXPECT_EQ(world.server().sequence(), 1);  // the policy's own record
}

TEST(GateService, AStreamOfAThousandChecksAnswersEachByItsRequestId) {
  GateWorld world;
  const auto feeder = world.Feed();
  feeder->Happened("payment", "p1", "o1", 500);
  grpc::ClientContext context;
  const auto stream = world.gate->StreamChecks(&context);
  std::thread writer([&] {
    for (int i = 0; i < 1000; ++i) {
      v1::CheckRequest request = Refund(absl::StrCat("r", i), "o1", 1);
      request.set_request_id(absl::StrCat("q", i));
      if (!stream->Write(request)) break;
    }
    stream->WritesDone();
  });
  std::map<std::string, v1::Verdict> answers;
  v1::Decision decision;
  while (stream->Read(&decision)) answers[decision.request_id()] = decision.verdict();
  writer.join();
  const grpc::Status status = stream->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(answers.size(), 1000);
  int allowed = 0;
  for (const auto& [request_id, verdict] : answers) allowed += verdict == v1::VERDICT_ALLOW ? 1 : 0;
  EXPECT_EQ(allowed, 500);
}

TEST(GateService, AMalformedCheckEndsItsStreamAfterTheAnswersUnderWay) {
  GateWorld world;
  grpc::ClientContext context;
  const auto stream = world.gate->StreamChecks(&context);
  v1::CheckRequest request = Refund("r0", "o1", 1);
  request.set_request_id("good");
  stream->Write(request);
  request.set_idempotency_key("");
  request.set_request_id("bad");
  stream->Write(request);
  v1::Decision decision;
  ASSERT_TRUE(stream->Read(&decision));
  EXPECT_EQ(decision.request_id(), "good");
  EXPECT_FALSE(stream->Read(&decision));
  const grpc::Status status = stream->Finish();
  EXPECT_THAT(Fields(status), ElementsAre("idempotency_key"));
  EXPECT_THAT(status.error_message(), HasSubstr("request_id \"bad\""));
}

TEST(GateService, ACallerThatLeavesItsStreamTakesNothingWithIt) {
  GateWorld world;
  {
    grpc::ClientContext context;
    const auto stream = world.gate->StreamChecks(&context);
    v1::CheckRequest request = Refund("r0", "o1", 1);
    request.set_request_id("q");
    stream->Write(request);
    context.TryCancel();
  }
  EXPECT_EQ(world.Check(Refund("r1", "o1", 1)).verdict(), v1::VERDICT_HOLD);
}

TEST(GateService, AConfirmedReservationSaysSoAndItsKeyHasMoved) {
  GateWorld world;
  const auto feeder = world.Feed();
  feeder->Happened("payment", "p1", "o1", 10000);
  const v1::Decision allow = world.Check(Refund("r1", "o1", 6000));
  v1::ConfirmRequest confirm;
  confirm.set_account_id("m1");
  confirm.set_checkpoint("refund");
  confirm.set_idempotency_key("r1");
  confirm.set_decision_id(allow.decision_id());
  grpc::ClientContext context;
  v1::Reservation reservation;
  const grpc::Status status = world.gate->Confirm(&context, confirm, &reservation);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(reservation.state(), v1::RESERVATION_STATE_CONFIRMED);
  EXPECT_THAT(reservation.order_ids(), ElementsAre("o1"));
  const v1::Decision again = world.Check(Refund("r1", "o1", 6000));
  EXPECT_EQ(again.verdict(), v1::VERDICT_BLOCK);
  EXPECT_EQ(again.first_decision_id(), allow.decision_id());
  EXPECT_EQ(again.reservation().state(), v1::RESERVATION_STATE_CONFIRMED);
}

TEST(GateService, ReleaseGivesBackAndNamesAStrangeDecision) {
  GateWorld world;
  const auto feeder = world.Feed();
  feeder->Happened("payment", "p1", "o1", 10000);
  const v1::Decision allow = world.Check(Refund("r1", "o1", 6000));
  v1::ReleaseRequest release;
  release.set_account_id("m1");
  release.set_checkpoint("refund");
  release.set_idempotency_key("r1");
  release.set_decision_id("d00000000000000ff");
  release.set_reason("the bank said no");
  v1::Reservation reservation;
  grpc::ClientContext wrong;
  EXPECT_EQ(world.gate->Release(&wrong, release, &reservation).error_code(),
            grpc::StatusCode::FAILED_PRECONDITION);
  release.set_decision_id(allow.decision_id());
  grpc::ClientContext right;
  const grpc::Status status = world.gate->Release(&right, release, &reservation);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(reservation.state(), v1::RESERVATION_STATE_RELEASED);
  EXPECT_EQ(world.Book("o1").counters(1).pending_up(), 0);
}

TEST(GateService, ADecisionIsFoundByItsIdAndByItsKey) {
  GateWorld world;
  const auto feeder = world.Feed();
  feeder->Happened("payment", "p1", "o1", 10000);
  const v1::Decision allow = world.Check(Refund("r1", "o1", 6000));
  v1::GetDecisionRequest by_id;
  by_id.set_decision_id(allow.decision_id());
  v1::GetDecisionRequest by_key;
  by_key.set_account_id("m1");
  by_key.set_checkpoint("refund");
  by_key.set_idempotency_key("r1");
  for (const v1::GetDecisionRequest& request : {by_id, by_key}) {
    grpc::ClientContext context;
    v1::Decision found;
    const grpc::Status status = world.gate->GetDecision(&context, request, &found);
    ASSERT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(found.decision_id(), allow.decision_id());
    EXPECT_EQ(found.verdict(), v1::VERDICT_ALLOW);
    EXPECT_EQ(found.reservation().state(), v1::RESERVATION_STATE_PENDING);
    EXPECT_THAT(found.reservation().order_ids(), ElementsAre("o1"));
  }
  by_key.set_account_id("m2");
  grpc::ClientContext context;
  v1::Decision none;
  EXPECT_EQ(world.gate->GetDecision(&context, by_key, &none).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

}  // namespace
}  // namespace fundgate::gate
