// Many times as many checks as a gate can judge: those that it takes are judged well, the others
// are told at once, the urgent come first, and who isn't a check gets through.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "fundgate/v1/audit.grpc.pb.h"
#include "fundgate/v1/breakers.grpc.pb.h"
#include "fundgate/v1/status.grpc.pb.h"
#include "tests/end_to_end/crowd.h"
#include "tests/end_to_end/processes.h"
#include "tests/gate/gate_world.h"
#include "tests/gate/test_feeder.h"
#include "tests/places/places.h"

namespace fundgate::end_to_end {
namespace {

using gate::testing::TestFeeder;

class Overload : public ::testing::Test {
 protected:
  static constexpr int64_t kPaid = 1'000'000'000;
  // Calls that the crowd has under way: far more than the gate lets wait.
  static constexpr int kCalls = 300;

  void SetUp() override {
    // So few that any machine can ask for more: a hundred a second, of which at most twenty wait.
    gate_ = std::make_unique<GateProcess>(
        folder_.path(),
        std::vector<std::string>{"--capacity", "100", "--check-wait", "0.2", "--policy",
                                 places::Source("tests/end_to_end/overload_policy.yaml")});
    channel_ = grpc::CreateChannel(gate_->address(), grpc::InsecureChannelCredentials());
    feeder_ = std::make_unique<TestFeeder>(channel_, "ledger");
    feeder_->Happened("payment", "p1", "o1", kPaid);
  }

  // What may still become of a counter of the order: posted and pending.
  int64_t Counter(const std::string& name) const {
    v1::GetBookRequest request;
    request.set_book("order");
    request.set_currency_code("CNY");
    (*request.mutable_key())["account_id"] = "m1";
    (*request.mutable_key())["order_id"] = "o1";
    grpc::ClientContext context;
    v1::GetBookResponse response;
    EXPECT_TRUE(v1::Audit::NewStub(channel_)->GetBook(&context, request, &response).ok());
    for (const v1::Counter& counter : response.book().counters()) {
      if (counter.name() == name) return counter.posted() + counter.pending_up();
    }
    return -1;
  }

  std::set<std::string> AllowedInJournal(const std::string& checkpoint) const {
    v1::ExportTracesRequest request;
    request.mutable_filter()->set_checkpoint(checkpoint);
    request.mutable_filter()->set_verdict(v1::VERDICT_ALLOW);
    grpc::ClientContext context;
    const auto reader = v1::Audit::NewStub(channel_)->ExportTraces(&context, request);
    std::set<std::string> ids;
    for (v1::Trace trace; reader->Read(&trace);) ids.insert(trace.decision().decision_id());
    EXPECT_TRUE(reader->Finish().ok());
    return ids;
  }

  static std::set<std::string> Allowed(const Tally& tally) {
    std::set<std::string> ids;
    for (const v1::Decision& decision : tally.judged) {
      if (decision.verdict() == v1::VERDICT_ALLOW) ids.insert(decision.decision_id());
    }
    return ids;
  }

