// What becomes of XA transactions: told once they are committed, never if they are rolled back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/sidecar/feed/stager.h"
#include "tests/mapping/rows.h"

namespace fundgate::feed {
namespace {

using binlog::TransactionEnd;
using mapping::testing::DocumentOf;
using mapping::testing::Refund;
using mapping::testing::RefundsOf;
using mapping::testing::RefundTable;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Xa : public ::testing::Test {
 protected:
  Xa() { Connect(""); }

  // A session that goes on at this position.
  void Connect(const std::string& position, PreparedLimits limits = {}, bool stops_at_gap = false) {
    stager_ = std::make_unique<Stager>(
        mapper_,
        StagerOptions{.position = *SourcePosition::Parse(position, PositionForm::kGtids),
                      .stops_at_gap = stops_at_gap,
                      .prepared = limits},
        log_, counters_, [this](Transaction transaction) {
          taken_.push_back(std::move(transaction));
          return absl::OkStatus();
        });
  }

  // A transaction 0-1-SEQUENCE with so many rows.
  absl::Status Run(uint64_t sequence, const std::string& xa_id, int rows, TransactionEnd end,
                   std::string_view amount = "12.34", int64_t second = 1000) {
    absl::Status status = stager_->OnBegin({.id = absl::StrCat("0-1-", sequence),
                                            .server_id = 1,
                                            .committed_at = second,
                                            .xa_id = xa_id});
    const mapping::testing::Row row = Refund("SUCCESS", amount);
    for (int i = 0; i < rows && status.ok(); ++i) {
      status = stager_->OnRow({.operation = binlog::RowOperation::kInsert,
                               .table = &table_,
                               .after = row,
                               .index = static_cast<uint32_t>(i)});
    }
    return status.ok() ? stager_->OnEnd(end) : status;
  }

  void Prepare(uint64_t sequence, const std::string& xa_id, int rows = 2) {
    EXPECT_TRUE(Run(sequence, xa_id, rows, TransactionEnd::kXaPrepare).ok());
  }
  void Commit(uint64_t sequence, const std::string& xa_id) {
    EXPECT_TRUE(Run(sequence, xa_id, 0, TransactionEnd::kXaCommit).ok());
  }
  void Rollback(uint64_t sequence, const std::string& xa_id) {
    EXPECT_TRUE(Run(sequence, xa_id, 0, TransactionEnd::kXaRollback).ok());
  }
  void Plain(uint64_t sequence, int rows = 1) {
    EXPECT_TRUE(Run(sequence, "", rows, TransactionEnd::kCommit).ok());
  }

  // What was handed on: "STEP EVENT-IDS", gaps as "gap".
  std::vector<std::string> Taken() {
    std::vector<std::string> lines;
    for (Transaction& transaction : taken_) {
      std::string line = transaction.step.ToString();
      for (; !transaction.events.empty(); transaction.events.Pop()) {
        const v1::Event& event = **transaction.events.Front();
        absl::StrAppend(&line, " ", event.has_gap() ? "gap" : event.event_id());
      }
      if (transaction.undecided.has_value()) line += " undecided";
      if (transaction.undecided.has_value()) {
        for (const Step& step : *transaction.undecided) {
          absl::StrAppend(&line, " ", step.ToString());
        }
      }
      lines.push_back(line);
    }
    taken_.clear();
    return lines;
  }

  binlog::Table table_ = RefundsOf();
  std::vector<std::string> warnings_;
  std::vector<Transaction> taken_;
  Counters counters_;
  sidecar::Log log_{[this](const logging::Line& line) {
    if (line.severity == logging::Severity::kWarning) warnings_.push_back(logging::ToText(line));
  }};
  mapping::RowMapper mapper_ = *mapping::RowMapper::Create(DocumentOf(RefundTable()), "pay_db");
  std::unique_ptr<Stager> stager_;
};

TEST_F(Xa, RowsAreToldOnlyOnceTheyAreCommitted) {
  Plain(1);
  Prepare(2, "a");
  Plain(3);
  EXPECT_THAT(Taken(), ElementsAre("0-1-1 0-1-1", "0-1-2 undecided 0-1-1", "0-1-3 0-1-3"));
  Commit(4, "a");
  ASSERT_EQ(taken_.size(), 1U);
  EXPECT_TRUE(taken_[0].was_prepared);
  EXPECT_THAT(Taken(), ElementsAre("0-1-4 0-1-2 0-1-2 undecided"));
  EXPECT_EQ(counters_.gaps, 0U);
}

TEST_F(Xa, RowsThatAreRolledBackAreNeverTold) {
  Prepare(1, "a");
  Rollback(2, "a");
  EXPECT_THAT(Taken(), ElementsAre("0-1-1 undecided 0-1-0", "0-1-2 undecided"));
  EXPECT_EQ(counters_.events, 0U);
}

TEST_F(Xa, SeveralAtATimeAreDecidedInAnyOrder) {
  Prepare(1, "a", 1);
  Prepare(2, "b", 1);
  Prepare(3, "c", 0);
  Taken();
  Commit(4, "b");
  Rollback(5, "a");
  Commit(6, "c");
  EXPECT_THAT(Taken(), ElementsAre("0-1-4 0-1-2 undecided 0-1-0", "0-1-5 undecided 0-1-2",
                                   "0-1-6 undecided"));
}

TEST_F(Xa, OneThatWasPreparedBeforeReadingBeganIsAGapOnceItIsCommitted) {
  Connect("0-1-8");
  Commit(9, "a");
  Rollback(10, "b");
  EXPECT_THAT(Taken(), ElementsAre("0-1-9 gap", "0-1-10"));
  EXPECT_EQ(counters_.gaps, 1U);
}

TEST_F(Xa, ASessionThatComesLaterReadsAgainWhatWasUndecidedAndTellsNothingTwice) {
  Connect("0-1-6,xa.0-1:3");  // from 0-1-1 on
  Prepare(2, "a");
  Prepare(3, "b");
  Plain(4);
  Commit(5, "a");
  Plain(6);
  EXPECT_THAT(Taken(), IsEmpty());
  EXPECT_EQ(counters_.transactions, 0U);
  Commit(7, "b");
  Plain(8);
  EXPECT_THAT(Taken(), ElementsAre("0-1-7 0-1-3 0-1-3 undecided", "0-1-8 0-1-8"));
}

TEST_F(Xa, WhatIsReadAgainIsStillKnownToBeUndecidedByTheFirstNewTransaction) {
  Connect("0-1-6,xa.0-1:3");
  Prepare(2, "a");
  Rollback(3, "a");
  Prepare(4, "b");
  Plain(5);
  Plain(6);
  Plain(7);
  EXPECT_THAT(Taken(), ElementsAre("0-1-7 0-1-7 undecided 0-1-3"));
}

TEST_F(Xa, ANumberThatRunsBackwardsIsNotTakenForSomethingReadAgain) {
  Connect("0-1-6,xa.0-1:9");
  Prepare(5, "a");
  Plain(6);
  EXPECT_THAT(Taken(), IsEmpty());
  Plain(4);
  EXPECT_EQ(Taken().size(), 1U);
}

TEST_F(Xa, ARowThatCannotBeReadStopsTheSourceOnlyIfItIsCommitted) {
  Connect("", {}, /*stops_at_gap=*/true);
  EXPECT_TRUE(Run(1, "a", 1, TransactionEnd::kXaPrepare, "0.001").ok());
  Rollback(2, "a");
  EXPECT_TRUE(Run(3, "b", 1, TransactionEnd::kXaPrepare, "0.001").ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(Run(4, "b", 0, TransactionEnd::kXaCommit)));
  EXPECT_EQ(Taken().size(), 3U);
}

TEST_F(Xa, WhatCannotBeReadOfItIsToldAtOnce) {
  EXPECT_TRUE(stager_->OnBegin({.id = "0-1-1", .xa_id = "a"}).ok());
  EXPECT_TRUE(stager_->OnUnreadable({.database = "pay", .table = "refund", .reason = "x"}).ok());
  EXPECT_TRUE(stager_->OnEnd(TransactionEnd::kXaPrepare).ok());
  EXPECT_THAT(Taken(), ElementsAre("0-1-1 gap undecided 0-1-0"));
}

TEST_F(Xa, OneThatWaitsForTooLongIsGivenUpAndAGapIfItIsCommittedAfterAll) {
  Connect("", {.age = absl::Seconds(10)});
  Prepare(1, "a");
  EXPECT_TRUE(Run(2, "", 0, TransactionEnd::kCommit, "1", 1010).ok());
  EXPECT_THAT(warnings_, IsEmpty());
  EXPECT_TRUE(Run(3, "", 0, TransactionEnd::kCommit, "1", 1011).ok());
  ASSERT_EQ(warnings_.size(), 1U);
  EXPECT_THAT(warnings_[0], ::testing::HasSubstr("transaction=0-1-1"));
  Commit(4, "a");
  EXPECT_THAT(Taken(),
              ElementsAre("0-1-1 undecided 0-1-0", "0-1-2", "0-1-3 undecided", "0-1-4 gap"));
}

TEST_F(Xa, OnePhaseIsATransactionLikeAnyOther) {
  EXPECT_TRUE(Run(1, "a", 1, TransactionEnd::kCommit).ok());
  EXPECT_THAT(Taken(), ElementsAre("0-1-1 0-1-1"));
}

}  // namespace
}  // namespace fundgate::feed
