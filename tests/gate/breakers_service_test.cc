#include "server/gate/breakers_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/gate/gate_world.h"

namespace fundgate::gate {
namespace {

using testing::BadRequestOf;
using ::testing::ElementsAre;
using testing::GateWorld;
using testing::Refund;

v1::Breaker Trip(GateWorld& world, const std::string& scope) {
  v1::TripBreakerRequest request;
  request.set_scope(scope);
  request.set_mode(v1::VERDICT_BLOCK);
  request.set_reason("something looks wrong");
  request.set_actor("ann");
  grpc::ClientContext context;
  v1::TripBreakerResponse response;
  const grpc::Status status = world.breakers->TripBreaker(&context, request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response.breaker();
}

v1::Breaker Reset(GateWorld& world, const std::string& scope) {
  v1::ResetBreakerRequest request;
  request.set_scope(scope);
  request.set_reason("all is well");
  request.set_actor("ann");
  grpc::ClientContext context;
  v1::ResetBreakerResponse response;
  const grpc::Status status = world.breakers->ResetBreaker(&context, request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response.breaker();
}

TEST(BreakersService, ATrippedBreakerAnswersEveryCheckItCovers) {
  GateWorld world;
  const auto feeder = world.Feed();
  feeder->Happened("payment", "p1", "o1", 1000);
  const v1::Breaker tripped = Trip(world, "refund/account:m1");
  EXPECT_EQ(tripped.state(), v1::BREAKER_STATE_OPEN);
  EXPECT_EQ(tripped.created_by(), v1::BREAKER_CREATOR_OPERATOR);
  const v1::Decision decision = world.Check(Refund("r1", "o1", 1));
  EXPECT_EQ(decision.verdict(), v1::VERDICT_BLOCK);
  EXPECT_EQ(decision.reasons(0).code(), v1::REASON_CODE_BREAKER);
  Reset(world, "refund/account:m1");
  EXPECT_EQ(world.Check(Refund("r2", "o1", 1)).verdict(), v1::VERDICT_ALLOW);
}

TEST(BreakersService, ABreakerIsFoundUnderAnyWritingOfItsScopeWithTheRecordThatChangedIt) {
  GateWorld world;
  const v1::Breaker tripped = Trip(world, "refund/account:m%2D1");
  EXPECT_EQ(tripped.scope(), "refund/account:m-1");
  EXPECT_EQ(tripped.sequence(), world.server().sequence());
  Trip(world, "*");
  grpc::ClientContext context;
  v1::GetBreakerRequest request;
  request.set_scope("refund/account:m-1");
  v1::GetBreakerResponse found;
  ASSERT_TRUE(world.breakers->GetBreaker(&context, request, &found).ok());
  EXPECT_EQ(found.breaker().state(), v1::BREAKER_STATE_OPEN);
  EXPECT_EQ(found.breaker().sequence(), tripped.sequence());
  grpc::ClientContext other;
  request.set_scope("settlement");
  ASSERT_TRUE(world.breakers->GetBreaker(&other, request, &found).ok());
  EXPECT_EQ(found.breaker().state(), v1::BREAKER_STATE_CLOSED);
  EXPECT_EQ(found.breaker().sequence(), 0);
}

TEST(BreakersService, BreakersAreListedByScopePageByPage) {
  GateWorld world;
  for (const char* scope : {"refund/account:b", "refund/account:a", "settlement", "*"}) {
    Trip(world, scope);
  }
  std::vector<std::string> scopes;
  v1::ListBreakersRequest request;
  request.set_page_size(2);
  request.set_scope_prefix("refund");
  Trip(world, "refund/account:c");
  do {
    grpc::ClientContext context;
    v1::ListBreakersResponse response;
    ASSERT_TRUE(world.breakers->ListBreakers(&context, request, &response).ok());
    EXPECT_LE(response.breakers_size(), 2);
    for (const v1::Breaker& breaker : response.breakers()) scopes.push_back(breaker.scope());
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(scopes, ElementsAre("refund/account:a", "refund/account:b", "refund/account:c"));
}

TEST(BreakersService, AHalfOpenBreakerLetsItsBudgetThrough) {
  GateWorld world;
  const auto feeder = world.Feed();
  feeder->Happened("payment", "p1", "o1", 1000);
  v1::HalfOpenBreakerRequest request;
  request.set_scope("refund");
  request.mutable_budget()->mutable_amount()->set_currency_code("CNY");
  request.mutable_budget()->mutable_amount()->set_minor_units(100);
  request.set_reason("try again");
  request.set_actor("ann");
  grpc::ClientContext context;
  v1::HalfOpenBreakerResponse response;
  const grpc::Status status = world.breakers->HalfOpenBreaker(&context, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_FALSE(response.breaker().budget().has_calls());
  EXPECT_EQ(world.Check(Refund("r1", "o1", 60)).verdict(), v1::VERDICT_ALLOW);
  EXPECT_EQ(world.Check(Refund("r2", "o1", 60)).verdict(), v1::VERDICT_HOLD);
}

TEST(BreakersService, AWatcherSeesThePresentAndThenEveryChange) {
  GateWorld world;
  Trip(world, "refund");
  Trip(world, "settlement");
  grpc::ClientContext context;
  v1::WatchBreakersRequest request;
  request.set_scope_prefix("refund");
  const auto watch = world.breakers->WatchBreakers(&context, request);
  v1::WatchBreakersResponse seen;
  ASSERT_TRUE(watch->Read(&seen));
  EXPECT_TRUE(seen.snapshot());
  EXPECT_EQ(seen.breaker().scope(), "refund");
  ASSERT_TRUE(watch->Read(&seen));
  EXPECT_TRUE(seen.snapshot_complete());
  EXPECT_FALSE(seen.has_breaker());
  Trip(world, "settlement");
  Trip(world, "refund/account:m1");
  ASSERT_TRUE(watch->Read(&seen));
  EXPECT_FALSE(seen.snapshot());
  EXPECT_EQ(seen.breaker().scope(), "refund/account:m1");
  EXPECT_EQ(seen.sequence(), world.server().sequence());
  Reset(world, "refund");
  ASSERT_TRUE(watch->Read(&seen));
  EXPECT_EQ(seen.breaker().scope(), "refund");
  EXPECT_EQ(seen.breaker().state(), v1::BREAKER_STATE_CLOSED);
  context.TryCancel();
}

TEST(BreakersService, AWatcherThatDoesNotReadIsEndedAndMayWatchAnew) {
  GateWorld world;
  grpc::ClientContext context;
  const auto watch = world.breakers->WatchBreakers(&context, {});
  v1::WatchBreakersResponse seen;
  ASSERT_TRUE(watch->Read(&seen));
  ASSERT_TRUE(seen.snapshot_complete());
  // Long reasons fill the connection's window soon; then the changes wait in the gate.
  v1::TripBreakerRequest request;
  request.set_scope("refund");
  request.set_mode(v1::VERDICT_HOLD);
  request.set_reason(std::string(1000, 'x'));
  request.set_actor("ann");
  for (size_t i = 0; i < kMaxUnreadChanges + 6000; ++i) {
    grpc::ClientContext call;
    v1::TripBreakerResponse response;
    ASSERT_TRUE(world.breakers->TripBreaker(&call, request, &response).ok());
  }
  size_t read = 0;
  while (watch->Read(&seen)) ++read;
  EXPECT_LT(read, kMaxUnreadChanges + 6000);
  EXPECT_EQ(watch->Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST(BreakersService, BadCommandsNameTheirFields) {
  GateWorld world;
  v1::TripBreakerRequest request;
  request.set_scope("refund/account");
  request.mutable_until()->set_seconds(1);
  grpc::ClientContext context;
  v1::TripBreakerResponse response;
  std::vector<std::string> fields;
  const google::rpc::BadRequest details =
      BadRequestOf(world.breakers->TripBreaker(&context, request, &response));
  for (const auto& violation : details.field_violations()) fields.push_back(violation.field());
  EXPECT_THAT(fields, ElementsAre("scope", "mode", "actor", "reason", "until"));
}

v1::ListBreakerChangesResponse Changes(GateWorld& world, const std::string& scope, int page_size,
                                       const std::string& token) {
  v1::ListBreakerChangesRequest request;
  request.set_scope(scope);
  request.set_page_size(page_size);
  request.set_page_token(token);
  grpc::ClientContext context;
  v1::ListBreakerChangesResponse response;
  const grpc::Status status = world.breakers->ListBreakerChanges(&context, request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response;
}

TEST(BreakersService, TheHistoryOfABreakerIsToldNewestFirstWithEachRecord) {
  GateWorld world;
  const v1::Breaker tripped = Trip(world, "refund");
  Trip(world, "settlement");
  const v1::Breaker reset = Reset(world, "refund");
  const v1::ListBreakerChangesResponse changes = Changes(world, "refund", 0, "");
  ASSERT_EQ(changes.changes_size(), 2);
  EXPECT_EQ(changes.changes(0).state(), v1::BREAKER_STATE_CLOSED);
  EXPECT_EQ(changes.changes(0).reason(), "all is well");
  EXPECT_EQ(changes.changes(0).sequence(), reset.sequence());
  EXPECT_EQ(changes.changes(1).state(), v1::BREAKER_STATE_OPEN);
  EXPECT_EQ(changes.changes(1).actor(), "ann");
  EXPECT_EQ(changes.changes(1).sequence(), tripped.sequence());
  EXPECT_EQ(changes.next_page_token(), "");
}

TEST(BreakersService, TheHistoryOfAllBreakersComesInPagesWithoutAHole) {
  GateWorld world;
  for (const char* scope : {"refund", "settlement", "cash_out", "refund/account:m1", "*"}) {
    Trip(world, scope);
  }
  std::vector<std::string> scopes;
  std::string token;
  do {
    const v1::ListBreakerChangesResponse page = Changes(world, "", 2, token);
    for (const v1::Breaker& change : page.changes()) scopes.push_back(change.scope());
    token = page.next_page_token();
  } while (!token.empty());
  EXPECT_THAT(scopes, ElementsAre("*", "refund/account:m1", "cash_out", "settlement", "refund"));
  v1::ListBreakerChangesRequest request;
  request.set_page_token("yesterday");
  grpc::ClientContext context;
  v1::ListBreakerChangesResponse response;
  EXPECT_EQ(world.breakers->ListBreakerChanges(&context, request, &response).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

}  // namespace
}  // namespace fundgate::gate
