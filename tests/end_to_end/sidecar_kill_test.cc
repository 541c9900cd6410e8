// Rows stream in and checks run while the gate, the sidecar and the database are killed in turns.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <csignal>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/end_to_end/application_session.h"
#include "tests/end_to_end/sidecar_world.h"

namespace fundgate::end_to_end {
namespace {

constexpr int kOrders = 5;
constexpr int kCallers = 2;
constexpr int kRetryMs = 5;  // less than anybody who was killed needs to come back
// Between two kills, at least.
constexpr int kRows = 30;
constexpr int kAllowed = 5;

void WaitALittle() { ::poll(nullptr, 0, kRetryMs); }

// Does one step after another on a thread of its own until it is stopped.
class Worker {
 public:
  explicit Worker(std::function<void(int step)> work)
      : thread_([this, work = std::move(work)] {
          for (int step = 0; !stop_; ++step) work(step);
        }) {}
  ~Worker() {
    stop_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

// Payments come in, grow, and of orders of their own some are closed. What couldn't be written, or
// couldn't be known to be, is left alone.
class Payments {
 public:
  explicit Payments(uint16_t port) : writer_(port), worker_([this](int step) { Step(step); }) {}

  int rows() const { return rows_; }

 private:
  void Step(int step) {
    const bool closes = step % 4 == 3;
    Write(absl::StrCat("INSERT INTO pay.payment VALUES ('p", step, "', 'm1', '",
                       closes ? "closed" : "o", step % kOrders, "', ", Yuan(100 + step % 900),
                       ", 'SUCCESS')"));
    if (step % 7 == 3) {
      Write(absl::StrCat("UPDATE pay.payment SET amount = amount + 1 WHERE payment_no = 'p",
                         step - 1, "'"));
    }
    if (closes) {
      Write(absl::StrCat("UPDATE pay.payment SET status = 'CLOSED' WHERE payment_no = 'p", step - 4,
                         "'"));
    }
  }

  void Write(const std::string& sql) {
    if (writer_.Write(sql)) {
      ++rows_;
    } else {
      WaitALittle();
    }
  }

  ApplicationSession writer_;
  std::atomic<int> rows_ = 0;
  Worker worker_;  // last: it uses all of the above
};

// A payment service that refunds: asks with one key until it is answered, and writes the row of
// what it may refund until it is there, whoever is killed meanwhile.
class Refunds {
 public:
  struct Allowed {
    std::string order;
    int64_t amount = 0;
    std::string decision_id;
  };

  Refunds(const SidecarWorld& world, uint16_t port, std::string name)
      : name_(std::move(name)),
        gate_(v1::Gate::NewStub(Connect(world.gate_address()))),
        writer_(port),
        worker_(std::make_unique<Worker>([this](int step) { Step(step); })) {}
  ~Refunds() { given_up_ = true; }

  // What it is at, it completes.
  void Stop() { worker_ = nullptr; }

  int allowed() const { return allowed_; }
  int refused() const { return refused_; }
  int asked_again() const { return asked_again_; }
  // By key. Once it is stopped.
  const std::map<std::string, Allowed>& all_allowed() const { return all_allowed_; }

 private:
  // A gate that is back is found at once.
  static std::shared_ptr<grpc::Channel> Connect(const std::string& gate) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
    arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 50);
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 200);
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel(gate, grpc::InsecureChannelCredentials(), arguments);
  }

  void Step(int step) {
    const std::string key = absl::StrCat(name_, step);
    const std::string order = absl::StrCat("o", step % kOrders);
    const int64_t amount = 100 + step % 700;
    const v1::Decision decision = AskUntilAnswered(key, order, amount);
    if (decision.verdict() != v1::VERDICT_ALLOW) {
      ++refused_;
      return WaitALittle();
    }
    // Written again, the row stays the one that it was.
    const std::string insert =
        absl::StrCat("INSERT IGNORE INTO pay.refund VALUES ('", key, "', 'm1', '", order, "', ",
                     Yuan(amount), ", 'SUCCESS', FALSE)");
    while (!writer_.Write(insert) && !given_up_) WaitALittle();
    all_allowed_[key] = {order, amount, decision.decision_id()};
    ++allowed_;
  }

  v1::Decision AskUntilAnswered(const std::string& key, const std::string& order, int64_t amount) {
    v1::CheckRequest request;
    request.set_checkpoint("refund");
    request.set_idempotency_key(key);
    request.set_account_id("m1");
    request.set_order_id(order);
    request.mutable_amount()->set_currency_code("CNY");
    request.mutable_amount()->set_minor_units(amount);
    while (!given_up_) {
      grpc::ClientContext context;
      v1::Decision decision;
      if (gate_->Check(&context, request, &decision).ok()) return decision;
      ++asked_again_;
      WaitALittle();
    }
    return {};
  }

