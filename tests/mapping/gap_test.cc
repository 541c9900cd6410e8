// What becomes of rows that can't be read, and of tables that can't be mapped.
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/mapping/rows.h"

namespace fundgate::mapping {
namespace {

using testing::Absent;
using testing::Bytes;
using testing::Decimal;
using ::testing::HasSubstr;
using testing::Int;
using testing::Mapping;
using testing::Null;
using testing::OnlyGap;
using testing::Refund;
using testing::RefundsOf;
using testing::Row;
using testing::Text;

enum Column : size_t { kId, kNo, kMerchant, kOrder, kAmount, kStatus, kNote };

class Gaps : public ::testing::Test {
 protected:
  static Row With(Column column, binlog::Value value) {
    Row row = Refund("SUCCESS");
    row[column] = value;
    return row;
  }

  const binlog::Table table_ = RefundsOf();
  Mapping mapping_;
};

TEST_F(Gaps, AnInexactAmountIsNeverRounded) {
  for (const char* amount : {"12.345", "0.001", "92233720368547758.08"}) {
    const v1::Gap gap = OnlyGap(mapping_.Insert(table_, With(kAmount, Decimal(amount))));
    EXPECT_THAT(gap.reason(), HasSubstr("fields.amount")) << amount;
    EXPECT_THAT(gap.reason(), HasSubstr("column amount")) << amount;
  }
}

TEST_F(Gaps, WhatIsNoMoneyIsNoAmount) {
  for (const binlog::Value& value :
       {testing::Double(12.5), Null(), Text("twelve"), Text(""), Bytes("12"), Decimal("-1.00")}) {
    EXPECT_THAT(OnlyGap(mapping_.Insert(table_, With(kAmount, value))).reason(),
                HasSubstr("fields.amount"));
  }
}

TEST_F(Gaps, AnAmountThatCantBeReadConcernsItsOrder) {
  const v1::Gap gap = OnlyGap(mapping_.Insert(table_, With(kAmount, Null())));
  EXPECT_EQ(gap.movement_kind(), "refund");
  EXPECT_EQ(gap.table(), "pay.refund");
  EXPECT_EQ(gap.account_id(), "m-1");
  EXPECT_EQ(gap.order_id(), "o-1");
  EXPECT_EQ(gap.idempotency_key(), "r-9");
  EXPECT_THAT(gap.reason(), HasSubstr("row 17"));
  EXPECT_THAT(gap.reason(), HasSubstr("column amount is NULL"));
}

TEST_F(Gaps, WithoutItsOrderTheAccountIsConcerned) {
  const v1::Gap gap = OnlyGap(mapping_.Insert(table_, With(kOrder, Null())));
  EXPECT_EQ(gap.account_id(), "m-1");
  EXPECT_EQ(gap.order_id(), "");
  EXPECT_THAT(gap.reason(), HasSubstr("column order_no is NULL"));
}

TEST_F(Gaps, WithoutItsAccountTheKindIsConcerned) {
  const v1::Gap gap = OnlyGap(mapping_.Insert(table_, With(kMerchant, Null())));
  EXPECT_EQ(gap.movement_kind(), "refund");
  EXPECT_EQ(gap.account_id(), "");
  EXPECT_EQ(gap.order_id(), "");
}

TEST_F(Gaps, NamesThatTheContractDoesntTakeAreNotSent) {
  const std::string long_name(129, 'x');
  for (const binlog::Value& value :
       {Text(""), Text(long_name), Text("\xff\xfe"), testing::Double(1), Bytes("r-9")}) {
    const v1::Gap gap = OnlyGap(mapping_.Insert(table_, With(kNo, value)));
    EXPECT_THAT(gap.reason(), HasSubstr("fields.idempotency_key"));
    EXPECT_EQ(gap.idempotency_key(), "");
  }
}

TEST_F(Gaps, AConditionThatFailsIsAGapBecauseTheRowMayCount) {
  Mapping mapping(R"(    tables:
      - table: pay.refund
        counts: '!row.late'
        emit: refund
        fields: {idempotency_key: row.no, account_id: row.m, order_id: row.o,
                 amount: 'money(row.fen, "CNY", "minor")'}
)");
  const binlog::Table table =
      testing::MakeTable("pay", "refund", {"id", "no", "m", "o", "fen", "late"});
  const v1::Gap gap =
      OnlyGap(mapping.Insert(table, {Int(1), Text("r"), Text("m"), Text("o"), Int(5), Int(0)}));
  EXPECT_THAT(gap.reason(), HasSubstr("counts"));
  EXPECT_THAT(gap.reason(), HasSubstr("column late"));
  EXPECT_EQ(gap.order_id(), "o");
}

TEST_F(Gaps, AnUpdateThatOnlyCuresARowIsStillAGapBecauseWhatItCountedForIsNotKnown) {
  const v1::Gap gap = OnlyGap(
      mapping_.Update(table_, With(kAmount, Decimal("1.005")), With(kAmount, Decimal("1.00"))));
  EXPECT_THAT(gap.reason(), HasSubstr("before its change"));
}

TEST_F(Gaps, AnUpdateConcernsWhereItWasAndWhereItIs) {
  Row after = With(kAmount, Null());
  after[kOrder] = Text("o-2");
  const std::vector<v1::Event> events = mapping_.Update(table_, Refund("SUCCESS"), after);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].gap().order_id(), "o-2");
  EXPECT_EQ(events[1].gap().order_id(), "o-1");
}

