#include "server/sidecar/binlog/json.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/decoder/event_builder.h"

namespace fundgate::decoder_testing {
namespace {

// "(damaged)" for what can't be read.
std::string Text(const Body& document) {
  binlog::Arena arena;
  std::string_view text;
  return binlog::JsonToText(document.bytes, arena, text) ? std::string(text) : "(damaged)";
}

TEST(Json, ScalarsAreWrittenAsMySqlPrintsThem) {
  EXPECT_EQ(Text(Body()), "null");
  EXPECT_EQ(Text(Body().Raw({4, 0})), "null");
  EXPECT_EQ(Text(Body().Raw({4, 1})), "true");
  EXPECT_EQ(Text(Body().Raw({4, 2})), "false");
  EXPECT_EQ(Text(Body().Byte(5).Little(static_cast<uint64_t>(-2), 2)), "-2");
  EXPECT_EQ(Text(Body().Byte(6).Little(65535, 2)), "65535");
  EXPECT_EQ(Text(Body().Byte(7).Little(static_cast<uint64_t>(-3), 4)), "-3");
  EXPECT_EQ(Text(Body().Byte(8).Little(4294967295, 4)), "4294967295");
  EXPECT_EQ(Text(Body().Byte(9).Little(uint64_t{1} << 63, 8)), "-9223372036854775808");
  EXPECT_EQ(Text(Body().Byte(10).Little(~uint64_t{0}, 8)), "18446744073709551615");
  EXPECT_EQ(Text(Body().Byte(11).Little(0x3ff8000000000000, 8)), "1.5");
  EXPECT_EQ(Text(Body().Byte(11).Little(0x3ff0000000000000, 8)), "1.0");
  EXPECT_EQ(Text(Body().Byte(12).ShortText("a\"\\\n\xc3\xa4")), "\"a\\\"\\\\\\u000a\xc3\xa4\"");
}

TEST(Json, LongStringsHaveLengthsOfSevenBitsAByte) {
  const std::string text(300, 'x');
  EXPECT_EQ(Text(Body().Raw({12, 0xac, 0x02}).Text(text)), "\"" + text + "\"");
}

// {"a": 1, "bc": ["x", null]}: keys and values are placed from the beginning of their object.
Body Object() {
  return Body()
      .Byte(0)
      .Little(2, 2)   // members
      .Little(33, 2)  // size
      .Little(18, 2)
      .Little(1, 2)
      .Little(19, 2)
      .Little(2, 2)
      .Byte(5)
      .Little(1, 2)
      .Byte(2)
      .Little(21, 2)
      .Text("abc")
      .Little(2, 2)
      .Little(12, 2)
      .Byte(12)
      .Little(10, 2)
      .Byte(4)
      .Little(0, 2)
      .ShortText("x");
}

TEST(Json, ObjectsAndArraysNest) { EXPECT_EQ(Text(Object()), R"({"a": 1, "bc": ["x", null]})"); }

TEST(Json, ValuesOfSqlInsideAreQuoted) {
  // DECIMAL(3,1) 12.5 and the time -01:02:03.5.
  EXPECT_EQ(Text(Body().Raw({15, 246, 4, 3, 1, 0x80 + 12, 5})), "\"12.5\"");
  const uint64_t time = (uint64_t{1} << 12 | 2 << 6 | 3) << 24 | 500000;
  EXPECT_EQ(Text(Body().Raw({15, 11, 8}).Little(~time + 1, 8)), "\"-01:02:03.500000\"");
  const uint64_t date = ((uint64_t{2024} * 13 + 2) << 5 | 29) << 17 << 24;
  EXPECT_EQ(Text(Body().Raw({15, 10, 8}).Little(date, 8)), "\"2024-02-29\"");
  EXPECT_EQ(Text(Body().Raw({15, 12, 8}).Little(date, 8)), "\"2024-02-29 00:00:00.000000\"");
  EXPECT_EQ(Text(Body().Raw({15, 252, 1, 0xff})), "\"base64:type252:/w==\"");
}

TEST(Json, NoTruncationAndNoFlippedByteDoesHarm) {
  const Body whole = Object();
  for (size_t size = 1; size < whole.bytes.size(); ++size) {
    Body cut = whole;
    cut.bytes.resize(size);
    EXPECT_EQ(Text(cut), "(damaged)") << size;
  }
  for (size_t at = 0; at < whole.bytes.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      Body flipped = whole;
      flipped.bytes[at] = static_cast<uint8_t>(value);
      EXPECT_FALSE(Text(flipped).empty());
    }
  }
}

TEST(Json, TextThatIsNotUtf8IsDamaged) {
  EXPECT_EQ(Text(Body().Byte(12).ShortText("\xff")), "(damaged)");
  Body key = Object();
  key.bytes[19] = 0xff;  // "a"
  EXPECT_EQ(Text(key), "(damaged)");
}

TEST(Json, ADocumentThatHoldsItselfIsDamaged) {
  // Two members of an array that are the array: it would unfold to 2^100 of them.
  EXPECT_EQ(Text(Body().Raw({2, 2, 0, 10, 0, 2, 0, 0, 2, 0, 0})), "(damaged)");
}

}  // namespace
}  // namespace fundgate::decoder_testing
