#include "server/sidecar/snapshot_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/mapping/rows.h"

namespace fundgate::sidecar {
namespace {

using mapping::testing::DocumentOf;
using mapping::testing::Refund;
using mapping::testing::RefundsOf;
using mapping::testing::RefundTable;
using ::testing::HasSubstr;

class Running : public ::testing::Test {
 protected:
  struct Sent {
    v1::SnapshotStep step;
    std::vector<v1::Event> events;
  };

  void Order(std::vector<std::string> tables, SnapshotOptions options = {.rows_per_second = 0}) {
    v1::SnapshotOrder order;
    order.set_run(7);
    for (std::string& table : tables) order.add_tables()->set_table(std::move(table));
    runner_.emplace(std::move(order), mapper_, std::move(options), log_, [this] { return now_; });
    runner_->set_sink({.push = [this](feed::Transaction step) { return Push(std::move(step)); },
                       .acknowledged_steps = [this] { return acknowledged_; },
                       .is_over = [this] { return over_; }});
  }

  absl::Status Push(feed::Transaction step) {
    Sent& sent = sent_.emplace_back();
    sent.step = *step.snapshot;
    while (!step.events.empty()) {
      sent.events.push_back(**step.events.Front());
      step.events.Pop();
    }
    return absl::OkStatus();
  }

  // So many refunds of CNY 10.00, of which the unmappable ones have an amount that is none.
  TableChunk Rows(int count, bool is_last, bool mappable = true) {
    TableChunk chunk;
    chunk.definition = RefundsOf();
    chunk.is_last = is_last;
    for (int i = 0; i < count; ++i) {
      chunk.rows.emplace_back();
      chunk.cursors.push_back(absl::StrCat("x", i));
    }
    row_ = Refund("SUCCESS", mappable ? "10.00" : "0.001");
    chunk.values_of = [this](const TableChunk::Row&) {
      return std::span<const binlog::Value>(row_);
    };
    return chunk;
  }

