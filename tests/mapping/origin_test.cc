// What is carried along of who wrote a row.
#include "gtest/gtest.h"
#include "server/policy/mapping.h"
#include "tests/mapping/rows.h"

namespace fundgate::mapping {
namespace {

using testing::Int;
using testing::Mapping;
using testing::Null;
using testing::Refund;
using testing::RefundsOf;
using testing::Text;

std::string WithMarker() {
  return std::string(testing::RefundTable()) + R"(    marker:
      table: pay.fundgate_marker
      marks: {request: row.request_id, connection: row.connection_id}
)";
}

binlog::Table Markers() {
  binlog::Table table =
      testing::MakeTable("pay", "fundgate_marker", {"request_id", "connection_id"});
  table.primary_key.clear();
  return table;
}

TEST(Origin, TheStatementComesAlongCutBetweenTwoCharacters) {
  Mapping mapping;
  std::string statement(4095, 'x');
  statement += "退";
  mapping.set_statement(statement);
  const std::vector<v1::Event> events = mapping.Insert(RefundsOf(), Refund("SUCCESS"));
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].origin().statement(), std::string(4095, 'x'));
}

TEST(Origin, AStatementThatChangesManyRowsStandsInTheFirstOfThem) {
  Mapping mapping;
  const std::string statement(RowMapper::kMaxStatementBytes, 'x');
  mapping.set_statement(statement);
  size_t bytes = 0;
  for (int i = 0; i < 100; ++i) {
    const std::vector<v1::Event> events = mapping.Insert(RefundsOf(), Refund("SUCCESS"));
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].origin().server_id(), 5U);
    bytes += events[0].origin().statement().size();
  }
  EXPECT_EQ(bytes, RowMapper::kMaxStatementsBytes);
  mapping.mapper().Begin({.id = "0-1-8"});
  const std::vector<v1::Event> next = mapping.Insert(RefundsOf(), Refund("SUCCESS"));
  ASSERT_EQ(next.size(), 1U);
  EXPECT_EQ(next[0].origin().statement(), statement);
}

TEST(Origin, AGapHasItToo) {
  Mapping mapping;
  mapping.set_statement("UPDATE refund SET amount = 0.001");
  const std::vector<v1::Event> events = mapping.Insert(RefundsOf(), Refund("SUCCESS", "0.001"));
  ASSERT_EQ(events.size(), 1U);
  ASSERT_TRUE(events[0].has_gap());
  EXPECT_EQ(events[0].origin().server_id(), 5U);
  EXPECT_EQ(events[0].origin().statement(), "UPDATE refund SET amount = 0.001");
}

TEST(Marks, ARowOfTheMarkerTableMarksRowsBeforeAndAfterIt) {
  Mapping mapping(WithMarker());
  std::vector<v1::Event> events = mapping.Insert(RefundsOf(), Refund("SUCCESS"));
  EXPECT_TRUE(mapping.Insert(Markers(), {Text("req-1"), Int(42)}).empty());
  ASSERT_EQ(events.size(), 1U);
  mapping.mapper().Mark(events[0]);
  EXPECT_EQ(events[0].origin().marker().at("request"), "req-1");
  EXPECT_EQ(events[0].origin().marker().at("connection"), "42");
}

TEST(Marks, TheyEndWithTheirTransaction) {
  Mapping mapping(WithMarker());
  (void)mapping.Insert(Markers(), {Text("req-1"), Int(42)});
  mapping.mapper().Begin({.id = "0-1-8"});
  std::vector<v1::Event> events = mapping.Insert(RefundsOf(), Refund("SUCCESS"));
  ASSERT_EQ(events.size(), 1U);
  mapping.mapper().Mark(events[0]);
  EXPECT_TRUE(events[0].origin().marker().empty());
}

TEST(Marks, NullGivesNoMarkAndALaterRowWins) {
  Mapping mapping(WithMarker());
  (void)mapping.Insert(Markers(), {Text("req-1"), Null()});
  (void)mapping.Insert(Markers(), {Text("req-2"), Null()});
  v1::Event event;
  mapping.mapper().Mark(event);
  ASSERT_EQ(event.origin().marker().size(), 1U);
  EXPECT_EQ(event.origin().marker().at("request"), "req-2");
}

TEST(Marks, AMarkerTableIsPartOfTheMapping) {
  EXPECT_NE(policy::MappingVersion(testing::DocumentOf(WithMarker()), "pay_db"),
            policy::MappingVersion(testing::DocumentOf(testing::RefundTable()), "pay_db"));
}

}  // namespace
}  // namespace fundgate::mapping
