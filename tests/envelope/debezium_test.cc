// Debezium's change events, as its documentation shows them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/envelope/told.h"

namespace fundgate::envelope {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Hear;
using testing::Rows;

TopicSettings Refunds(bool text_decimals = true) {
  TopicSettings settings;
  settings.envelope = EnvelopeKind::kDebezium;
  settings.text_decimals = text_decimals;
  settings.rows = {{"pay.refund", {"id"}, {"amount", "status"}}};
  return settings;
}

constexpr char kSource[] =
    R"({"version": "2.1", "connector": "mysql", "name": "pay", "ts_ms": 1795168800123,
        "snapshot": "false", "db": "pay", "table": "refund", "server_id": 223344,
        "file": "mysql-bin.000003", "pos": 484, "row": 2})";

std::string Payload(std::string_view op, std::string_view before, std::string_view after,
                    std::string_view source = kSource) {
  return absl::StrCat("{\"op\": \"", std::string(op), "\", \"before\": ", std::string(before),
                      ", \"after\": ", std::string(after), ", \"source\": ", std::string(source),
                      ", \"ts_ms\": 1}");
}

// A schema of rows with these columns after id.
std::string Wrapped(const std::string& payload, const std::string& columns) {
  const auto image = [&columns](const char* name) {
    return absl::StrCat(R"({"type": "struct", "field": ")", name,
                        R"(", "fields": [{"type": "int64", "field": "id"}, )", columns, "]}");
  };
  return absl::StrCat(R"({"schema": {"type": "struct", "fields": [)", image("before"), ", ",
                      image("after"), R"(]}, "payload": )", payload, "}");
}

constexpr char kRow[] = R"({"id": 7, "amount": "12.30", "status": "SUCCESS"})";
constexpr char kOldRow[] = R"({"id": 7, "amount": "12.30", "status": "PROCESSING"})";

TEST(Debezium, AnUpdateHasBothImagesAndTheSourcesOwnCoordinates) {
  EXPECT_THAT(Hear(Refunds(), Payload("u", kOldRow, kRow)).lines,
              ElementsAre("begin 223344/mysql-bin.000003:484/2 by 223344 at 1795168800",
                          "update pay.refund #0 [amount=text 12.30 status=text PROCESSING id=int 7]"
                          " amount=text 12.30 status=text SUCCESS id=int 7",
                          "end"));
}

TEST(Debezium, InsertsDeletionsAndSnapshotsAreAsTheySay) {
  EXPECT_THAT(Rows(Hear(Refunds(), Payload("c", "null", kRow))),
              ElementsAre(HasSubstr("insert pay.refund #0 amount=text 12.30")));
  EXPECT_THAT(Rows(Hear(Refunds(), Payload("d", kRow, "null"))),
              ElementsAre("delete pay.refund #0 [amount=text 12.30 status=text SUCCESS id=int 7]"));
  // All rows of a snapshot stand at one place of the log.
  EXPECT_THAT(Hear(Refunds(), Payload("r", "null", kRow)).lines[0],
              HasSubstr("begin orders/3:17 by 223344"));
}

TEST(Debezium, PostgresqlNamesItsChangesByTheirLsn) {
  const std::string source =
      R"({"connector": "postgresql", "db": "shop", "schema": "pay", "table": "refund",
          "lsn": 24023128, "ts_ms": 1000})";
  EXPECT_THAT(Hear(Refunds(), Payload("c", "null", kRow, source)).lines,
              ElementsAre("begin lsn:24023128 by 0 at 1", HasSubstr("insert pay.refund"), "end"));
}

TEST(Debezium, ADecimalOfAnyHandlingIsExactOrNoMoney) {
  const std::string decimal =
      R"({"type": "bytes", "name": "org.apache.kafka.connect.data.Decimal",
          "parameters": {"scale": "2"}, "field": "amount"}, {"type": "string", "field": "status"})";
  const auto told = [](const std::string& amount, const std::string& columns) {
    return Rows(
        Hear(Refunds(false),
             Wrapped(Payload("c", "null", absl::StrReplaceAll(kRow, {{"\"12.30\"", amount}})),
                     columns)))[0];
  };
  EXPECT_THAT(told("\"BNI=\"", decimal), HasSubstr("amount=decimal 12.34 status=text SUCCESS"));
  EXPECT_THAT(told("12.34", decimal), HasSubstr("amount=unreadable is a decimal whose schema"));
  EXPECT_THAT(told("\"12.34\"", absl::StrReplaceAll(decimal, {{"parameters", "x"}})),
              HasSubstr("amount=unreadable"));
  const std::string text =
      R"({"type": "string", "field": "amount"}, {"type": "string", "field": "status"})";
  EXPECT_THAT(told("\"12.34\"", text), HasSubstr("amount=text 12.34"));
  const std::string real =
      R"({"type": "double", "field": "amount"}, {"type": "string", "field": "status"})";
  EXPECT_THAT(told("12.34", real), HasSubstr("amount=double 12.34"));
  const std::string variable =
      R"({"type": "struct", "name": "io.debezium.data.VariableScaleDecimal", "field": "amount"},
         {"type": "string", "field": "status"})";
  EXPECT_THAT(told(R"({"scale": 1, "value": "BNI="})", variable),
              HasSubstr("amount=decimal 123.4"));
}

