// The matrix of what is answered when checks can't be judged: every cell, with the client of
// payment services and a gate that sees nothing, that can't reckon, that gets too many checks, or
// that is stopped.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "fundgate/client.h"
#include "fundgate/v1/breakers.grpc.pb.h"
#include "tests/end_to_end/processes.h"
#include "tests/gate/gate_world.h"
#include "tests/gate/test_feeder.h"

namespace fundgate::end_to_end {
namespace {

using client::Client;
using client::Verdict;
using gate::testing::TestFeeder;
using ::testing::HasSubstr;

// Nothing bounds the books, so that nothing but the matrix answers.
constexpr char kPolicy[] = R"yaml(
books:
  order: {key: [account_id, order_id], counters: [paid, refunded, paid_out]}
movements:
  payment: {effects: [+order.paid]}
  refund: {effects: [+order.refunded], gated: true}
  cash_out: {effects: [+order.paid_out], gated: true}
attributes: {n: int}
checkpoints:
  refund:
    max_staleness: 1h
    patience: 10ms
    when_stale: BLOCK
    when_unproven: BLOCK
    when_error: BLOCK
    when_overloaded: BLOCK
    when_unreachable: BLOCK
    by_amount:
      - {up_to: CNY 10.00, when_stale: ALLOW, when_unproven: ALLOW, when_error: HOLD,
         when_overloaded: ALLOW, when_unreachable: ALLOW}
      - {up_to: CNY 100.00, when_stale: ALLOW, when_unproven: HOLD, when_error: BLOCK,
         when_overloaded: HOLD, when_unreachable: HOLD}
      - {up_to: CNY 500.00, when_stale: HOLD, when_unproven: BLOCK, when_error: HOLD,
         when_unreachable: BLOCK}
    blind_budget: {calls: 1000, amount: CNY 100000.00}
    lease: {budget: {calls: 20, amount: CNY 60.00}, valid_for: 1h}
  cash_out:
    max_staleness: 1h
    patience: 10ms
    priority: low
    when_stale: ALLOW
    when_unproven: HOLD
    when_error: HOLD
    when_overloaded: BLOCK
    when_unreachable: HOLD
    blind_budget: {calls: 4, amount: CNY 600.00}
rules:
  too_large: {on: check, mode: enforce, then: HOLD, when: "request.attributes.n + 1 < 0"}
sources:
  ledger: {report: {emits: [payment, refund, cash_out]}}
)yaml";

constexpr Verdict kA = Verdict::kAllow;
constexpr Verdict kH = Verdict::kHold;
constexpr Verdict kB = Verdict::kBlock;

// A row of the matrix by amounts at both of its ends.
struct Row {
  int64_t amount;
  Verdict stale, unproven, error, overloaded, unreachable;
};
constexpr Row kRows[] = {{1, kA, kA, kH, kA, kA},      {1000, kA, kA, kH, kA, kA},
                         {1001, kA, kH, kB, kH, kH},   {10'000, kA, kH, kB, kH, kH},
                         {10'001, kH, kB, kH, kB, kB}, {50'000, kH, kB, kH, kB, kB},
                         {50'001, kB, kB, kB, kB, kB}, {1'000'000, kB, kB, kB, kB, kB}};

// The other checkpoint answers alike whatever the amount, and otherwise than this one: each of its
// cells differs from that of the same condition at one of these amounts.
constexpr Row kCashOuts[] = {{1, kA, kH, kH, kB, kH}, {50'001, kA, kH, kH, kB, kH}};

class FailOpen : public ::testing::Test {
 protected:
  void SetUp() override { Start({}); }

  void Start(std::vector<std::string> options) {
    const std::string file = folder_.path() + "/policy.yaml";
    std::ofstream(file) << kPolicy;
    options.insert(options.end(), {"--policy", file});
    gate_ = std::make_unique<GateProcess>(folder_.path() + "/data", options);
    channel_ = grpc::CreateChannel(gate_->address(), grpc::InsecureChannelCredentials());
    ASSERT_NO_FATAL_FAILURE(Connect());
  }

  void Connect() {
    client_.reset();
    client::ClientOptions options;
    options.address = gate_->address();
    options.timeout = absl::Milliseconds(400);
    options.retry.attempt_timeout = absl::Milliseconds(150);
    options.fail_open = client::FailOpen{
        "pay-1", folder_.path() + "/allowed", {MovementKind("cash_out"), MovementKind("refund")}};
    absl::StatusOr<std::unique_ptr<Client>> client = Client::Connect(options);
    ASSERT_TRUE(client.ok()) << client.status();
    client_ = *std::move(client);
  }
  // Leases are asked for by name, one after the other: so what is answered of cash-outs is known,
  // too.
  void AwaitLease() {
    while (client_->LeasesLeft().empty()) {
    }
  }

  static client::CheckRequest Request(const std::string& key, int64_t amount) {
    client::CheckRequest request;
    request.checkpoint = MovementKind("refund");
    request.idempotency_key = IdempotencyKey(key);
    request.account = AccountId("m1");
    request.order = OrderId("o1");
    request.amount = Money{*Currency::FromCode("CNY"), amount};
    request.attributes["n"] = int64_t{1};
    return request;
  }
  static client::CheckRequest CashOut(const std::string& key, int64_t amount) {
    client::CheckRequest request = Request(key, amount);
    request.checkpoint = MovementKind("cash_out");
    return request;
  }
  client::Decision Ask(const client::CheckRequest& request) {
    const absl::StatusOr<client::Decision> decision = client_->Check(request);
    EXPECT_TRUE(decision.ok()) << decision.status();
    return decision.value_or(client::Decision());
  }
  client::Decision Ask(const std::string& key, int64_t amount) { return Ask(Request(key, amount)); }

  void Trip(const std::string& scope, v1::Verdict mode) {
    v1::TripBreakerRequest request;
    request.set_scope(scope);
    request.set_mode(mode);
    request.set_reason("incident");
    request.set_actor("ann");
    grpc::ClientContext context;
    v1::TripBreakerResponse response;
    const grpc::Status status =
        v1::Breakers::NewStub(channel_)->TripBreaker(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
  }

  void Stop() { gate_->process().Freeze(); }
  void Continue() { gate_->process().Thaw(); }

  // Until the gate has heard of it.
  client::Decision AwaitReport(const std::string& key) {
    for (;;) {
      const auto decision = client_->GetDecision(
          client::MovementId{MovementKind("refund"), IdempotencyKey(key), AccountId("m1")},
          {absl::Seconds(5)});
      if (decision.ok()) return *decision;
    }
  }

  TemporaryFolder folder_;
  std::unique_ptr<GateProcess> gate_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<Client> client_;
};

TEST_F(FailOpen, EveryCellOfAStaleSource) {
  for (const Row& row : kRows) {  // nothing was ever proven of the ledger
    EXPECT_EQ(Ask(absl::StrCat("s", row.amount), row.amount).verdict, row.stale) << row.amount;
  }
  for (const Row& row : kCashOuts) {
    EXPECT_EQ(Ask(CashOut(absl::StrCat("s", row.amount), row.amount)).verdict, row.stale);
  }
}

TEST_F(FailOpen, EveryCellOfUnprovenBooks) {
  TestFeeder feeder(channel_, "ledger");
  v1::IngestRequest gap;
  v1::Event& event = *gap.add_events();
  event.set_event_id("lost");
  event.mutable_gap()->set_movement_kind("refund");
  event.mutable_gap()->set_account_id("m1");
  event.mutable_gap()->set_reason("nobody could read it");
  feeder.Send(gap);
  feeder.Probe();
  for (const Row& row : kRows) {
    EXPECT_EQ(Ask(absl::StrCat("u", row.amount), row.amount).verdict, row.unproven) << row.amount;
  }
  for (const Row& row : kCashOuts) {
    EXPECT_EQ(Ask(CashOut(absl::StrCat("u", row.amount), row.amount)).verdict, row.unproven);
  }
}

TEST_F(FailOpen, EveryCellOfARuleThatFails) {
  const TestFeeder feeder(channel_, "ledger");
  for (const Row& row : kRows) {
    client::CheckRequest request = Request(absl::StrCat("e", row.amount), row.amount);
    EXPECT_EQ(Ask(Request(absl::StrCat("ok", row.amount), row.amount)).verdict, kA);
    request.attributes["n"] = std::numeric_limits<int64_t>::max();
    EXPECT_EQ(Ask(request).verdict, row.error) << row.amount;
  }
  for (const Row& row : kCashOuts) {
    client::CheckRequest request = CashOut(absl::StrCat("e", row.amount), row.amount);
    request.attributes["n"] = std::numeric_limits<int64_t>::max();
    EXPECT_EQ(Ask(request).verdict, row.error) << row.amount;
  }
}

TEST_F(FailOpen, EveryCellOfAGateThatIsStoppedAndWhatWasAllowedIsReported) {
  const TestFeeder feeder(channel_, "ledger");
  AwaitLease();
  Stop();
  for (const Row& row : kRows) {
    const client::Decision decision = Ask(absl::StrCat("n", row.amount), row.amount);
    EXPECT_EQ(decision.verdict, row.unreachable) << row.amount;
    EXPECT_TRUE(decision.local);
    EXPECT_EQ(decision.MayStart().ok(), row.unreachable == kA);
  }
  for (const Row& row : kCashOuts) {
    const client::Decision decision = Ask(CashOut(absl::StrCat("n", row.amount), row.amount));
    EXPECT_EQ(decision.verdict, row.unreachable) << row.amount;
    EXPECT_TRUE(decision.local);
    EXPECT_THAT(decision.reasons.front().message, HasSubstr("the policy answers so without it"));
  }
  const client::LeaseLeft left = client_->LeasesLeft().at(MovementKind("refund"));
  EXPECT_EQ(left.calls, 18);
  EXPECT_EQ(left.amount.minor_units, 6000 - 1001);
  Continue();
  const client::Decision reported = AwaitReport("n1000");
  EXPECT_EQ(reported.verdict, kA);
  ASSERT_FALSE(reported.reasons.empty());
  EXPECT_EQ(reported.reasons.front().code, client::ReasonCode::kLease);
  const client::MovementId movement{MovementKind("refund"), IdempotencyKey("n1000"),
                                    AccountId("m1")};
  absl::Status confirmed;
  do {  // until the client has heard, too
    confirmed = client_->Confirm(movement, "").status();
  } while (absl::IsUnavailable(confirmed));
  EXPECT_TRUE(confirmed.ok()) << confirmed;
  gate_->process().Signal(SIGKILL);
  gate_->process().Wait();
  EXPECT_EQ(Verify(folder_.path() + "/data"), 0);
}

// What the gate itself allows without proof.
class BlindBudget : public FailOpen {
 protected:
  v1::Decision CashOutAt(const std::string& key, int64_t amount, bool fresh = false) {
    v1::CheckRequest request = gate::testing::Refund(key, "o1", amount);
    request.set_checkpoint("cash_out");
    (*request.mutable_attributes())["n"].set_int_value(1);
    if (fresh) request.mutable_max_staleness()->set_nanos(1'000'000);
    grpc::ClientContext context;
    v1::Decision decision;
    const grpc::Status status = v1::Gate::NewStub(channel_)->Check(&context, request, &decision);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return decision;
  }
  static bool IsBlind(const v1::Decision& decision) {
    return decision.reasons_size() > 0 &&
           decision.reasons(0).code() == v1::REASON_CODE_STALE_SOURCE;
  }
  void KillAndStartAgain() {
    client_.reset();
    gate_->process().Signal(SIGKILL);
    EXPECT_EQ(gate_->process().Wait(), -SIGKILL);
    Start({});
  }
};

TEST_F(BlindBudget, IsSpentInMoneySurvivesAKillAndComesBackWithProof) {
  EXPECT_TRUE(IsBlind(CashOutAt("b1", 59'999)));
  EXPECT_EQ(CashOutAt("b1", 59'999).verdict(), v1::VERDICT_ALLOW) << "again it costs nothing";
  const v1::Decision too_much = CashOutAt("b2", 2);
  EXPECT_EQ(too_much.verdict(), v1::VERDICT_HOLD);
  EXPECT_THAT(too_much.reasons(0).message(),
              HasSubstr("budget for allowing without proof is spent"));
  EXPECT_EQ(CashOutAt("b3", 1).verdict(), v1::VERDICT_ALLOW) << "the last fen of it";
  EXPECT_EQ(CashOutAt("b4", 1).verdict(), v1::VERDICT_HOLD);
  KillAndStartAgain();
  EXPECT_EQ(CashOutAt("b5", 1).verdict(), v1::VERDICT_HOLD);
  {
    const TestFeeder feeder(channel_, "ledger");
    const v1::Decision proven = CashOutAt("b5", 1);
    EXPECT_EQ(proven.verdict(), v1::VERDICT_ALLOW);
    EXPECT_FALSE(IsBlind(proven));
  }
  // Nobody proves anything any more, and this caller wants it fresh: all of the budget is there.
  int64_t blind = 0;
  for (int i = 0;; ++i) {
    const v1::Decision decision = CashOutAt(absl::StrCat("c", i), 30'000, true);
    if (decision.verdict() != v1::VERDICT_ALLOW) break;
    if (IsBlind(decision)) blind += 30'000;
  }
  EXPECT_EQ(blind, 60'000);
  gate_->process().Signal(SIGKILL);
  gate_->process().Wait();
  EXPECT_EQ(Verify(folder_.path() + "/data"), 0);
}

TEST_F(BlindBudget, IsSpentInCalls) {
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(CashOutAt(absl::StrCat("b", i), 1).verdict(), v1::VERDICT_ALLOW) << i;
  }
  EXPECT_EQ(CashOutAt("b4", 1).verdict(), v1::VERDICT_HOLD);
}

// A gate that judges twenty checks a second, and refuses who would wait for one.
class FailOpenOfSlowGate : public FailOpen {
 protected:
  void SetUp() override { Start({"--capacity", "20", "--check-wait", "0.001"}); }

  ~FailOpenOfSlowGate() override {
    if (crowd_ == nullptr) return;
    crowding_->TryCancel();
    void* tag = nullptr;
    bool ok = false;
    queue_.Next(&tag, &ok);
  }

  // Enough checks for most of a minute. From when it returns on all others are refused.
  void Crowd() {
    const auto gate = v1::Gate::NewStub(channel_);
    v1::BatchCheckRequest batch;
    for (int i = 0; i < 1000; ++i)
      *batch.add_requests() = gate::testing::Refund(absl::StrCat("c", i), "o1", 1);
    for (v1::CheckRequest& check : *batch.mutable_requests()) {
      (*check.mutable_attributes())["n"].set_int_value(1);
    }
    const auto ask = [&] {
      crowding_ = std::make_unique<grpc::ClientContext>();
      crowd_ = gate->AsyncBatchCheck(crowding_.get(), batch, &queue_);
      crowd_->Finish(&response_, &status_, nullptr);
    };
    ask();
    // A lone check is refused, too, while another is judged; but for no second.
    for (int64_t wait = 0; wait < 1;) {
      grpc::ClientContext context;
      context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(100));
      v1::Decision decision;
      const grpc::Status refused = gate->Check(&context, batch.requests(0), &decision);
      if (refused.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED) {
        wait = gate::testing::RetryInfoOf(refused).retry_delay().seconds();
      }
      // It came right behind one of these, and was refused itself.
      if (HasAnswer()) ask();
    }
  }

 private:
  bool HasAnswer() {
    void* tag = nullptr;
    bool ok = false;
    return queue_.AsyncNext(&tag, &ok, std::chrono::system_clock::now()) ==
           grpc::CompletionQueue::GOT_EVENT;
  }

  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::ClientContext> crowding_;
  v1::BatchCheckResponse response_;
  grpc::Status status_;
  std::unique_ptr<grpc::ClientAsyncResponseReader<v1::BatchCheckResponse>> crowd_;
};

TEST_F(FailOpenOfSlowGate, EveryCellOfAGateThatGetsTooManyChecks) {
  const TestFeeder feeder(channel_, "ledger");
  AwaitLease();
  Crowd();
  for (const Row& row : kRows) {
    const client::Decision decision = Ask(absl::StrCat("o", row.amount), row.amount);
    EXPECT_EQ(decision.verdict, row.overloaded) << row.amount;
    EXPECT_TRUE(decision.local);
    EXPECT_EQ(decision.MayStart().ok(), row.overloaded == kA);
    if (row.overloaded != kH) continue;
    EXPECT_TRUE(decision.retry_after.has_value());
    EXPECT_NE(decision.reasons.front().message.find("too many checks"), std::string::npos);
  }
  for (const Row& row : kCashOuts) {
    const client::Decision decision = Ask(CashOut(absl::StrCat("o", row.amount), row.amount));
    EXPECT_EQ(decision.verdict, row.overloaded) << row.amount;
    EXPECT_TRUE(decision.local);
  }
  const client::LeaseLeft left = client_->LeasesLeft().at(MovementKind("refund"));
  EXPECT_EQ(left.calls, 18);
  EXPECT_EQ(left.amount.minor_units, 6000 - 1001);
  gate_->process().Signal(SIGKILL);
  gate_->process().Wait();
  EXPECT_EQ(Verify(folder_.path() + "/data"), 0);
}

TEST_F(FailOpenOfSlowGate, AGateThatIsSwitchedOffIsNotGoneRoundByALease) {
  const TestFeeder feeder(channel_, "ledger");
  AwaitLease();
  Trip("*", v1::VERDICT_BLOCK);
  Crowd();
  ASSERT_FALSE(client_->LeasesLeft().empty()) << "nobody has told the client yet";
  const client::Decision decision = Ask("o1", 1);
  EXPECT_EQ(decision.verdict, kB);
  EXPECT_TRUE(decision.local);
  EXPECT_EQ(decision.reasons.front().code, client::ReasonCode::kBreaker);
  EXPECT_EQ(decision.reasons.front().name, "*");
  EXPECT_TRUE(client_->LeasesLeft().empty());
  gate_->process().Signal(SIGKILL);
  gate_->process().Wait();
  EXPECT_EQ(Verify(folder_.path() + "/data"), 0);
}

TEST_F(FailOpen, ALeaseEndsWhenTheGateSaysThatItIsSwitchedOff) {
  AwaitLease();
  Trip("refund", v1::VERDICT_HOLD);
  EXPECT_FALSE(Ask("r1", 1).local);
  EXPECT_TRUE(client_->LeasesLeft().empty());
  Stop();
  const client::Decision held = Ask("r2", 1);
  EXPECT_EQ(held.verdict, kH);
  EXPECT_TRUE(held.local);
  Continue();
}

TEST_F(FailOpen, TheLeaseIsSpentInMoney) {
  AwaitLease();
  Stop();
  for (int i = 0; i < 6; ++i) EXPECT_EQ(Ask(absl::StrCat("r", i), 1000).verdict, kA) << i;
  EXPECT_EQ(Ask("r6", 1).verdict, kH) << "sixty yuan are gone";
  EXPECT_EQ(Ask("r5", 1000).verdict, kA) << "the same movement again costs nothing";
  EXPECT_EQ(Ask("r5", 900).verdict, kB) << "another one under its key";
  Continue();
}

TEST_F(FailOpen, AProcessThatDiesReportsWhatItHadAllowedWhenItLivesAgain) {
  AwaitLease();
  Stop();
  EXPECT_EQ(Ask("r1", 1000).verdict, kA);
  ASSERT_NO_FATAL_FAILURE(Connect());
  const client::Decision again = Ask("r1", 1000);
  EXPECT_EQ(again.verdict, kH);
  EXPECT_EQ(again.reasons.front().code, client::ReasonCode::kInDoubt);
  EXPECT_EQ(Ask("r2", 1).verdict, kH) << "no lease outlives its process";
  Continue();
  EXPECT_EQ(AwaitReport("r1").reasons.front().code, client::ReasonCode::kLease);
}

TEST_F(FailOpen, TwoProcessesNeedTwoFiles) {
  client::ClientOptions options;
  options.address = gate_->address();
  options.fail_open =
      client::FailOpen{"pay-2", folder_.path() + "/allowed", {MovementKind("refund")}};
  EXPECT_EQ(Client::Connect(options).status().code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace fundgate::end_to_end
