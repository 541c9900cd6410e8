#include "server/sidecar/binlog/table_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "server/sidecar/binlog/reader.h"
#include "tests/decoder/event_builder.h"
#include "tests/decoder/trace.h"

namespace fundgate::decoder_testing {
namespace {

using binlog::Column;
using binlog::Table;
using testing::ElementsAre;
using testing::HasSubstr;

// Types of the format.
constexpr uint8_t kTiny = 1;
constexpr uint8_t kLong = 3;
constexpr uint8_t kYear = 13;
constexpr uint8_t kVarchar = 15;
constexpr uint8_t kBlob = 252;
constexpr uint8_t kString = 254;
constexpr uint8_t kGeometry = 255;

absl::StatusOr<binlog::MappedTable> ReadTable(const TableParts& parts, bool mariadb = true) {
  const EventBytes event = MakeTableMap(parts);
  binlog::Format format;
  format.mariadb = mariadb;
  format.post_header_sizes.assign(40, 8);
  binlog::Transcoder transcoder;
  const std::span<const uint8_t> body(event);
  return binlog::ReadTableMap(
      body.subspan(binlog::EventHeader::kSize,
                   event.size() - binlog::EventHeader::kSize - binlog::kChecksumSize),
      true, format, 0, transcoder);
}

Table TableOf(const TableParts& parts, bool mariadb = true) {
  absl::StatusOr<binlog::MappedTable> mapped = ReadTable(parts, mariadb);
  EXPECT_TRUE(mapped.ok()) << mapped.status();
  return mapped.ok() ? mapped->table : Table();
}

std::vector<bool> Unsigned(const Table& table) {
  std::vector<bool> found;
  for (const Column& column : table.columns) found.push_back(column.is_unsigned);
  return found;
}

std::vector<int> Collations(const Table& table) {
  std::vector<int> found;
  for (const Column& column : table.columns) found.push_back(column.collation);
  return found;
}

TEST(TableMap, WithoutOptionalMetadataNothingIsKnown) {
  const Table table = TableOf({.types = {kLong, kVarchar}, .metadata = {80, 0}});
  EXPECT_EQ(table.database, "d");
  EXPECT_EQ(table.name, "t");
  EXPECT_FALSE(table.signs_known);
  EXPECT_FALSE(table.names_known);
  EXPECT_EQ(table.columns[1].collation, 0);
  EXPECT_EQ(table.columns[1].metadata, 80);
}

TEST(TableMap, SignsAreCountedOverNumericColumnsFromTheHighestBitOn) {
  const TableParts parts = {.types = {kVarchar, kLong, kYear, kTiny},
                            .metadata = {80, 0},
                            .optional = Body().Raw({1, 1, 0xa0})};
  EXPECT_THAT(Unsigned(TableOf(parts)), ElementsAre(false, true, false, true));
  // To MySQL a YEAR is no number.
  const TableParts mysql = {.types = {kVarchar, kLong, kYear, kTiny},
                            .metadata = {80, 0},
                            .optional = Body().Raw({1, 1, 0x40})};
  EXPECT_THAT(Unsigned(TableOf(mysql, false)), ElementsAre(false, false, false, true));
}

TEST(TableMap, NineSignsTakeTwoBytes) {
  const TableParts parts = {.types = std::vector<uint8_t>(9, kLong),
                            .optional = Body().Raw({1, 2, 0, 0x80})};
  EXPECT_TRUE(TableOf(parts).columns[8].is_unsigned);
  EXPECT_THAT(
      ReadTable({.types = std::vector<uint8_t>(9, kLong), .optional = Body().Raw({1, 1, 0})})
          .status()
          .message(),
      HasSubstr("d.t has damaged signs"));
}

TEST(TableMap, ADefaultCollationHasExceptionsAlsoAbove255) {
  const TableParts parts = {.types = {kVarchar, kLong, kBlob, kVarchar},
                            .metadata = {80, 0, 2, 80, 0},
                            .optional = Body().Raw({2, 5, 45, 1, 0xfc, 0x00, 0x09})};
  EXPECT_THAT(Collations(TableOf(parts)), ElementsAre(45, 0, 2304, 45));
}

TEST(TableMap, CollationsAreCountedOverTheServersOwnKindsOfText) {
  const TableParts mariadb = {.types = {kGeometry, kVarchar},
                              .metadata = {4, 80, 0},
                              .optional = Body().Raw({3, 2, 63, 45})};
  EXPECT_THAT(Collations(TableOf(mariadb)), ElementsAre(63, 45));
  const TableParts mysql = {
      .types = {kGeometry, kVarchar}, .metadata = {4, 80, 0}, .optional = Body().Raw({3, 1, 45})};
  EXPECT_THAT(Collations(TableOf(mysql, false)), ElementsAre(0, 45));
}

TEST(TableMap, EnumAndSetHideInStringsAndBringTheirLabels) {
  const Table table = TableOf(
      {.types = {kString, kString, kString},
       .metadata = {0xf7, 1, 0xf8, 1, 0xfe, 30},
       .optional =
           Body().Raw({11, 2, 8, 7}).Raw({5, 4, 2, 1, 'x', 0}).Raw({6, 5, 1, 3, 'a', 0xe4, 'b'})});
  EXPECT_EQ(table.columns[0].type, binlog::ColumnType::kEnum);
  EXPECT_THAT(table.columns[0].labels, ElementsAre("aäb"));
  EXPECT_EQ(table.columns[1].type, binlog::ColumnType::kSet);
  EXPECT_THAT(table.columns[1].labels, ElementsAre("x", ""));
  EXPECT_EQ(table.columns[2].type, binlog::ColumnType::kString);
  EXPECT_EQ(table.columns[2].metadata, 30);
}

TEST(TableMap, LongCharsLendTheirLengthBitsFromTheType) {
  const Table table = TableOf({.types = {kString}, .metadata = {0xce, 0xfc}});
  EXPECT_EQ(table.columns[0].type, binlog::ColumnType::kString);
  EXPECT_EQ(table.columns[0].metadata, 1020);
}

TEST(TableMap, NamesAndBothKindsOfPrimaryKeyAreRead) {
  const Table plain = TableOf(
      {.types = {kLong, kLong}, .optional = Body().Raw({4, 4, 1, 'a', 1, 'b', 8, 2, 1, 0})});
  EXPECT_TRUE(plain.names_known);
  EXPECT_EQ(plain.columns[1].name, "b");
  EXPECT_THAT(plain.primary_key, ElementsAre(1, 0));
  const Table prefixed = TableOf(
      {.types = {kBlob, kLong}, .metadata = {2}, .optional = Body().Raw({9, 4, 0, 10, 1, 0})});
  EXPECT_THAT(prefixed.primary_key, ElementsAre(0, 1));
}

TEST(TableMap, FieldsOfLaterServersAreIgnored) {
  EXPECT_EQ(TableOf({.optional = Body().Raw({99, 3, 1, 2, 3})}).columns.size(), 1U);
}

TEST(TableMap, DamageIsNamed) {
  const auto error = [](Body optional) {
    return std::string(ReadTable({.optional = std::move(optional)}).status().message());
  };
  EXPECT_THAT(error(Body().Raw({4, 200, 1})), HasSubstr("damaged optional metadata"));
  EXPECT_THAT(error(Body().Raw({4, 2, 5, 'a'})), HasSubstr("damaged column names"));
  EXPECT_THAT(error(Body().Raw({8, 1, 1})), HasSubstr("damaged primary key"));
  EXPECT_THAT(error(Body().Raw({2, 3, 45, 0, 8})), HasSubstr("damaged character sets"));
  EXPECT_THAT(std::string(ReadTable({.types = {kVarchar}, .metadata = {80}}).status().message()),
              HasSubstr("types and metadata that don't fit together"));
}

// --- Values ------------------------------------------------------------------------------------

// The one row of a table, as text.
std::string RowText(const TableParts& parts, const Body& image,
                    const binlog::ReaderOptions& options = {}) {
  Trace trace;
  binlog::Reader reader(trace, options);
  for (const EventBytes& event :
       {MakeFormat(), MakeMariaDbGtid(1), MakeTableMap(parts),
        MakeRows(binlog::EventType::kWriteRowsV1, 7, parts.types.size(), image), MakeXid()}) {
    const absl::Status read = reader.Apply(event, 0);
    EXPECT_TRUE(read.ok()) << read;
  }
  return trace.lines.size() == 3 ? trace.lines[1] : "";
}

TEST(Values, TextThatIsInvalidInItsCharacterSetStaysBytes) {
  const TableParts utf8 = {
      .types = {kVarchar}, .metadata = {80, 0}, .optional = Body().Raw({2, 1, 45})};
  EXPECT_EQ(RowText(utf8, Body().Raw({2, 0xc3, 0xa4})), "insert d.t @1=ä");
  for (const char* invalid : {"\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\xff"}) {
    EXPECT_EQ(RowText(utf8, Body().ShortText(invalid)), std::string("insert d.t @1=") + invalid);
    EXPECT_FALSE(binlog::IsUtf8(invalid));
  }
}

TEST(Values, AnEmptyTextIsEmptyInEveryCharacterSet) {
  // As the first value that needs memory: gbk, latin1, utf8mb4.
  for (const int collation : {28, 8, 45}) {
    const TableParts parts = {
        .types = {kVarchar}, .metadata = {80, 0}, .optional = Body().Raw({2, 1, collation})};
    EXPECT_EQ(RowText(parts, Body().Byte(0)), "insert d.t @1=");
  }
}

TEST(Values, UnknownLabelsAreNumbers) {
  const TableParts parts = {.types = {kString, kString},
                            .metadata = {0xf7, 2, 0xf8, 1},
                            .optional = Body().Raw({10, 1, 45}).Raw({5, 3, 1, 1, 'x'})};
  EXPECT_EQ(RowText(parts, Body().Raw({5, 0, 2})), "insert d.t @1=5 @2=2");
}

TEST(Values, OldTemporalTypesAreDecimalDigits) {
  // TIMESTAMP, DATE, TIME, DATETIME, as they were before fractions.
  const TableParts parts = {.types = {7, 10, 11, 12}};
  EXPECT_EQ(RowText(parts, Body()
                               .Little(1, 4)
                               .Little(2024 << 9 | 2 << 5 | 29, 3)
                               .Little(static_cast<uint64_t>(-1234567), 3)
                               .Little(99991231235959, 8)),
            "insert d.t @1=1970-01-01 00:00:01 @2=2024-02-29 @3=-123:45:67 @4=9999-12-31 23:59:59");
}

TEST(Values, ZeroDatesAreToldAsTheServerPrintsThem) {
  // DATE, DATETIME, TIMESTAMP and TIMESTAMP(3), and those of before fractions.
  const TableParts parts = {.types = {10, 18, 17, 17, 12, 7}, .metadata = {0, 0, 3}};
  EXPECT_EQ(RowText(parts, Body()
                               .Little(0, 3)
                               .Raw({0x80, 0, 0, 0, 0})
                               .Little(0, 4)
                               .Little(0, 6)
                               .Little(0, 8)
                               .Little(0, 4)),
            "insert d.t @1=0000-00-00 @2=0000-00-00 00:00:00 @3=0000-00-00 00:00:00"
            " @4=0000-00-00 00:00:00.000 @5=0000-00-00 00:00:00 @6=0000-00-00 00:00:00");
}

TEST(Values, StringsWithoutACharacterSetAreReadAsTheCallerSays) {
  const TableParts parts = {.types = {kVarchar}, .metadata = {80, 0}};
  EXPECT_EQ(RowText(parts, Body().Raw({1, 0xe4}), {.assumed_collation = 8}), "insert d.t @1=ä");
  EXPECT_EQ(RowText(parts, Body().Raw({1, 0xe4})), "insert d.t @1=\xe4");
}

TEST(Values, ADecimalWhoseBytesAreNoDigitsIsNotTold) {
  const TableParts parts = {.types = {246}, .metadata = {2, 0}};
  EXPECT_EQ(RowText(parts, Body().Raw({0x80 + 99})), "insert d.t @1=99");
  EXPECT_EQ(RowText(parts, Body().Raw({0x80 + 100})), "unreadable rows d.t");
}

TEST(Charsets, AreKnownByEveryCollationOfBothServers) {
  EXPECT_STREQ(binlog::CharsetOf(2304).name, "utf8mb4");
  EXPECT_STREQ(binlog::CharsetOf(255).name, "utf8mb4");
  EXPECT_STREQ(binlog::CharsetOf(1024 + 28).name, "gbk");
  EXPECT_STREQ(binlog::CharsetOf(63).name, "binary");
  EXPECT_EQ(binlog::CharsetOf(0).encoding, binlog::Encoding::kUnknown);
  EXPECT_EQ(binlog::CharsetOf(binlog::CollationOf("sjis")).name, std::string("sjis"));
  EXPECT_EQ(binlog::CollationOf("klingon"), 0);
}

}  // namespace
}  // namespace fundgate::decoder_testing
