// What a changed row becomes, if it can be read.
#include <fstream>
#include <sstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/policy/document.h"
#include "server/policy/mapping.h"
#include "tests/mapping/rows.h"
#include "tests/places/places.h"

namespace fundgate::mapping {
namespace {

using testing::Absent;
using testing::Decimal;
using ::testing::HasSubstr;
using testing::Int;
using testing::Mapping;
using testing::Null;
using testing::OnlyMovement;
using testing::Refund;
using testing::RefundsOf;
using testing::Row;
using testing::Text;

class Changes : public ::testing::Test {
 protected:
  const binlog::Table table_ = RefundsOf();
  Mapping mapping_;
};

TEST_F(Changes, AnInsertedRowThatCountsSaysAllOfItsMovement) {
  const std::vector<v1::Event> events = mapping_.Insert(table_, Refund("SUCCESS"));
  const v1::MovementEvent movement = OnlyMovement(events);
  EXPECT_EQ(movement.kind(), "refund");
  EXPECT_EQ(movement.row().table(), "pay.refund");
  EXPECT_EQ(movement.row().primary_key(), "17");
  EXPECT_NE(movement.row().image_hash(), 0U);
  EXPECT_FALSE(movement.has_before());
  EXPECT_EQ(movement.after().status(), v1::MOVEMENT_STATUS_HAPPENED);
  EXPECT_EQ(movement.after().idempotency_key(), "r-9");
  EXPECT_EQ(movement.after().account_id(), "m-1");
  EXPECT_EQ(movement.after().order_id(), "o-1");
  EXPECT_EQ(movement.after().amount().currency_code(), "CNY");
  EXPECT_EQ(movement.after().amount().minor_units(), 1234);
}

TEST_F(Changes, AnEventNamesItsTransactionItsRowAndItsTime) {
  EXPECT_TRUE(mapping_.Insert(table_, Refund("NEW")).empty());
  const std::vector<v1::Event> events = mapping_.Insert(table_, Refund("SUCCESS"));
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].event_id(), "0-1-7");
  EXPECT_EQ(events[0].row_index(), RowMapper::kEventsOfARow);
  EXPECT_EQ(events[0].occurred_at().seconds(), 1'800'000'000);
  EXPECT_EQ(events[0].origin().server_id(), 5U);
}

TEST_F(Changes, AnUpdateSaysWhatTheRowCountedForBeforeAndAfter) {
  const v1::MovementEvent movement = OnlyMovement(
      mapping_.Update(table_, Refund("PROCESSING", "10.00"), Refund("SUCCESS", "9.00")));
  EXPECT_EQ(movement.before().status(), v1::MOVEMENT_STATUS_IN_PROGRESS);
  EXPECT_EQ(movement.before().amount().minor_units(), 1000);
  EXPECT_EQ(movement.after().status(), v1::MOVEMENT_STATUS_HAPPENED);
  EXPECT_EQ(movement.after().amount().minor_units(), 900);
}

TEST_F(Changes, EachConditionHasItsStatus) {
  for (const auto& [text, status] : {std::pair{"SUCCESS", v1::MOVEMENT_STATUS_HAPPENED},
                                     std::pair{"PROCESSING", v1::MOVEMENT_STATUS_IN_PROGRESS},
                                     std::pair{"FAILED", v1::MOVEMENT_STATUS_FAILED}}) {
    EXPECT_EQ(OnlyMovement(mapping_.Insert(table_, Refund(text))).after().status(), status) << text;
  }
}

TEST_F(Changes, ADeletionSaysWhatTheRowCountedForAndHasNoImage) {
  const v1::MovementEvent movement = OnlyMovement(mapping_.Delete(table_, Refund("SUCCESS")));
  EXPECT_EQ(movement.before().status(), v1::MOVEMENT_STATUS_HAPPENED);
  EXPECT_FALSE(movement.has_after());
  EXPECT_EQ(movement.row().primary_key(), "17");
  EXPECT_EQ(movement.row().image_hash(), 0U);
}

TEST_F(Changes, ARowThatSaysNothingBeforeAndAfterIsNoEvent) {
  EXPECT_TRUE(mapping_.Insert(table_, Refund("NEW")).empty());
  EXPECT_TRUE(mapping_.Update(table_, Refund("NEW"), Refund("CHECKED")).empty());
  EXPECT_TRUE(mapping_.Delete(table_, Refund("CHECKED")).empty());
}

TEST_F(Changes, ARowThatSaysNothingIsNotReadFurther) {
  Row row = Refund("NEW");
  row[4] = Null();
  EXPECT_TRUE(mapping_.Insert(table_, row).empty());
}

TEST_F(Changes, ARowThatBeginsToSayNothingTakesItsMovementBack) {
  const v1::MovementEvent movement =
      OnlyMovement(mapping_.Update(table_, Refund("SUCCESS"), Refund("VOID")));
  EXPECT_EQ(movement.before().status(), v1::MOVEMENT_STATUS_HAPPENED);
  EXPECT_EQ(movement.after().status(), v1::MOVEMENT_STATUS_NONE);
}

TEST_F(Changes, AnUpdateOfAnUnmappedColumnCarriesTheNewImageAndTheSameMovement) {
  Row after = Refund("SUCCESS");
  after[6] = Text("seen by Li");
  const v1::MovementEvent inserted = OnlyMovement(mapping_.Insert(table_, Refund("SUCCESS")));
  const v1::MovementEvent updated = OnlyMovement(mapping_.Update(table_, Refund("SUCCESS"), after));
  EXPECT_NE(updated.row().image_hash(), inserted.row().image_hash());
  EXPECT_EQ(updated.before().SerializeAsString(), updated.after().SerializeAsString());
}

TEST_F(Changes, AnotherKeyStandsInTheSameEvent) {
  Row after = Refund("SUCCESS");
  after[1] = Text("r-10");
  const v1::MovementEvent movement =
      OnlyMovement(mapping_.Update(table_, Refund("SUCCESS"), after));
  EXPECT_EQ(movement.before().idempotency_key(), "r-9");
  EXPECT_EQ(movement.after().idempotency_key(), "r-10");
}

TEST_F(Changes, AnotherPrimaryKeyIsADeletionAndAnInsertion) {
  Row after = Refund("SUCCESS");
  after[0] = Int(18);
  const std::vector<v1::Event> events = mapping_.Update(table_, Refund("SUCCESS"), after);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].movement().row().primary_key(), "17");
  EXPECT_TRUE(events[0].movement().has_before());
  EXPECT_FALSE(events[0].movement().has_after());
  EXPECT_EQ(events[1].movement().row().primary_key(), "18");
  EXPECT_FALSE(events[1].movement().has_before());
  EXPECT_TRUE(events[1].movement().has_after());
  EXPECT_EQ(events[1].row_index(), events[0].row_index() + 1);
}

