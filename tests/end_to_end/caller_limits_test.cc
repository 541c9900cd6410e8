// What each caller may do of what its role may: its own checkpoints and sources, so often.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "fundgate/v1/gate.grpc.pb.h"
#include "fundgate/v1/ingest.grpc.pb.h"
#include "fundgate/v1/leases.grpc.pb.h"
#include "tests/end_to_end/secure_world.h"
#include "tests/gate/gate_world.h"
#include "tests/gate/test_feeder.h"

namespace fundgate::end_to_end {
namespace {

using gate::testing::Refund;
using ::testing::HasSubstr;

using Channel = std::shared_ptr<grpc::Channel>;

grpc::Status Check(const Channel& channel, const v1::CheckRequest& request,
                   v1::Decision* decision = nullptr) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  v1::Decision unheard;
  return v1::Gate::NewStub(channel)->Check(&context, request,
                                           decision == nullptr ? &unheard : decision);
}

void LetRefundsBeLeased(gate::ServerSettings& settings) {
  settings.first_policy = absl::StrReplaceAll(
      settings.first_policy,
      {{"    patience: 200ms ",
        "    when_unreachable: ALLOW\n    blind_budget: {calls: 10, amount: CNY 200.00}\n"
        "    lease: {budget: {calls: 3, amount: CNY 50.00}}\n    patience: 200ms "}});
}

TEST(CallerLimits, AServiceAsksAtItsOwnCheckpointsAlone) {
  const SecureWorld world;
  const auto channel = world.Connect("refunds");
  EXPECT_TRUE(Check(channel, Refund("r1", "o1", 1)).ok());
  v1::CheckRequest other = Refund("c1", "o1", 1);
  other.set_checkpoint("cash_out");
  EXPECT_EQ(Check(channel, other).error_code(), grpc::StatusCode::PERMISSION_DENIED);

  v1::BatchCheckRequest batch;
  *batch.add_requests() = Refund("r2", "o1", 1);
  *batch.add_requests() = other;
  grpc::ClientContext batching;
  v1::BatchCheckResponse answers;
  EXPECT_EQ(v1::Gate::NewStub(channel)->BatchCheck(&batching, batch, &answers).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);

  grpc::ClientContext streaming;
  const auto stub = v1::Gate::NewStub(channel);
  const auto stream = stub->StreamChecks(&streaming);
  other.set_request_id("q");
  stream->Write(other);
  v1::Decision decision;
  EXPECT_FALSE(stream->Read(&decision));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(world.Count(v1::DENIAL_REASON_CHECKPOINT), 3U);

  // Nor does it see what others asked.
  ASSERT_TRUE(Check(world.Connect("payments"), other).ok());
  v1::GetDecisionRequest get;
  get.set_account_id("m1");
  get.set_checkpoint("cash_out");
  get.set_idempotency_key("c1");
  grpc::ClientContext getting;
  EXPECT_EQ(stub->GetDecision(&getting, get, &decision).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
}

TEST(CallerLimits, AFeederFeedsItsOwnSourcesAlone) {
  const SecureWorld world;
  {
    gate::testing::TestFeeder feeder(world.Connect("ledger"), "ledger");
    feeder.Happened("payment", "p1", "o1", 1000);
  }
  v1::GetPositionRequest request;
  request.set_source("ledger");
  grpc::ClientContext context;
  v1::GetPositionResponse response;
  EXPECT_EQ(v1::Ingest::NewStub(world.Connect("shop"))
                ->GetPosition(&context, request, &response)
                .error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(world.Count(v1::DENIAL_REASON_SOURCE), 1U);
}

// Of the service that may speak of refunds alone: what it has allowed there, and what it may do.
class RefundsAlone {
 public:
  explicit RefundsAlone(const SecureWorld& world)
      : channel_(world.Connect("refunds")), feeder_(world.Connect("ledger"), "ledger") {
    feeder_.Happened("payment", "p1", "o1", 1000);
    feeder_.Probe();
    for (const char* key : {"r1", "r2"}) {
      v1::Decision& decision = decisions_.emplace_back();
      const grpc::Status status = Check(channel_, Refund(key, "o1", 1), &decision);
      EXPECT_TRUE(status.ok()) << status.error_message();
      EXPECT_EQ(decision.verdict(), v1::VERDICT_ALLOW);
    }
  }

  grpc::Status Confirm(const std::string& checkpoint) {
    grpc::ClientContext context;
    v1::Reservation reservation;
    return v1::Gate::NewStub(channel_)->Confirm(
        &context, Of<v1::ConfirmRequest>(decisions_[0], checkpoint), &reservation);
  }
  grpc::Status Release(const std::string& checkpoint) {
    v1::ReleaseRequest request = Of<v1::ReleaseRequest>(decisions_[1], checkpoint);
    request.set_reason("not wanted any more");
    grpc::ClientContext context;
    v1::Reservation reservation;
    return v1::Gate::NewStub(channel_)->Release(&context, request, &reservation);
  }
  grpc::Status TakeLease(const std::string& checkpoint) {
    v1::TakeLeaseRequest request;
    request.set_checkpoint(checkpoint);
    request.set_holder("process-1");
    grpc::ClientContext context;
    v1::TakeLeaseResponse taken;
    const grpc::Status status = v1::Leases::NewStub(channel_)->TakeLease(&context, request, &taken);
    if (status.ok()) lease_ = taken.lease();
    return status;
  }
  // By the lease that was taken last, if one was.
  grpc::Status ReportAllowed(const std::string& checkpoint) {
    v1::ReportAllowedRequest request;
    request.set_lease_id(lease_.lease_id().empty() ? "none" : lease_.lease_id());
    request.set_holder("process-1");
    *request.mutable_check() = Refund("r3", "o1", 1);
    request.mutable_check()->set_checkpoint(checkpoint);
    request.mutable_allowed_at()->set_seconds(1);
    grpc::ClientContext context;
    v1::Decision decision;
    return v1::Leases::NewStub(channel_)->ReportAllowed(&context, request, &decision);
  }

 private:
  template <typename Request>
  static Request Of(const v1::Decision& decision, const std::string& checkpoint) {
    Request request;
    request.set_account_id("m1");
    request.set_checkpoint(checkpoint);
    request.set_idempotency_key(decision.idempotency_key());
    request.set_decision_id(decision.decision_id());
    return request;
  }

  const Channel channel_;
  gate::testing::TestFeeder feeder_;
  std::vector<v1::Decision> decisions_;
  v1::Lease lease_;
};

TEST(CallerLimits, AllThatAServiceSaysOfMovementsIsHeldToItsCheckpoints) {
  const SecureWorld world(LetRefundsBeLeased);
  RefundsAlone refunds(world);
  using Call = grpc::Status (RefundsAlone::*)(const std::string& checkpoint);
  const std::pair<const char*, Call> calls[] = {
      {"Gate/Confirm", &RefundsAlone::Confirm},
      {"Gate/Release", &RefundsAlone::Release},
      {"Leases/TakeLease", &RefundsAlone::TakeLease},
      {"Leases/ReportAllowed", &RefundsAlone::ReportAllowed}};
  uint64_t denied = 0;
  for (const auto& [rpc, call] : calls) {
    const grpc::Status refused = (refunds.*call)("cash_out");
    EXPECT_EQ(refused.error_code(), grpc::StatusCode::PERMISSION_DENIED) << rpc;
    EXPECT_THAT(refused.error_message(), HasSubstr("the checkpoint \"cash_out\"")) << rpc;
    EXPECT_EQ(world.Count(v1::DENIAL_REASON_CHECKPOINT), ++denied) << rpc;
    const v1::Denial newest = world.Denials().denials(0);
    EXPECT_EQ(newest.rpc(), rpc);
    EXPECT_EQ(newest.caller(), "refunds");
    EXPECT_EQ(newest.certificate(), "spiffe://shop/refunds");
    EXPECT_EQ(newest.reason(), v1::DENIAL_REASON_CHECKPOINT);
  }
  for (const auto& [rpc, call] : calls) {
    const grpc::Status status = (refunds.*call)("refund");
    EXPECT_TRUE(status.ok()) << rpc << ": " << status.error_message();
  }
  EXPECT_EQ(world.Count(v1::DENIAL_REASON_CHECKPOINT), denied);
}

TEST(CallerLimits, ALeaseIsItsCallersWhateverAnotherCallsItself) {
  const SecureWorld world(LetRefundsBeLeased);
  const auto take = [&world](const std::string& caller, const std::string& ends,
                             v1::TakeLeaseResponse* taken) {
    v1::TakeLeaseRequest request;
    request.set_checkpoint("refund");
    request.set_holder("process-1");
    request.set_ends_lease_id(ends);
    grpc::ClientContext context;
    return v1::Leases::NewStub(world.Connect(caller))->TakeLease(&context, request, taken);
  };
  v1::TakeLeaseResponse taken;
  ASSERT_TRUE(take("payments", "", &taken).ok());
  ASSERT_TRUE(taken.has_lease());
  const std::string lease = taken.lease().lease_id();
  const grpc::Status refused = take("refunds", lease, &taken);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(refused.error_message(), HasSubstr("the lease is payments/process-1's"));
  EXPECT_TRUE(take("payments", lease, &taken).ok());
}

TEST(CallerLimits, WhoCallsTooOftenIsToldWhenToComeBack) {
  const SecureWorld world;
  const auto channel = world.Connect("slow");
  EXPECT_TRUE(Check(channel, Refund("r1", "o1", 1)).ok());
  // It gains one a second: a thousand checks take it into debt for a quarter of an hour.
  v1::BatchCheckRequest batch;
  for (int i = 0; i < 1000; ++i) *batch.add_requests() = Refund("b" + std::to_string(i), "o1", 1);
  grpc::ClientContext batching;
  v1::BatchCheckResponse answers;
  EXPECT_TRUE(v1::Gate::NewStub(channel)->BatchCheck(&batching, batch, &answers).ok());
  const grpc::Status refused = Check(channel, Refund("r2", "o1", 1));
  EXPECT_GT(gate::testing::RetryInfoOf(refused).retry_delay().seconds(), 900);
  EXPECT_TRUE(Check(world.Connect("payments"), Refund("r3", "o1", 1)).ok());
  EXPECT_EQ(world.Count(v1::DENIAL_REASON_RATE), 1U);
}

TEST(CallerLimits, EachCheckOfAStreamCountsAndTheStreamEndsWithTheSameHint) {
  const SecureWorld world;
  const auto gate = v1::Gate::NewStub(world.Connect("slow"));
  const auto begun = std::chrono::steady_clock::now();
  grpc::ClientContext context;
  const auto stream = gate->StreamChecks(&context);
  int answered = 0;
  for (bool goes_on = true; goes_on;) {
    v1::CheckRequest check = Refund(absl::StrCat("s", answered), "o1", 1);
    check.set_request_id(check.idempotency_key());
    v1::Decision decision;
    goes_on = stream->Write(check) && stream->Read(&decision);
    if (goes_on) ++answered;
  }
  const google::protobuf::Duration wait =
      gate::testing::RetryInfoOf(stream->Finish()).retry_delay();
  EXPECT_GT(wait.seconds() * 1'000'000'000 + wait.nanos(), 0);
  // It may have two at once, and gains one a second.
  const auto took =
      std::chrono::ceil<std::chrono::seconds>(std::chrono::steady_clock::now() - begun);
  EXPECT_GE(answered, 1);
  EXPECT_LE(answered, 2 + took.count());
  EXPECT_EQ(world.Count(v1::DENIAL_REASON_RATE), 1U);
  const v1::Denial newest = world.Denials().denials(0);
  EXPECT_EQ(newest.rpc(), "Gate/StreamChecks");
  EXPECT_EQ(newest.caller(), "slow");
  EXPECT_TRUE(Check(world.Connect("payments"), Refund("r1", "o1", 1)).ok());
}

}  // namespace
}  // namespace fundgate::end_to_end