  const std::string name_;
  const std::unique_ptr<v1::Gate::Stub> gate_;
  ApplicationSession writer_;
  std::map<std::string, Allowed> all_allowed_;
  std::atomic<bool> given_up_ = false;  // the test has failed: somebody may never come back
  std::atomic<int> allowed_ = 0;
  std::atomic<int> refused_ = 0;
  std::atomic<int> asked_again_ = 0;
  std::unique_ptr<Worker> worker_;  // last: it uses all of the above
};

int64_t FenOf(SidecarWorld& world, const std::string& sql) {
  const auto rows = world.database().Query(
      absl::StrCat("SELECT CAST(COALESCE(SUM(amount), 0) * 100 AS SIGNED) FROM pay.", sql));
  EXPECT_TRUE(rows.ok()) << rows.status();
  return rows.ok() ? std::stoll(*(*rows)[0][0]) : -1;
}

void Kill(SidecarWorld& world, int victim) {
  switch (victim) {
    case 0:
      world.sidecar_process().Signal(SIGKILL);
      EXPECT_EQ(world.sidecar_process().Wait(), -SIGKILL);
      return world.StartSidecar();
    case 1:
      world.gate_process().Signal(SIGKILL);
      EXPECT_EQ(world.gate_process().Wait(), -SIGKILL);
      return world.StartGate();
    default:
      world.database().Kill();
      const absl::Status started = world.database().Start();
      EXPECT_TRUE(started.ok()) << started;
  }
}

// Each book is what the tables say, to the fen; nothing waits, and no more was refunded than paid.
void ExpectBooksToBeTheTables(SidecarWorld& world) {
  for (int i = 0; i < kOrders; ++i) {
    for (const std::string& order : {absl::StrCat("o", i), absl::StrCat("closed", i)}) {
      const std::string rows =
          absl::StrCat(" WHERE status = 'SUCCESS' AND order_no = '", order, "'");
      const int64_t paid = FenOf(world, "payment" + rows);
      const int64_t refunded = FenOf(world, "refund" + rows);
      EXPECT_EQ(world.Posted(order, "paid"), paid) << order;
      EXPECT_EQ(world.Posted(order, "refunded"), refunded) << order;
      EXPECT_EQ(world.CounterOf("m1", order, "CNY", "refunded").pending_up(), 0) << order;
      EXPECT_LE(refunded, paid) << order;
    }
  }
}

// Each ALLOW that a caller heard is known to the gate as it was heard, and its row is the one that
// was written; there are no other rows.
void ExpectAllowedToStand(SidecarWorld& world,
                          const std::vector<std::unique_ptr<Refunds>>& refunds) {
  std::map<std::string, std::string> rows;  // key -> order and amount
  const auto found = world.database().Query("SELECT refund_no, order_no, amount FROM pay.refund");
  ASSERT_TRUE(found.ok()) << found.status();
  for (const auto& row : *found) rows[*row[0]] = absl::StrCat(*row[1], " ", *row[2]);
  std::map<std::string, std::string> allowed;
  for (const auto& service : refunds) {
    for (const auto& [key, refund] : service->all_allowed()) {
      allowed[key] = absl::StrCat(refund.order, " ", Yuan(refund.amount));
      const v1::Decision decision = world.DecisionOf(refund.decision_id);
      EXPECT_EQ(decision.verdict(), v1::VERDICT_ALLOW) << key;
      EXPECT_EQ(decision.idempotency_key(), key);
      EXPECT_EQ(decision.reservation().state(), v1::RESERVATION_STATE_POSTED) << key;
    }
  }
  EXPECT_EQ(rows, allowed);
}

TEST(SidecarKills, NothingIsLostOrAppliedTwiceWhoeverIsKilled) {
  SidecarWorld world;
  world.StartSidecar();
  world.AwaitApplied();
  const int rounds = Rounds("FUNDGATE_KILL_ROUNDS", 4);
  auto payments = std::make_unique<Payments>(world.database().port());
  std::vector<std::unique_ptr<Refunds>> refunds;
  for (int i = 0; i < kCallers; ++i) {
    refunds.push_back(
        std::make_unique<Refunds>(world, world.database().port(), absl::StrCat("r", i, "-")));
  }
  const auto sum = [&refunds](int (Refunds::*count)() const) {
    int all = 0;
    for (const auto& service : refunds) all += (*service.*count)();
    return all;
  };
  for (int round = 0; round < rounds; ++round) {
    for (int victim = 0; victim < 3; ++victim) {
      // Whoever was killed before is back: a refund is only allowed where all three take part.
      const int rows = payments->rows() + kRows + (round * 37 + victim * 11) % 60;
      const int allowed = sum(&Refunds::allowed) + kAllowed + (round * 13 + victim * 7) % 20;
      ASSERT_TRUE(world.Await([&] {
        return payments->rows() >= rows && sum(&Refunds::allowed) >= allowed;
      })) << "round "
          << round << ", victim " << victim;
      Kill(world, victim);
      ASSERT_FALSE(::testing::Test::HasFailure());
    }
  }
  std::cout << "kills: " << rounds << " each of sidecar, gate and database under "
            << payments->rows() << " writes of payments and "
            << sum(&Refunds::allowed) + sum(&Refunds::refused) << " answered checks, of which "
            << sum(&Refunds::allowed) << " were allowed; " << sum(&Refunds::asked_again)
            << " calls were cut off and asked again\n";
  payments = nullptr;
  for (const auto& service : refunds) service->Stop();
  world.AwaitApplied();
  ExpectBooksToBeTheTables(world);
  ExpectAllowedToStand(world, refunds);
  for (const v1::Violation& violation : world.Violations(v1::VIOLATION_KIND_UNSPECIFIED)) {
    EXPECT_EQ(violation.kind(), v1::VIOLATION_KIND_MOVEMENT_UNDONE)  // of a closed payment
        << violation.ShortDebugString();
  }
  EXPECT_EQ(world.StopGateAndVerify(), 0);
}

}  // namespace
}  // namespace fundgate::end_to_end
