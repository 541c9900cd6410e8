// No double allow and no over-allow, through real gRPC, however many ask at once.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "fundgate/v1/audit.grpc.pb.h"
#include "tests/end_to_end/callers.h"
#include "tests/end_to_end/processes.h"
#include "tests/gate/gate_world.h"
#include "tests/gate/test_feeder.h"

namespace fundgate::end_to_end {
namespace {

using gate::testing::Refund;
using gate::testing::TestFeeder;

constexpr int kConnections = 8;

std::shared_ptr<grpc::Channel> Connect(const std::string& address) {
  return grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
}

// What the order's `refunded` may still become: posted and pending.
int64_t Refunded(const std::shared_ptr<grpc::Channel>& channel, const std::string& order) {
  v1::GetBookRequest request;
  request.set_book("order");
  request.set_currency_code("CNY");
  (*request.mutable_key())["account_id"] = "m1";
  (*request.mutable_key())["order_id"] = order;
  grpc::ClientContext context;
  v1::GetBookResponse response;
  const grpc::Status status = v1::Audit::NewStub(channel)->GetBook(&context, request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  for (const v1::Counter& counter : response.book().counters()) {
    if (counter.name() == "refunded") return counter.posted() + counter.pending_up();
  }
  return -1;
}

TEST(Concurrency, SixtyFourDuplicatesOfOneKeyAreOneDecisionAndMoveTheBookOnce) {
  const TemporaryFolder folder;
  const GateProcess gate(folder.path());
  const auto channel = Connect(gate.address());
  TestFeeder feeder(channel, "ledger");
  constexpr int64_t kAmount = 7;
  const int rounds = Rounds("FUNDGATE_DUPLICATE_ROUNDS", 1000);
  feeder.Happened("payment", "p1", "o1", kAmount * rounds);
  Callers callers(gate.address(), kConnections);
  for (int round = 0; round < rounds; ++round) {
    const v1::CheckRequest request = Refund(absl::StrCat("r", round), "o1", kAmount);
    int fresh = 0;
    std::set<std::string> decisions;
    for (const Answer& answer : callers.AskAll(std::vector<v1::CheckRequest>(64, request))) {
      ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
      ASSERT_EQ(answer.decision.verdict(), v1::VERDICT_ALLOW) << answer.decision.DebugString();
      decisions.insert(answer.decision.decision_id());
      if (!answer.decision.replayed()) ++fresh;
    }
    ASSERT_EQ(fresh, 1) << "round " << round;
    ASSERT_EQ(decisions.size(), 1) << "round " << round;
  }
  EXPECT_EQ(Refunded(channel, "o1"), kAmount * rounds);
}

TEST(Concurrency, OfAThousandRefundsOfOneOrderExactlyThoseThatFitAreAllowed) {
  const TemporaryFolder folder;
  const GateProcess gate(folder.path());
  const auto channel = Connect(gate.address());
  TestFeeder feeder(channel, "ledger");
  const int rounds = Rounds("FUNDGATE_ROOM_ROUNDS", 5);
  Callers callers(gate.address(), kConnections);
  for (int round = 0; round < rounds; ++round) {
    const std::string order = absl::StrCat("o", round);
    feeder.Happened("payment", absl::StrCat("p", round), order, 37 * 100 + 99);
    std::vector<v1::CheckRequest> requests;
    for (int i = 0; i < 1000; ++i) {
      requests.push_back(Refund(absl::StrCat("r", round, "-", i), order, 100));
    }
    int allowed = 0;
    for (const Answer& answer : callers.AskAll(requests)) {
      ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
      if (answer.decision.verdict() == v1::VERDICT_ALLOW) ++allowed;
    }
    ASSERT_EQ(allowed, 37) << "round " << round;
    ASSERT_EQ(Refunded(channel, order), 37 * 100);
  }
}

}  // namespace
}  // namespace fundgate::end_to_end
