#include "server/sidecar/feed/stager.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/mapping/rows.h"

namespace fundgate::feed {
namespace {

using binlog::RowOperation;
using binlog::TransactionEnd;
using binlog::Unreadable;
using mapping::testing::DocumentOf;
using mapping::testing::Refund;
using mapping::testing::RefundsOf;
using mapping::testing::RefundTable;

class Staging : public ::testing::Test {
 protected:
  void Begin(const std::string& id) {
    binlog::TransactionHead head;
    head.id = id;
    head.server_id = 5;
    head.committed_at = 1000;
    ASSERT_TRUE(stager_.OnBegin(head).ok());
    rows_ = 0;
  }

  void Insert() { Insert(Refund("SUCCESS")); }
  // Its amount is no whole number of cents.
  void InsertUnmappable() { Insert(Refund("SUCCESS", "0.001")); }

  void Insert(const mapping::testing::Row& row) {
    binlog::RowChange change;
    change.operation = RowOperation::kInsert;
    change.table = &table_;
    change.after = row;
    change.index = rows_++;
    ASSERT_TRUE(stager_.OnRow(change).ok());
  }

  void TellUnreadable() {
    Unreadable unreadable;
    unreadable.kind = Unreadable::Kind::kStatement;
    unreadable.database = "pay";
    unreadable.table = "refund";
    unreadable.reason = "UPDATE as text";
    ASSERT_TRUE(stager_.OnUnreadable(unreadable).ok());
  }

  void End(TransactionEnd end) { ASSERT_TRUE(stager_.OnEnd(end).ok()); }

  // The events of the newest transaction.
  std::vector<v1::Event> Events() {
    std::vector<v1::Event> events;
    StagedEvents& staged = taken_.back().events;
    while (!staged.empty()) {
      events.push_back(**staged.Front());
      staged.Pop();
    }
    return events;
  }

  binlog::Table table_ = RefundsOf();
  uint32_t rows_ = 0;
  std::vector<std::string> errors_;
  std::vector<Transaction> taken_;
  Counters counters_;
  sidecar::Log log_{[this](const logging::Line& line) {
    if (line.severity == sidecar::Severity::kError) errors_.push_back(logging::ToText(line));
  }};
  mapping::RowMapper mapper_ = *mapping::RowMapper::Create(DocumentOf(RefundTable()), "pay_db");
  Stager stager_{mapper_, {}, log_, counters_, [this](Transaction transaction) {
                   taken_.push_back(std::move(transaction));
                   return absl::OkStatus();
                 }};
};

TEST_F(Staging, ATransactionIsTakenWholeWhenItEnds) {
  Begin("0-1-7");
  Insert();
  Insert();
  EXPECT_TRUE(taken_.empty());
  End(TransactionEnd::kCommit);
  ASSERT_EQ(taken_.size(), 1U);
  EXPECT_EQ(taken_[0].step, Step(Gtid{0, 1, 7}));
  EXPECT_EQ(taken_[0].committed_at, absl::FromUnixSeconds(1000));
  const auto events = Events();
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[1].event_id(), "0-1-7");
  EXPECT_LT(events[0].row_index(), events[1].row_index());
  EXPECT_EQ(counters_.transactions, 1U);
  EXPECT_EQ(counters_.events, 2U);
  EXPECT_EQ(counters_.gaps, 0U);
}

TEST_F(Staging, ATransactionWithoutEventsMovesThePosition) {
  Begin("0-1-7");
  End(TransactionEnd::kCommit);
  ASSERT_EQ(taken_.size(), 1U);
  EXPECT_TRUE(taken_[0].events.empty());
}

TEST_F(Staging, ACutTransactionLeavesNothingBehind) {
  Begin("0-1-7");
  Insert();
  Begin("0-1-7");
  Insert();
  End(TransactionEnd::kCommit);
  EXPECT_EQ(Events().size(), 1U);
}

// Its name comes again: were it told as read, the one that gets it would be passed over.
TEST_F(Staging, ATransactionThatACrashCutOffIsNotToldAtAll) {
  Begin("0-1-7");
  Insert();
  TellUnreadable();
  End(TransactionEnd::kCutOff);
  EXPECT_TRUE(taken_.empty());
  EXPECT_EQ(counters_.transactions, 0U);
  Begin("0-1-7");
  Insert();
  End(TransactionEnd::kCommit);
  EXPECT_EQ(Events().size(), 1U);
}

TEST_F(Staging, RowsThatWereRolledBackAreDroppedAndWhatCannotBeReadIsNot) {
  Begin("0-1-7");
  Insert();
  TellUnreadable();
  End(TransactionEnd::kRollback);
  const auto events = Events();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].gap().movement_kind(), "refund");
}

TEST_F(Staging, WhatCannotBeReadIsOneGapAKindBehindAllRowsAndAnErrorInTheLog) {
  Begin("0-1-7");
  for (int i = 0; i < 1000; ++i) TellUnreadable();
  Insert();
  End(TransactionEnd::kCommit);
  const auto events = Events();
  ASSERT_EQ(events.size(), 2U);
  EXPECT_TRUE(events[0].has_movement());
  EXPECT_TRUE(events[1].has_gap());
  EXPECT_GT(events[1].row_index(), events[0].row_index());
  ASSERT_EQ(errors_.size(), 1U);
  EXPECT_NE(errors_[0].find("transaction=0-1-7"), std::string::npos) << errors_[0];
  EXPECT_NE(errors_[0].find("kind=refund"), std::string::npos) << errors_[0];
  EXPECT_EQ(counters_.gaps, 1U);
  Begin("0-1-8");
  TellUnreadable();
  End(TransactionEnd::kCommit);
  EXPECT_EQ(counters_.gaps, 2U);
}

TEST_F(Staging, AMillionUnreadableRowsDoNotFloodTheLog) {
  Begin("0-1-7");
  for (int i = 0; i < 1000; ++i) InsertUnmappable();
  End(TransactionEnd::kCommit);
  EXPECT_EQ(Events().size(), 1000U);
  EXPECT_EQ(counters_.gaps, 1000U);
  ASSERT_EQ(errors_.size(), 11U);
  EXPECT_NE(errors_.back().find("more=990"), std::string::npos) << errors_.back();
}

TEST_F(Staging, WhereThePolicySaysSoATransactionWithAGapIsNotHandedOn) {
  StagerOptions options;
  options.stops_at_gap = true;
  Stager careful(mapper_, options, log_, counters_, [this](Transaction transaction) {
    taken_.push_back(std::move(transaction));
    return absl::OkStatus();
  });
  ASSERT_TRUE(careful.OnBegin({.id = "0-5-1"}).ok());
  ASSERT_TRUE(careful.OnEnd(TransactionEnd::kCommit).ok());
  ASSERT_EQ(taken_.size(), 1U);
  ASSERT_TRUE(careful.OnBegin({.id = "0-5-2"}).ok());
  ASSERT_TRUE(careful.OnUnreadable({.database = "pay", .table = "refund", .reason = "x"}).ok());
  const absl::Status status = careful.OnEnd(TransactionEnd::kCommit);
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_EQ(taken_.size(), 1U);
}

TEST_F(Staging, ATransactionWithoutAMariadbNameIsRefused) {
  binlog::TransactionHead head;
  head.id = "mariadb-bin.000001:4";
  EXPECT_TRUE(absl::IsInvalidArgument(stager_.OnBegin(head)));
}

}  // namespace
}  // namespace fundgate::feed
