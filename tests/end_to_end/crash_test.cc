// What was acknowledged survives, however the process ends.
#include <gtest/gtest.h>

#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/end_to_end/callers.h"
#include "tests/end_to_end/processes.h"
#include "tests/gate/gate_world.h"
#include "tests/gate/test_feeder.h"
#include "tests/places/places.h"

namespace fundgate::end_to_end {
namespace {

using gate::testing::Refund;
using gate::testing::TestFeeder;

constexpr int kUnderWay = 64;

// Keeps the gate busy: asks on and on for new refunds of one order, of which there is plenty.
class Load {
 public:
  explicit Load(const std::string& address) : callers_(address, 4) {}

  // Until so many were allowed in this call.
  void RunUntilAllowed(size_t count, int& next_key) {
    const size_t enough = allowed_.size() + count;
    while (allowed_.size() < enough) {
      while (callers_.under_way() < kUnderWay) Ask(next_key);
      Take();
    }
  }

  // What is still under way. The gate may be gone.
  void TakeTheRest() {
    while (callers_.under_way() > 0) Take();
  }

  const std::vector<v1::Decision>& allowed() const { return allowed_; }
  const std::vector<grpc::Status>& failures() const { return failures_; }

 private:
  void Ask(int& next_key) { callers_.Ask(Refund(absl::StrCat("r", next_key++), "o1", 1)); }

  void Take() {
    const Answer answer = callers_.Next();
    if (!answer.status.ok()) {
      failures_.push_back(answer.status);
    } else if (answer.decision.verdict() == v1::VERDICT_ALLOW) {
      allowed_.push_back(answer.decision);
    }
  }

  Callers callers_;
  std::vector<v1::Decision> allowed_;
  std::vector<grpc::Status> failures_;
};

// Fails the test for each that the gate doesn't know as it was acknowledged.
void ExpectAllStand(const std::string& address, const std::vector<v1::Decision>& allowed) {
  const auto gate =
      v1::Gate::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  for (const v1::Decision& decision : allowed) {
    v1::GetDecisionRequest request;
    request.set_decision_id(decision.decision_id());
    grpc::ClientContext context;
    v1::Decision found;
    const grpc::Status status = gate->GetDecision(&context, request, &found);
    ASSERT_TRUE(status.ok()) << decision.decision_id() << ": " << status.error_message();
    ASSERT_EQ(found.idempotency_key(), decision.idempotency_key());
    ASSERT_EQ(found.verdict(), v1::VERDICT_ALLOW);
    ASSERT_EQ(found.reservation().state(), v1::RESERVATION_STATE_PENDING);
  }
}

TEST(Crash, NoAcknowledgedAllowIsMissingAfterKillsUnderLoad) {
  const TemporaryFolder folder;
  const int kills = Rounds("FUNDGATE_KILLS", 50);
  std::vector<v1::Decision> allowed;  // in the last life
  int next_key = 0;
  size_t acknowledged = 0;
  for (int life = 0; life <= kills; ++life) {
    GateProcess gate(folder.path());
    ExpectAllStand(gate.address(), std::exchange(allowed, {}));
    if (HasFatalFailure() || life == kills) break;

    TestFeeder feeder(grpc::CreateChannel(gate.address(), grpc::InsecureChannelCredentials()),
                      "ledger");
    if (life == 0) feeder.Happened("payment", "p1", "o1", 1'000'000'000);
    Load load(gate.address());
    load.RunUntilAllowed(20 + static_cast<size_t>(life * 37 % 101), next_key);
    gate.process().Signal(SIGKILL);
    load.TakeTheRest();
    EXPECT_EQ(gate.process().Wait(), -SIGKILL);
    allowed = load.allowed();
    acknowledged += allowed.size();
    ASSERT_EQ(Verify(folder.path()), 0) << "after kill " << life + 1;
  }
  EXPECT_GT(acknowledged, static_cast<size_t>(kills) * 20 - 1);
}

TEST(Crash, TerminationAnswersWhatIsUnderWayAndExitsWithZero) {
  const TemporaryFolder folder;
  std::vector<v1::Decision> allowed;
  int next_key = 0;
  {
    GateProcess gate(folder.path());
    TestFeeder feeder(grpc::CreateChannel(gate.address(), grpc::InsecureChannelCredentials()),
                      "ledger");
    feeder.Happened("payment", "p1", "o1", 1'000'000);
    Load load(gate.address());
    load.RunUntilAllowed(200, next_key);
    gate.process().Signal(SIGTERM);
    load.TakeTheRest();
    EXPECT_EQ(gate.process().Wait(), 0);
    for (const grpc::Status& failure : load.failures()) {
      EXPECT_EQ(failure.error_code(), grpc::StatusCode::UNAVAILABLE) << failure.error_message();
    }
    EXPECT_EQ(feeder.Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
    allowed = load.allowed();
  }
  EXPECT_EQ(Verify(folder.path()), 0);
  const GateProcess gate(folder.path());
  ExpectAllStand(gate.address(), allowed);
}

TEST(Crash, ASecondGateOnTheSameFolderIsRefused) {
  const TemporaryFolder folder;
  const GateProcess gate(folder.path());
  Process second(
      {places::Program("fundgated"), "--data", folder.path(), "--listen", "127.0.0.1:0"});
  EXPECT_EQ(second.Wait(), 1);
}

TEST(Crash, WrongUsageExitsWithTwo) {
  Process nothing({places::Program("fundgated")});
  EXPECT_EQ(nothing.Wait(), 2);
  const TemporaryFolder folder;
  Process open({places::Program("fundgated"), "--data", folder.path(), "--listen", "0.0.0.0:0"});
  EXPECT_EQ(open.Wait(), 2);
}

}  // namespace
}  // namespace fundgate::end_to_end
