// Tables as of each event: what is known, since when, and what is never guessed.
#include "server/sidecar/schema/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/sidecar/schema/column_type.h"
#include "tests/schema/maps.h"

namespace fundgate::schema {
namespace {

using testing::DefinitionOf;
using ::testing::HasSubstr;
using testing::MapOf;
using testing::NamesOf;

constexpr char kRefund[] =
    "CREATE TABLE refund (id BIGINT NOT NULL PRIMARY KEY, a VARCHAR(8), b VARCHAR(8))";
constexpr char kWithC[] =
    "CREATE TABLE refund (id BIGINT NOT NULL PRIMARY KEY, a VARCHAR(8), b VARCHAR(8), c BIGINT)";

// A binlog whose transactions are 1, 2, 3, ... and a server behind it.
class Histories : public ::testing::Test {
 protected:
  Histories() { history_.Follow({"pay.refund"}); }

  // A session begins behind the transaction.
  void Begin(int applied) {
    history_.Begin(
        {.position = absl::StrCat(applied),
         .covers = [applied](std::string_view id) { return Number(id) <= applied; },
         .follows = [applied](const std::string& older) { return Number(older) <= applied; }});
  }

  static int Number(std::string_view id) { return std::stoi(std::string(id)); }

  // The server shows the table, and has logged these since where the session began, the first
  // `before` of them before it was asked.
  void Learn(std::string_view create, const std::vector<LoggedStatement>& logged = {},
             std::optional<size_t> before = std::nullopt) {
    PresentSchema present;
    present.tables["pay.refund"] = DefinitionOf(create);
    present.collations["pay"] = CollationOfCharset("utf8mb4");
    history_.Learn(present, logged, before.value_or(logged.size()));
  }

  // A statement comes; says what it does to columns: "a b " or, of any, "* ".
  std::string Log(int id, std::string_view sql) {
    const auto losses = history_.OnStatement({.id = absl::StrCat(id)}, "pay", sql);
    EXPECT_TRUE(losses.ok());
    std::string columns;
    for (const binlog::ColumnLoss& loss : *losses) {
      EXPECT_EQ(loss.table, "refund");
      columns += (loss.column.empty() ? "*" : loss.column) + " ";
    }
    return columns;
  }

  // The names of a map that a server would log for the definition; else why it can't be said.
  std::string Map(std::string_view create) {
    binlog::Table table = MapOf(DefinitionOf(create));
    const absl::Status status = history_.Describe(table);
    if (!status.ok()) return absl::StrCat(absl::StatusCodeToString(status.code()));
    return table.undescribed.empty() ? NamesOf(table) : table.undescribed;
  }

