// The client library against a gate whose answers the tests write.
#include "fundgate/client.h"

#include <future>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/client/fake_gate.h"

namespace fundgate::client {
namespace {

using ::fundgate::testing::Answers;
using ::fundgate::testing::BadField;
using ::fundgate::testing::DecisionOn;
using ::fundgate::testing::Exhausted;
using ::fundgate::testing::FakeGate;
using ::fundgate::testing::GateTime;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Key;

const grpc::Status kUnavailable(grpc::StatusCode::UNAVAILABLE, "the gate drains");

CheckRequest Refund(const char* key = "r1") {
  CheckRequest request;
  request.checkpoint = MovementKind("refund");
  request.idempotency_key = IdempotencyKey(key);
  request.account = AccountId("m1");
  request.order = OrderId("o1");
  request.amount = Money::Parse("CNY 12.34").value();
  return request;
}

ClientOptions QuickOptions(const std::string& address) {
  ClientOptions options;
  options.address = address;
  options.timeout = absl::Seconds(20);
  options.retry.initial_pause = absl::Milliseconds(1);
  options.retry.longest_pause = absl::Milliseconds(2);
  return options;
}

std::unique_ptr<Client> ClientOf(const FakeGate& gate) {
  return Client::Connect(QuickOptions(gate.address())).value();
}

Answers Always(v1::Verdict verdict) {
  Answers answers;
  answers.check = [verdict](int, const v1::CheckRequest& request, v1::Decision* decision) {
    *decision = DecisionOn(request, verdict);
    return grpc::Status::OK;
  };
  return answers;
}

TEST(Client, SendsEverythingThatTheCheckSays) {
  FakeGate gate(Always(v1::VERDICT_HOLD));
  CheckRequest request = Refund();
  request.order = OrderId();
  request.request_id = "call-7";
  request.max_staleness = absl::Milliseconds(1500);
  request.after_positions = {{"ledger", "ledger:42"}};
  request.attributes = {{"channel", std::string("app")},
                        {"tries", int64_t{3}},
                        {"vip", true},
                        {"tax", Money::Parse("CNY 0.50").value()}};
  request.lines = {Line{
      OrderId("o1"),
      request.amount,
      {{"net", Money::Parse("CNY 12.00").value()}, {"fee", Money::Parse("CNY 0.34").value()}}}};
  ASSERT_TRUE(ClientOf(gate)->Check(request).ok());

  const v1::CheckRequest seen = gate.checks().at(0);
  EXPECT_EQ(seen.checkpoint(), "refund");
  EXPECT_EQ(seen.idempotency_key(), "r1");
  EXPECT_EQ(seen.account_id(), "m1");
  EXPECT_EQ(seen.order_id(), "");
  EXPECT_EQ(seen.request_id(), "call-7");
  EXPECT_EQ(seen.amount().currency_code(), "CNY");
  EXPECT_EQ(seen.amount().minor_units(), 1234);
  EXPECT_EQ(seen.max_staleness().seconds(), 1);
  EXPECT_EQ(seen.max_staleness().nanos(), 500'000'000);
  EXPECT_EQ(seen.after_positions().at("ledger"), "ledger:42");
  EXPECT_EQ(seen.attributes().at("channel").string_value(), "app");
  EXPECT_EQ(seen.attributes().at("tries").int_value(), 3);
  EXPECT_TRUE(seen.attributes().at("vip").bool_value());
  EXPECT_EQ(seen.attributes().at("tax").money_value().minor_units(), 50);
  ASSERT_EQ(seen.lines_size(), 1);
  EXPECT_EQ(seen.lines(0).order_id(), "o1");
  EXPECT_EQ(seen.lines(0).parts().at("net").minor_units(), 1200);
}

TEST(Client, AnAllowPermitsTheStartAndNamesItsReservation) {
  FakeGate gate(Always(v1::VERDICT_ALLOW));
  const auto decision = ClientOf(gate)->Check(Refund());
  ASSERT_TRUE(decision.ok());
  EXPECT_EQ(decision->verdict, Verdict::kAllow);
  EXPECT_TRUE(decision->MayStart().ok());
  EXPECT_FALSE(decision->local);
  ASSERT_TRUE(decision->reservation.has_value());
  EXPECT_EQ(decision->reservation->state, ReservationState::kPending);
  EXPECT_EQ(decision->reservation->amount->ToString(), "CNY 12.34");
}

TEST(Client, AHoldIsAnAnswerWithItsReasonsAndPermitsNothing) {
  Answers answers;
  answers.check = [](int, const v1::CheckRequest& request, v1::Decision* decision) {
    *decision = DecisionOn(request, v1::VERDICT_HOLD);
    v1::Reason& reason = *decision->add_reasons();
    reason.set_code(v1::REASON_CODE_STALE_SOURCE);
    reason.set_name("ledger");
    reason.set_message("not proven for 7s");
    reason.set_verdict(v1::VERDICT_HOLD);
    decision->mutable_retry_after()->set_nanos(200'000'000);
    return grpc::Status::OK;
  };
  FakeGate gate(std::move(answers));
  const auto decision = ClientOf(gate)->Check(Refund());
  ASSERT_TRUE(decision.ok());
  EXPECT_EQ(decision->verdict, Verdict::kHold);
  EXPECT_EQ(decision->reasons.at(0).code, ReasonCode::kStaleSource);
  EXPECT_EQ(decision->retry_after, absl::Milliseconds(200));
  EXPECT_EQ(decision->MayStart().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(decision->MayStart().message()),
              HasSubstr("STALE_SOURCE ledger: not proven for 7s"));
}

TEST(Client, AVerdictOfALaterGateIsHold) {
  FakeGate gate(Always(static_cast<v1::Verdict>(17)));
  const auto decision = ClientOf(gate)->Check(Refund());
  ASSERT_TRUE(decision.ok());
  EXPECT_EQ(decision->verdict, Verdict::kHold);
  EXPECT_FALSE(decision->MayStart().ok());
}

TEST(Client, AnAllowForAnotherMovementIsNoPermission) {
  Answers answers;
  answers.check = [](int, const v1::CheckRequest& request, v1::Decision* decision) {
    *decision = DecisionOn(request, v1::VERDICT_ALLOW);
    decision->set_idempotency_key("r2");
    return grpc::Status::OK;
  };
  FakeGate gate(std::move(answers));
  const auto decision = ClientOf(gate)->Check(Refund());
  EXPECT_EQ(decision.status().code(), absl::StatusCode::kInternal);
}

TEST(ValidUntil, CountsFromTheSendingByTheMachinesOwnSteadyClock) {
  FakeGate gate(Always(v1::VERDICT_ALLOW));  // valid for two minutes of some other year
  const auto client = ClientOf(gate);
  const BootClock::time_point before = BootClock::now();
  const auto decision = client->Check(Refund());
  const BootClock::time_point after = BootClock::now();
  ASSERT_TRUE(decision.ok());
  ASSERT_TRUE(decision->start_before.has_value());
  EXPECT_GE(*decision->start_before, before + std::chrono::minutes(2));
  EXPECT_LE(*decision->start_before, after + std::chrono::minutes(2));
  EXPECT_TRUE(decision->MayStart(*decision->start_before - std::chrono::nanoseconds(1)).ok());
  const absl::Status late = decision->MayStart(*decision->start_before);
  EXPECT_EQ(late.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(late.message()), HasSubstr("must not be used any more"));
}

TEST(ValidUntil, OfARetriedCheckCountsFromTheAttemptThatWasAnswered) {
  Answers answers;
  answers.check = [](int attempt, const v1::CheckRequest& request, v1::Decision* decision) {
    if (attempt == 1) return kUnavailable;
    *decision = DecisionOn(request, v1::VERDICT_ALLOW);
    return grpc::Status::OK;
  };
  FakeGate gate(std::move(answers));
  const BootClock::time_point before = BootClock::now();
  const auto decision = ClientOf(gate)->Check(Refund());
  ASSERT_TRUE(decision.ok());
  EXPECT_GE(*decision->start_before, before + std::chrono::minutes(2));
}

Answers Replaying() {
  Answers answers;
  answers.check = [](int, const v1::CheckRequest& request, v1::Decision* decision) {
    *decision = DecisionOn(request, v1::VERDICT_ALLOW);  // decided long ago
    decision->set_replayed(true);
    return grpc::Status::OK;
  };
  return answers;
}

TEST(ValidUntil, OfAReplayIsWhatTheGatesOwnTimeLeavesOfIt) {
  Answers answers = Replaying();
  answers.get_status = [](int, const v1::GetStatusRequest&, v1::GetStatusResponse* status) {
    *status->mutable_gate_time() = GateTime(absl::Seconds(90));
    return grpc::Status::OK;
  };
  FakeGate gate(std::move(answers));
  const auto decision = ClientOf(gate)->Check(Refund());
  const BootClock::time_point after = BootClock::now();
  ASSERT_TRUE(decision.ok());
  EXPECT_TRUE(decision->replayed);
  EXPECT_TRUE(decision->MayStart().ok());
  EXPECT_LE(*decision->start_before, after + std::chrono::seconds(30));
}

TEST(ValidUntil, OfAReplayThatHasEndedIsNoPermission) {
  Answers answers = Replaying();
  answers.get_status = [](int, const v1::GetStatusRequest&, v1::GetStatusResponse* status) {
    *status->mutable_gate_time() = GateTime(absl::Seconds(121));
    return grpc::Status::OK;
  };
  FakeGate gate(std::move(answers));
  const auto decision = ClientOf(gate)->Check(Refund());
  ASSERT_TRUE(decision.ok());
  EXPECT_EQ(decision->MayStart().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST(ValidUntil, OfAReplayIsNoPermissionWhenTheGateCannotTellItsTime) {
  FakeGate gate(Replaying());  // GetStatus is UNIMPLEMENTED
  const auto decision = ClientOf(gate)->Check(Refund());
  ASSERT_TRUE(decision.ok());
  EXPECT_EQ(decision->verdict, Verdict::kAllow);
  EXPECT_EQ(decision->MayStart().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(Retry, UnavailableIsTriedAgainWithTheVerySameRequest) {
  Answers answers;
  answers.check = [](int attempt, const v1::CheckRequest& request, v1::Decision* decision) {
    if (attempt < 4) return kUnavailable;
    *decision = DecisionOn(request, v1::VERDICT_ALLOW);
    return grpc::Status::OK;
  };
  FakeGate gate(std::move(answers));
  const auto decision = ClientOf(gate)->Check(Refund());
  ASSERT_TRUE(decision.ok());
  EXPECT_TRUE(decision->MayStart().ok());
  const auto checks = gate.checks();
  ASSERT_EQ(checks.size(), 4u);
  for (const v1::CheckRequest& check : checks) {
    EXPECT_EQ(check.SerializeAsString(), checks[0].SerializeAsString());
  }
}

TEST(Retry, AGateThatClosesWhileItIsAskedIsAskedAgain) {
  Answers answers;
  answers.check = [](int attempt, const v1::CheckRequest& request, v1::Decision* decision) {
    if (attempt == 1) return grpc::Status(grpc::StatusCode::CANCELLED, "");
    *decision = DecisionOn(request, v1::VERDICT_ALLOW);
    return grpc::Status::OK;
  };
  FakeGate gate(std::move(answers));
  const auto decision = ClientOf(gate)->Check(Refund());
  ASSERT_TRUE(decision.ok());
  EXPECT_EQ(decision->verdict, Verdict::kAllow);
}

TEST(Retry, AnAttemptThatTakesTooLongIsMadeAgain) {
  std::promise<void> release_first;
  const std::shared_future<void> released = release_first.get_future().share();
  Answers answers;
  answers.check = [released](int attempt, const v1::CheckRequest& request, v1::Decision* decision) {
    if (attempt == 1) released.wait();
    *decision = DecisionOn(request, v1::VERDICT_ALLOW);
    return grpc::Status::OK;
  };
  FakeGate gate(std::move(answers));
  ClientOptions options = QuickOptions(gate.address());
  options.retry.attempt_timeout = absl::Milliseconds(200);
  const auto decision = Client::Connect(options).value()->Check(Refund());
  release_first.set_value();
  ASSERT_TRUE(decision.ok());
  EXPECT_EQ(decision->verdict, Verdict::kAllow);
  EXPECT_GE(gate.checks().size(), 2u);
}

TEST(Retry, WaitsAtLeastAsLongAsTheGateAsks) {
  Answers answers;
  answers.check = [](int attempt, const v1::CheckRequest& request, v1::Decision* decision) {
    if (attempt == 1) return Exhausted(absl::Milliseconds(150));
    *decision = DecisionOn(request, v1::VERDICT_HOLD);
    return grpc::Status::OK;
  };
  FakeGate gate(std::move(answers));
  const BootClock::time_point before = BootClock::now();
  const auto decision = ClientOf(gate)->Check(Refund());
  EXPECT_GE(BootClock::now() - before, std::chrono::milliseconds(150));
  ASSERT_TRUE(decision.ok());
  EXPECT_FALSE(decision->local);
}

TEST(Retry, APauseBeyondTheDeadlineIsNotWaitedFor) {
  Answers answers;
  answers.check = [](int, const v1::CheckRequest&, v1::Decision*) {
    return Exhausted(absl::Hours(1));
  };
  FakeGate gate(std::move(answers));
  const auto decision = ClientOf(gate)->Check(Refund());
  ASSERT_TRUE(decision.ok());
  EXPECT_TRUE(decision->local);
  EXPECT_EQ(decision->verdict, Verdict::kHold);
  EXPECT_EQ(decision->retry_after, absl::Hours(1));
  EXPECT_EQ(gate.checks().size(), 1u);
}

TEST(Retry, AMalformedCheckIsNotTriedAgainAndItsFieldIsNamed) {
  Answers answers;
  answers.check = [](int, const v1::CheckRequest&, v1::Decision*) {
    return BadField("order_id", "is empty; expected the order");
  };
  FakeGate gate(std::move(answers));
  const auto decision = ClientOf(gate)->Check(Refund());
  EXPECT_EQ(decision.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(decision.status().message()),
              HasSubstr("order_id: is empty; expected the order"));
  EXPECT_EQ(gate.checks().size(), 1u);
}

TEST(Unreachable, IsHoldWithALocalReasonUnlessTheCheckpointSaysBlock) {
  std::string address;
  {
    FakeGate gate(Always(v1::VERDICT_ALLOW));
    address = gate.address();
  }  // nobody listens there any more
  ClientOptions options = QuickOptions(address);
  options.timeout = absl::Milliseconds(100);
  options.when_unreachable = {{MovementKind("cash_out"), WhenUnreachable::kBlock}};
  const auto client = Client::Connect(options).value();

  const auto held = client->Check(Refund());
  ASSERT_TRUE(held.ok());
  EXPECT_EQ(held->verdict, Verdict::kHold);
  EXPECT_TRUE(held->local);
  EXPECT_EQ(held->reasons.at(0).code, ReasonCode::kGateUnreachable);
  EXPECT_EQ(held->idempotency_key.value(), "r1");
  EXPECT_THAT(held->reasons.at(0).fields, Contains(Key("status")));
  EXPECT_FALSE(held->MayStart().ok());

  CheckRequest cash_out = Refund("c1");
  cash_out.checkpoint = MovementKind("cash_out");
  const auto blocked = client->Check(cash_out);
  ASSERT_TRUE(blocked.ok());
  EXPECT_EQ(blocked->verdict, Verdict::kBlock);
  EXPECT_FALSE(blocked->MayStart().ok());
}

TEST(Unreachable, IsAlsoACallWithoutTimeLeft) {
  FakeGate gate(Always(v1::VERDICT_ALLOW));
  CallOptions options;
  options.timeout = absl::ZeroDuration();
  const auto decision = ClientOf(gate)->Check(Refund(), options);
  ASSERT_TRUE(decision.ok());
  EXPECT_TRUE(decision->local);
  EXPECT_TRUE(gate.checks().empty());
}

TEST(CheckAsync, AnswersManyAtOnceEachExactlyOnce) {
  FakeGate gate(Always(v1::VERDICT_ALLOW));
  const auto client = ClientOf(gate);
  constexpr int kCount = 64;
  std::vector<std::promise<std::string>> keys(kCount);
  for (int i = 0; i < kCount; ++i) {
    client->CheckAsync(Refund(("r" + std::to_string(i)).c_str()),
                       [&keys, i](const absl::StatusOr<Decision>& decision) {
                         keys[i].set_value(decision.ok() ? decision->idempotency_key.value() : "");
                       });
  }
  for (int i = 0; i < kCount; ++i) {
    EXPECT_EQ(keys[i].get_future().get(), "r" + std::to_string(i));
  }
}

TEST(CheckAsync, IsCancelledWhenTheClientGoes) {
  Answers answers;
  answers.check = [](int, const v1::CheckRequest&, v1::Decision*) { return kUnavailable; };
  FakeGate gate(std::move(answers));
  ClientOptions options = QuickOptions(gate.address());
  options.retry.initial_pause = absl::Seconds(10);  // it will be pausing
  options.retry.longest_pause = absl::Seconds(10);
  auto client = Client::Connect(options).value();
  absl::StatusCode code = absl::StatusCode::kOk;
  client->CheckAsync(Refund(), [&code](const absl::StatusOr<Decision>& decision) {
    code = decision.status().code();
  });
  client.reset();
  EXPECT_EQ(code, absl::StatusCode::kCancelled);
}

const MovementId kMovement{MovementKind("refund"), IdempotencyKey("r1"), AccountId("m1")};

TEST(Confirm, NamesTheGenerationAndTheSmallerAmount) {
  Answers answers;
  answers.confirm = [](int attempt, const v1::ConfirmRequest& request, v1::Reservation* answer) {
    if (attempt == 1) return kUnavailable;  // repeating it is safe
    answer->set_decision_id(request.decision_id() + "/" + request.checkpoint() + "/" +
                            request.idempotency_key() + "/" + request.account_id());
    answer->set_state(v1::RESERVATION_STATE_CONFIRMED);
    *answer->mutable_amount() = request.amount();
    return grpc::Status::OK;
  };
  FakeGate gate(std::move(answers));
  const auto reservation =
      ClientOf(gate)->Confirm(kMovement, "d5", Money::Parse("CNY 5.00").value());
  ASSERT_TRUE(reservation.ok());
  EXPECT_EQ(reservation->decision_id, "d5/refund/r1/m1");
  EXPECT_EQ(reservation->state, ReservationState::kConfirmed);
  EXPECT_EQ(reservation->amount->ToString(), "CNY 5.00");
}

TEST(Release, PassesTheReasonOnAndARefusalBack) {
  Answers answers;
  answers.release = [](int, const v1::ReleaseRequest& request, v1::Reservation*) {
    return grpc::Status(grpc::StatusCode::FAILED_PRECONDITION, "moved; " + request.reason());
  };
  FakeGate gate(std::move(answers));
  const auto reservation = ClientOf(gate)->Release(kMovement, "d5", "the bank said no");
  EXPECT_EQ(reservation.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(std::string(reservation.status().message()), "moved; the bank said no");
}

TEST(GetDecision, ShowsAnAllowButNeverPermits) {
  Answers answers;
  answers.get_decision = [](int, const v1::GetDecisionRequest& request, v1::Decision* decision) {
    v1::CheckRequest check;
    check.set_checkpoint("refund");
    check.set_idempotency_key(request.decision_id().empty() ? request.idempotency_key() : "r1");
    *decision = DecisionOn(check, v1::VERDICT_ALLOW);
    return grpc::Status::OK;
  };
  FakeGate gate(std::move(answers));
  const auto client = ClientOf(gate);
  const auto by_id = client->GetDecision("d5");
  ASSERT_TRUE(by_id.ok());
  EXPECT_EQ(by_id->verdict, Verdict::kAllow);
  EXPECT_EQ(by_id->MayStart().code(), absl::StatusCode::kFailedPrecondition);
  const auto by_key = client->GetDecision(kMovement);
  ASSERT_TRUE(by_key.ok());
  EXPECT_EQ(by_key->idempotency_key.value(), "r1");
}

TEST(Connect, RefusesOptionsThatMakeNoSense) {
  ClientOptions options;
  options.address = "";
  EXPECT_EQ(Client::Connect(options).status().code(), absl::StatusCode::kInvalidArgument);
  options.address = "127.0.0.1:1";
  options.retry.attempt_timeout = absl::ZeroDuration();
  EXPECT_THAT(std::string(Client::Connect(options).status().message()),
              HasSubstr("attempt_timeout is 0"));
}

}  // namespace
}  // namespace fundgate::client
