// Business as it should be, with the weather that events have: nothing may be found in it, and
// nothing blocked. FUNDGATE_CLEAN_MOVEMENTS says how many movements (20,000 by default).
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "fundgate/v1/violation.pb.h"
#include "tests/end_to_end/processes.h"
#include "tests/gate/gate_world.h"
#include "tests/gate/test_feeder.h"
#include "tests/scenarios/marketplace.h"
#include "tests/sequencer/manual_clock.h"

namespace fundgate::scenarios {
namespace {

constexpr absl::Duration kTick = absl::Milliseconds(10);
constexpr int64_t kProbeTicks = 100;

std::string Lines(const std::vector<v1::Violation>& violations) {
  std::string lines;
  for (const v1::Violation& violation : violations) {
    absl::StrAppend(&lines, violation.ShortDebugString(), "\n");
  }
  return lines;
}

class CleanMovements : public ::testing::Test {
 protected:
  // Does business until so many movements have happened, and then until all of it is told, and
  // every deadline has passed.
  void Trade(uint64_t movements) {
    orders_per_tick_ = static_cast<int>(std::clamp<uint64_t>(movements / 2000, 10, 200));
    for (bool more = true; more || !IsOver(); ++tick_) {
      Tick(more);
      if (HasFatalFailure()) return;
      more = market_.movements() < movements;
    }
    PassDeadlines();
  }

  void Tick(bool more) {
    clock_.Advance(kTick);
    const std::vector<v1::CheckRequest> checks = market_.Go(tick_, orders_per_tick_, more);
    Deliver();
    if (tick_ % kProbeTicks == 0) Prove();
    if (!checks.empty()) Ask(checks);
  }

  // What the shop tells in the next batch besides.
  void TellBesides(v1::Event event) { besides_.push_back(std::move(event)); }

  std::vector<v1::Violation> Violations() {
    v1::ListViolationsRequest request;
    request.set_page_size(1000);
    grpc::ClientContext context;
    v1::ListViolationsResponse response;
    const grpc::Status status = world_.audit->ListViolations(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return {response.violations().begin(), response.violations().end()};
  }

  // The merchants' books are what the market says.
  void CompareBooks() {
    for (const auto& [merchant, sums] : market_.sums()) {
      v1::GetBookRequest request;
      request.set_book("merchant");
      request.set_currency_code("CNY");
      (*request.mutable_key())["account_id"] = merchant;
      grpc::ClientContext context;
      v1::GetBookResponse response;
      const grpc::Status status = world_.audit->GetBook(&context, request, &response);
      if (sums.settled == 0) continue;  // it may have no book
      ASSERT_TRUE(status.ok()) << merchant << ": " << status.error_message();
      for (const v1::Counter& counter : response.book().counters()) {
        const int64_t expected = counter.name() == "settled"      ? sums.settled
                                 : counter.name() == "cashed_out" ? sums.cashed_out
                                                                  : sums.clawed_back;
        EXPECT_EQ(counter.posted(), expected) << merchant << " " << counter.name();
        EXPECT_EQ(counter.pending_up() + counter.pending_down(), 0) << merchant;
      }
    }
  }

  Marketplace& market() { return market_; }
  uint64_t asked() const { return asked_; }

 private:
  bool IsOver() const { return market_.idle() && market_.ledger.empty() && market_.shop.empty(); }

  void Deliver() {
    v1::IngestRequest movements = market_.ledger.Arrived(tick_);
    if (movements.events_size() > 0) ledger_.Send(std::move(movements));
    v1::IngestRequest facts = market_.shop.Arrived(tick_);
    for (v1::Event& event : std::exchange(besides_, {})) *facts.add_events() = std::move(event);
    if (facts.events_size() > 0) shop_.Send(std::move(facts));
  }

  void Prove() {
    ledger_.Probe();
    shop_.Probe();
  }

  void Ask(const std::vector<v1::CheckRequest>& checks) {
    v1::BatchCheckRequest request;
    for (const v1::CheckRequest& check : checks) *request.add_requests() = check;
    grpc::ClientContext context;
    v1::BatchCheckResponse response;
    const grpc::Status status = world_.gate->BatchCheck(&context, request, &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
    ASSERT_EQ(response.decisions_size(), request.requests_size());
    for (int i = 0; i < response.decisions_size(); ++i) {
      ASSERT_NE(response.decisions(i).verdict(), v1::VERDICT_BLOCK)
          << checks[i].ShortDebugString() << response.decisions(i).ShortDebugString();
      market_.Answered(tick_, checks[i], response.decisions(i));
    }
    asked_ += checks.size();
  }

  void PassDeadlines() {
    for (int i = 0; i < 180; ++i) {
      clock_.Advance(absl::Seconds(1));
      Prove();
    }
  }

  sequencer::ManualClock clock_;
  gate::testing::GateWorld world_{
      [this](gate::ServerSettings& settings) { settings.time = clock_.sources(); }};
  gate::testing::TestFeeder ledger_{world_.channel(), "ledger"};
  gate::testing::TestFeeder shop_{world_.channel(), "shop"};
  Marketplace market_{20'260'131};
  std::vector<v1::Event> besides_;
  int orders_per_tick_ = 0;
  int64_t tick_ = 1;
  uint64_t asked_ = 0;
};

TEST_F(CleanMovements, RaiseNoViolationAndMeetNoBlock) {
  const auto movements =
      static_cast<uint64_t>(end_to_end::Rounds("FUNDGATE_CLEAN_MOVEMENTS", 20'000));
  Trade(movements);
  ASSERT_FALSE(HasFatalFailure());
  EXPECT_GE(market().movements(), movements);
  EXPECT_EQ(Lines(Violations()), "");
  CompareBooks();
  const auto& [ledger, shop] = std::tie(market().ledger, market().shop);
  std::cout << absl::StreamFormat(
      "%d movements, %d checks, %d of them held for a while; %d events late, %d overtaken by "
      "others, %d twice: no violation, no BLOCK\n",
      market().movements(), asked(), market().held(), ledger.late() + shop.late(),
      ledger.overtaking() + shop.overtaking(), ledger.repeated() + shop.repeated());
}

// The same with one thing wrong.
TEST_F(CleanMovements, DoNotHideOneThatIsNot) {
  Trade(500);
  v1::Event event;
  event.set_event_id("by-hand");
  v1::Fact& fact = *event.mutable_fact();
  fact.set_name("order_paid");
  fact.set_key("o1");
  (*fact.mutable_fields())["order_id"].set_string_value("o1");
  (*fact.mutable_fields())["account_id"].set_string_value("m1");
  v1::Money& amount = *(*fact.mutable_fields())["amount"].mutable_money_value();
  amount.set_currency_code("CNY");
  amount.set_minor_units(7);
  TellBesides(std::move(event));
  Trade(600);
  ASSERT_FALSE(HasFatalFailure());
  const std::vector<v1::Violation> violations = Violations();
  ASSERT_EQ(violations.size(), 1U) << Lines(violations);
  EXPECT_EQ(violations[0].kind(), v1::VIOLATION_KIND_MATCH_DIFFERS);
  EXPECT_EQ(violations[0].name(), "order_vs_payment");
}

}  // namespace
}  // namespace fundgate::scenarios
