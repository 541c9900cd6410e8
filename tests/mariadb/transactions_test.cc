// Where transactions begin and end, and what they tell, as a real server writes them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "server/sidecar/binlog/file_reader.h"
#include "tests/decoder/trace.h"
#include "tests/mariadb/server.h"

namespace fundgate::mariadb_testing {
namespace {

using decoder_testing::Trace;
using testing::ElementsAre;
using testing::HasSubstr;

// A server with tables d.t(a, b) of InnoDB and d.n(a) of Aria without transactions. What a test
// does comes into a binlog file of its own.
class Transactions : public testing::Test {
 protected:
  void SetUp() override {
    server_.emplace();
    for (const char* sql :
         {"CREATE DATABASE d", "CREATE TABLE d.t(a INT PRIMARY KEY, b VARCHAR(9)) ENGINE=InnoDB",
          "CREATE TABLE d.n(a INT) ENGINE=Aria TRANSACTIONAL=0", "FLUSH BINARY LOGS"}) {
      server_->Execute(sql);
    }
  }

  void Execute(const std::vector<std::string>& statements) {
    for (const std::string& sql : statements) server_->Execute(sql);
  }

  // What the test's file tells, transactions' names left out.
  Trace Read(const binlog::ReaderOptions& options = {.require_checksum = true}) {
    Trace trace;
    const absl::Status read = binlog::ReadFile(server_->BinlogFiles().back(), trace, options);
    EXPECT_TRUE(read.ok()) << read;
    for (std::string& line : trace.lines) {
      if (line.starts_with("begin ")) line = "begin";
    }
    return trace;
  }