TEST_F(Changes, RowsOfOtherTablesAreNoEvents) {
  EXPECT_TRUE(mapping_.Insert(testing::MakeTable("pay", "audit", {"id"}), {Int(1)}).empty());
  EXPECT_TRUE(mapping_.Insert(testing::MakeTable("shop", "refund", {"id"}), {Int(1)}).empty());
}

TEST_F(Changes, TheTextOfTheWorldComesThroughUnchanged) {
  Row row = Refund("SUCCESS");
  row[1] = Text("退款-9 €");
  EXPECT_EQ(OnlyMovement(mapping_.Insert(table_, row)).after().idempotency_key(), "退款-9 €");
}

TEST_F(Changes, WholeNumbersAreNamesToo) {
  Row row = Refund("SUCCESS");
  row[1] = Int(-5);
  row[2] = testing::Uint(UINT64_MAX);
  const v1::MovementEvent movement = OnlyMovement(mapping_.Insert(table_, row));
  EXPECT_EQ(movement.after().idempotency_key(), "-5");
  EXPECT_EQ(movement.after().account_id(), "18446744073709551615");
}

TEST_F(Changes, NamesMayBeJoinedFromColumnsRowByRow) {
  Mapping joined(R"(    tables:
      - table: pay.refund
        counts: 'row.status == "SUCCESS"'
        emit: refund
        fields:
          idempotency_key: 'row.merchant_id + "/" + row.refund_no.upperAscii()'
          account_id: row.merchant_id
          order_id: '"o" + string(row.id)'
          amount: 'money(row.amount, "CNY", "major")'
)");
  for (const char* number : {"r-9", "r-10"}) {
    Row row = Refund("SUCCESS");
    row[1] = Text(number);
    const v1::MovementEvent movement = OnlyMovement(joined.Insert(table_, row));
    EXPECT_EQ(movement.after().idempotency_key(), "m-1/R-" + std::string(number).substr(2));
    EXPECT_EQ(movement.after().order_id(), "o17");
  }
}

