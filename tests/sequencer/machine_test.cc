// The sequencer with the real machine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <latch>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/sequencer/sequencer.h"
#include "tests/core/worked_policy.h"
#include "tests/core/world.h"
#include "tests/sequencer/bench.h"
#include "tests/sequencer/fake_store.h"
#include "tests/sequencer/manual_clock.h"

namespace fundgate::sequencer {
namespace {

using core::testing::Codes;
using core::testing::M;

const SourceName kLedger("ledger");

class RealMachine : public testing::Test {
 protected:
  RealMachine() {
    auto started = Sequencer::Start({}, store_, input_clock_, [this](const auto& sources) {
      EXPECT_EQ(sources, std::vector<SourceName>{kLedger});
      asked_.set_value();
    });
    EXPECT_TRUE(started.ok()) << started.status();
    sequencer_ = *std::move(started);
    core::ApplyPolicyInput apply;
    apply.policy = core::testing::WorkedPolicy();
    Put(std::move(apply)).wait();
    core::GrantEpochInput grant;
    grant.source = kLedger;
    epoch_ = std::get<core::EpochGrant>(*Put(std::move(grant)).get()).epoch;
  }

  Answer Put(decltype(core::Input::body) body) {
    auto promise = std::make_shared<std::promise<absl::StatusOr<core::Answer>>>();
    Answer answer = promise->get_future();
    const absl::Status queued = sequencer_->Submit(
        {.time = {}, .body = std::move(body)}, std::nullopt,
        [promise](absl::StatusOr<core::Answer> got) { promise->set_value(std::move(got)); });
    if (!queued.ok()) promise->set_value(queued);
    return answer;
  }

  static core::Decision DecisionOf(Answer answer) {
    const absl::StatusOr<core::Answer> got = answer.get();
    EXPECT_TRUE(got.ok()) << got.status();
    const auto* decision = got.ok() ? std::get_if<core::Decision>(&*got) : nullptr;
    EXPECT_NE(decision, nullptr);
    return decision == nullptr ? core::Decision() : *decision;
  }

  static core::CheckInput Refund(const std::string& key, const std::string& amount) {
    core::CheckInput check;
    check.key = {MovementKind("refund"), IdempotencyKey(key)};
    check.account = AccountId("m1");
    check.amount = M(amount);
    check.lines = {core::Line{OrderId("o1"), check.amount.minor_units, {}}};
    return check;
  }

  // The ledger reports a payment of order o1, if `amount` is not empty, and that this is all it
  // has until now.
  void Feed(const std::string& amount) {
    core::IngestInput ingest;
    ingest.source = kLedger;
    ingest.epoch = epoch_;
    ingest.previous = position_;
    if (!amount.empty()) {
      position_ = *Position::Parse(absl::StrCat("ledger:", ++offset_));
      core::testing::Row row;
      row.key = absl::StrCat("payment", offset_);
      row.amount = amount;
      core::MovementEvent payment;
      payment.kind = MovementKind("payment");
      payment.row = {"payment", row.key};
      payment.after = row.ToContribution();
      ingest.events = {{absl::StrCat(offset_, "/0"), absl::InfinitePast(), std::move(payment)}};
    }
    ingest.position = position_;
    ingest.probe = core::Probe{.head = position_, .read_after = input_clock_.Now()};
    const absl::StatusOr<core::Answer> answer = Put(std::move(ingest)).get();
    ASSERT_TRUE(answer.ok()) << answer.status();
    ASSERT_TRUE(std::holds_alternative<core::IngestAnswer>(*answer));
  }

  // What open reservations may still add to `refunded` of order o1. After the last answer only.
  int64_t PendingRefunds() const {
    const auto book = store_.state().Find<core::Books>(
        {"order", AccountId("m1"), OrderId("o1"), M("CNY 1.00").currency});
    return book.has_value() ? book->counters[1].pending_up : 0;
  }

