#include "server/sidecar/binlog/table_map.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"

namespace fundgate::binlog {
namespace {

// Reads the metadata of one column and gives it its true type: ENUM, SET and long CHAR hide in
// STRING. The layout of the block is not the same for all types; of a type that isn't known here
// nobody knows it, nor then where that of the next column begins: false.
bool ReadColumnType(Bytes& in, Column& column) {
  switch (column.type) {
    case ColumnType::kFloat:
    case ColumnType::kDouble:
    case ColumnType::kTinyBlob:
    case ColumnType::kMediumBlob:
    case ColumnType::kLongBlob:
    case ColumnType::kBlob:
    case ColumnType::kGeometry:
    case ColumnType::kJson:
    case ColumnType::kTimestamp2:
    case ColumnType::kDateTime2:
    case ColumnType::kTime2:
    case ColumnType::kBlobCompressed:
    case ColumnType::kVector:
      column.metadata = in.Byte();
      break;
    case ColumnType::kVarchar:
    case ColumnType::kVarcharCompressed:
      column.metadata = static_cast<uint16_t>(in.Little(2));
      break;
    case ColumnType::kNewDecimal:
      column.metadata = static_cast<uint16_t>(in.Big(2));  // digits, then those after the point
      break;
    case ColumnType::kBit: {
      const uint16_t bits = in.Byte();
      column.metadata = static_cast<uint16_t>(in.Byte() * 8 + bits);
      break;
    }
    case ColumnType::kString:
    case ColumnType::kVarString:
    case ColumnType::kEnum:
    case ColumnType::kSet: {
      // The type in the first byte lends two bits to the length: those that a true type has set.
      const uint8_t type = in.Byte();
      const uint8_t length = in.Byte();
      column.type = static_cast<ColumnType>(type | 0x30);
      column.metadata = static_cast<uint16_t>(((type & 0x30) ^ 0x30) << 4 | length);
      break;
    }
    case ColumnType::kDecimalOld:
    case ColumnType::kTiny:
    case ColumnType::kShort:
    case ColumnType::kLong:
    case ColumnType::kNull:
    case ColumnType::kTimestampOld:
    case ColumnType::kLongLong:
    case ColumnType::kInt24:
    case ColumnType::kDate:
    case ColumnType::kTimeOld:
    case ColumnType::kDateTimeOld:
    case ColumnType::kYear:
    case ColumnType::kNewDate:
      break;
    default:
      return false;
  }
  return true;
}

constexpr uint8_t PrefixSize(uint16_t length) { return length > 255 ? 2 : 1; }

ColumnPlan PlanOfString(const Column& column, Layout layout, uint8_t prefix) {
  ColumnPlan plan = {.layout = layout, .size = prefix, .length = column.metadata};
  plan.charset = &CharsetOf(column.collation);
  plan.filled_up =
      column.type == ColumnType::kString && plan.charset->encoding == Encoding::kBinary;
  return plan;
}

ColumnPlan PlanOf(const Column& column) {
  const auto size = static_cast<uint8_t>(column.metadata);
  const auto integer = [&column](uint8_t bytes) {
    return ColumnPlan{.layout = Layout::kInteger, .size = bytes, .is_unsigned = column.is_unsigned};
  };
  switch (column.type) {
    case ColumnType::kTiny:
      return integer(1);
    case ColumnType::kShort:
      return integer(2);
    case ColumnType::kInt24:
      return integer(3);
    case ColumnType::kLong:
      return integer(4);
    case ColumnType::kLongLong:
      return integer(8);
    case ColumnType::kFloat:
      return {.layout = Layout::kFloat};
    case ColumnType::kDouble:
      return {.layout = Layout::kDouble};
    case ColumnType::kYear:
      return {.layout = Layout::kYear};
    case ColumnType::kNewDecimal:
      return {.layout = Layout::kDecimal,
              .size = size,
              .length = static_cast<uint16_t>(column.metadata >> 8)};
    case ColumnType::kBit:
      return {.layout = Layout::kBit, .size = static_cast<uint8_t>((column.metadata + 7) / 8)};
    case ColumnType::kEnum:
      return {.layout = Layout::kEnum, .size = size};
    case ColumnType::kSet:
      return {.layout = Layout::kSet, .size = size};
    case ColumnType::kDate:
    case ColumnType::kNewDate:
      return {.layout = Layout::kDate};
    case ColumnType::kTimeOld:
      return {.layout = Layout::kTimeOld};
    case ColumnType::kDateTimeOld:
      return {.layout = Layout::kDateTimeOld};
    case ColumnType::kTimestampOld:
      return {.layout = Layout::kTimestampOld};
    case ColumnType::kTime2:
      return {.layout = Layout::kTime, .size = size};
    case ColumnType::kDateTime2:
      return {.layout = Layout::kDateTime, .size = size};
    case ColumnType::kTimestamp2:
      return {.layout = Layout::kTimestamp, .size = size};
    case ColumnType::kVarchar:
    case ColumnType::kString:
    case ColumnType::kVarString:
      return PlanOfString(column, Layout::kString, PrefixSize(column.metadata));
    case ColumnType::kVarcharCompressed:
      return PlanOfString(column, Layout::kCompressedString, PrefixSize(column.metadata));
    case ColumnType::kTinyBlob:
    case ColumnType::kMediumBlob:
    case ColumnType::kLongBlob:
    case ColumnType::kBlob:
      return PlanOfString(column, Layout::kString, size);
    case ColumnType::kBlobCompressed:
      return PlanOfString(column, Layout::kCompressedString, size);
    case ColumnType::kGeometry:
    case ColumnType::kVector:
      return {.layout = Layout::kString, .size = size, .charset = &CharsetOf(kBinaryCollation)};
    case ColumnType::kJson:
      return {.layout = Layout::kJson, .size = size};
    default:
      return {};
  }
}

// Whether the sizes in a plan are ones that a server can have meant.
bool IsPossible(const ColumnPlan& plan) {
  switch (plan.layout) {
    case Layout::kUnknown:
      return false;
    case Layout::kDecimal:
      return plan.length >= 1 && plan.length <= 81 && plan.size <= plan.length;
    case Layout::kBit:
    case Layout::kSet:
      return plan.size >= 1 && plan.size <= 8;
    case Layout::kEnum:
      return plan.size == 1 || plan.size == 2;
    case Layout::kTime:
    case Layout::kDateTime:
    case Layout::kTimestamp:
      return plan.size <= 6;
    case Layout::kString:
    case Layout::kCompressedString:
    case Layout::kJson:
      return plan.size >= 1 && plan.size <= 4;
    default:
      return true;
  }
}

// Strings whose character set the server didn't log are read as the caller says.
void AssumeCollation(uint16_t collation, Table& table) {
  for (Column& column : table.columns) {
    switch (column.type) {
      case ColumnType::kVarchar:
      case ColumnType::kString:
      case ColumnType::kVarString:
      case ColumnType::kBlob:
      case ColumnType::kVarcharCompressed:
      case ColumnType::kBlobCompressed:
        if (column.collation == 0) column.collation = collation;
        break;
      default:
        break;
    }
  }
}

}  // namespace

void PlanRows(MappedTable& mapped) {
  mapped.plans.clear();
  mapped.unreadable.clear();
  mapped.plans.reserve(mapped.table.columns.size());
  for (const Column& column : mapped.table.columns) {
    mapped.plans.push_back(PlanOf(column));
    if (IsPossible(mapped.plans.back()) || !mapped.unreadable.empty()) continue;
    mapped.unreadable = absl::StrCat(
        "column ", mapped.plans.size(), column.name.empty() ? "" : " (" + column.name + ")", " of ",
        mapped.table.database, ".", mapped.table.name, " has type ", static_cast<int>(column.type),
        " with metadata ", column.metadata, ", which this version can't decode");
  }
}

uint64_t ReadTableId(Bytes& in, const Format& format, EventType type) {
  // Six bytes; four in the first releases of MySQL 5.1, whose post header is shorter.
  return in.Little(format.PostHeaderSize(type, 8) == 6 ? 4 : 6);
}

absl::StatusOr<MappedTable> ReadTableMap(std::span<const uint8_t> body, bool is_intact,
                                         const Format& format, uint16_t assumed_collation,
                                         Transcoder& transcoder) {
  Bytes in(body);
  MappedTable mapped;
  Table& table = mapped.table;
  table.id = ReadTableId(in, format, EventType::kTableMap);
  in.Little(2);  // flags
  table.database = in.Text(in.Byte());
  const uint8_t database_end = in.Byte();
  table.name = in.Text(in.Byte());
  const uint8_t name_end = in.Byte();
  const uint64_t count = in.Packed();
  if (!in.ok() || database_end != 0 || name_end != 0 || count == 0 || count > kMaxColumns)
    return absl::DataLossError("names or the number of columns of a table map are damaged");
  table.columns.resize(count);
  for (Column& column : table.columns) column.type = static_cast<ColumnType>(in.Byte());
  Bytes metadata(in.Take(in.Packed()));
  const bool is_known = std::ranges::all_of(
      table.columns, [&metadata](Column& column) { return ReadColumnType(metadata, column); });
  const std::span<const uint8_t> nullable = in.Take((count + 7) / 8);
  const bool fits = metadata.ok() && (metadata.left() == 0 || (!is_known && is_intact));
  if (!in.ok() || !fits) {
    return absl::DataLossError(absl::StrCat("the table map of ", table.database, ".", table.name,
                                            " has types and metadata that don't fit together"));
  }
  for (size_t i = 0; i < count; ++i)
    table.columns[i].nullable = (nullable[i / 8] >> (i % 8) & 1) != 0;
  // Which columns the optional fields count is decided by their types.
  if (is_known) {
    FUNDGATE_RETURN_IF_ERROR(ReadTableMetadata(in.rest(), format.mariadb, transcoder, table));
  }
  if (assumed_collation != 0) AssumeCollation(assumed_collation, table);
  PlanRows(mapped);
  return mapped;
}

}  // namespace fundgate::binlog
