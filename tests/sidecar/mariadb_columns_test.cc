#include "server/sidecar/mariadb_columns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "server/sidecar/mariadb_tables.h"

namespace fundgate::sidecar {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Kind = binlog::Value::Kind;

MariadbColumn ColumnOf(const std::string& data_type, const std::string& column_type) {
  return {"c", data_type, column_type, "", "", LabelsOf(column_type)};
}

TEST(MariadbColumns, LabelsAreThoseBetweenTheQuotes) {
  EXPECT_THAT(LabelsOf("enum('a','b c')"), ElementsAre("a", "b c"));
  EXPECT_THAT(LabelsOf("set('it''s','','x,y')"), ElementsAre("it's", "", "x,y"));
  EXPECT_THAT(LabelsOf("decimal(18,4)"), IsEmpty());
  EXPECT_THAT(LabelsOf("enum('unended"), ElementsAre("unended"));
}

TEST(MariadbColumns, NamesAreQuotedSoThatTheyStayNames) {
  EXPECT_EQ(Quoted("amount"), "`amount`");
  EXPECT_EQ(Quoted("a`b"), "`a``b`");
}

TEST(MariadbColumns, WholeNumbersKeepTheirSign) {
  EXPECT_EQ(ValueOf(ColumnOf("bigint", "bigint(20)"), "-7").integer, -7);
  const binlog::Value large =
      ValueOf(ColumnOf("bigint", "bigint(20) unsigned"), "18446744073709551615");
  EXPECT_EQ(large.kind, Kind::kUint);
  EXPECT_EQ(static_cast<uint64_t>(large.integer), UINT64_MAX);
  EXPECT_EQ(ValueOf(ColumnOf("int", "int(8) unsigned zerofill"), "00000007").integer, 7);
}

TEST(MariadbColumns, ZerofillOfDecimalsIsNoPartOfThem) {
  const MariadbColumn column = ColumnOf("decimal", "decimal(10,2) unsigned zerofill");
  EXPECT_EQ(ValueOf(column, "00000012.30").text, "12.30");
  EXPECT_EQ(ValueOf(column, "00000000.30").text, "0.30");
  EXPECT_EQ(ValueOf(column, "0000000000").text, "0");
}

TEST(MariadbColumns, NullIsNull) {
  EXPECT_EQ(ValueOf(ColumnOf("decimal", "decimal(10,2)"), std::nullopt).kind, Kind::kNull);
}

TEST(MariadbColumns, LabelsHaveTheirNumbers) {
  EXPECT_EQ(ValueOf(ColumnOf("enum", "enum('a','b')"), "b").integer, 2);
  EXPECT_EQ(ValueOf(ColumnOf("enum", "enum('a','b')"), "").integer, 0);
  EXPECT_EQ(ValueOf(ColumnOf("set", "set('a','b','c')"), "a,c").integer, 5);
  EXPECT_EQ(ValueOf(ColumnOf("set", "set('a','b','c')"), "").integer, 0);
}

TEST(MariadbColumns, TimestampsAreInstants) {
  const MariadbColumn column = ColumnOf("timestamp", "timestamp(3)");
  EXPECT_EQ(ValueOf(column, "1970-01-02 00:00:01.500").integer, 86401);
  EXPECT_EQ(ValueOf(column, "0000-00-00 00:00:00.000").integer, 0);
}

TEST(MariadbColumns, ATypeThatNobodyKnowsIsUnreadableAndNoGuess) {
  EXPECT_EQ(ValueOf(ColumnOf("vector", "vector(3)"), "x").kind, Kind::kUnreadable);
}

TEST(MariadbColumns, ACursorIsALiteralAndNothingElse) {
  const MariadbColumn number = ColumnOf("bigint", "bigint(20)");
  EXPECT_EQ(*Literal(number, "2D3132"), "-12");
  EXPECT_FALSE(Literal(number, "31204F522031").ok());  // "1 OR 1"
  EXPECT_FALSE(Literal(number, "").ok());
  EXPECT_FALSE(Literal(number, "3").ok());
  MariadbColumn text = ColumnOf("varchar", "varchar(64)");
  text.charset = "latin1";
  text.collation = "latin1_swedish_ci";
  EXPECT_EQ(*Literal(text, "C3"), "_latin1 x'C3' COLLATE latin1_swedish_ci");
  EXPECT_EQ(*Literal(text, ""), "_latin1 x'' COLLATE latin1_swedish_ci");
  EXPECT_FALSE(Literal(text, "27' OR 1").ok());
  EXPECT_EQ(*Literal(ColumnOf("date", "date"), "323032362D30312D3031"), "'2026-01-01'");
  EXPECT_FALSE(Literal(ColumnOf("date", "date"), "27").ok());
  EXPECT_EQ(*Literal(ColumnOf("binary", "binary(2)"), "27FF"), "x'27FF'");
}

TEST(MariadbColumns, KeysThatCantBeGoneThroughInTheirOrderAreRefused) {
  EXPECT_FALSE(CursorExpression(ColumnOf("enum", "enum('a')")).ok());
  EXPECT_FALSE(CursorExpression(ColumnOf("double", "double")).ok());
  EXPECT_TRUE(CursorExpression(ColumnOf("uuid", "uuid")).ok());
}

TEST(BinlogPlaces, AreOrderedByFileThenByOffset) {
  EXPECT_EQ(NumberOfBinlog("mariadb-bin.000012"), 12U);
  EXPECT_EQ(NumberOfBinlog("mariadb-bin.1000000"), 1'000'000U);
  EXPECT_EQ(NumberOfBinlog("nothing"), 0U);
  EXPECT_LT((BinlogPlace{9, 500}), (BinlogPlace{10, 4}));
  EXPECT_LT((BinlogPlace{10, 4}), (BinlogPlace{10, 5}));
}

}  // namespace
}  // namespace fundgate::sidecar