  History history_;
};

TEST_F(Histories, NothingIsKnownBeforeTheServerWasAsked) {
  Begin(0);
  EXPECT_EQ(Map(kRefund), "UNAVAILABLE");
  EXPECT_TRUE(history_.wants_present());
}

TEST_F(Histories, WhatHoldsNowHeldAllTheWhileIfNoStatementCameBetween) {
  Begin(0);
  Learn(kRefund);
  EXPECT_FALSE(history_.wants_present());
  EXPECT_EQ(Map(kRefund), "id,a,b (id)");
}

TEST_F(Histories, RowsBeforeAChangeAreNeverReadByThePresentSchema) {
  Begin(0);
  const LoggedStatement swap = {"5", "pay",
                                "ALTER TABLE refund RENAME COLUMN a TO b, RENAME COLUMN b TO a"};
  Learn(kRefund, {swap});
  EXPECT_THAT(Map(kRefund), HasSubstr("changed between"));
  Log(5, swap.sql);
  EXPECT_EQ(Map(kRefund), "id,a,b (id)");
  EXPECT_FALSE(history_.wants_present());
}

TEST_F(Histories, WhatWasKnownBeforeTheChangeStaysKnownInTheNextSession) {
  Begin(0);
  Learn(kRefund);
  Log(5, "ALTER TABLE refund ADD c BIGINT");
  EXPECT_EQ(Map(kWithC), "id,a,b,c (id)");
  Begin(3);
  EXPECT_EQ(Map(kRefund), "id,a,b (id)");
  Log(5, "ALTER TABLE refund ADD c BIGINT");
  EXPECT_EQ(Map(kWithC), "id,a,b,c (id)");
  Begin(7);
  EXPECT_EQ(Map(kWithC), "id,a,b,c (id)");
}

TEST_F(Histories, APositionThatGoesBackForgetsAll) {
  Begin(10);
  Learn(kRefund);
  Begin(5);
  EXPECT_EQ(Map(kRefund), "UNAVAILABLE");
}

TEST_F(Histories, EachStatementHoldsFromItsPlaceOn) {
  Begin(0);
  Learn(kRefund);
  Log(1, "ALTER TABLE refund ADD c BIGINT AFTER id");
  EXPECT_EQ(
      Map("CREATE TABLE refund (id BIGINT PRIMARY KEY, c BIGINT, a VARCHAR(8), b VARCHAR(8))"),
      "id,c,a,b (id)");
  Log(2, "ALTER TABLE Pay.Refund MODIFY c INT AFTER b");
  EXPECT_EQ(Map("CREATE TABLE refund (id BIGINT PRIMARY KEY, a VARCHAR(8), b VARCHAR(8), c INT)"),
            "id,a,b,c (id)");
  Log(3, "RENAME TABLE refund TO other");
  Log(4, "CREATE TABLE refund (x BIGINT PRIMARY KEY)");
  EXPECT_EQ(Map("CREATE TABLE refund (x BIGINT PRIMARY KEY)"), "x (x)");
}

TEST_F(Histories, AMapThatDoesntAgreeMakesTheServerBeAskedOnce) {
  Begin(0);
  Learn(kRefund);
  Log(1, "ALTER TABLE refund ADD c BIGINT");
  EXPECT_EQ(Map(kRefund), "UNAVAILABLE");
  Begin(0);
  Learn(kWithC, {{"1", "pay", "ALTER TABLE refund ADD c BIGINT"}});
  Log(1, "ALTER TABLE refund ADD c BIGINT");
  EXPECT_THAT(Map(kRefund), HasSubstr("rows of 3 columns, and 4 are known"));
  EXPECT_FALSE(history_.wants_present());
}

TEST_F(Histories, AStatementThatIsntUnderstoodMakesTheServerBeAskedAndHoldsFromThere) {
  Begin(0);
  Learn(kRefund);
  const std::string sql = "ALTER TABLE refund ADD c BIGINT COMMENT 'it\\'s'";
  EXPECT_EQ(Log(5, sql), "* ");
  EXPECT_EQ(Map(kWithC), "UNAVAILABLE");
  Begin(3);
  Learn(kWithC, {{"5", "pay", sql}});
  EXPECT_EQ(Map(kRefund), "id,a,b (id)");
  Log(5, sql);
  EXPECT_EQ(Map(kWithC), "id,a,b,c (id)");
}

TEST_F(Histories, StatementsAfterTheServerWasAskedAreAppliedToWhatItSaid) {
  Begin(0);
  Learn(
      kRefund,
      {{"1", "pay", "ALTER TABLE refund DROP c"}, {"2", "pay", "ALTER TABLE refund ADD c BIGINT"}},
      1);
  Log(1, "ALTER TABLE refund DROP c");
  EXPECT_EQ(Map(kRefund), "id,a,b (id)");
  Log(2, "ALTER TABLE refund ADD c BIGINT");
  EXPECT_EQ(Map(kWithC), "id,a,b,c (id)");
}

TEST_F(Histories, StringsOfADatabaseWhoseCharacterSetNobodyToldMakeTheServerBeAsked) {
  Begin(0);
  Log(1, kRefund);  // and so says no character set
  EXPECT_EQ(Map(kRefund), "UNAVAILABLE");
  EXPECT_TRUE(history_.wants_present());
  Begin(0);
  Learn(kRefund, {{"1", "pay", kRefund}});
  Begin(0);
  Log(1, kRefund);
  EXPECT_EQ(Map(kRefund), "id,a,b (id)");
}

TEST_F(Histories, ATableMadeInADatabaseOfWhichNothingIsKnownMakesTheServerBeAskedForItsText) {
  const std::string create = "CREATE TABLE refund (id BIGINT NOT NULL PRIMARY KEY, a VARCHAR(8))";
  Begin(0);
  Log(1, create);
  EXPECT_EQ(Map(create), "UNAVAILABLE");
  Begin(0);
  Learn(create, {{"1", "pay", create}});
  Log(1, create);
  EXPECT_EQ(Map(create), "id,a (id)");
  Log(2, "RENAME TABLE refund TO other");
  Log(3, create);
  EXPECT_EQ(Map(create), "id,a (id)");
}

TEST_F(Histories, ATableThatTheServerDoesntShowIsARightThatIsMissing) {
  Begin(0);
  history_.Learn({}, {}, 0);
  EXPECT_EQ(Map(kRefund), "FAILED_PRECONDITION");
}

TEST_F(Histories, AMapThatSaysAllNeedsNoHistory) {
  Begin(0);
  binlog::Table table = MapOf(DefinitionOf(kRefund));
  table.names_known = table.signs_known = true;
  Log(1, "ALTER TABLE refund ENGINE=InnoDB");
  EXPECT_TRUE(history_.Describe(table).ok());
  EXPECT_EQ(table.undescribed, "");
  EXPECT_EQ(table.changed_by, "1: ALTER TABLE refund ENGINE=InnoDB");
  EXPECT_FALSE(history_.wants_present());
}

// ---- What statements do to columns ----

TEST_F(Histories, AColumnThatIsDroppedRenamedOrGivenANarrowerTypeIsSaid) {
  Begin(0);
  Learn(kWithC);
  EXPECT_EQ(Log(1, "ALTER TABLE refund MODIFY c INT"), "c ");
  EXPECT_EQ(Log(2, "ALTER TABLE refund MODIFY c BIGINT, MODIFY a VARCHAR(64) FIRST"), "");
  EXPECT_EQ(Log(3, "ALTER TABLE refund RENAME COLUMN a TO x, DROP b, CHANGE c y BIGINT"), "a b c ");
  EXPECT_EQ(Log(4, "ALTER TABLE refund ADD z INT, ADD INDEX (x)"), "");
}

TEST_F(Histories, WhatAStatementDidIsSaidAgainWhenItIsReadAgain) {
  Begin(0);
  Learn(kWithC);
  EXPECT_EQ(Log(1, "ALTER TABLE refund DROP c"), "c ");
  Begin(0);
  EXPECT_EQ(Log(1, "ALTER TABLE refund DROP c"), "c ");
}

TEST_F(Histories, WithoutADefinitionTheNewestMapSaysWhatTypeThereWas) {
  Begin(0);
  EXPECT_EQ(Log(1, "ALTER TABLE refund MODIFY id BIGINT NOT NULL COMMENT 'x'"), "id ");
  binlog::Table table = MapOf(DefinitionOf(kRefund));
  table.names_known = table.signs_known = true;
  table.columns[0].name = "id";
  ASSERT_TRUE(history_.Describe(table).ok());
  EXPECT_EQ(Log(2, "ALTER TABLE refund MODIFY id BIGINT NOT NULL COMMENT 'x'"), "");
  EXPECT_EQ(Log(3, "ALTER TABLE refund MODIFY id INT NOT NULL"), "id ");
}

// ---- Online schema changes ----

TEST_F(Histories, AForeignKeyByWhichTheServerChangesRowsIsSaid) {
  Begin(0);
  Learn(kRefund);
  int id = 0;
  for (const char* sql :
       {"ALTER TABLE refund ADD FOREIGN KEY (a) REFERENCES parent (a) ON DELETE CASCADE",
        "ALTER TABLE refund ADD CONSTRAINT `of` FOREIGN KEY (a) REFERENCES parent (a) ON DELETE "
        "RESTRICT ON UPDATE SET NULL",
        "ALTER TABLE refund ADD b2 INT REFERENCES parent (a) ON UPDATE cascade, ADD KEY (b)",
        "CREATE TABLE pay.refund (id BIGINT PRIMARY KEY, a VARCHAR(8), FOREIGN KEY (a) REFERENCES "
        "parent (a) ON DELETE SET DEFAULT)"}) {
    EXPECT_EQ(Log(++id, sql), "* ") << sql;
    EXPECT_EQ(Log(id, sql), "* ") << sql;  // so too when it is read again
  }
  for (const char* sql :
       {"ALTER TABLE refund ADD FOREIGN KEY (a) REFERENCES parent (a) ON DELETE RESTRICT",
        "ALTER TABLE refund ADD t TIMESTAMP DEFAULT NOW() ON UPDATE NOW() COMMENT 'ON DELETE "
        "CASCADE'",
        "ALTER TABLE parent ADD FOREIGN KEY (a) REFERENCES refund (a) ON DELETE CASCADE",
        "ALTER TABLE refund DROP FOREIGN KEY `of`"}) {
    EXPECT_EQ(Log(++id, sql), "") << sql;
  }
  history_.AcceptCascades({"PAY.refund"});
  EXPECT_EQ(Log(++id, "ALTER TABLE refund ADD FOREIGN KEY (a) REFERENCES p (a) ON DELETE CASCADE"),
            "");
}

TEST_F(Histories, AForeignKeyOfTheShadowIsSaidWhenItBecomesTheTable) {
  Begin(0);
  Learn(kRefund);
  EXPECT_EQ(Log(1,
                "CREATE TABLE _refund_new (id BIGINT NOT NULL PRIMARY KEY, a VARCHAR(8), b "
                "VARCHAR(8), FOREIGN KEY (a) REFERENCES parent (a) ON DELETE CASCADE)"),
            "");
  EXPECT_EQ(Log(2, "RENAME TABLE refund TO _refund_old, _refund_new TO refund"), "* ");
}

TEST_F(Histories, GhOstsShadowBecomesTheTableWithItsOwnDefinition) {
  Begin(0);
  Learn(kRefund);
  EXPECT_EQ(Log(1,
                "create /* gh-ost */ table `pay`.`_refund_ghc` (id bigint auto_increment, "
                "primary key(id)) auto_increment=256 comment='gh-ost'"),
            "");
  EXPECT_EQ(Log(2, "create /* gh-ost */ table `pay`.`_refund_gho` like `pay`.`refund`"), "");
  EXPECT_EQ(Log(3, "alter /* gh-ost */ table `pay`.`_refund_gho` ADD COLUMN c BIGINT"), "");
  EXPECT_EQ(Map(kRefund), "id,a,b (id)");
  EXPECT_EQ(Log(4,
                "create /* gh-ost */ table `pay`.`_refund_del` (id int auto_increment primary "
                "key) comment='ghost-cut-over-sentry'"),
            "");
  EXPECT_EQ(Log(5, "drop /* gh-ost */ table if exists `pay`.`_refund_del`"), "");
  EXPECT_EQ(Log(6,
                "rename /* gh-ost */ table `pay`.`refund` to `pay`.`_refund_del`, "
                "`pay`.`_refund_gho` to `pay`.`refund`"),
            "");
  EXPECT_EQ(Map(kWithC), "id,a,b,c (id)");
  EXPECT_EQ(Log(7, "drop /* gh-ost */ table if exists `pay`.`_refund_del`"), "");
  EXPECT_EQ(Map(kWithC), "id,a,b,c (id)");
}

TEST_F(Histories, WhatWasDoneInTheShadowIsSaidWhenItBecomesTheTable) {
  Begin(0);
  Learn(kWithC);
  Log(1,
      "CREATE TABLE `pay`.`_refund_new` (id BIGINT NOT NULL PRIMARY KEY, a VARCHAR(8), b "
      "VARCHAR(8), c BIGINT) ENGINE=InnoDB");
  EXPECT_EQ(Log(2, "ALTER TABLE `pay`.`_refund_new` DROP COLUMN c"), "");
  EXPECT_EQ(Map(kWithC), "id,a,b,c (id)");
  EXPECT_EQ(Log(3,
                "RENAME TABLE `pay`.`refund` TO `pay`.`_refund_old`, `pay`.`_refund_new` TO "
                "`pay`.`refund`"),
            "c ");
  EXPECT_EQ(Map(kRefund), "id,a,b (id)");
}

TEST_F(Histories, AShadowThatWasntSeenFromItsBeginningMayHaveChangedAnything) {
  Begin(0);
  Learn(kRefund);
  EXPECT_EQ(Log(1, "RENAME TABLE refund TO _refund_del, _refund_gho TO refund"), "* ");
  EXPECT_EQ(Map(kWithC), "UNAVAILABLE");
}

}  // namespace
}  // namespace fundgate::schema
