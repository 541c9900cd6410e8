#include "server/gate/audit_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/gate/gate_world.h"

namespace fundgate::gate {
namespace {

using ::testing::ElementsAre;
using testing::GateWorld;
using ::testing::HasSubstr;
using testing::Refund;

std::vector<v1::Trace> Export(GateWorld& world, const v1::ExportTracesRequest& request) {
  grpc::ClientContext context;
  const auto stream = world.audit->ExportTraces(&context, request);
  std::vector<v1::Trace> traces;
  v1::Trace trace;
  while (stream->Read(&trace)) traces.push_back(trace);
  const grpc::Status status = stream->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
  return traces;
}

TEST(AuditService, AnExportHoldsEveryRecordInOrderAndChained) {
  GateWorld world;
  const auto feeder = world.Feed();
  feeder->Happened("payment", "p1", "o1", 1000);
  const v1::Decision allow = world.Check(Refund("r1", "o1", 60));
  const std::vector<v1::Trace> traces = Export(world, {});
  ASSERT_GE(traces.size(), 5);
  for (size_t i = 0; i < traces.size(); ++i) {
    EXPECT_EQ(traces[i].sequence(), i + 1);
    EXPECT_EQ(traces[i].previous_hash(), i == 0 ? std::string(32, '\0') : traces[i - 1].hash());
  }
  EXPECT_EQ(traces[0].kind(), v1::TRACE_KIND_POLICY);
  EXPECT_EQ(traces[1].kind(), v1::TRACE_KIND_EPOCH);
  EXPECT_EQ(traces[2].kind(), v1::TRACE_KIND_INGEST);
  const v1::Trace& check = traces[allow.sequence() - 1];
  EXPECT_EQ(check.decision().decision_id(), allow.decision_id());
  EXPECT_EQ(check.check().order_id(), "o1");
  EXPECT_EQ(check.decision().reservation().amount().minor_units(), 60);
}

TEST(AuditService, AFilterLeavesOutWhatDoesNotPass) {
  GateWorld world;
  const auto feeder = world.Feed();
  feeder->Happened("payment", "p1", "o1", 1000);
  feeder->Happened("payment", "p2", "o2", 1000);
  const v1::Decision first = world.Check(Refund("r1", "o1", 60));
  const v1::Decision second = world.Check(Refund("r2", "o2", 60));
  const v1::Decision third = world.Check(Refund("r3", "o2", 6000));
  const auto found = [&](const v1::TraceFilter& filter) {
    v1::ExportTracesRequest request;
    *request.mutable_filter() = filter;
    std::vector<std::string> keys;
    for (const v1::Trace& trace : Export(world, request)) {
      keys.push_back(trace.check().idempotency_key());
    }
    return keys;
  };
  v1::TraceFilter by_order;
  by_order.set_order_id("o2");
  EXPECT_THAT(found(by_order), ElementsAre("", "r2", "r3")) << "first the batch with its payment";
  v1::TraceFilter by_movement;
  by_movement.set_checkpoint("payment");
  by_movement.set_idempotency_key("p2");
  EXPECT_THAT(found(by_movement), ElementsAre(""));
  v1::TraceFilter by_both;
  by_both.set_order_id("o1");
  by_both.set_idempotency_key("p2");
  EXPECT_THAT(found(by_both), ElementsAre()) << "p2 was of o2";
  v1::TraceFilter by_verdict;
  by_verdict.set_verdict(v1::VERDICT_BLOCK);
  EXPECT_THAT(found(by_verdict), ElementsAre("r3"));
  v1::TraceFilter by_reason;
  by_reason.set_reason_name(third.reasons(0).name());
  EXPECT_THAT(found(by_reason), ElementsAre("r3"));
  v1::TraceFilter by_decision;
  by_decision.set_decision_id(first.decision_id());
  EXPECT_THAT(found(by_decision), ElementsAre("r1"));
  v1::TraceFilter by_sequence;
  by_sequence.set_from_sequence(second.sequence());
  by_sequence.set_to_sequence(second.sequence() + 1);
  EXPECT_THAT(found(by_sequence), ElementsAre("r2"));
  v1::TraceFilter by_kind;
  by_kind.add_kinds(v1::TRACE_KIND_CHECK);
  *by_kind.mutable_from_time() = third.decided_at();
  EXPECT_THAT(found(by_kind), ElementsAre("r3"));
}

TEST(AuditService, ALimitEndsTheExport) {
  GateWorld world;
  const auto feeder = world.Feed();
  v1::ExportTracesRequest request;
  request.set_limit(2);
  EXPECT_EQ(Export(world, request).size(), 2);
}

TEST(AuditService, ALongJournalIsExportedInSlicesWithoutAHole) {
  GateWorld world;
  constexpr int kChecks = 1500;
  v1::BatchCheckRequest batch;
  const auto feeder = world.Feed();
  feeder->Happened("payment", "p1", "o1", kChecks);
  for (int sent = 0; sent < kChecks; sent += 500) {
    batch.clear_requests();
    for (int i = 0; i < 500; ++i) *batch.add_requests() = Refund(absl::StrCat(sent + i), "o1", 1);
    grpc::ClientContext context;
    v1::BatchCheckResponse response;
    ASSERT_TRUE(world.gate->BatchCheck(&context, batch, &response).ok());
  }
  const std::vector<v1::Trace> traces = Export(world, {});
  ASSERT_GE(traces.size(), static_cast<size_t>(kChecks));
  for (size_t i = 0; i < traces.size(); ++i) ASSERT_EQ(traces[i].sequence(), i + 1);
}

TEST(AuditService, AFollowerSeesWhatComesLater) {
  GateWorld world;
  grpc::ClientContext context;
  v1::ExportTracesRequest request;
  request.set_follow(true);
  request.mutable_filter()->add_kinds(v1::TRACE_KIND_CHECK);
  request.set_limit(3);
  const auto stream = world.audit->ExportTraces(&context, request);
  const auto feeder = world.Feed();
  feeder->Happened("payment", "p1", "o1", 1000);
  v1::Trace trace;
  for (int i = 0; i < 3; ++i) {
    const v1::Decision decision = world.Check(Refund(absl::StrCat("r", i), "o1", 1));
    ASSERT_TRUE(stream->Read(&trace));
    EXPECT_EQ(trace.decision().decision_id(), decision.decision_id());
  }
  EXPECT_FALSE(stream->Read(&trace));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST(AuditService, TheChainOfASoundJournalIsFoundSound) {
  GateWorld world;
  const auto feeder = world.Feed();
  feeder->Happened("payment", "p1", "o1", 1000);
  grpc::ClientContext context;
  const auto stream = world.audit->VerifyJournal(&context, {});
  v1::VerifyJournalResponse progress;
  v1::VerifyJournalResponse last;
  while (stream->Read(&progress)) last = progress;
  ASSERT_TRUE(stream->Finish().ok());
  EXPECT_TRUE(last.done());
  EXPECT_TRUE(last.sound());
  EXPECT_EQ(last.damaged_sequence(), 0);
  EXPECT_EQ(last.records_checked(), last.last_sequence());
  EXPECT_EQ(last.last_hash().size(), 32);
}

TEST(AuditService, ACheckOfTheChainTellsTheHashesThatAreWanted) {
  GateWorld world;
  const auto feeder = world.Feed();
  feeder->Happened("payment", "p1", "o1", 1000);
  const std::vector<v1::Trace> traces = Export(world, {});
  v1::VerifyJournalRequest request;
  for (const uint64_t place : {1, 3, 1000}) request.add_places(place);
  grpc::ClientContext context;
  const auto stream = world.audit->VerifyJournal(&context, request);
  v1::VerifyJournalResponse progress;
  std::vector<v1::JournalPlace> places;
  while (stream->Read(&progress)) {
    places.insert(places.end(), progress.places().begin(), progress.places().end());
  }
  ASSERT_TRUE(stream->Finish().ok());
  ASSERT_EQ(places.size(), 2U);
  EXPECT_EQ(places[0].hash(), traces[0].hash());
  EXPECT_EQ(places[1].sequence(), 3U);
  EXPECT_EQ(places[1].hash(), traces[2].hash());

  request.add_places(2);  // out of order
  grpc::ClientContext refused;
  const auto none = world.audit->VerifyJournal(&refused, request);
  EXPECT_FALSE(none->Read(&progress));
  EXPECT_EQ(none->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST(AuditService, AnEmptyJournalIsSound) {
  GateWorld world([](ServerSettings& settings) { settings.first_policy.clear(); });
  grpc::ClientContext context;
  const auto stream = world.audit->VerifyJournal(&context, {});
  v1::VerifyJournalResponse progress;
  ASSERT_TRUE(stream->Read(&progress));
  EXPECT_TRUE(progress.done());
  EXPECT_TRUE(progress.sound());
  EXPECT_FALSE(stream->Read(&progress));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST(AuditService, ABookIsNamedByItsWholeKey) {
  GateWorld world;
  const auto feeder = world.Feed();
  feeder->Happened("payment", "p1", "o1", 1000);
  const v1::Book book = world.Book("o1");
  EXPECT_EQ(book.counters(0).name(), "paid");
  EXPECT_EQ(book.counters(0).posted(), 1000);
  EXPECT_EQ(book.key().at("order_id"), "o1");
  EXPECT_FALSE(book.unproven());

  v1::GetBookRequest request;
  request.set_book("order");
  request.set_currency_code("CNY");
  (*request.mutable_key())["account_id"] = "m1";
  (*request.mutable_key())["payee"] = "x";
  grpc::ClientContext context;
  v1::GetBookResponse response;
  const google::rpc::BadRequest details =
      testing::BadRequestOf(world.audit->GetBook(&context, request, &response));
  ASSERT_EQ(details.field_violations_size(), 2);
  EXPECT_EQ(details.field_violations(0).field(), "key[order_id]");
  EXPECT_EQ(details.field_violations(1).field(), "key[payee]");
}

TEST(AuditService, ABookThatNothingTouchedIsNotFound) {
  GateWorld world;
  v1::GetBookRequest request;
  request.set_book("merchant");
  request.set_currency_code("CNY");
  (*request.mutable_key())["account_id"] = "m1";
  grpc::ClientContext context;
  v1::GetBookResponse response;
  EXPECT_EQ(world.audit->GetBook(&context, request, &response).error_code(),
            grpc::StatusCode::NOT_FOUND);
  request.set_book("nothing");
  grpc::ClientContext other;
  EXPECT_EQ(world.audit->GetBook(&other, request, &response).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST(AuditService, AGapMakesItsBookUnprovenWithAReason) {
  GateWorld world;
  const auto feeder = world.Feed();
  feeder->Happened("payment", "p1", "o1", 1000);
  v1::IngestRequest request;
  v1::Gap& gap = *request.add_events()->mutable_gap();
  gap.set_movement_kind("payment");
  gap.set_account_id("m1");
  gap.set_order_id("o1");
  gap.set_reason("the amount is no number");
  feeder->Send(request);
  const v1::Book book = world.Book("o1");
  EXPECT_TRUE(book.unproven());
  EXPECT_THAT(book.unproven_reason(), HasSubstr("the amount is no number"));
}

TEST(AuditService, ViolationsAreListedNewestFirst) {
  GateWorld world;
  const auto feeder = world.Feed();
  feeder->Happened("payment", "p1", "o1", 1000);
  feeder->Happened("refund", "r1", "o1", 10);
  feeder->Happened("refund", "r2", "o1", 20);
  grpc::ClientContext context;
  v1::ListViolationsRequest request;
  request.set_kind(v1::VIOLATION_KIND_UNGATED);
  v1::ListViolationsResponse response;
  ASSERT_TRUE(world.audit->ListViolations(&context, request, &response).ok());
  ASSERT_EQ(response.violations_size(), 2);
  EXPECT_EQ(response.violations(0).idempotency_key(), "r2");
  EXPECT_EQ(response.violations(1).idempotency_key(), "r1");
  EXPECT_GT(response.violations(0).sequence(), response.violations(1).sequence());
}

TEST(AuditService, AViolationIsFoundByItsId) {
  GateWorld world;
  const auto feeder = world.Feed();
  feeder->Happened("payment", "p1", "o1", 1000);
  feeder->Happened("refund", "r1", "o1", 10);
  grpc::ClientContext listing;
  v1::ListViolationsResponse listed;
  ASSERT_TRUE(world.audit->ListViolations(&listing, {}, &listed).ok());
  ASSERT_EQ(listed.violations_size(), 1);
  grpc::ClientContext context;
  v1::GetViolationRequest request;
  request.set_id(listed.violations(0).id());
  v1::GetViolationResponse response;
  ASSERT_TRUE(world.audit->GetViolation(&context, request, &response).ok());
  EXPECT_EQ(response.violation().idempotency_key(), "r1");
}

TEST(AuditService, AViolationShowsWhoWroteItsRow) {
  GateWorld world;
  const auto feeder = world.Feed();
  v1::IngestRequest request;
  v1::Event& event = *request.add_events();
  event.mutable_origin()->set_server_id(77);
  event.mutable_origin()->set_statement("INSERT INTO refund VALUES (1)");
  (*event.mutable_origin()->mutable_marker())["request"] = "q-1";
  v1::MovementEvent& movement = *event.mutable_movement();
  movement.set_kind("refund");
  movement.mutable_row()->set_table("refund");
  movement.mutable_row()->set_primary_key("1");
  v1::Contribution& row = *movement.mutable_after();
  row.set_status(v1::MOVEMENT_STATUS_HAPPENED);
  row.set_idempotency_key("r1");
  row.set_account_id("m1");
  row.set_order_id("o1");
  row.mutable_amount()->set_currency_code("CNY");
  row.mutable_amount()->set_minor_units(10);
  feeder->Send(request);
  grpc::ClientContext context;
  v1::ListViolationsRequest ungated;
  ungated.set_kind(v1::VIOLATION_KIND_UNGATED);
  v1::ListViolationsResponse listed;
  ASSERT_TRUE(world.audit->ListViolations(&context, ungated, &listed).ok());
  ASSERT_EQ(listed.violations_size(), 1);
  const auto& fields = listed.violations(0).fields();
  EXPECT_EQ(fields.at("origin.server_id"), "77");
  EXPECT_EQ(fields.at("origin.statement"), "INSERT INTO refund VALUES (1)");
  EXPECT_EQ(fields.at("origin.marker.request"), "q-1");
}

TEST(AuditService, AViolationThatIsNotThereIsNotFoundAndAnIdIsRequired) {
  GateWorld world;
  v1::GetViolationRequest request;
  v1::GetViolationResponse response;
  grpc::ClientContext without_id;
  EXPECT_EQ(world.audit->GetViolation(&without_id, request, &response).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  request.set_id("v0000000000000001-0");
  grpc::ClientContext unknown;
  EXPECT_EQ(world.audit->GetViolation(&unknown, request, &response).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

}  // namespace
}  // namespace fundgate::gate