TEST_F(Changes, AmountsAreExactWhateverTheirColumnIs) {
  const std::pair<binlog::Value, int64_t> cases[] = {
      {Decimal("0.01"), 1},
      {Decimal("12.3400"), 1234},
      {Decimal("90071992547409.93"), 9'007'199'254'740'993},
      {Decimal("92233720368547758.07"), INT64_MAX},
      {Int(12), 1200},
      {testing::Uint(12), 1200},
      {Text("12.34"), 1234}};
  for (const auto& [value, minor_units] : cases) {
    Row row = Refund("SUCCESS");
    row[4] = value;
    EXPECT_EQ(OnlyMovement(mapping_.Insert(table_, row)).after().amount().minor_units(),
              minor_units);
  }
}

TEST_F(Changes, ColumnsAreFoundByNameWhereverTheyStand) {
  binlog::Table table = testing::MakeTable(
      "pay", "refund", {"STATUS", "amount", "id", "order_no", "merchant_id", "refund_no"});
  table.primary_key = {2};
  const v1::MovementEvent movement = OnlyMovement(mapping_.Insert(
      table, {Text("SUCCESS"), Decimal("1.00"), Int(3), Text("o-1"), Text("m-1"), Text("r-1")}));
  EXPECT_EQ(movement.row().primary_key(), "3");
  EXPECT_EQ(movement.after().idempotency_key(), "r-1");
}

TEST_F(Changes, ANewDefinitionOfATableIsLookedAt) {
  (void)mapping_.Insert(table_, Refund("SUCCESS"));
  binlog::Table altered = testing::MakeTable(
      "pay", "refund",
      {"id", "channel", "refund_no", "merchant_id", "order_no", "amount", "status"});
  altered.id = 19;
  const v1::MovementEvent movement =
      OnlyMovement(mapping_.Insert(altered, {Int(3), Text("app"), Text("r-1"), Text("m-1"),
                                             Text("o-1"), Decimal("1.00"), Text("SUCCESS")}));
  EXPECT_EQ(movement.after().idempotency_key(), "r-1");
}

TEST_F(Changes, AReusedTableObjectIsLookedAtInTheNextTransaction) {
  binlog::Table table = RefundsOf();
  (void)mapping_.Insert(table, Refund("SUCCESS"));
  std::swap(table.columns[1].name, table.columns[2].name);
  mapping_.mapper().Begin({.id = "0-1-8"});
  EXPECT_EQ(OnlyMovement(mapping_.Insert(table, Refund("SUCCESS"))).after().idempotency_key(),
            "m-1");
}

// ---- Partial images ----

TEST_F(Changes, OfAPartialImageUnchangedColumnsAreTakenFromBefore) {
  Row after = Refund("SUCCESS");
  for (const size_t unchanged : {0, 1, 2, 3, 4}) after[unchanged] = Absent();
  const v1::MovementEvent movement =
      OnlyMovement(mapping_.Update(table_, Refund("PROCESSING"), after));
  EXPECT_EQ(movement.after().status(), v1::MOVEMENT_STATUS_HAPPENED);
  EXPECT_EQ(movement.after().idempotency_key(), "r-9");
  EXPECT_EQ(movement.row().primary_key(), "17");
}

TEST_F(Changes, AMinimalUpdateOfUnmappedColumnsIsNoEvent) {
  const Row before = {Int(17), Absent(), Absent(), Absent(), Absent(), Absent(), Absent()};
  const Row after = {Absent(), Absent(), Absent(), Absent(), Absent(), Absent(), Text("note")};
  EXPECT_TRUE(mapping_.Update(table_, before, after).empty());
}

// ---- Several declarations ----

constexpr std::string_view kFlagged = R"(    tables:
      - table: pay.refund
        counts: 'row.status == "SUCCESS" && row.late == 0'
        emit: refund
        fields:
          idempotency_key: row.refund_no
          account_id: row.merchant_id
          order_id: row.order_no
          amount: 'money(row.amount, "CNY", "major")'
      - table: pay.refund
        counts: 'row.status == "SUCCESS" && row.late != 0'
        emit: late_refund
        fields:
          idempotency_key: row.refund_no
          account_id: row.merchant_id
          order_id: row.order_no
          amount: 'money(row.amount, "CNY", "major")'
      - table: pay.payment
        counts: row.paid == 1
        emit: payment
        fields:
          idempotency_key: row.id
          account_id: row.merchant_id
          order_id: row.order_no
          amount: 'money(row.fen, "CNY", "minor")'
)";

