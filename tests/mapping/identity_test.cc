// How rows are named, and how their contents are recognised.
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "server/expression/utf8.h"
#include "server/sidecar/mapping/row_identity.h"
#include "tests/mapping/rows.h"

namespace fundgate::mapping {
namespace {

using testing::Bytes;
using testing::Decimal;
using testing::Int;
using testing::Null;
using testing::Row;
using testing::Text;
using testing::Uint;

std::string KeyOf(const Row& row) {
  binlog::Table table = testing::MakeTable("pay", "t", {"a", "b", "c"});
  table.primary_key.clear();
  for (uint32_t i = 0; i < row.size(); ++i) table.primary_key.push_back(i);
  return PrimaryKeyText(table, row);
}

TEST(PrimaryKey, ValuesStandInTheKeysOrder) {
  binlog::Table table = testing::MakeTable("pay", "t", {"a", "b", "c"});
  table.primary_key = {2, 0};
  EXPECT_EQ(PrimaryKeyText(table, Row{Int(1), Int(2), Text("x")}), "x,1");
}

TEST(PrimaryKey, NumbersAreDigits) {
  EXPECT_EQ(KeyOf({Int(-7), Uint(UINT64_MAX), Decimal("1.50")}), "-7,18446744073709551615,1.50");
}

TEST(PrimaryKey, WhatWouldBeMisreadIsEscaped) {
  EXPECT_EQ(KeyOf({Text("a,b"), Text("50%"), Text("x\n\x7f")}), "a%2Cb,50%25,x%0A%7F");
}

TEST(PrimaryKey, TextKeepsItsCharactersAndBytesDont) {
  EXPECT_EQ(KeyOf({Text("订单")}), "订单");
  EXPECT_EQ(KeyOf({Bytes(std::string_view("\x00\xe8z", 3))}), "%00%E8z");
  EXPECT_EQ(KeyOf({Text("\xe8z")}), "%E8z");
}

TEST(PrimaryKey, EmptyAndMissingValuesAreToldApart) {
  EXPECT_EQ(KeyOf({Text("")}), "%");
  EXPECT_EQ(KeyOf({Text("%")}), "%25");
  EXPECT_EQ(KeyOf({Null()}), "%N");
  EXPECT_EQ(KeyOf({testing::Absent()}), "%A");
}

// Frozen: gates have kept these numbers. Computed apart from the code.
TEST(Image, TheHashIsTheSameForEver) {
  EXPECT_EQ(ImageHash(Row{}), 0xcbf29ce484222325ULL);
  EXPECT_EQ(ImageHash(Row{Null()}), 0xaf63bc4c8601b62cULL);
  EXPECT_EQ(ImageHash(Row{Int(-1), Text("ab"), testing::Double(0.5), Null(), testing::Absent()}),
            0xd1355446cd667aafULL);
}

TEST(Image, EveryDifferenceOfAColumnIsAnotherHash) {
  const std::vector<Row> rows = {
      {Int(1), Text("a")},         {Int(2), Text("a")},   {Int(1), Text("b")},
      {Int(1), Text("")},          {Int(1), Null()},      {Int(1), testing::Absent()},
      {Int(1), Text("a"), Null()}, {Text("1"), Text("a")}};
  std::set<uint64_t> hashes;
  for (const Row& row : rows) hashes.insert(ImageHash(row));
  EXPECT_EQ(hashes.size(), rows.size());
}

TEST(Image, NeighboursDontRunIntoEachOther) {
  EXPECT_NE(ImageHash(Row{Text("ab"), Text("c")}), ImageHash(Row{Text("a"), Text("bc")}));
}

TEST(CuttingText, EndsBetweenTwoCharacters) {
  EXPECT_EQ(CutText("退款", 6), "退款");
  EXPECT_EQ(CutText("退款", 5), "退");
  EXPECT_EQ(CutText("退款", 2), "");
  EXPECT_EQ(CutText("abc", 2), "ab");
}

TEST(CuttingText, BytesThatAreNoCharacterAreReplaced) {
  EXPECT_EQ(CutText("a\xff\xfe"
                    "b",
                    10),
            "a??b");
  EXPECT_EQ(CutText("a\xe9", 10), "a?");
}

// Character by character.
std::string CutSlowly(std::string_view text, size_t max_bytes) {
  std::string cut;
  for (size_t at = 0; at < text.size() && cut.size() < max_bytes;) {
    size_t size = 1;
    while (size <= 4 && at + size <= text.size() &&
           expression::InvalidUtf8At(text.substr(at, size)) != std::string_view::npos) {
      ++size;
    }
    const bool is_character = size <= 4 && at + size <= text.size();
    if (is_character && cut.size() + size > max_bytes) break;
    cut += is_character ? std::string(text.substr(at, size)) : "?";
    at += is_character ? size : 1;
  }
  return cut;
}

TEST(CuttingText, IsTheSameAsCharacterByCharacter) {
  std::mt19937 random(7);
  const std::vector<std::string> pieces = {"a", "abcdefgh", "é", "退", "😀", "\xff", "\xe9\x80"};
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (uint32_t n = random() % 12; n > 0; --n) text += pieces[random() % pieces.size()];
    const size_t max_bytes = random() % 40;
    ASSERT_EQ(CutText(text, max_bytes), CutSlowly(text, max_bytes)) << text << " to " << max_bytes;
  }
}

}  // namespace
}  // namespace fundgate::mapping