  absl::Time now_ = absl::FromUnixSeconds(1000);
  uint64_t acknowledged_ = 0;
  bool over_ = false;
  std::vector<Sent> sent_;
  std::vector<std::string> errors_;
  mapping::testing::Row row_;
  Log log_{[this](const logging::Line& line) {
    if (line.severity == logging::Severity::kError) errors_.push_back(logging::ToText(line));
  }};
  mapping::RowMapper mapper_ = *mapping::RowMapper::Create(DocumentOf(RefundTable()), "pay_db");
  std::optional<SnapshotRunner> runner_;
};

TEST_F(Running, TellsRowsAsTheyStandWithWhereTheTableGoesOn) {
  Order({"pay.refund"});
  const auto task = runner_->Next();
  ASSERT_TRUE(task.has_value());
  EXPECT_EQ(task->table, "pay.refund");
  EXPECT_EQ(task->cursor, "");
  ASSERT_TRUE(runner_->Take(*task, Rows(3, false)).ok());
  ASSERT_EQ(sent_.size(), 1U);
  EXPECT_EQ(sent_[0].step.run(), 7U);
  EXPECT_EQ(sent_[0].step.cursor(), "x2");
  EXPECT_EQ(sent_[0].step.rows(), 3U);
  EXPECT_FALSE(sent_[0].step.is_last());
  ASSERT_EQ(sent_[0].events.size(), 3U);
  const v1::Event& event = sent_[0].events[0];
  EXPECT_TRUE(event.snapshot());
  EXPECT_TRUE(event.movement().has_after());
  EXPECT_FALSE(event.movement().has_before());
  EXPECT_FALSE(event.has_occurred_at());
  EXPECT_EQ(runner_->Next()->cursor, "x2");
}

TEST_F(Running, GoesOnWhereTheGateSaysThatItWas) {
  v1::SnapshotOrder order;
  Order({"pay.refund"});
  (void)runner_->Take(*runner_->Next(), Rows(3, false));
  const std::string first = sent_[0].events[0].event_id();
  (void)runner_->Take(*runner_->Next(), Rows(3, false));
  EXPECT_NE(sent_[1].events[0].event_id(), first);  // no two rows share a name
}

TEST_F(Running, CutsWhatIsTooLargeForOneStepBetweenRows) {
  Order({"pay.refund"}, {.rows_per_second = 0, .events_of_step = 2});
  ASSERT_TRUE(runner_->Take(*runner_->Next(), Rows(5, true)).ok());
  ASSERT_EQ(sent_.size(), 3U);
  EXPECT_EQ(sent_[0].step.cursor(), "x1");
  EXPECT_EQ(sent_[1].step.cursor(), "x3");
  EXPECT_EQ(sent_[2].step.cursor(), "x4");
  EXPECT_FALSE(sent_[1].step.is_last());
  EXPECT_TRUE(sent_[2].step.is_last());
}

TEST_F(Running, LongRowsAreReadFewAtATimeAndShortOnesManyAgain) {
  Order({"pay.refund"});
  TableChunk cut = Rows(4, false);  // of a thousand that were asked for
  cut.bytes = 4 << 20;
  EXPECT_EQ(runner_->Next()->bytes, size_t{4} << 20);
  ASSERT_TRUE(runner_->Take(*runner_->Next(), cut).ok());
  acknowledged_ = 1;
  EXPECT_EQ(runner_->Next()->rows, 2U);
  EXPECT_EQ(runner_->Next()->cursor, "x3");
  for (int i = 0; i < 12; ++i) {
    TableChunk small = Rows(static_cast<int>(runner_->Next()->rows), false);
    small.bytes = small.rows.size() * 10;
    ASSERT_TRUE(runner_->Take(*runner_->Next(), small).ok());
    acknowledged_ = sent_.size();
  }
  EXPECT_GE(runner_->Next()->rows, 1000U);
}

TEST_F(Running, WaitsForTheGateBeforeItReadsOn) {
  Order({"pay.refund"});
  for (int i = 0; i < 4; ++i) (void)runner_->Take(*runner_->Next(), Rows(1, false));
  EXPECT_FALSE(runner_->Next().has_value());
  acknowledged_ = 1;
  EXPECT_TRUE(runner_->Next().has_value());
}

TEST_F(Running, ReadsNoMoreRowsASecondThanItMay) {
  Order({"pay.refund"}, {.rows_per_second = 100});
  const auto task = runner_->Next();
  EXPECT_LE(task->rows, 10U);
  (void)runner_->Take(*task, Rows(10, false));
  EXPECT_FALSE(runner_->Next().has_value());
  now_ += absl::Milliseconds(99);
  EXPECT_FALSE(runner_->Next().has_value());
  now_ += absl::Milliseconds(1);
  EXPECT_TRUE(runner_->Next().has_value());
}

TEST_F(Running, ReadsLessAtOnceWhereTheDatabaseIsSlow) {
  Order({"pay.refund"});
  const auto task = runner_->Next();
  now_ += absl::Seconds(10);
  (void)runner_->Take(*task, Rows(1, false));
  EXPECT_LT(runner_->Next()->rows, task->rows);
}

TEST_F(Running, HasTheGateSweepOnceAllIsReadUntilTheRunIsOver) {
  Order({"pay.refund", "pay.other"});
  (void)runner_->Take(*runner_->Next(), Rows(1, true));
  EXPECT_EQ(runner_->Next()->table, "pay.other");
  (void)runner_->Take({"pay.other", "", 10}, Rows(0, true));
  EXPECT_FALSE(runner_->Next().has_value());
  ASSERT_GT(sent_.size(), 2U);
  EXPECT_TRUE(sent_.back().step.sweeps());
  const size_t sent = sent_.size();
  EXPECT_FALSE(runner_->Next().has_value());
  EXPECT_EQ(sent_.size(), sent);  // some are under way
  acknowledged_ = sent;
  over_ = true;
  EXPECT_FALSE(runner_->Next().has_value());
  EXPECT_EQ(sent_.size(), sent);
}

TEST_F(Running, ARowThatCantBeReadIsAGapThatNamesIt) {
  Order({"pay.refund"});
  (void)runner_->Take(*runner_->Next(), Rows(1, true, false));
  ASSERT_EQ(sent_[0].events.size(), 1U);
  const v1::Gap& gap = sent_[0].events[0].gap();
  EXPECT_EQ(gap.row().table(), "pay.refund");
  EXPECT_FALSE(gap.row().primary_key().empty());
  EXPECT_TRUE(sent_[0].events[0].snapshot());
}

TEST_F(Running, WhatAPersonMustSetRightIsToldToTheGate) {
  Order({"pay.refund"});
  (void)runner_->GiveUp(*runner_->Next(), absl::PermissionDeniedError("GRANT SELECT"));
  EXPECT_THAT(sent_[0].step.problem(), HasSubstr("GRANT SELECT"));
  EXPECT_EQ(errors_.size(), 1U);
  EXPECT_FALSE(runner_->Next().has_value());
}

}  // namespace
}  // namespace fundgate::sidecar