binlog::Table Flagged() {
  return testing::MakeTable(
      "pay", "refund", {"id", "refund_no", "merchant_id", "order_no", "amount", "status", "late"});
}

Row FlaggedRow(int64_t late) {
  Row row = Refund("SUCCESS");
  row[6] = Int(late);
  return row;
}

TEST(Declarations, ARowIsOfTheKindWhoseConditionTakesIt) {
  Mapping mapping(kFlagged);
  EXPECT_EQ(OnlyMovement(mapping.Insert(Flagged(), FlaggedRow(0))).kind(), "refund");
  EXPECT_EQ(OnlyMovement(mapping.Insert(Flagged(), FlaggedRow(1))).kind(), "late_refund");
}

TEST(Declarations, AnUpdateFromOneKindToAnotherIsAnEventOfEach) {
  Mapping mapping(kFlagged);
  const std::vector<v1::Event> events = mapping.Update(Flagged(), FlaggedRow(0), FlaggedRow(1));
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].movement().kind(), "late_refund");
  EXPECT_EQ(events[0].movement().before().status(), v1::MOVEMENT_STATUS_NONE);
  EXPECT_EQ(events[0].movement().after().status(), v1::MOVEMENT_STATUS_HAPPENED);
  EXPECT_EQ(events[1].movement().kind(), "refund");
  EXPECT_EQ(events[1].movement().before().status(), v1::MOVEMENT_STATUS_HAPPENED);
  EXPECT_EQ(events[1].movement().after().status(), v1::MOVEMENT_STATUS_NONE);
  EXPECT_EQ(events[0].row_index(), 0U);
  EXPECT_EQ(events[1].row_index(), 1U);
}

TEST(Declarations, EachTableHasItsOwn) {
  Mapping mapping(kFlagged);
  const binlog::Table payments =
      testing::MakeTable("pay", "payment", {"id", "merchant_id", "order_no", "fen", "paid"});
  const v1::MovementEvent movement =
      OnlyMovement(mapping.Insert(payments, {Int(4), Text("m-1"), Text("o-1"), Int(5000), Int(1)}));
  EXPECT_EQ(movement.kind(), "payment");
  EXPECT_EQ(movement.after().idempotency_key(), "4");
  EXPECT_EQ(movement.after().amount().minor_units(), 5000);
  EXPECT_EQ(OnlyMovement(mapping.Insert(Flagged(), FlaggedRow(0))).kind(), "refund");
}

constexpr std::string_view kAlternatives = R"(    tables:
      - table: pay.refund
        counts: row.amount_fen != null
        emit: refund
        fields: {idempotency_key: row.no, account_id: row.m, order_id: row.o,
                 amount: 'money(row.amount_fen, "CNY", "minor")'}
      - table: pay.refund
        counts: row.amount != null
        emit: refund
        fields: {idempotency_key: row.no, account_id: row.m, order_id: row.o,
                 amount: 'money(row.amount, "CNY", "major")'}
)";

