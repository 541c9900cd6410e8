#include "server/gate/leases_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/str_replace.h"
#include "fundgate/v1/leases.grpc.pb.h"
#include "tests/gate/gate_world.h"

namespace fundgate::gate {
namespace {

using testing::GateWorld;
using ::testing::HasSubstr;
using testing::Refund;

// Refunds of the worked example may be allowed unasked: 3 calls and CNY 50.00 a lease.
void LetRefundsBeLeased(ServerSettings& settings) {
  const std::string before = settings.first_policy;
  settings.first_policy =
      absl::StrReplaceAll(before, {{"    patience: 200ms ",
                                    "    when_unreachable: ALLOW\n"
                                    "    blind_budget: {calls: 10, amount: CNY 200.00}\n"
                                    "    lease: {budget: {calls: 3, amount: CNY 50.00}, "
                                    "valid_for: 10m, report_within: 1h}\n"
                                    "    patience: 200ms "}});
  ASSERT_NE(settings.first_policy, before);
}

class LeasesService : public ::testing::Test {
 protected:
  LeasesService() : world_(LetRefundsBeLeased), feeder_(world_.Feed()) {
    feeder_->Happened("payment", "p1", "o1", 100000);
  }

  grpc::Status Take(const std::string& checkpoint, const std::string& holder,
                    const std::string& ends, v1::TakeLeaseResponse* response) {
    v1::TakeLeaseRequest request;
    request.set_checkpoint(checkpoint);
    request.set_holder(holder);
    request.set_ends_lease_id(ends);
    grpc::ClientContext context;
    return leases_->TakeLease(&context, request, response);
  }
  grpc::Status Report(const std::string& lease, const std::string& holder, const std::string& key,
                      v1::Decision* decision) {
    v1::ReportAllowedRequest request;
    request.set_lease_id(lease);
    request.set_holder(holder);
    *request.mutable_check() = Refund(key, "o1", 1000);
    request.mutable_allowed_at()->set_seconds(1);
    grpc::ClientContext context;
    return leases_->ReportAllowed(&context, request, decision);
  }

  GateWorld world_;
  const std::unique_ptr<testing::TestFeeder> feeder_;
  const std::unique_ptr<v1::Leases::Stub> leases_ = v1::Leases::NewStub(world_.channel());
};

TEST_F(LeasesService, ALeaseIsGrantedWithWhatToAnswerUnasked) {
  v1::TakeLeaseResponse taken;
  ASSERT_TRUE(Take("refund", "pay-1", "", &taken).ok());
  EXPECT_EQ(taken.lease().budget().calls(), 3);
  EXPECT_EQ(taken.lease().budget().amount().minor_units(), 5000);
  ASSERT_EQ(taken.answers_size(), 1);
  EXPECT_EQ(taken.answers(0).when_unreachable(), v1::VERDICT_ALLOW);
  EXPECT_EQ(taken.renew_after().seconds(), 300);
}

TEST_F(LeasesService, WithoutATermInThePolicyThereIsNoneButTheAnswersAreTold) {
  v1::TakeLeaseResponse taken;
  ASSERT_TRUE(Take("settlement", "pay-1", "", &taken).ok());
  EXPECT_FALSE(taken.has_lease());
  ASSERT_EQ(taken.answers_size(), 1);
  EXPECT_EQ(taken.answers(0).when_unreachable(), v1::VERDICT_HOLD);
  EXPECT_EQ(Take("refnd", "pay-1", "", &taken).error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(Take("refund", "", "", &taken).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(LeasesService, WhatWasAllowedByItIsReportedAndReserved) {
  v1::TakeLeaseResponse taken;
  ASSERT_TRUE(Take("refund", "pay-1", "", &taken).ok());
  v1::Decision decision;
  ASSERT_TRUE(Report(taken.lease().lease_id(), "pay-1", "r1", &decision).ok());
  EXPECT_EQ(decision.verdict(), v1::VERDICT_ALLOW);
  EXPECT_EQ(decision.reservation().amount().minor_units(), 1000);
  EXPECT_EQ(decision.reasons(0).code(), v1::REASON_CODE_LEASE);
}

TEST_F(LeasesService, AnothersLeaseIsNotEnded) {
  v1::TakeLeaseResponse taken;
  ASSERT_TRUE(Take("refund", "pay-1", "", &taken).ok());
  const grpc::Status refused = Take("refund", "pay-2", taken.lease().lease_id(), &taken);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(refused.error_message(), HasSubstr("the lease is pay-1's"));
}

}  // namespace
}  // namespace fundgate::gate