  ManualClock clock_;
  FakeStore store_;
  InputClock input_clock_{clock_.sources(), absl::InfinitePast()};
  std::promise<void> asked_;  // a second request would be a fault here
  std::unique_ptr<Sequencer> sequencer_;
  uint64_t epoch_ = 0;
  int offset_ = 0;
  Position position_;
};

TEST_F(RealMachine, ConcurrentDuplicatesAreOneAllowAndMoveTheBookOnce) {
  Feed("CNY 100.00");
  constexpr int kDuplicates = 64;
  std::latch ready(kDuplicates);
  std::vector<core::Decision> decisions(kDuplicates);
  std::vector<std::thread> threads;
  for (int i = 0; i < kDuplicates; ++i) {
    threads.emplace_back([this, &ready, &decisions, i] {
      ready.arrive_and_wait();
      decisions[i] = DecisionOf(Put(Refund("r1", "CNY 60.00")));
    });
  }
  for (std::thread& thread : threads) thread.join();

  int first = 0;
  std::set<std::string> ids;
  for (const core::Decision& decision : decisions) {
    EXPECT_EQ(decision.verdict, core::Verdict::kAllow);
    if (!decision.replayed) ++first;
    ids.insert(decision.id);
  }
  EXPECT_EQ(first, 1);
  EXPECT_EQ(ids.size(), 1u);
  sequencer_->Shutdown();
  EXPECT_EQ(PendingRefunds(), 6000);
}

TEST_F(RealMachine, ConcurrentRefundsAreAllowedUpToTheRoomThereIs) {
  Feed("CNY 37.00");
  constexpr int kThreads = 8;
  std::vector<std::vector<Answer>> answers(kThreads);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([this, &answers, thread] {
      for (int i = 0; i < 125; ++i) {
        answers[thread].push_back(Put(Refund(absl::StrCat("r", thread, "-", i), "CNY 1.00")));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  int allowed = 0;
  for (std::vector<Answer>& of_thread : answers) {
    for (Answer& answer : of_thread) {
      const core::Decision decision = DecisionOf(std::move(answer));
      if (decision.verdict == core::Verdict::kAllow) {
        ++allowed;
      } else {
        EXPECT_EQ(decision.verdict, core::Verdict::kBlock);
      }
    }
  }
  EXPECT_EQ(allowed, 37);
  sequencer_->Shutdown();
  EXPECT_EQ(PendingRefunds(), 3700);
}

TEST_F(RealMachine, AnOrderPaidJustNowIsRefundedAfterAShortWait) {
  Feed("");
  clock_.Advance(absl::Milliseconds(100));
  Answer answer = Put(Refund("r1", "CNY 60.00"));
  asked_.get_future().wait();
  EXPECT_FALSE(IsThere(answer));
  Feed("CNY 100.00");
  EXPECT_EQ(DecisionOf(std::move(answer)).verdict, core::Verdict::kAllow);
}

TEST_F(RealMachine, ABlockWaitsForTheProofThatMakesItCertain) {
  Feed("");
  clock_.Advance(absl::Milliseconds(100));
  Answer answer = Put(Refund("r1", "CNY 60.00"));
  asked_.get_future().wait();
  Feed("");
  const core::Decision decision = DecisionOf(std::move(answer));
  EXPECT_EQ(decision.verdict, core::Verdict::kBlock);
  EXPECT_THAT(Codes(decision), testing::Contains("INVARIANT"));
}

TEST_F(RealMachine, ASilentSourceEndsInAHoldWhenPatienceDoes) {
  Feed("");
  clock_.Advance(absl::Milliseconds(100));
  Answer answer = Put(Refund("r1", "CNY 60.00"));
  asked_.get_future().wait();
  clock_.Advance(absl::Milliseconds(200));
  const core::Decision decision = DecisionOf(std::move(answer));
  EXPECT_EQ(decision.verdict, core::Verdict::kHold);
  EXPECT_THAT(Codes(decision), testing::Contains("UNPROVEN"));
}

TEST_F(RealMachine, ADriftedClockHoldsUntilAnOperatorAcceptsTheTime) {
  Feed("CNY 100.00");
  clock_.ShiftWall(absl::Hours(24));
  clock_.Advance(absl::Milliseconds(250));
  const core::Decision held = DecisionOf(Put(Refund("r1", "CNY 60.00")));
  EXPECT_EQ(held.verdict, core::Verdict::kHold);
  EXPECT_THAT(Codes(held), testing::Contains("STALE_SOURCE"));
  Put(core::AcceptTimeInput{.actor = "ann", .reason = "ntp was wrong"}).wait();
  Feed("");
  EXPECT_EQ(DecisionOf(Put(Refund("r1", "CNY 60.00"))).verdict, core::Verdict::kAllow);
}

}  // namespace
}  // namespace fundgate::sequencer
