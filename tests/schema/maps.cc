#include "tests/schema/maps.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/sidecar/schema/column_type.h"
#include "server/sidecar/schema/ddl.h"

namespace fundgate::schema::testing {
namespace {

using Base = ColumnType::Base;
using Logged = binlog::ColumnType;

binlog::Column ColumnOf(const ColumnDefinition& definition) {
  const ColumnType& type = definition.type;
  binlog::Column column;
  column.nullable = definition.nullable.value_or(true);
  const uint32_t width = type.collation == 63 ? 1 : 4;
  switch (type.base) {
    case Base::kInteger:
      column.type = type.length == 1   ? Logged::kTiny
                    : type.length == 2 ? Logged::kShort
                    : type.length == 4 ? Logged::kLong
                                       : Logged::kLongLong;
      break;
    case Base::kDecimal:
      column.type = Logged::kNewDecimal;
      column.metadata = static_cast<uint16_t>(type.length * 256 + type.scale);
      break;
    case Base::kVarchar:
      column.type = Logged::kVarchar;
      column.metadata = static_cast<uint16_t>(type.length * width);
      break;
    case Base::kEnum:
      column.type = Logged::kEnum;
      column.metadata = 1;
      break;
    case Base::kDateTime:
      column.type = Logged::kDateTime2;
      column.metadata = static_cast<uint16_t>(type.length);
      break;
    default:
      ADD_FAILURE() << "no map is made of such a column: " << definition.name;
  }
  return column;
}

}  // namespace

Definition DefinitionOf(std::string_view create) {
  Ddl ddl = ReadDdl(create, "pay");
  EXPECT_EQ(ddl.kind, Ddl::Kind::kCreate) << create << ": " << ddl.problem;
  ddl.definition.InheritCharset(CollationOfCharset("utf8mb4"));
  return std::move(ddl.definition);
}

binlog::Table MapOf(const Definition& definition) {
  binlog::Table table;
  table.database = "pay";
  table.name = "refund";
  for (const ColumnDefinition& column : definition.columns) {
    table.columns.push_back(ColumnOf(column));
  }
  return table;
}

std::string NamesOf(const binlog::Table& table) {
  return absl::StrCat(
      absl::StrJoin(table.columns, ",",
                    [](std::string* out, const binlog::Column& column) { *out += column.name; }),
      " (",
      absl::StrJoin(table.primary_key, ",",
                    [&](std::string* out, uint32_t index) { *out += table.columns[index].name; }),
      ")");
}

std::string NamesOf(const Definition& definition) {
  return absl::StrCat(
      absl::StrJoin(definition.columns, ",",
                    [](std::string* out, const ColumnDefinition& column) { *out += column.name; }),
      " (", absl::StrJoin(definition.primary_key, ","), ")");
}

}  // namespace fundgate::schema::testing
