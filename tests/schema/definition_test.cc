// Definitions against table maps, and which changes of a type keep what rows hold.
#include "server/sidecar/schema/definition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string_view>

#include "server/sidecar/schema/column_type.h"
#include "tests/schema/maps.h"

namespace fundgate::schema {
namespace {

using testing::DefinitionOf;
using testing::MapOf;
using testing::NamesOf;

constexpr char kRefund[] =
    "CREATE TABLE refund (id INT UNSIGNED NOT NULL PRIMARY KEY, no VARCHAR(64) NOT NULL, amount "
    "DECIMAL(18,2), kind ENUM('a','b'), at DATETIME(3))";

TEST(Definitions, FillInWhatAMapLeavesOpen) {
  const Definition definition = DefinitionOf(kRefund);
  binlog::Table table = MapOf(definition);
  ASSERT_EQ(Disagreement(definition, table), "");
  FillIn(definition, table);
  EXPECT_EQ(NamesOf(table), "id,no,amount,kind,at (id)");
  EXPECT_TRUE(table.names_known && table.signs_known);
  EXPECT_TRUE(table.columns[0].is_unsigned);
  EXPECT_EQ(table.columns[1].collation, CollationOfCharset("utf8mb4"));
  EXPECT_THAT(table.columns[3].labels, ::testing::ElementsAre("a", "b"));
}

TEST(Definitions, WhatAMapSaysStays) {
  const Definition definition = DefinitionOf(kRefund);
  binlog::Table table = MapOf(definition);
  table.signs_known = true;
  table.columns[1].collation = 8;
  FillIn(definition, table);
  EXPECT_FALSE(table.columns[0].is_unsigned);
  EXPECT_EQ(table.columns[1].collation, 8);
}

TEST(Definitions, AMapOfAnotherTableIsNoticed) {
  const binlog::Table table = MapOf(DefinitionOf(kRefund));
  for (const char* other :
       {"CREATE TABLE refund (id INT NOT NULL)",
        "CREATE TABLE refund (id BIGINT NOT NULL PRIMARY KEY, no VARCHAR(64) NOT NULL, amount "
        "DECIMAL(18,2), kind ENUM('a','b'), at DATETIME(3))",
        "CREATE TABLE refund (id INT NOT NULL PRIMARY KEY, no VARCHAR(63) NOT NULL, amount "
        "DECIMAL(18,2), kind ENUM('a','b'), at DATETIME(3))",
        "CREATE TABLE refund (id INT NOT NULL PRIMARY KEY, no VARCHAR(64) NOT NULL, amount "
        "DECIMAL(18,4), kind ENUM('a','b'), at DATETIME(3))",
        "CREATE TABLE refund (id INT NOT NULL PRIMARY KEY, no VARCHAR(64) NOT NULL, amount "
        "DECIMAL(18,2) NOT NULL, kind ENUM('a','b'), at DATETIME(3))",
        "CREATE TABLE refund (id INT NOT NULL PRIMARY KEY, amount DECIMAL(18,2), no VARCHAR(64) "
        "NOT NULL, kind ENUM('a','b'), at DATETIME(3))",
        "CREATE TABLE refund (id INT NOT NULL PRIMARY KEY, no VARCHAR(64) NOT NULL, amount "
        "DECIMAL(18,2), kind ENUM('a','b'), at DATETIME)"}) {
    EXPECT_NE(Disagreement(DefinitionOf(other), table), "") << other;
  }
}

TEST(Definitions, ATypeThatIsntKnownNeverHasItsSignGuessed) {
  const Definition definition = DefinitionOf("CREATE TABLE refund (id MONEY)");
  const binlog::Table table = MapOf(DefinitionOf("CREATE TABLE refund (id INT)"));
  EXPECT_NE(Disagreement(definition, table), "");
}

TEST(Types, ThoseThatTakeEverythingKeepWhatRowsHold) {
  const auto keeps = [](std::string_view from, std::string_view to) {
    return KeepsValues(ReadColumnType(from), ReadColumnType(to));
  };
  EXPECT_TRUE(keeps("decimal(18,2)", "decimal(20,4)"));
  EXPECT_FALSE(keeps("decimal(18,4)", "decimal(18,2)"));
  EXPECT_FALSE(keeps("decimal(18,2)", "decimal(18,4)"));  // 16 digits before the point become 14
  EXPECT_FALSE(keeps("decimal(18,2)", "double"));
  EXPECT_FALSE(keeps("decimal(18,2)", "bigint"));
  EXPECT_TRUE(keeps("int", "bigint"));
  EXPECT_FALSE(keeps("bigint", "int"));
  EXPECT_TRUE(keeps("int unsigned", "bigint"));
  EXPECT_FALSE(keeps("int unsigned", "int"));
  EXPECT_FALSE(keeps("int", "bigint unsigned"));
  EXPECT_TRUE(keeps("varchar(10)", "varchar(20)"));
  EXPECT_TRUE(keeps("varchar(10)", "text"));
  EXPECT_FALSE(keeps("varchar(20)", "varchar(10)"));
  EXPECT_FALSE(keeps("varchar(10)", "varbinary(10)"));
  EXPECT_TRUE(keeps("varchar(9) charset latin1", "varchar(9) charset utf8mb4"));
  EXPECT_FALSE(keeps("varchar(9) charset utf8mb4", "varchar(9) charset latin1"));
  EXPECT_TRUE(keeps("enum('a','b')", "enum('a','b','c')"));
  EXPECT_FALSE(keeps("enum('a','b')", "enum('b','a')"));
  EXPECT_TRUE(keeps("datetime", "datetime(6)"));
  EXPECT_FALSE(keeps("datetime(6)", "datetime"));
  EXPECT_FALSE(keeps("something", "something"));
}

}  // namespace
}  // namespace fundgate::schema
