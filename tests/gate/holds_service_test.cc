#include "server/gate/holds_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/gate/gate_world.h"

namespace fundgate::gate {
namespace {

using ::testing::ElementsAre;
using testing::GateWorld;
using ::testing::HasSubstr;
using testing::Refund;

class HoldsService : public ::testing::Test {
 protected:
  HoldsService() : feeder_(world_.Feed()) {
    feeder_->Happened("payment", "p1", "o1", 1000);
    v1::TripBreakerRequest request;
    request.set_scope("refund");
    request.set_mode(v1::VERDICT_HOLD);
    request.set_actor("ann");
    request.set_reason("wrong amounts");
    grpc::ClientContext context;
    v1::TripBreakerResponse response;
    EXPECT_TRUE(world_.breakers->TripBreaker(&context, request, &response).ok());
  }

  v1::ListHoldsResponse List(const v1::ListHoldsRequest& request) {
    grpc::ClientContext context;
    v1::ListHoldsResponse response;
    const grpc::Status status = world_.holds->ListHolds(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  std::vector<std::string> Keys(const v1::ListHoldsRequest& request = {}) {
    std::vector<std::string> keys;
    const v1::ListHoldsResponse listed = List(request);
    for (const v1::Hold& hold : listed.holds()) keys.push_back(hold.idempotency_key());
    return keys;
  }
  grpc::Status Approve(const v1::Decision& decision, v1::Hold* hold = nullptr) {
    v1::ApproveHoldRequest request;
    request.set_account_id("m1");
    request.set_checkpoint("refund");
    request.set_idempotency_key(decision.idempotency_key());
    request.set_decision_id(decision.decision_id());
    request.set_actor("bob");
    request.set_reason("called the shop");
    grpc::ClientContext context;
    v1::ApproveHoldResponse response;
    const grpc::Status status = world_.holds->ApproveHold(&context, request, &response);
    if (hold != nullptr) *hold = response.hold();
    return status;
  }

  GateWorld world_;
  std::unique_ptr<testing::TestFeeder> feeder_;
};

TEST_F(HoldsService, ListsTheQueueOldestFirstInPages) {
  for (const char* key : {"r3", "r1", "r2"}) world_.Check(Refund(key, "o1", 10));
  EXPECT_THAT(Keys(), ElementsAre("r3", "r1", "r2"));
  v1::ListHoldsRequest request;
  request.set_page_size(2);
  const v1::ListHoldsResponse first = List(request);
  ASSERT_EQ(first.holds_size(), 2);
  EXPECT_EQ(first.holds(0).state(), v1::HOLD_STATE_OPEN);
  EXPECT_EQ(first.holds(0).asked(), 1);
  EXPECT_THAT(first.holds(0).reviewable(), ElementsAre("BREAKER refund"));
  request.set_page_token(first.next_page_token());
  EXPECT_THAT(Keys(request), ElementsAre("r2"));
  EXPECT_EQ(List(request).next_page_token(), "");
}

TEST_F(HoldsService, ListsOnlyWhatPassesItsFilters) {
  world_.Check(Refund("r1", "o1", 10));
  v1::ListHoldsRequest other;
  other.set_account_id("m2");
  EXPECT_THAT(Keys(other), ElementsAre());
  v1::ListHoldsRequest checkpoint;
  checkpoint.set_checkpoint("cash_out");
  EXPECT_THAT(Keys(checkpoint), ElementsAre());
  v1::ListHoldsRequest rejected;
  rejected.set_state(v1::HOLD_STATE_REJECTED);
  EXPECT_THAT(Keys(rejected), ElementsAre());
}

TEST_F(HoldsService, AnApprovedOnePassesOnce) {
  const v1::Decision held = world_.Check(Refund("r1", "o1", 10));
  v1::Hold hold;
  ASSERT_TRUE(Approve(held, &hold).ok());
  EXPECT_EQ(hold.state(), v1::HOLD_STATE_APPROVED);
  EXPECT_EQ(hold.reviewed_by(), "bob");
  EXPECT_TRUE(hold.has_approved_until());
  EXPECT_EQ(world_.Check(Refund("r1", "o1", 10)).verdict(), v1::VERDICT_ALLOW);
  EXPECT_THAT(Keys(), ElementsAre());
}

TEST_F(HoldsService, ReviewingWhatIsNoLongerHeldNamesItsPresentDecision) {
  const v1::Decision held = world_.Check(Refund("r1", "o1", 10));
  ASSERT_TRUE(Approve(held).ok());
  const v1::Decision allow = world_.Check(Refund("r1", "o1", 10));
  const grpc::Status again = Approve(held);
  EXPECT_EQ(again.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(again.error_message(), HasSubstr(allow.decision_id() + ", ALLOW"));
}

TEST_F(HoldsService, ShowsEverythingThatIsNeededToJudge) {
  feeder_->Happened("refund", "u1", "o1", 20);  // nobody had asked for it
  v1::CheckRequest request = Refund("r1", "o1", 10);
  (*request.mutable_attributes())["channel"].set_string_value("app");
  const v1::Decision first = world_.Check(request);
  const v1::Decision second = world_.Check(request);
  v1::GetHoldRequest get;
  get.set_checkpoint("refund");
  get.set_idempotency_key("r1");
  grpc::ClientContext context;
  v1::GetHoldResponse response;
  const grpc::Status status = world_.holds->GetHold(&context, get, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.hold().asked(), 2);
  EXPECT_EQ(response.request().attributes().at("channel").string_value(), "app");
  ASSERT_EQ(response.decisions_size(), 2);
  EXPECT_EQ(response.decisions(0).decision_id(), second.decision_id());
  EXPECT_EQ(response.decisions(1).decision_id(), first.decision_id());
  ASSERT_EQ(response.books_size(), 1);
  EXPECT_EQ(response.books(0).counters(0).posted(), 1000);
  ASSERT_EQ(response.breakers_size(), 1);
  EXPECT_EQ(response.breakers(0).reason(), "wrong amounts");
  ASSERT_GE(response.violations_size(), 1);
  EXPECT_EQ(response.violations(0).idempotency_key(), "u1");
}

TEST_F(HoldsService, OneThatIsNotThereIsNotFound) {
  v1::GetHoldRequest get;
  get.set_checkpoint("refund");
  get.set_idempotency_key("nobody");
  grpc::ClientContext context;
  v1::GetHoldResponse response;
  EXPECT_EQ(world_.holds->GetHold(&context, get, &response).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST_F(HoldsService, ARejectionIsShownWithItsReviewer) {
  const v1::Decision held = world_.Check(Refund("r1", "o1", 10));
  v1::RejectHoldRequest request;
  request.set_account_id("m1");
  request.set_checkpoint("refund");
  request.set_idempotency_key("r1");
  request.set_decision_id(held.decision_id());
  request.set_actor("bob");
  request.set_reason("fraud");
  grpc::ClientContext context;
  v1::RejectHoldResponse response;
  ASSERT_TRUE(world_.holds->RejectHold(&context, request, &response).ok());
  EXPECT_EQ(response.hold().state(), v1::HOLD_STATE_REJECTED);
  EXPECT_EQ(response.hold().review_reason(), "fraud");
  v1::ListHoldsRequest rejected;
  rejected.set_state(v1::HOLD_STATE_REJECTED);
  EXPECT_THAT(Keys(rejected), ElementsAre("r1"));
}

}  // namespace
}  // namespace fundgate::gate