TEST_F(Gaps, AMinimalUpdateOfAMappedColumnIsAGap) {
  const Row before = {Int(17), Absent(), Absent(), Absent(), Absent(), Absent(), Absent()};
  const Row after = {Absent(), Absent(), Absent(), Absent(), Absent(), Text("SUCCESS"), Absent()};
  const v1::Gap gap = OnlyGap(mapping_.Update(table_, before, after));
  EXPECT_EQ(gap.account_id(), "");
  EXPECT_THAT(gap.reason(), HasSubstr("not in the row's image: set binlog_row_image=FULL"));
}

TEST_F(Gaps, AnAbsentColumnIsNotNull) {
  EXPECT_THAT(OnlyGap(mapping_.Insert(table_, With(kStatus, Absent()))).reason(),
              HasSubstr("column status is not in the row's image"));
  EXPECT_TRUE(mapping_.Insert(table_, With(kStatus, Null())).empty());
}

TEST_F(Gaps, AnEndlessPrimaryKeyIsAGap) {
  const std::string key(1025, 'k');
  EXPECT_THAT(OnlyGap(mapping_.Insert(table_, With(kId, Text(key)))).reason(),
              HasSubstr("primary key"));
}

TEST_F(Gaps, OptionalNamesMayBeMissing) {
  Mapping mapping(R"(    tables:
      - table: pay.cash_out
        counts: row.paid == 1
        emit: cash_out
        fields: {idempotency_key: row.id, account_id: row.m, order_id: row.o,
                 amount: 'money(row.fen, "CNY", "minor")'}
)");
  const binlog::Table table =
      testing::MakeTable("pay", "cash_out", {"id", "m", "o", "fen", "paid"});
  const v1::MovementEvent movement =
      testing::OnlyMovement(mapping.Insert(table, {Int(1), Text("m"), Null(), Int(5), Int(1)}));
  EXPECT_EQ(movement.after().order_id(), "");
}

TEST_F(Gaps, SomethingUnreadableConcernsTheKindsItMayHaveTouched) {
  const auto kinds = [this](std::string_view database, std::string_view table) {
    std::vector<v1::Event> events;
    mapping_.mapper().AppendGaps(
        {binlog::Unreadable::Kind::kStatement, database, table, "UPDATE as text"}, &events);
    std::vector<std::string> found;
    for (const v1::Event& event : events) {
      EXPECT_EQ(event.event_id(), "0-1-7");
      EXPECT_EQ(event.gap().reason(), "UPDATE as text");
      found.push_back(event.gap().movement_kind());
    }
    return found;
  };
  const std::vector<std::string> refund = {"refund"};
  EXPECT_EQ(kinds("pay", "refund"), refund);
  EXPECT_EQ(kinds("Pay", "REFUND"), refund);
  EXPECT_EQ(kinds("pay", ""), refund);
  EXPECT_EQ(kinds("", ""), refund);
  EXPECT_TRUE(kinds("pay", "audit").empty());
  EXPECT_TRUE(kinds("shop", "").empty());
}

TEST_F(Gaps, ATransactionOfTooManyRowsIsAnError) {
  const Row row = Refund("SUCCESS");
  std::vector<v1::Event> events;
  const absl::Status status = mapping_.mapper().AppendEvents(
      {binlog::RowOperation::kInsert, &table_, {}, row, RowMapper::kRowsMax, ""}, &events);
  EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange);
}