TEST(Declarations, AlternativesOfOneKindMakeOneEvent) {
  Mapping mapping(kAlternatives);
  const binlog::Table table =
      testing::MakeTable("pay", "refund", {"id", "no", "m", "o", "amount", "amount_fen"});
  const Row in_yuan = {Int(1), Text("r"), Text("m"), Text("o"), Decimal("1.50"), Null()};
  const Row in_fen = {Int(1), Text("r"), Text("m"), Text("o"), Null(), Int(150)};
  const v1::MovementEvent movement = OnlyMovement(mapping.Update(table, in_yuan, in_fen));
  EXPECT_EQ(movement.before().SerializeAsString(), movement.after().SerializeAsString());
}

TEST(Declarations, ARowThatTwoOfThemTakeIsAGap) {
  Mapping mapping(kAlternatives);
  const binlog::Table table =
      testing::MakeTable("pay", "refund", {"id", "no", "m", "o", "amount", "amount_fen"});
  const v1::Gap gap = testing::OnlyGap(
      mapping.Insert(table, {Int(1), Text("r"), Text("m"), Text("o"), Decimal("1.50"), Int(150)}));
  EXPECT_THAT(gap.reason(), HasSubstr("more than one declaration"));
  EXPECT_EQ(gap.order_id(), "o");
}

TEST(Declarations, KindsWithPartsSayTheirPartsAndPartKey) {
  Mapping mapping(R"(    tables:
      - table: pay.item
        counts: row.done == 1
        emit: settlement
        fields:
          idempotency_key: row.batch
          account_id: row.m
          order_id: row.o
          part_key: row.id
          amount: 'money(row.gross, "CNY", "minor")'
          parts.net: 'money(row.gross, "CNY", "minor") - money(row.fee, "CNY", "minor")'
          parts.fee: 'money(row.fee, "CNY", "minor")'
)");
  const binlog::Table table =
      testing::MakeTable("pay", "item", {"id", "batch", "m", "o", "gross", "fee", "done"});
  const v1::Contribution said =
      OnlyMovement(mapping.Insert(table, {Int(8), Text("s-1"), Text("m"), Text("o"), Int(10'000),
                                          Int(60), Int(1)}))
          .after();
  EXPECT_EQ(said.part_key(), "8");
  EXPECT_EQ(said.amount().minor_units(), 10'000);
  EXPECT_EQ(said.parts().at("net").minor_units(), 9'940);
  EXPECT_EQ(said.parts().at("fee").minor_units(), 60);
}

TEST(WorkedExample, ItsFlagIsTheWholeNumberThatMariadbSends) {
  std::ifstream file(places::Source("config/policy-mariadb.yaml"));
  std::ostringstream text;
  text << file.rdbuf();
  policy::Problems problems("policy-mariadb.yaml");
  const policy::ReadDocument read = policy::ReadPolicyDocument(text.str(), problems);
  absl::StatusOr<RowMapper> mapper = RowMapper::Create(read.document, "pay_db");
  ASSERT_TRUE(mapper.ok()) << mapper.status();
  EXPECT_EQ(mapper->mapping_version(), policy::MappingVersion(read.document, "pay_db"));
  const binlog::Table table = testing::MakeTable(
      "pay", "refund",
      {"id", "refund_no", "merchant_id", "order_no", "amount", "status", "after_settlement"});
  for (const auto& [flag, kind] : {std::pair{0, "refund"}, std::pair{1, "late_refund"}}) {
    const Row row = FlaggedRow(flag);
    std::vector<v1::Event> events;
    ASSERT_TRUE(mapper
                    ->AppendEvents(
                        {binlog::RowOperation::kInsert, &table, {}, std::span(row), 0, ""}, &events)
                    .ok());
    // Its movement, its status, and the change of what is guarded.
    ASSERT_EQ(events.size(), 3U);
    EXPECT_EQ(events[0].movement().kind(), kind);
    EXPECT_EQ(events[1].fact().name(), "refund_status");
    EXPECT_EQ(events[2].guarded().guard(), "refund_rows");
  }
}

}  // namespace
}  // namespace fundgate::mapping