  std::optional<Server> server_;
};

TEST_F(Transactions, RowsComeBetweenBeginAndCommitWithTheirStatement) {
  Execute({"INSERT INTO d.t VALUES(1, 'x')", "BEGIN", "INSERT INTO d.t VALUES(2, NULL), (3, 'z')",
           "UPDATE d.t SET b = 'y' WHERE a = 1", "DELETE FROM d.t WHERE a = 3", "COMMIT"});
  const Trace trace = Read();
  EXPECT_THAT(trace.lines,
              ElementsAre("begin", "insert d.t a=1 b=x", "end commit", "begin",
                          "insert d.t a=2 b=NULL", "insert d.t a=3 b=z",
                          "update d.t a=1 b=x -> a=1 b=y", "delete d.t a=3 b=z", "end commit"));
  EXPECT_THAT(trace.annotations[0], "INSERT INTO d.t VALUES(1, 'x')");
  EXPECT_THAT(trace.annotations[4], "DELETE FROM d.t WHERE a = 3");
  EXPECT_THAT(trace.indexes, ElementsAre(0, 0, 1, 2, 3));
  EXPECT_EQ(trace.heads[0].id, "0-1-4");
  EXPECT_EQ(trace.heads[0].server_id, 1U);
  EXPECT_GT(trace.heads[0].committed_at, 1600000000);
  EXPECT_FALSE(trace.heads[0].standalone);
}

TEST_F(Transactions, AnotherTablesRowsAreCountedButNotTold) {
  Execute({"BEGIN", "INSERT INTO d.n VALUES(1), (2)", "INSERT INTO d.t VALUES(1, 'x')", "COMMIT",
           "BEGIN", "INSERT INTO d.t VALUES(2, 'x')", "INSERT INTO d.n VALUES(1), (2)",
           "INSERT INTO d.t VALUES(3, 'x')", "COMMIT"});
  const Trace trace = Read({.wants_table = [](std::string_view database, std::string_view table) {
    return database == "d" && table == "t";
  }});
  EXPECT_THAT(trace.lines, testing::Not(testing::Contains(HasSubstr("d.n"))));
  const Trace all = Read();
  EXPECT_EQ(all.lines.size(), trace.lines.size() + 4);
  EXPECT_EQ(all.indexes.back(), trace.indexes.back());
}

TEST_F(Transactions, TheSessionsMarksAreInTheHead) {
  Execute({"SET SESSION server_id = 77, gtid_domain_id = 5", "SET SESSION skip_replication = 1",
           "INSERT INTO d.t VALUES(1, 'x')"});
  const Trace trace = Read();
  ASSERT_EQ(trace.heads.size(), 1U);
  EXPECT_EQ(trace.heads[0].id, "5-77-1");
  EXPECT_EQ(trace.heads[0].server_id, 77U);
  EXPECT_TRUE(trace.heads[0].skip_replication);
}

TEST_F(Transactions, WhatWasRolledBackIsNotLogged) {
  Execute({"BEGIN", "INSERT INTO d.t VALUES(1, 'x')", "ROLLBACK", "BEGIN",
           "INSERT INTO d.t VALUES(2, 'x')", "SAVEPOINT s", "INSERT INTO d.t VALUES(3, 'x')",
           "ROLLBACK TO SAVEPOINT s", "COMMIT"});
  EXPECT_THAT(Read().lines,
              ElementsAre("begin", "insert d.t a=2 b=x", "statement SAVEPOINT `s`", "end commit"));
}

TEST_F(Transactions, ARollbackThatIsLoggedSaysWhatItMayHaveUndone) {
  Execute({"BEGIN", "INSERT INTO d.t VALUES(1, 'x')", "INSERT INTO d.n VALUES(1)", "SAVEPOINT s",
           "INSERT INTO d.t VALUES(2, 'x')", "DROP TEMPORARY TABLE IF EXISTS d.x",
           "ROLLBACK TO SAVEPOINT s", "ROLLBACK"});
  EXPECT_THAT(Read().lines,
              ElementsAre("begin", "insert d.n a=1", "end commit", "begin", "insert d.t a=1 b=x",
                          "statement SAVEPOINT `s`", "insert d.t a=2 b=x", "unreadable rows d.t",
                          "statement ROLLBACK TO `s`", "unreadable rows d.t", "end rollback"));
}

TEST_F(Transactions, ATableWithoutTransactionsEndsWithAQuery) {
  Execute({"INSERT INTO d.n VALUES(1)"});
  EXPECT_THAT(Read().lines, ElementsAre("begin", "insert d.n a=1", "end commit"));
}

TEST_F(Transactions, XaIsPreparedAndDecidedInTwoTransactionsOfOneName) {
  Execute({"XA START 'ab','c',7", "INSERT INTO d.t VALUES(1, 'x')", "XA END 'ab','c',7",
           "XA PREPARE 'ab','c',7", "XA COMMIT 'ab','c',7", "XA START 'r'",
           "INSERT INTO d.t VALUES(2, 'x')", "XA END 'r'", "XA PREPARE 'r'", "XA ROLLBACK 'r'",
           "XA START 'o'", "INSERT INTO d.t VALUES(3, 'x')", "XA END 'o'",
           "XA COMMIT 'o' ONE PHASE"});
  const Trace trace = Read();
  EXPECT_THAT(trace.lines,
              ElementsAre("begin", "insert d.t a=1 b=x", "end xa_prepare", "begin", "end xa_commit",
                          "begin", "insert d.t a=2 b=x", "end xa_prepare", "begin",
                          "end xa_rollback", "begin", "insert d.t a=3 b=x", "end commit"));
  std::vector<std::string> names;
  for (const binlog::TransactionHead& head : trace.heads) names.push_back(head.xa_id);
  EXPECT_THAT(names,
              ElementsAre("X'6162',X'63',7", "X'6162',X'63',7", "X'72',X'',1", "X'72',X'',1", ""));
}

TEST_F(Transactions, XaThatChangesNothingIsNotLogged) {
  Execute({"XA START 'n'", "SELECT * FROM d.t", "XA END 'n'", "XA PREPARE 'n'", "XA COMMIT 'n'",
           "XA START 'm'", "XA END 'm'", "XA PREPARE 'm'", "XA ROLLBACK 'm'"});
  EXPECT_THAT(Read().lines, testing::IsEmpty());
}

TEST_F(Transactions, StatementsThatChangeRowsWithoutSayingWhichAreUnreadable) {
  Execute({"TRUNCATE d.t", "CREATE TABLE d.u(a INT)", "RENAME TABLE d.u TO d.v",
           "ALTER TABLE d.v ADD COLUMN b INT", "DROP TABLE d.v",
           "CREATE TABLE d.w(a INT) SELECT 1 AS a", "SET SESSION binlog_format = STATEMENT",
           "INSERT INTO d.n VALUES(1)"});
  const Trace trace = Read();
  EXPECT_THAT(
      trace.lines,
      ElementsAre("begin", "unreadable statement d.t", "end commit",                              //
                  "begin", "statement CREATE TABLE d.u(a INT)", "end commit",                     //
                  "begin", "unreadable statement d.u", "unreadable statement d.v", "end commit",  //
                  "begin", "statement ALTER TABLE d.v ADD COLUMN b INT", "end commit",            //
                  "begin", "unreadable statement d.v", "end commit",                              //
                  "begin", HasSubstr("statement CREATE TABLE `d`.`w`"), "insert d.w a=1",
                  "end commit",  //
                  "begin", "unreadable statement .", "end commit"));
  EXPECT_THAT(trace.reasons.back(), HasSubstr("INSERT INTO d.n VALUES(1)"));
  EXPECT_TRUE(trace.heads[0].standalone);
  EXPECT_FALSE(trace.heads.back().standalone);
}

TEST_F(Transactions, ColumnsThatAnImageLeavesOutAreAbsentNotNull) {
  Execute({"INSERT INTO d.t VALUES(1, 'x')", "SET SESSION binlog_row_image = MINIMAL",
           "UPDATE d.t SET b = NULL WHERE a = 1", "DELETE FROM d.t WHERE a = 1"});
  EXPECT_THAT(Read().lines, ElementsAre("begin", "insert d.t a=1 b=x", "end commit", "begin",
                                        "update d.t a=1 -> b=NULL", "end commit", "begin",
                                        "delete d.t a=1", "end commit"));
}

TEST_F(Transactions, WithoutMetadataColumnsHaveNumbersAndNoSigns) {
  Execute({"SET GLOBAL binlog_row_metadata = NO_LOG", "CREATE TABLE d.s(a BIGINT UNSIGNED)",
           "INSERT INTO d.s VALUES(18446744073709551611)", "INSERT INTO d.t VALUES(1, 'x')"});
  EXPECT_THAT(Read().lines, testing::IsSupersetOf({"insert d.s @1=-5", "insert d.t @1=1 @2=x"}));
}

TEST_F(Transactions, ASecondTableMapOfTheSameTableIsTheOneThatCounts) {
  Execute({"INSERT INTO d.t VALUES(1, 'x')", "ALTER TABLE d.t ADD COLUMN c BIT(3) FIRST",
           "INSERT INTO d.t VALUES(b'101', 2, 'y')", "FLUSH TABLES",
           "INSERT INTO d.t(a) VALUES(3)"});
  EXPECT_THAT(Read().lines, testing::IsSupersetOf({"insert d.t a=1 b=x", "insert d.t c=5 a=2 b=y",
                                                   "insert d.t c=NULL a=3 b=NULL"}));
}

}  // namespace
}  // namespace fundgate::mariadb_testing
