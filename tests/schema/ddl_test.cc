// What statements say of tables, and what ALTER TABLE makes of a definition.
#include "server/sidecar/schema/ddl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "server/sidecar/binlog/charset.h"
#include "server/sidecar/schema/column_type.h"
#include "tests/schema/maps.h"

namespace fundgate::schema {
namespace {

using Base = ColumnType::Base;
using testing::DefinitionOf;
using testing::NamesOf;

constexpr char kRefund[] =
    "CREATE TABLE refund (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT, no VARCHAR(64) NOT NULL, "
    "amount DECIMAL(18,2), status VARCHAR(16) DEFAULT 'NEW, (not) done', PRIMARY KEY (id))";

// The names after the statement; the reason if it can't be.
std::string After(std::string_view alter, std::string_view create = kRefund) {
  const Ddl ddl = ReadDdl(alter, "pay");
  if (ddl.kind != Ddl::Kind::kAlter) return "refused: " + ddl.problem;
  const absl::StatusOr<Definition> after = Apply(ddl.changes, DefinitionOf(create));
  return after.ok() ? NamesOf(*after) : std::string(after.status().message());
}

TEST(Create, ColumnsAndThePrimaryKeyAreTakenOutOfEverythingElse) {
  EXPECT_EQ(NamesOf(DefinitionOf(kRefund)), "id,no,amount,status (id)");
  EXPECT_EQ(
      NamesOf(DefinitionOf(
          "create table if not exists `pay`.`re``fund` (\n  `a,b` int(11) NOT NULL COMMENT "
          "'a key, (no) joke' /* , c INT */, -- d INT,\n  \"e\" timestamp NULL DEFAULT "
          "current_timestamp(3) ON UPDATE current_timestamp(3), `f` enum('x,y','z)') "
          "CHARACTER SET latin1 COLLATE latin1_bin NOT NULL DEFAULT 'z)', g INT GENERATED ALWAYS "
          "AS (`a,b` + 1) STORED, h DECIMAL(10,2) CHECK (h > 0), i INT REFERENCES o (id) ON "
          "DELETE SET NULL, KEY k (e), UNIQUE KEY (f), CONSTRAINT c FOREIGN KEY (i) REFERENCES o "
          "(id), CHECK (h < 5), FULLTEXT ft (f), PRIMARY KEY USING BTREE (`a,b` DESC, f(3)), "
          "INDEX (h)) /*!50100 ENGINE=InnoDB */ DEFAULT CHARSET=utf8mb4 PARTITION BY HASH (g)")),
      "a,b,e,f,g,h,i (a,b,f)");
  EXPECT_EQ(NamesOf(DefinitionOf("CREATE TABLE t (a INT PRIMARY KEY, b INT UNIQUE KEY)")),
            "a,b (a)");
  EXPECT_EQ(NamesOf(DefinitionOf("CREATE TABLE t (a INT KEY, b INT)")), "a,b (a)");
}

TEST(Create, TypesAreReadInAllTheirSpellings) {
  const auto type = [](std::string_view text) { return ReadColumnType(text); };
  EXPECT_EQ(type("int(10) unsigned").length, 4U);
  EXPECT_TRUE(type("int(10) unsigned").is_unsigned);
  EXPECT_EQ(type("BOOLEAN").length, 1U);
  EXPECT_TRUE(type("SERIAL").is_unsigned);
  EXPECT_EQ(type("numeric(18,4)").length, 18U);
  EXPECT_EQ(type("numeric(18,4)").scale, 4);
  EXPECT_EQ(type("dec").length, 10U);
  EXPECT_EQ(type("float(53)").base, Base::kDouble);
  EXPECT_EQ(type("float(10,2)").base, Base::kFloat);
  EXPECT_EQ(type("double precision").base, Base::kDouble);
  EXPECT_EQ(type("char varying(7)").base, Base::kVarchar);
  EXPECT_EQ(type("national varchar(7)").collation, CollationOfCharset("utf8mb3"));
  EXPECT_EQ(type("varbinary(7)").collation, binlog::kBinaryCollation);
  EXPECT_EQ(type("char(7) byte").collation, binlog::kBinaryCollation);
  EXPECT_EQ(type("uuid").length, 16U);
  EXPECT_EQ(type("datetime(6)").length, 6U);
  EXPECT_EQ(type("enum('a','b''c')").labels, (std::vector<std::string>{"a", "b'c"}));
  EXPECT_EQ(type("text(70000)").length, 3U);
  EXPECT_EQ(type("varchar(9) character set gbk").collation, CollationOfCharset("gbk"));
  EXPECT_EQ(type("varchar(9) collate latin1_bin").collation, CollationOfCharset("latin1"));
  EXPECT_EQ(type("something(5)").base, Base::kOther);
}

TEST(Create, TextTakesTheCharacterSetOfItsTable) {
  const Ddl ddl =
      ReadDdl("CREATE TABLE t (a VARCHAR(5), b CHAR(5) CHARSET gbk) COLLATE=latin1_bin", "pay");
  EXPECT_EQ(ddl.definition.columns[0].type.collation, CollationOfCharset("latin1"));
  EXPECT_EQ(ddl.definition.columns[1].type.collation, CollationOfCharset("gbk"));
}

TEST(Create, WhatCantBeFollowedIsRefusedAndNamesItsTable) {
  for (const char* sql :
       {"CREATE TABLE t SELECT * FROM u", "CREATE TABLE t (a INT) AS SELECT 1 AS b",
        "CREATE TABLE t (a INT) WITH SYSTEM VERSIONING", "CREATE TABLE t (a INT",
        "CREATE TABLE t (a INT COMMENT 'it\\'s') ENGINE=InnoDB"}) {
    const Ddl ddl = ReadDdl(sql, "pay");
    EXPECT_EQ(ddl.kind, Ddl::Kind::kUnknown) << sql;
    EXPECT_EQ(ddl.table.table, "t") << sql;
    EXPECT_FALSE(ddl.problem.empty()) << sql;
  }
}

TEST(Alter, ColumnsComeWhereTheStatementSays) {
  EXPECT_EQ(After("ALTER TABLE refund ADD note TEXT"), "id,no,amount,status,note (id)");
  EXPECT_EQ(After("ALTER TABLE refund ADD COLUMN (a INT, b INT)"), "id,no,amount,status,a,b (id)");
  EXPECT_EQ(After("ALTER TABLE refund ADD a INT FIRST, ADD b INT AFTER id, ADD c INT AFTER b"),
            "a,id,b,c,no,amount,status (id)");
  EXPECT_EQ(After("ALTER TABLE refund ADD COLUMN IF NOT EXISTS no INT, ADD d INT DEFAULT 5"),
            "id,no,amount,status,d (id)");
  EXPECT_EQ(After("ALTER TABLE refund MODIFY status VARCHAR(32) NOT NULL DEFAULT 'x' FIRST"),
            "status,id,no,amount (id)");
  EXPECT_EQ(After("alter table refund modify column no varchar(99) after status, drop amount"),
            "id,status,no (id)");
  EXPECT_EQ(After("ALTER TABLE refund CHANGE amount total DECIMAL(20,2) AFTER id, ADD x INT AFTER "
                  "total"),
            "id,total,x,no,status (id)");
}

TEST(Alter, NamesAreExchangedAtOnce) {
  EXPECT_EQ(After("ALTER TABLE refund RENAME COLUMN id TO no, RENAME COLUMN no TO id"),
            "no,id,amount,status (no)");
  EXPECT_EQ(After("ALTER TABLE refund CHANGE id no BIGINT, CHANGE no id VARCHAR(64)"),
            "no,id,amount,status (no)");
}

TEST(Alter, ThePrimaryKeyIsFollowed) {
  EXPECT_EQ(After("ALTER TABLE refund DROP PRIMARY KEY, ADD PRIMARY KEY (no, id)"),
            "id,no,amount,status (no,id)");
  EXPECT_EQ(After("ALTER TABLE refund DROP PRIMARY KEY"), "id,no,amount,status ()");
  EXPECT_EQ(After("ALTER TABLE refund DROP CONSTRAINT `PRIMARY`"), "id,no,amount,status ()");
  EXPECT_EQ(After("DROP INDEX `PRIMARY` ON refund"), "id,no,amount,status ()");
  EXPECT_EQ(After("ALTER TABLE refund DROP id, ADD x INT AUTO_INCREMENT PRIMARY KEY FIRST"),
            "x,no,amount,status (x)");
  EXPECT_EQ(After("ALTER TABLE refund DROP COLUMN id"), "no,amount,status ()");
}

TEST(Alter, WhatChangesNoColumnIsPassedOver) {
  for (const char* sql :
       {"ALTER TABLE refund ENGINE=InnoDB ROW_FORMAT=DYNAMIC, COMMENT='a, b'",
        "ALTER ONLINE TABLE refund WAIT 5 ADD INDEX i (no), DROP KEY j, DROP FOREIGN KEY f",
        "ALTER TABLE refund ADD CONSTRAINT c CHECK (amount > 0), ADD UNIQUE (no)",
        "ALTER TABLE refund ALTER COLUMN status SET DEFAULT 'x', ALTER amount DROP DEFAULT",
        "ALTER TABLE refund RENAME INDEX i TO j, ALGORITHM=INPLACE, LOCK=NONE, FORCE",
        "ALTER TABLE refund ADD PARTITION (PARTITION p2 VALUES LESS THAN (3))",
        "ALTER TABLE refund DROP PARTITION p0, p1",
        "ALTER TABLE refund PARTITION BY RANGE (id) (PARTITION p VALUES LESS THAN (5))",
        "ALTER TABLE refund ORDER BY no, id", "ALTER TABLE refund DISABLE KEYS",
        "/* gh-ost */ ALTER TABLE refund /*! DEFAULT CHARSET=latin1 */"}) {
    EXPECT_EQ(After(sql), "id,no,amount,status (id)") << sql;
  }
}

TEST(Alter, ACharacterSetIsThatOfNewColumnsAndConvertingIsOfAll) {
  const Definition before = DefinitionOf(kRefund);
  const auto after = [&](std::string_view sql) {
    return Apply(ReadDdl(sql, "pay").changes, before).value();
  };
  const Definition set = after("ALTER TABLE refund DEFAULT CHARSET latin1, ADD x CHAR(5)");
  EXPECT_EQ(set.Find("status")->type.collation, CollationOfCharset("utf8mb4"));
  EXPECT_EQ(set.Find("x")->type.collation, CollationOfCharset("latin1"));
  const Definition converted = after("ALTER TABLE refund CONVERT TO CHARACTER SET gbk");
  EXPECT_EQ(converted.Find("status")->type.collation, CollationOfCharset("gbk"));
}

TEST(Alter, ColumnsOfThePrimaryKeyAreNeverNull) {
  const absl::StatusOr<Definition> after =
      Apply(ReadDdl("ALTER TABLE refund MODIFY id BIGINT", "pay").changes, DefinitionOf(kRefund));
  ASSERT_TRUE(after.ok());
  EXPECT_EQ(after->Find("id")->nullable, false);
  EXPECT_EQ(after->Find("amount")->nullable, true);
}

TEST(Alter, WhatDoesntFitTheDefinitionIsAnError) {
  EXPECT_EQ(After("ALTER TABLE refund DROP nothing"), "there is no column nothing");
  EXPECT_EQ(After("ALTER TABLE refund ADD x INT AFTER nothing"), "there is no column nothing");
  EXPECT_EQ(After("ALTER TABLE refund ADD no INT"), "there is a column no already");
  EXPECT_EQ(After("ALTER TABLE refund ADD PRIMARY KEY (nothing)"), "there is no column nothing");
  EXPECT_EQ(After("ALTER TABLE refund DROP IF EXISTS nothing"), "id,no,amount,status (id)");
  EXPECT_EQ(After("ALTER TABLE refund CONVERT PARTITION p TO TABLE x"),
            "refused: it moves partitions");
}

TEST(OtherStatements, NamesAreOfTheSessionsDatabaseUnlessTheySayAnother) {
  const Ddl rename = ReadDdl("RENAME TABLE refund TO old.refund, `x`.`y` TO refund", "pay");
  ASSERT_EQ(rename.kind, Ddl::Kind::kRename);
  ASSERT_EQ(rename.renames.size(), 2U);
  EXPECT_EQ(rename.renames[0].first.database, "pay");
  EXPECT_EQ(rename.renames[0].second.database, "old");
  EXPECT_EQ(rename.renames[1].second.database, "pay");
  const Ddl drop = ReadDdl("DROP TABLE IF EXISTS a, b.c /* generated by server */", "pay");
  ASSERT_EQ(drop.dropped.size(), 2U);
  EXPECT_EQ(drop.dropped[1].database, "b");
  const Ddl like = ReadDdl("CREATE TABLE `pay`.`_refund_gho` LIKE `pay`.`refund`", "");
  EXPECT_EQ(like.kind, Ddl::Kind::kCreateLike);
  EXPECT_EQ(like.other.table, "refund");
  EXPECT_EQ(ReadDdl("SET STATEMENT lock_wait_timeout=5 FOR ALTER TABLE t ADD a INT", "pay").kind,
            Ddl::Kind::kAlter);
}

TEST(OtherStatements, WhatDefinesNoTableIsNothing) {
  for (const char* sql :
       {"", "SAVEPOINT a", "TRUNCATE refund", "CREATE TEMPORARY TABLE refund (a INT)",
        "DROP TEMPORARY TABLE refund", "CREATE INDEX i ON refund (no)", "DROP INDEX i ON refund",
        "CREATE VIEW v AS SELECT 1", "ALTER VIEW v AS SELECT 1", "ANALYZE TABLE refund",
        "INSERT INTO refund VALUES (1, 'it\\'s')", "GRANT ALL ON *.* TO x", "DROP VIEW v"}) {
    EXPECT_EQ(ReadDdl(sql, "pay").kind, Ddl::Kind::kNone) << sql;
  }
}

}  // namespace
}  // namespace fundgate::schema