TEST(Debezium, DatesAndTimesAreWrittenAsSqlPrintsThem) {
  const auto told = [](const std::string& type, const std::string& value) {
    const std::string columns =
        absl::StrCat(R"({"type": "int64", "name": ")", type,
                     R"(", "field": "amount"}, {"type": "string", "field": "status"})");
    return Rows(
        Hear(Refunds(false),
             Wrapped(Payload("c", "null", absl::StrReplaceAll(kRow, {{"\"12.30\"", value}})),
                     columns)))[0];
  };
  EXPECT_THAT(told("io.debezium.time.Date", "20777"), HasSubstr("amount=date 2026-11-20"));
  EXPECT_THAT(told("io.debezium.time.Timestamp", "1795168800123"),
              HasSubstr("amount=datetime 2026-11-20 10:00:00.123"));
  EXPECT_THAT(told("io.debezium.time.MicroTimestamp", "1795168800000001"),
              HasSubstr("amount=datetime 2026-11-20 10:00:00.000001"));
  EXPECT_THAT(told("io.debezium.time.ZonedTimestamp", "\"2026-11-20T10:00:00Z\""),
              HasSubstr("amount=text 2026-11-20T10:00:00Z"));
  EXPECT_THAT(told("io.debezium.time.MicroTime", "5"), HasSubstr("amount=unreadable is a time"));
}

TEST(Debezium, WithoutASchemaNothingSaysHowAmountsAreWritten) {
  EXPECT_THAT(Rows(Hear(Refunds(false), Payload("c", "null", kRow))),
              ElementsAre(AllOf(HasSubstr("unreadable pay.refund"), HasSubstr("decimals: text"))));
  // Promised to be text, a number with a fraction is a floating one.
  EXPECT_THAT(Rows(Hear(Refunds(), Payload("c", "null", R"({"id": 1, "amount": 12.5})"))),
              ElementsAre(HasSubstr("amount=double 12.5 status=absent")));
}

TEST(Debezium, ALargeValueThatHasNotChangedIsAbsent) {
  EXPECT_THAT(Rows(Hear(Refunds(), Payload("u", kOldRow,
                                           R"({"id": 7, "amount": "12.30",
                                               "status": "__debezium_unavailable_value"})"))),
              ElementsAre(HasSubstr("] amount=text 12.30 status=absent")));
}

TEST(Debezium, WhatHasNoRowsIsToldAsUnreadable) {
  EXPECT_THAT(Rows(Hear(Refunds(), Payload("t", "null", "null"))),
              ElementsAre(HasSubstr("unreadable pay.refund message orders/3:17: TRUNCATE")));
  EXPECT_THAT(Rows(Hear(Refunds(), Payload("u", "null", kRow))),
              ElementsAre(HasSubstr("REPLICA IDENTITY FULL")));
  EXPECT_THAT(Rows(Hear(Refunds(), Payload("x", "null", kRow))),
              ElementsAre(HasSubstr("its op \"x\" is unknown")));
  EXPECT_THAT(Rows(Hear(Refunds(), R"({"id": 7})")),
              ElementsAre(HasSubstr("it is no change event of Debezium")));
  EXPECT_THAT(Rows(Hear(Refunds(), Payload("c", "null", R"({"amount": "1"})"))),
              ElementsAre(HasSubstr("column id of its key is missing")));
}

TEST(Debezium, OtherTablesAndMessagesOfTheLogSayNothing) {
  const std::string other = absl::StrReplaceAll(kSource, {{"\"refund\"", "\"other\""}});
  EXPECT_TRUE(Rows(Hear(Refunds(), Payload("c", "null", kRow, other))).empty());
  EXPECT_TRUE(Rows(Hear(Refunds(), Payload("t", "null", "null", other))).empty());
  EXPECT_TRUE(Rows(Hear(Refunds(), R"({"op": "m", "message": {}})")).empty());
}

}  // namespace
}  // namespace fundgate::envelope
