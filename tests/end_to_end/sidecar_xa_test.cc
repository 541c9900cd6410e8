// XA transactions of a real MariaDB: what is prepared has not happened until it is committed,
// through restarts of everything.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/sidecar/sources/mariadb/mariadb_session.h"
#include "tests/end_to_end/sidecar_world.h"

namespace fundgate::end_to_end {
namespace {

class SidecarXa : public ::testing::Test {
 protected:
  SidecarXa() { world_.StartSidecar(); }

  // Prepares what the statement does, in a session that ends then: others may decide it.
  void Prepare(const std::string& xa, const std::string& statement) {
    const auto session = sources::MariadbSession::Connect({"127.0.0.1", world_.database().port()},
                                                          {.user = "root", .password = ""});
    ASSERT_TRUE(session.ok()) << session.status();
    for (const std::string& sql :
         {absl::StrCat("XA START '", xa, "'"), statement, absl::StrCat("XA END '", xa, "'"),
          absl::StrCat("XA PREPARE '", xa, "'")}) {
      const auto done = (*session)->Query(sql);
      ASSERT_TRUE(done.ok()) << done.status();
    }
  }

  void PreparePayment(const std::string& xa, const std::string& order, int64_t amount) {
    Prepare(xa, absl::StrCat("INSERT INTO pay.payment VALUES ('p-", xa, "', 'm1', '", order, "', ",
                             Yuan(amount), ", 'SUCCESS')"));
  }

  // The server may not have noticed yet that the session is gone.
  void Decide(const std::string& sql) {
    EXPECT_TRUE(world_.Await([&] { return world_.database().Query(sql).ok(); })) << sql;
  }
  void Commit(const std::string& xa) { Decide(absl::StrCat("XA COMMIT '", xa, "'")); }
  void Rollback(const std::string& xa) { Decide(absl::StrCat("XA ROLLBACK '", xa, "'")); }

  int64_t Paid(const std::string& order) { return world_.Posted(order, "paid"); }

  v1::Verdict Ask(const std::string& order) {
    return world_.AskRefund(absl::StrCat("r", ++asked_), order, 1'00).verdict();
  }

  void KillSidecar() {
    world_.sidecar_process().Signal(SIGKILL);
    EXPECT_EQ(world_.sidecar_process().Wait(), -SIGKILL);
  }

  // Nothing was out of order, and the journal says the same when it is replayed.
  void ExpectClean() {
    EXPECT_TRUE(world_.Violations(v1::VIOLATION_KIND_UNSPECIFIED).empty());
    EXPECT_EQ(world_.Source().gaps(), 0U);
    EXPECT_EQ(world_.StopGateAndVerify(), 0);
  }

  SidecarWorld world_;

 private:
  int asked_ = 0;
};

TEST_F(SidecarXa, WhatIsPreparedCountsOnceItIsCommittedAndNeverIfItIsRolledBack) {
  PreparePayment("a", "o1", 100'00);
  PreparePayment("b", "o2", 100'00);
  world_.Pay("p3", "o3", 100'00);
  world_.AwaitApplied();
  EXPECT_EQ(Paid("o1"), 0);
  EXPECT_EQ(Ask("o1"), v1::VERDICT_BLOCK);
  EXPECT_EQ(Ask("o3"), v1::VERDICT_ALLOW);
  Commit("a");
  Rollback("b");
  world_.AwaitApplied();
  EXPECT_EQ(Paid("o1"), 100'00);
  EXPECT_EQ(Paid("o2"), 0);
  EXPECT_EQ(Ask("o1"), v1::VERDICT_ALLOW);
  EXPECT_EQ(Ask("o2"), v1::VERDICT_BLOCK);
  ExpectClean();
}

TEST_F(SidecarXa, WhatIsPreparedSurvivesTheDeathOfEverybody) {
  world_.Pay("p0", "o0", 1'00);
  PreparePayment("a", "o1", 1'00);
  PreparePayment("b", "o2", 2'00);
  world_.Pay("p1", "o1", 4'00);
  world_.AwaitApplied();
  KillSidecar();
  world_.database().Kill();
  ASSERT_TRUE(world_.database().Start().ok());
  world_.gate_process().Signal(SIGKILL);
  EXPECT_EQ(world_.gate_process().Wait(), -SIGKILL);
  world_.StartGate();
  Commit("a");  // while nobody looks
  world_.database().Execute("FLUSH BINARY LOGS");
  world_.StartSidecar();
  world_.AwaitApplied();
  EXPECT_EQ(Paid("o0"), 1'00);
  EXPECT_EQ(Paid("o1"), 5'00);
  KillSidecar();
  world_.StartSidecar();
  world_.Pay("p2", "o2", 8'00);
  world_.AwaitApplied();
  EXPECT_EQ(Paid("o2"), 8'00);
  Commit("b");
  world_.AwaitApplied();
  EXPECT_EQ(Paid("o2"), 10'00);
  ExpectClean();
}

TEST_F(SidecarXa, ALargeOneIsKeptAndToldInParts) {
  Prepare("big",
          "INSERT INTO pay.payment SELECT CONCAT('p', seq), 'm1', CONCAT('o', seq % 10), 1.00, "
          "'SUCCESS' FROM pay.seq_1_to_30000");
  world_.AwaitApplied();
  EXPECT_EQ(Paid("o1"), 0);
  Commit("big");
  EXPECT_TRUE(world_.Await([this] { return Paid("o1") > 0; }));
  KillSidecar();
  world_.StartSidecar();
  world_.AwaitApplied();
  for (int order = 0; order < 10; ++order) EXPECT_EQ(Paid(absl::StrCat("o", order)), 3000'00);
  ExpectClean();
}

TEST_F(SidecarXa, OneWhoseLogIsPurgedIsAGapOnceItIsCommitted) {
  PreparePayment("a", "o1", 1'00);
  world_.Pay("p1", "o1", 2'00);
  world_.AwaitApplied();
  KillSidecar();
  world_.database().Execute("FLUSH BINARY LOGS");
  world_.Pay("p2", "o1", 4'00);
  world_.database().PurgeBinlogs();
  world_.StartSidecar();
  world_.AwaitApplied();
  EXPECT_EQ(Paid("o1"), 6'00);
  EXPECT_EQ(Ask("o1"), v1::VERDICT_ALLOW);
  Commit("a");
  world_.AwaitApplied();
  EXPECT_EQ(Paid("o1"), 6'00);
  EXPECT_EQ(Ask("o1"), v1::VERDICT_HOLD);
  EXPECT_GT(world_.Source().gaps(), 0U);
}

}  // namespace
}  // namespace fundgate::end_to_end
