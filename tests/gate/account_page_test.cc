#include "server/gate/account_page.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/gate/gate_world.h"

namespace fundgate::gate {
namespace {

using testing::GateWorld;
using testing::Refund;

grpc::Status Ask(GateWorld& world, const std::string& account, v1::GetAccountResponse& page,
                 int checks = 0) {
  grpc::ClientContext context;
  v1::GetAccountRequest request;
  request.set_account_id(account);
  request.set_checks(checks);
  page.Clear();
  return world.audit->GetAccount(&context, request, &page);
}

v1::GetAccountResponse Page(GateWorld& world, const std::string& account, int checks = 0) {
  v1::GetAccountResponse page;
  const grpc::Status status = Ask(world, account, page, checks);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return page;
}

void Trip(GateWorld& world, const std::string& scope) {
  grpc::ClientContext context;
  v1::TripBreakerRequest request;
  request.set_scope(scope);
  request.set_mode(v1::VERDICT_HOLD);
  request.set_reason("a test");
  request.set_actor("tester");
  v1::TripBreakerResponse response;
  const grpc::Status status = world.breakers->TripBreaker(&context, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
}

TEST(AccountPage, ShowsAllThatStandsAboutTheAccountAndNothingOfOthers) {
  GateWorld world;
  const auto feeder = world.Feed();
  feeder->Happened("payment", "p1", "o1", 1000);
  feeder->Happened("refund", "by-hand", "o2", 5);  // ungated: a violation, and a freeze
  world.Check(Refund("r1", "o1", 600));
  const v1::Decision newest = world.Check(Refund("r2", "o1", 600));
  Trip(world, "refund/account:m2");
  Trip(world, "*/order:o1");

  const v1::GetAccountResponse page = Page(world, "m1");
  ASSERT_EQ(page.books_size(), 2);
  EXPECT_EQ(page.books(0).key().at("order_id"), "o1");
  EXPECT_EQ(page.books(0).counters(0).posted(), 1000);
  ASSERT_EQ(page.checks_size(), 2);
  EXPECT_EQ(page.checks(0).decision().decision_id(), newest.decision_id());
  EXPECT_EQ(page.checks(1).check().idempotency_key(), "r1");
  EXPECT_EQ(page.searched_from_sequence(), 1U);
  ASSERT_GE(page.violations_size(), 1);
  EXPECT_EQ(page.violations(page.violations_size() - 1).idempotency_key(), "by-hand");
  for (const v1::Breaker& breaker : page.breakers())
    EXPECT_NE(breaker.scope(), "refund/account:m2");
  const bool has_order =
      std::any_of(page.breakers().begin(), page.breakers().end(),
                  [](const v1::Breaker& breaker) { return breaker.scope() == "*/order:o1"; });
  EXPECT_TRUE(has_order);
}

TEST(AccountPage, AReservationIsOpenUntilItIsReleasedAndAHoldUntilItIsReviewed) {
  GateWorld world;
  const auto feeder = world.Feed();
  feeder->Happened("payment", "p1", "o1", 1000);
  const v1::Decision allow = world.Check(Refund("r1", "o1", 600));
  ASSERT_EQ(allow.verdict(), v1::VERDICT_ALLOW);
  const v1::GetAccountResponse before = Page(world, "m1");
  ASSERT_EQ(before.reservations_size(), 1);
  EXPECT_EQ(before.reservations(0).decision_id(), allow.decision_id());
  EXPECT_EQ(before.reservations(0).state(), v1::RESERVATION_STATE_PENDING);
  v1::ReleaseRequest release;
  release.set_account_id("m1");
  release.set_checkpoint("refund");
  release.set_idempotency_key("r1");
  release.set_decision_id(allow.decision_id());
  release.set_reason("it did not happen");
  grpc::ClientContext context;
  v1::Reservation released;
  ASSERT_TRUE(world.gate->Release(&context, release, &released).ok());
  EXPECT_EQ(Page(world, "m1").reservations_size(), 0);

  Trip(world, "refund/account:m1");
  ASSERT_EQ(world.Check(Refund("r2", "o1", 10)).verdict(), v1::VERDICT_HOLD);
  const v1::GetAccountResponse page = Page(world, "m1", 1);
  ASSERT_EQ(page.holds_size(), 1);
  EXPECT_EQ(page.holds(0).idempotency_key(), "r2");
  EXPECT_EQ(page.breakers_size(), 1);
  EXPECT_EQ(page.checks_size(), 1);
}

TEST(AccountPage, AnAccountThatNobodyNamedIsNotFound) {
  GateWorld world;
  v1::GetAccountResponse page;
  EXPECT_EQ(Ask(world, "m9", page).error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(Ask(world, "", page).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Ask(world, "m1", page, 101).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST(StatusService, CountsAnswersByCheckpoint) {
  GateWorld world;
  const auto feeder = world.Feed();
  feeder->Happened("payment", "p1", "o1", 1000);
  world.Check(Refund("r1", "o1", 600));
  world.Check(Refund("r2", "o1", 600));
  world.Check(Refund("r3", "o1", 700));
  grpc::ClientContext context;
  v1::GetStatusResponse status;
  ASSERT_TRUE(world.status->GetStatus(&context, {}, &status).ok());
  ASSERT_EQ(status.checkpoints_size(), 1);
  EXPECT_EQ(status.checkpoints(0).checkpoint(), "refund");
  EXPECT_EQ(status.checkpoints(0).allowed(), 1U);
  EXPECT_EQ(status.checkpoints(0).blocked(), 2U);
  EXPECT_EQ(status.checkpoints(0).held(), 0U);
}

}  // namespace
}  // namespace fundgate::gate
