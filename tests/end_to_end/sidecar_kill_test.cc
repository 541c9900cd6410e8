// Rows stream in and checks run while the gate, the sidecar and the database are killed in turns.
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "server/sidecar/sources/mariadb_session.h"
#include "tests/end_to_end/sidecar_world.h"

namespace fundgate::end_to_end {
namespace {

constexpr int kOrders = 5;

// A payment service: takes payments, asks before refunds, and writes what it may. Goes on whatever
// is killed: what it couldn't write, or couldn't know that it did, it leaves alone.
class Business {
 public:
  explicit Business(SidecarWorld& world) : world_(world), thread_([this] { Run(); }) {}
  ~Business() { Stop(); }

  void Stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  int rows() const { return rows_; }
  int allowed() const { return allowed_; }

 private:
  void Run() {
    for (int step = 0; !stop_; ++step) {
      const std::string order = absl::StrCat("o", step % kOrders);
      const int64_t amount = 100 + step % 900;
      if (step % 3 == 2) {
        Refund(absl::StrCat("r", step), order, amount);
      } else {
        Write(absl::StrCat("INSERT INTO pay.payment VALUES ('p", step, "', 'm1', '", order, "', ",
                           Yuan(amount), ", 'SUCCESS')"));
      }
      // Rows that change again and go again.
      if (step % 7 == 3) {
        Write(absl::StrCat("UPDATE pay.payment SET amount = amount + 1 WHERE payment_no = 'p",
                           step - 1, "'"));
      }
      if (step % 11 == 5) {
        Write(absl::StrCat("UPDATE pay.payment SET status = 'CLOSED' WHERE payment_no = 'p",
                           step - 5, "'"));
      }
    }
  }

  void Refund(const std::string& key, const std::string& order, int64_t amount) {
    v1::CheckRequest request;
    request.set_checkpoint("refund");
    request.set_idempotency_key(key);
    request.set_account_id("m1");
    request.set_order_id(order);
    request.mutable_amount()->set_currency_code("CNY");
    request.mutable_amount()->set_minor_units(amount);
    grpc::ClientContext context;
    v1::Decision decision;
    const bool answered = gate_->Check(&context, request, &decision).ok();
    if (!answered || decision.verdict() != v1::VERDICT_ALLOW) return;
    ++allowed_;
    Write(absl::StrCat("INSERT INTO pay.refund VALUES ('", key, "', 'm1', '", order, "', ",
                       Yuan(amount), ", 'SUCCESS', FALSE)"));
  }

  void Write(const std::string& sql) {
    if (session_ == nullptr) {
      auto session = sources::MariadbSession::Connect({"127.0.0.1", world_.database().port()},
                                                      {.user = "app", .password = ""});
      if (!session.ok()) return;
      session_ = *std::move(session);
    }
    if (session_->Query(sql).ok()) {
      ++rows_;
    } else {
      session_ = nullptr;
    }
  }

  SidecarWorld& world_;
  const std::unique_ptr<v1::Gate::Stub> gate_ = v1::Gate::NewStub(
      grpc::CreateChannel(world_.gate_address(), grpc::InsecureChannelCredentials()));
  std::unique_ptr<sources::MariadbSession> session_;
  std::atomic<bool> stop_ = false;
  std::atomic<int> rows_ = 0;
  std::atomic<int> allowed_ = 0;
  std::thread thread_;
};

int64_t SumOf(SidecarWorld& world, const std::string& table, const std::string& order) {
  const auto rows = world.database().Query(
      absl::StrCat("SELECT CAST(COALESCE(SUM(amount), 0) * 100 AS SIGNED) FROM pay.", table,
                   " WHERE status = 'SUCCESS' AND order_no = '", order, "'"));
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

TEST(SidecarKills, NothingIsLostOrAppliedTwiceWhoeverIsKilled) {
  SidecarWorld world;
  world.StartSidecar();
  world.AwaitApplied();
  const int rounds = Rounds("FUNDGATE_KILL_ROUNDS", 4);
  Business business(world);
  for (int round = 0; round < rounds && !::testing::Test::HasFailure(); ++round) {
    for (int victim = 0; victim < 3; ++victim) {
      const int enough = business.rows() + 30 + (round * 37 + victim * 11) % 60;
      ASSERT_TRUE(world.Await([&business, enough] { return business.rows() >= enough; }));
      // Whoever was killed before is back: rows reach the gate again.
      const std::string before = world.Source().position();
      ASSERT_TRUE(world.Await([&world, &before] {
        const v1::SourceStatus source = world.Source();
        return source.feeder_connected() && source.position() != before;
      }));
      Kill(world, victim);
    }
  }
  business.Stop();
  world.AwaitApplied();
  for (int i = 0; i < kOrders; ++i) {
    const std::string order = absl::StrCat("o", i);
    EXPECT_EQ(world.Posted(order, "paid"), SumOf(world, "payment", order)) << order;
    EXPECT_EQ(world.Posted(order, "refunded"), SumOf(world, "refund", order)) << order;
  }
  EXPECT_TRUE(world.Violations(v1::VIOLATION_KIND_DUPLICATE_MOVEMENT).empty());
  EXPECT_TRUE(world.Violations(v1::VIOLATION_KIND_UNGATED).empty());
  EXPECT_GT(business.allowed(), 0);
  RecordProperty("rows", business.rows());
  RecordProperty("allowed", business.allowed());
  EXPECT_EQ(world.StopGateAndVerify(), 0);
}

}  // namespace
}  // namespace fundgate::end_to_end
