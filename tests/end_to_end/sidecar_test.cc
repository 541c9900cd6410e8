// A real database, a real gate and a real sidecar: what is written moves the books, exactly once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/end_to_end/sidecar_world.h"
#include "tests/places/places.h"

namespace fundgate::end_to_end {
namespace {

// The names of the reasons that asked for the verdict.
std::vector<std::string> NamesOf(const v1::Decision& decision) {
  std::vector<std::string> names;
  for (const v1::Reason& reason : decision.reasons()) {
    if (reason.verdict() == decision.verdict()) names.push_back(reason.name());
  }
  return names;
}

TEST(Sidecar, APaidOrderIsRefundedOnceAndAnOverRefundIsBlockedForCertain) {
  SidecarWorld world;
  world.StartSidecar();
  world.AwaitApplied();
  // Asked at once after the commit: the check waits until the sidecar has proven what it knows.
  world.Pay("p1", "o1", 100'00);
  EXPECT_EQ(world.AskRefund("r1", "o1", 60'00).verdict(), v1::VERDICT_ALLOW);
  const v1::Decision over = world.AskRefund("r2", "o1", 60'00);
  EXPECT_EQ(over.verdict(), v1::VERDICT_BLOCK);
  ASSERT_EQ(over.sources_size(), 1);
  world.WriteRefund("r1", "o1", 60'00);
  world.AwaitApplied();
  EXPECT_EQ(world.Posted("o1", "paid"), 100'00);
  EXPECT_EQ(world.Posted("o1", "refunded"), 60'00);
  EXPECT_EQ(world.AskRefund("r1", "o1", 60'00).reasons(0).code(), v1::REASON_CODE_ALREADY_MOVED);
  EXPECT_TRUE(world.Violations(v1::VIOLATION_KIND_UNSPECIFIED).empty());
}

TEST(Sidecar, ARefundTypedByHandIsAnUngatedMovement) {
  SidecarWorld world;
  world.StartSidecar();
  world.Pay("p1", "o1", 100'00);
  world.WriteRefund("by-hand", "o1", 10'00);
  world.AwaitApplied();
  const auto violations = world.Violations(v1::VIOLATION_KIND_UNGATED);
  ASSERT_EQ(violations.size(), 1U);
  EXPECT_EQ(violations[0].idempotency_key(), "by-hand");
  EXPECT_EQ(world.Posted("o1", "refunded"), 10'00);
}

TEST(Sidecar, RowsWrittenWhileItWasAwayAreAppliedOnceItIsBack) {
  SidecarWorld world;
  world.StartSidecar();
  world.Pay("p1", "o1", 1'00);
  world.AwaitApplied();
  world.sidecar_process().Signal(SIGTERM);
  EXPECT_EQ(world.sidecar_process().Wait(), 0);
  world.Pay("p2", "o1", 2'00);
  world.database().Execute("UPDATE pay.payment SET amount = 5.00 WHERE payment_no = 'p1'");
  world.StartSidecar();
  world.AwaitApplied();
  EXPECT_EQ(world.Posted("o1", "paid"), 7'00);
}

TEST(Sidecar, EveryDomainOfPositionsIsFollowedThroughRestarts) {
  SidecarWorld world;
  world.StartSidecar();
  world.Pay("p1", "o1", 1'00);
  world.database().Execute("SET SESSION gtid_domain_id = 5");
  world.Pay("p2", "o1", 2'00);
  world.AwaitApplied();
  EXPECT_TRUE(absl::StrContains(world.Source().position(), "5-1-1"));
  world.sidecar_process().Signal(SIGTERM);
  EXPECT_EQ(world.sidecar_process().Wait(), 0);
  world.Pay("p3", "o1", 4'00);
  world.database().Execute("SET SESSION gtid_domain_id = 0");
  world.Pay("p4", "o1", 8'00);
  world.StartSidecar();
  world.AwaitApplied();
  EXPECT_EQ(world.Posted("o1", "paid"), 15'00);
  EXPECT_TRUE(world.Violations(v1::VIOLATION_KIND_UNSPECIFIED).empty());
}

// Multi-source replication: what two others wrote, each in a domain of its own, beside its own.
TEST(Sidecar, AServerThatReplicatesFromSeveralOthersIsFollowedInEachOfTheirDomains) {
  const std::vector<std::string> tables = WorkedExample().tables;
  mariadb_testing::Server east({"--server-id=11", "--gtid-domain-id=11"});
  mariadb_testing::Server west({"--server-id=12", "--gtid-domain-id=12"});
  for (mariadb_testing::Server* other : {&east, &west}) {
    other->Execute("SET SESSION sql_log_bin = 0");
    other->Execute("CREATE DATABASE pay");
    for (const std::string& table : tables) other->Execute(table);
    other->Execute("SET SESSION sql_log_bin = 1");
  }
  SidecarWorld world(WorkedExample({"--log-slave-updates"}));
  const auto follow = [&world](const char* name, const mariadb_testing::Server& other) {
    world.database().Execute(absl::StrCat("CHANGE MASTER '", name,
                                          "' TO MASTER_HOST='127.0.0.1', MASTER_USER='root', "
                                          "MASTER_USE_GTID=slave_pos, MASTER_PORT=",
                                          other.port()));
    world.database().Execute(absl::StrCat("START SLAVE '", name, "'"));
  };
  follow("east", east);
  follow("west", west);
  const auto pay = [](mariadb_testing::Server& server, const std::string& key, int yuan) {
    server.Execute(absl::StrCat("INSERT INTO pay.payment VALUES ('", key, "', 'm1', 'o1', ", yuan,
                                ".00, 'SUCCESS')"));
  };
  world.StartSidecar();
  pay(east, "e1", 1);
  pay(west, "w1", 2);
  pay(world.database(), "own", 4);
  EXPECT_TRUE(world.Await([&world] { return world.Posted("o1", "paid") == 7'00; }));
  world.sidecar_process().Signal(SIGKILL);
  EXPECT_EQ(world.sidecar_process().Wait(), -SIGKILL);
  pay(west, "w2", 8);
  pay(east, "e2", 16);
  world.StartSidecar();
  EXPECT_TRUE(world.Await([&world] { return world.Posted("o1", "paid") == 31'00; }));
  world.AwaitApplied();
  for (const char* newest : {"11-11-2", "12-12-2"}) {
    EXPECT_TRUE(absl::StrContains(world.Source().position(), newest)) << world.Source().position();
  }
  EXPECT_TRUE(world.Violations(v1::VIOLATION_KIND_UNSPECIFIED).empty());
}

TEST(Sidecar, AMappingThatChangesIsLoadedAndHoldsFromThenOn) {
  SidecarWorld world;
  world.StartSidecar();
  world.Pay("p1", "o1", 1'00);
  world.AwaitApplied();
  world.ChangePolicy("row.status in [\"FAILED\", \"CLOSED\"]", "row.status == \"FAILED\"");
  world.Pay("p2", "o1", 2'00);
  world.AwaitApplied();
  EXPECT_EQ(world.Posted("o1", "paid"), 3'00);
  EXPECT_EQ(world.Source().epoch(), 2U);
}

TEST(Sidecar, TheLaterOfTwoSidecarsTakesOverAndTheFirstGivesWay) {
  SidecarWorld world;
  // By the gate's epoch; and with one id among the replicas also by the database.
  for (const std::vector<std::string>& options :
       {std::vector<std::string>{"--server-id", "4711"}, std::vector<std::string>{}}) {
    world.StartSidecar();
    world.AwaitApplied();
    const auto second = world.AnotherSidecar(options);
    EXPECT_EQ(world.sidecar_process().Wait(), 3);
    world.Pay(absl::StrCat("p", options.size()), "o1", 1'00);
    world.AwaitApplied();
    second->Signal(SIGTERM);
    EXPECT_EQ(second->Wait(), 0);
  }
  EXPECT_EQ(world.Posted("o1", "paid"), 2'00);
}

TEST(Sidecar, ADatabaseThatDoesNotLogWhatIsNeededEndsItWithOne) {
  SidecarWorld world(WorkedExample({"--binlog-row-metadata=MINIMAL", "--sync-binlog=0"}));
  world.StartSidecar();
  EXPECT_EQ(world.sidecar_process().Wait(), 1);
}

TEST(Sidecar, ASourceThatThePolicyDoesNotKnowEndsItWithOne) {
  const SidecarWorld world;
  Process sidecar({places::Program("fundgate-sidecar"), "run", "--gate", world.gate_address(),
                   "--source", "else"});
  EXPECT_EQ(sidecar.Wait(), 1);
}

TEST(Sidecar, WrongUsageEndsItWithTwo) {
  Process sidecar({places::Program("fundgate-sidecar"), "run"});
  EXPECT_EQ(sidecar.Wait(), 2);
}

TEST(Sidecar, APositionThatTheDatabaseHasPurgedEndsItWithFour) {
  SidecarWorld world;
  world.Pay("p1", "o1", 1'00);
  world.database().Execute("FLUSH BINARY LOGS");
  world.database().PurgeBinlogs();
  world.StartSidecar();
  EXPECT_EQ(world.sidecar_process().Wait(), 4);
}

TEST(Sidecar, AServerThatBecomesReadOnlyIsNoPrimaryAnyMore) {
  SidecarWorld world;
  world.StartSidecar();
  world.Pay("p1", "o1", 1'00);
  world.AwaitApplied();
  world.database().Execute("SET GLOBAL read_only = ON");
  // What it would prove is said of another server now.
  EXPECT_TRUE(world.Await([&world] { return !world.Source().feeder_connected(); }));
  world.database().Execute("SET GLOBAL read_only = OFF");
  world.Pay("p2", "o1", 2'00);
  world.AwaitApplied();
  EXPECT_EQ(world.Posted("o1", "paid"), 3'00);
}

TEST(Sidecar, AServerThatNoLongerSyncsItsBinlogEndsItWithOne) {
  SidecarWorld world;
  world.StartSidecar();
  world.AwaitApplied();
  world.database().Execute("SET GLOBAL sync_binlog = 0");
  EXPECT_EQ(world.sidecar_process().Wait(), 1);
}

TEST(Sidecar, ChangesWhoseNumberRunsBackwardsEndItWithFour) {
  SidecarWorld world;
  world.StartSidecar();
  world.Pay("p1", "o1", 1'00);
  world.AwaitApplied();
  world.database().Execute("SET GLOBAL gtid_strict_mode = OFF");
  world.database().Execute("SET SESSION gtid_seq_no = 1");
  world.Pay("p2", "o1", 2'00);
  EXPECT_EQ(world.sidecar_process().Wait(), 4);
}

// Takes connections and never says a word.
class SilentServer {
 public:
  explicit SilentServer(uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int yes = 1;
    ::setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(::listen(socket_, 1), 0);
  }
  ~SilentServer() {
    ::close(connection_);
    ::close(socket_);
  }
  SilentServer(const SilentServer&) = delete;
  SilentServer& operator=(const SilentServer&) = delete;

  void AwaitConnection() { connection_ = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC); }

 private:
  const int socket_;
  int connection_ = -1;
};

TEST(Sidecar, StoppedWhileItTriesToConnectItEndsWithZero) {
  SidecarWorld world;
  world.StartSidecar();
  world.AwaitApplied();
  world.database().Kill();
  SilentServer silent(world.database().port());
  silent.AwaitConnection();
  world.sidecar_process().Signal(SIGTERM);
  EXPECT_EQ(world.sidecar_process().Wait(), 0);
}

// The last bytes that a server wrote before it died: the end of a transaction is missing, so the
// server undoes it, and gives its number to the next one. `missing` bytes are.
void ExpectTornTransactionToBeReplaced(uint64_t missing) {
  SidecarWorld world;
  world.Pay("p1", "o1", 1'00);
  world.Pay("torn", "o1", 2'00);
  const std::string torn = world.Head();
  const std::string file = world.database().BinlogFiles().back();
  world.database().Kill();
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - missing);
  ASSERT_TRUE(world.database().Start().ok());
  EXPECT_NE(world.Head(), torn);
  world.Pay("p2", "o1", 4'00);
  EXPECT_EQ(world.Head(), torn);
  world.StartSidecar();
  world.AwaitApplied();
  EXPECT_EQ(world.Posted("o1", "paid"), 5'00);
  world.Pay("p3", "o1", 8'00);
  world.AwaitApplied();
  EXPECT_EQ(world.Posted("o1", "paid"), 13'00);
  EXPECT_TRUE(world.Violations(v1::VIOLATION_KIND_UNSPECIFIED).empty());
}

constexpr uint64_t kXidBytes = 31;  // header, number and CRC: the last event of a transaction

TEST(Sidecar, ATransactionWithoutItsEndHasNotHappenedAndItsNumberIsTakenAgain) {
  ExpectTornTransactionToBeReplaced(kXidBytes);
}

TEST(Sidecar, ABinlogThatIsCutWithinAnEventIsReadOnBehindIt) {
  ExpectTornTransactionToBeReplaced(kXidBytes / 2);
}

TEST(Sidecar, AStatementWithoutRowsMakesTheKindsOfItsTableUnproven) {
  SidecarWorld world;
  world.StartSidecar();
  world.Pay("p1", "o1", 100'00);
  world.database().Execute("SET SESSION binlog_format = STATEMENT");
  world.database().Execute("UPDATE pay.refund SET amount = amount + 1");
  world.AwaitApplied();
  const v1::Decision decision = world.AskRefund("r1", "o1", 1'00);
  EXPECT_EQ(decision.verdict(), v1::VERDICT_HOLD);
  EXPECT_THAT(NamesOf(decision), ::testing::Contains("gap:refund"));
}

// Also where the server takes names in any case, and compresses what it logs.
TEST(Sidecar, AStatementMayNameItsTableInAnyCase) {
  SidecarWorld world(WorkedExample(
      {"--lower-case-table-names=1", "--log-bin-compress=1", "--log-bin-compress-min-len=10"}));
  world.StartSidecar();
  world.Pay("p1", "o1", 100'00);
  world.AwaitApplied();
  EXPECT_EQ(world.Posted("o1", "paid"), 100'00);
  world.database().Execute("TRUNCATE TABLE Pay.REFUND");
  world.AwaitApplied();
  EXPECT_THAT(NamesOf(world.AskRefund("r1", "o1", 1'00)), ::testing::Contains("gap:refund"));
}

void FlipByte(const std::string& file, uint64_t offset) {
  std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
  char byte = 0;
  bytes.seekg(static_cast<std::streamoff>(offset)).get(byte);
  bytes.seekp(static_cast<std::streamoff>(offset)).put(static_cast<char>(byte ^ 1));
  ASSERT_TRUE(bytes.flush().good());
}

TEST(Sidecar, ADamagedEventIsNeverPassedOverAndReadOnceItIsWhole) {
  SidecarWorld world;
  world.Pay("p1", "o1", 1'00);
  const std::string before = world.Head();
  world.Pay("p2", "o1", 2'00);
  const std::string file = world.database().BinlogFiles().back();
  // In the row, which stands before the CRC of its event and the event that ends the transaction.
  const uint64_t damaged = std::filesystem::file_size(file) - kXidBytes - 8;
  world.Pay("p3", "o1", 4'00);
  FlipByte(file, damaged);
  world.StartSidecar();
  EXPECT_TRUE(world.Await([&] { return world.Source().position() == before; }));
  // Connects, meets it, and connects again.
  const uint64_t epoch = world.Source().epoch();
  EXPECT_TRUE(world.Await([&] { return world.Source().epoch() >= epoch + 2; }));
  EXPECT_EQ(world.Source().position(), before);
  EXPECT_TRUE(world.Await([&] { return !world.Source().waiting_for_position().empty(); }));
  FlipByte(file, damaged);
  world.AwaitApplied();
  EXPECT_EQ(world.Posted("o1", "paid"), 7'00);
}

TEST(Sidecar, WhatASavepointTookBackHasNotHappened) {
  SidecarWorld world;
  world.StartSidecar();
  for (const char* statement : {"START TRANSACTION", "SAVEPOINT a"}) {
    world.database().Execute(statement);
  }
  world.Pay("p1", "o1", 1'00);
  world.database().Execute("ROLLBACK TO a");
  world.Pay("p2", "o1", 2'00);
  world.database().Execute("SAVEPOINT b");
  world.Pay("p3", "o1", 4'00);
  world.database().Execute("COMMIT");
  world.AwaitApplied();
  EXPECT_EQ(world.Posted("o1", "paid"), 6'00);
  EXPECT_EQ(world.AskRefund("r1", "o1", 1'00).verdict(), v1::VERDICT_ALLOW);
}

TEST(Sidecar, AClockThatIsSetBackProvesNothingAndLosesNothing) {
  SidecarWorld world;
  world.StartSidecar();
  world.Pay("p1", "o1", 1'00);
  world.database().Execute("SET SESSION timestamp = 1000000000");
  world.Pay("p2", "o1", 2'00);
  world.database().Execute("SET SESSION timestamp = DEFAULT");
  world.Pay("p3", "o1", 4'00);
  world.AwaitApplied();
  EXPECT_EQ(world.Posted("o1", "paid"), 7'00);
  EXPECT_EQ(world.AskRefund("r1", "o1", 1'00).verdict(), v1::VERDICT_ALLOW);
  EXPECT_TRUE(world.Violations(v1::VIOLATION_KIND_UNSPECIFIED).empty());
}

TEST(Sidecar, WhereThePolicySaysSoAGapStopsTheSource) {
  WorldSettings settings = WorkedExample();
  settings.replacements["    tables:\n      - table: pay.payment"] =
      "    on_gap: stop\n    tables:\n      - table: pay.payment";
  SidecarWorld world(settings);
  world.StartSidecar();
  world.Pay("p1", "o1", 1'00);
  world.AwaitApplied();
  world.database().Execute("TRUNCATE TABLE pay.refund");
  world.Pay("p2", "o1", 2'00);
  EXPECT_EQ(world.sidecar_process().Wait(), 1);
  EXPECT_EQ(world.Posted("o1", "paid"), 1'00);
  world.ChangePolicy("on_gap: stop", "on_gap: continue");
  world.StartSidecar();
  world.AwaitApplied();
  EXPECT_EQ(world.Posted("o1", "paid"), 3'00);
  EXPECT_THAT(NamesOf(world.AskRefund("r1", "o1", 1'00)), ::testing::Contains("gap:refund"));
}

// Far more rows than one request takes, some of them changed again in the same transaction: cut by
// kills, nothing of it is lost or applied twice.
TEST(Sidecar, AHugeTransactionArrivesWholeThroughKills) {
  SidecarWorld world;
  constexpr int kCuts = 4;
  world.database().Execute("START TRANSACTION");
  world.database().Execute(
      "INSERT INTO pay.payment SELECT CONCAT('p', seq), 'm1', CONCAT('o', seq % 10), 1.00, "
      "'SUCCESS' FROM pay.seq_1_to_60000");
  world.database().Execute("UPDATE pay.payment SET amount = 2.00 WHERE order_no IN ('o1', 'o2')");
  world.database().Execute("DELETE FROM pay.payment WHERE order_no = 'o3'");
  world.database().Execute("COMMIT");
  world.database().Execute("INSERT INTO pay.payment VALUES ('last', 'm1', 'o4', 9.00, 'SUCCESS')");
  // As soon as something more is applied, as long as there is something more.
  const auto last_applied = [&world] { return world.Posted("o4", "paid") == 6009'00; };
  int cuts = 0;
  for (; cuts < kCuts && !last_applied(); ++cuts) {
    world.StartSidecar();
    const std::string before = world.Source().position();
    EXPECT_TRUE(world.Await([&world, &before] { return world.Source().position() != before; }));
    Process& victim = cuts % 2 == 0 ? world.sidecar_process() : world.gate_process();
    victim.Signal(SIGKILL);
    EXPECT_EQ(victim.Wait(), -SIGKILL);
    if (cuts % 2 == 1) world.StartGate();
  }
  EXPECT_GE(cuts, 2);
  world.StartSidecar();
  world.AwaitApplied();
  EXPECT_TRUE(absl::StrContains(world.Source().position(), "rows.0:"));
  EXPECT_EQ(world.Posted("o0", "paid"), 6000'00);
  EXPECT_EQ(world.Posted("o1", "paid"), 12000'00);
  EXPECT_EQ(world.Posted("o3", "paid"), 0);
  EXPECT_EQ(world.Posted("o4", "paid"), 6009'00);
  EXPECT_EQ(world.StopGateAndVerify(), 0);
}

}  // namespace
}  // namespace fundgate::end_to_end