// ---- Tables that can't be mapped ----

TEST_F(Gaps, AMissingColumnIsAGapOfTheKindThatNamesItWhatThereIsAndWhatChangedIt) {
  binlog::Table table = RefundsOf();
  table.columns[kAmount].name = "amout";
  table.changed_by = "0-1-6: ALTER TABLE refund CHANGE amount amout DECIMAL(18,2)";
  const v1::Gap gap = testing::OnlyGap(mapping_.Insert(table, Refund("SUCCESS")));
  EXPECT_EQ(gap.movement_kind(), "refund");
  EXPECT_EQ(gap.account_id(), "");
  EXPECT_EQ(gap.table(), "pay.refund");
  EXPECT_THAT(gap.reason(),
              HasSubstr("table pay.refund has no column \"amount\", which the policy reads as "
                        "row.amount; there are: id, refund_no, merchant_id, order_no, amout"));
  EXPECT_THAT(gap.reason(), HasSubstr("It was changed by 0-1-6: ALTER TABLE refund CHANGE"));
}

TEST_F(Gaps, ATableThatCantBeReadIsOneGapATransaction) {
  binlog::Table table = RefundsOf();
  table.primary_key.clear();
  EXPECT_EQ(mapping_.Insert(table, Refund("SUCCESS")).size(), 1U);
  EXPECT_TRUE(mapping_.Insert(table, Refund("SUCCESS")).empty());
  mapping_.mapper().Begin({.id = "0-1-8"});
  EXPECT_EQ(mapping_.Insert(table, Refund("SUCCESS")).size(), 1U);
}

TEST_F(Gaps, AColumnThatComesBackIsReadAgain) {
  binlog::Table table = RefundsOf();
  table.columns[kAmount].name = "amout";
  table.id = 1;
  (void)mapping_.Insert(table, Refund("SUCCESS"));
  EXPECT_EQ(testing::OnlyMovement(mapping_.Insert(RefundsOf(), Refund("SUCCESS"))).kind(),
            "refund");
}

TEST_F(Gaps, ATableWithoutAPrimaryKeyIsAGap) {
  binlog::Table table = RefundsOf();
  table.primary_key.clear();
  EXPECT_THAT(testing::OnlyGap(mapping_.Insert(table, Refund("SUCCESS"))).reason(),
              HasSubstr("ADD PRIMARY KEY"));
}

TEST_F(Gaps, ATableWithoutNamesOrSignsIsAGap) {
  binlog::Table table = RefundsOf();
  table.names_known = false;
  EXPECT_THAT(testing::OnlyGap(mapping_.Insert(table, Refund("SUCCESS"))).reason(),
              HasSubstr("binlog_row_metadata=FULL"));
  mapping_.mapper().Begin({.id = "0-1-8"});
  table.names_known = true;
  table.signs_known = false;
  table.undescribed = "it was changed by somebody";
  EXPECT_THAT(testing::OnlyGap(mapping_.Insert(table, Refund("SUCCESS"))).reason(),
              HasSubstr("it was changed by somebody"));
}

TEST_F(Gaps, AStatementAboutAColumnConcernsTheKindsThatReadIt) {
  const auto gaps = [this](std::string_view column) {
    std::vector<v1::Event> events;
    mapping_.mapper().AppendGaps({.kind = binlog::Unreadable::Kind::kDefinition,
                                  .database = "pay",
                                  .table = "refund",
                                  .reason = "it was dropped",
                                  .column = column},
                                 &events);
    return events.size();
  };
  EXPECT_EQ(gaps("amount"), 1U);
  EXPECT_EQ(gaps("AMOUNT"), 1U);
  EXPECT_EQ(gaps("note"), 0U);
  EXPECT_EQ(gaps(""), 1U);
}

TEST_F(Gaps, AnotherNumberOfColumnsIsAnError) {
  EXPECT_THAT(mapping_.Refusal(RefundsOf(), {Int(1)}), HasSubstr("another number of columns"));
}

TEST(Creation, OnlyADatabaseSourceHasRows) {
  EXPECT_EQ(RowMapper::Create(testing::DocumentOf(testing::RefundTable()), "bank").status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace fundgate::mapping