  TemporaryFolder folder_;
  std::unique_ptr<GateProcess> gate_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<TestFeeder> feeder_;
};

// Patience of those who must get through: none of them may be refused, and all of them wait for a
// fraction of this.
void SetDeadline(grpc::ClientContext& context) {
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
}

TEST_F(Overload, WhatIsTakenIsJudgedWellAndTheUrgentComeFirst) {
  Crowd crowd(gate_->address(), kCalls);
  crowd.Await([](const Tallies& tallies) {
    return tallies.size() == 3 && tallies.at("cash_out").judged.size() >= 200 &&
           tallies.at("settlement").judged.size() >= 5 && tallies.at("refund").judged.size() >= 5;
  });
  const Tallies tallies = crowd.End();
  for (const auto& [checkpoint, tally] : tallies) {
    const std::set<std::string> allowed = Allowed(tally);
    EXPECT_EQ(allowed.size(), tally.judged.size()) << "there was money enough for all";
    EXPECT_EQ(tally.asked, tally.refused + static_cast<int>(tally.judged.size())) << checkpoint;
    EXPECT_EQ(AllowedInJournal(checkpoint), allowed) << checkpoint;
    EXPECT_GT(tally.refused, 0) << checkpoint;
  }
  const auto count = [&](const char* checkpoint) {
    return static_cast<int64_t>(tallies.at(checkpoint).judged.size());
  };
  EXPECT_GT(count("cash_out"), 2 * count("settlement"));
  EXPECT_GT(count("cash_out"), 2 * count("refund"));
  EXPECT_EQ(Counter("cashed_out"), count("cash_out"));
  EXPECT_EQ(Counter("settled"), count("settlement"));
  EXPECT_EQ(Counter("refunded"), count("refund"));
  EXPECT_EQ(Counter("paid"), kPaid);
  gate_->process().Signal(SIGKILL);
  gate_->process().Wait();
  EXPECT_EQ(Verify(folder_.path()), 0);
}

TEST_F(Overload, OperatorsFeedersAndWhoseMoneyHasMovedGetThrough) {
  Crowd crowd(gate_->address(), kCalls);
  const auto busy = [](const Tallies& tallies) {
    return tallies.size() == 3 && tallies.at("refund").refused > 200 &&
           tallies.at("cash_out").refused > 200 && !tallies.at("cash_out").judged.empty();
  };
  crowd.Await(busy);
  v1::Decision first;
  crowd.Await([&first](const Tallies& tallies) {
    first = tallies.at("cash_out").judged.front();
    return true;
  });

  v1::ConfirmRequest confirm;
  confirm.set_account_id("m1");
  confirm.set_checkpoint("cash_out");
  confirm.set_idempotency_key(first.idempotency_key());
  confirm.set_decision_id(first.decision_id());
  grpc::ClientContext confirming;
  SetDeadline(confirming);
  v1::Reservation reservation;
  const grpc::Status confirmed =
      v1::Gate::NewStub(channel_)->Confirm(&confirming, confirm, &reservation);
  EXPECT_TRUE(confirmed.ok()) << confirmed.error_message();

  feeder_->Happened("payment", "p2", "o1", 5);
  EXPECT_EQ(Counter("paid"), kPaid + 5);

  v1::TripBreakerRequest trip;
  trip.set_scope("cash_out");
  trip.set_mode(v1::VERDICT_BLOCK);
  trip.set_actor("ann");
  trip.set_reason("wrong amounts");
  grpc::ClientContext tripping;
  SetDeadline(tripping);
  v1::TripBreakerResponse tripped;
  const grpc::Status status =
      v1::Breakers::NewStub(channel_)->TripBreaker(&tripping, trip, &tripped);
  ASSERT_TRUE(status.ok()) << status.error_message();
  crowd.Mark("after:");
  const auto is_later = [](const v1::Decision& decision) {
    return absl::StartsWith(decision.request_id(), "after:");
  };
  crowd.Await([&](const Tallies& tallies) {
    const auto& judged = tallies.at("cash_out").judged;
    return std::count_if(judged.begin(), judged.end(), is_later) >= 50;
  });

  grpc::ClientContext asking;
  SetDeadline(asking);
  v1::GetStatusResponse gate;
  EXPECT_TRUE(v1::Status::NewStub(channel_)->GetStatus(&asking, {}, &gate).ok());
  EXPECT_EQ(gate.breakers_open(), 1U);

  for (const auto& [checkpoint, tally] : crowd.End()) {
    for (const v1::Decision& decision : tally.judged) {
      if (checkpoint != "cash_out" || !is_later(decision)) continue;
      EXPECT_EQ(decision.verdict(), v1::VERDICT_BLOCK) << "after the trip had returned";
    }
  }
  gate_->process().Signal(SIGTERM);
  EXPECT_EQ(gate_->process().Wait(), 0);
  EXPECT_EQ(Verify(folder_.path()), 0);
}

TEST_F(Overload, WhoWaitsForLessThanTheQueueIsToldAtOnce) {
  Crowd crowd(gate_->address(), kCalls);
  crowd.Await([](const Tallies& tallies) {
    return tallies.size() == 3 && tallies.at("cash_out").refused > 200;
  });
  // The queue is some 200 ms long all the time: nobody who waits for 5 ms has to find out by
  // waiting.
  const auto gate = v1::Gate::NewStub(channel_);
  int refused = 0;
  for (int i = 0; refused == 0; ++i) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(5));
    v1::CheckRequest request = gate::testing::Refund(absl::StrCat("hurry", i), "o1", 1);
    request.set_checkpoint("cash_out");
    v1::Decision decision;
    const grpc::Status status = gate->Check(&context, request, &decision);
    EXPECT_FALSE(status.ok());
    if (status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED &&
        absl::StrContains(status.error_message(), "longer than its caller does")) {
      ++refused;
    }
  }
  crowd.End();
}

TEST_F(Overload, AStreamIsNotRefusedButReadNoFaster) {
  Crowd crowd(gate_->address(), kCalls);
  crowd.Await([](const Tallies& tallies) {
    return tallies.size() == 3 && tallies.at("cash_out").refused > 200;
  });
  grpc::ClientContext context;
  SetDeadline(context);
  const auto stream = v1::Gate::NewStub(channel_)->StreamChecks(&context);
  constexpr int kChecks = 20;
  for (int i = 0; i < kChecks; ++i) {
    v1::CheckRequest request = gate::testing::Refund(absl::StrCat("streamed", i), "o1", 1);
    request.set_checkpoint("cash_out");
    request.set_request_id(request.idempotency_key());
    ASSERT_TRUE(stream->Write(request));
  }
  stream->WritesDone();
  int answered = 0;
  for (v1::Decision decision; stream->Read(&decision);) {
    EXPECT_EQ(decision.verdict(), v1::VERDICT_ALLOW);
    ++answered;
  }
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(answered, kChecks);
  crowd.End();
}

}  // namespace
}  // namespace fundgate::end_to_end
