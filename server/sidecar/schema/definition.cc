#include "server/sidecar/schema/definition.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "fundgate/types/text.h"
#include "server/sidecar/binlog/charset.h"

namespace fundgate::schema {
namespace {

using Base = ColumnType::Base;
using Logged = binlog::ColumnType;

struct Width {
  std::string_view charset;
  uint32_t bytes = 0;
};

// Character sets of more than a byte a character: the most bytes of one, as servers reckon.
constexpr std::array kWidths = {
    Width{"utf8mb4", 4}, Width{"utf8mb3", 3}, Width{"utf16", 4}, Width{"utf16le", 4},
    Width{"utf32", 4},   Width{"ucs2", 2},    Width{"gbk", 2},   Width{"gb2312", 2},
    Width{"gb18030", 4}, Width{"big5", 2},    Width{"sjis", 2},  Width{"cp932", 2},
    Width{"ujis", 3},    Width{"eucjpms", 3}, Width{"euckr", 2},
};

// 0 if the character set isn't known.
uint32_t BytesOfCharacter(uint16_t collation) {
  const binlog::Charset& charset = binlog::CharsetOf(collation);
  if (charset.encoding == binlog::Encoding::kUnknown) return 0;
  const auto* const found = std::find_if(kWidths.begin(), kWidths.end(), [&](const Width& width) {
    return width.charset == charset.name;
  });
  return found == kWidths.end() ? 1 : found->bytes;
}

// Whether so many characters take so many bytes.
bool Fits(const ColumnType& type, uint32_t bytes) {
  const uint32_t width = BytesOfCharacter(type.collation);
  if (width != 0) return type.length * width == bytes;
  if (type.length == 0) return bytes == 0;
  return bytes % type.length == 0 && bytes / type.length <= 4;
}

uint32_t EnumBytes(size_t labels) { return labels > 255 ? 2 : 1; }

uint32_t SetBytes(size_t labels) {
  const auto bytes = static_cast<uint32_t>((labels + 7) / 8);
  return bytes > 4 ? 8 : bytes;
}

bool IsInteger(Logged type) {
  return type == Logged::kTiny || type == Logged::kShort || type == Logged::kInt24 ||
         type == Logged::kLong || type == Logged::kLongLong;
}

bool IsIntegerOf(uint32_t bytes, Logged type) {
  switch (bytes) {
    case 1:
      return type == Logged::kTiny;
    case 2:
      return type == Logged::kShort;
    case 3:
      return type == Logged::kInt24;
    case 4:
      return type == Logged::kLong;
    default:
      return type == Logged::kLongLong;
  }
}

uint32_t IntegerBytes(Logged type) {
  for (const uint32_t bytes : {1U, 2U, 3U, 4U}) {
    if (IsIntegerOf(bytes, type)) return bytes;
  }
  return 8;
}

// Of types whose length is as the map has it.
Base OtherBaseOf(Logged type) {
  switch (type) {
    case Logged::kFloat:
      return Base::kFloat;
    case Logged::kDouble:
      return Base::kDouble;
    case Logged::kBit:
      return Base::kBit;
    case Logged::kYear:
      return Base::kYear;
    case Logged::kDate:
    case Logged::kNewDate:
      return Base::kDate;
    case Logged::kTime2:
      return Base::kTime;
    case Logged::kDateTime2:
      return Base::kDateTime;
    case Logged::kTimestamp2:
      return Base::kTimestamp;
    case Logged::kEnum:
      return Base::kEnum;
    case Logged::kSet:
      return Base::kSet;
    case Logged::kJson:
      return Base::kJson;
    case Logged::kGeometry:
      return Base::kGeometry;
    default:
      return Base::kOther;
  }
}

bool IsBlob(Logged type) {
  return type == Logged::kBlob || type == Logged::kTinyBlob || type == Logged::kMediumBlob ||
         type == Logged::kLongBlob;
}

// A temporal type in its present and in its old form, which has no fraction.
bool IsTemporal(const ColumnType& type, const binlog::Column& column, Logged now, Logged old) {
  return (column.type == now && column.metadata == type.length) ||
         (column.type == old && type.length == 0);
}

bool Agrees(const ColumnType& type, const binlog::Column& column) {
  switch (type.base) {
    case Base::kOther:
      return !IsInteger(column.type);  // whose sign would have to be guessed
    case Base::kInteger:
      return IsIntegerOf(type.length, column.type);
    case Base::kDecimal:
      return column.type == Logged::kNewDecimal &&
             column.metadata == type.length * 256 + type.scale;
    case Base::kFloat:
      return column.type == Logged::kFloat;
    case Base::kDouble:
      return column.type == Logged::kDouble;
    case Base::kBit:
      return column.type == Logged::kBit && column.metadata == type.length;
    case Base::kYear:
      return column.type == Logged::kYear;
    case Base::kDate:
      return column.type == Logged::kDate || column.type == Logged::kNewDate;
    case Base::kTime:
      return IsTemporal(type, column, Logged::kTime2, Logged::kTimeOld);
    case Base::kDateTime:
      return IsTemporal(type, column, Logged::kDateTime2, Logged::kDateTimeOld);
    case Base::kTimestamp:
      return IsTemporal(type, column, Logged::kTimestamp2, Logged::kTimestampOld);
    case Base::kChar:
      return column.type == Logged::kString && Fits(type, column.metadata);
    case Base::kVarchar:
      return column.type == (type.is_compressed ? Logged::kVarcharCompressed : Logged::kVarchar) &&
             (type.is_compressed || Fits(type, column.metadata));
    case Base::kText:
      return type.is_compressed ? column.type == Logged::kBlobCompressed : IsBlob(column.type);
    case Base::kEnum:
      return column.type == Logged::kEnum && column.metadata == EnumBytes(type.labels.size());
    case Base::kSet:
      return column.type == Logged::kSet && column.metadata == SetBytes(type.labels.size());
    case Base::kJson:
      return column.type == Logged::kJson || IsBlob(column.type);  // MariaDB's is a LONGTEXT
    case Base::kGeometry:
      return column.type == Logged::kGeometry;
  }
  return false;
}

bool KeepsCharacters(uint16_t from, uint16_t to) {
  if (from == to) return true;
  const binlog::Charset& before = binlog::CharsetOf(from);
  const binlog::Charset& after = binlog::CharsetOf(to);
  const auto is_text = [](const binlog::Charset& charset) {
    return charset.encoding != binlog::Encoding::kUnknown &&
           charset.encoding != binlog::Encoding::kBinary;
  };
  if (!is_text(before) || !is_text(after)) return false;
  return std::string_view(before.name) == after.name || std::string_view(after.name) == "utf8mb4";
}

bool IsString(Base base) {
  return base == Base::kChar || base == Base::kVarchar || base == Base::kText;
}

bool KeepsStrings(const ColumnType& from, const ColumnType& to) {
  if (!KeepsCharacters(from.collation, to.collation)) return false;
  if (from.base == to.base) return to.length >= from.length;
  if (from.base == Base::kText || to.base == Base::kChar) return false;
  return to.base == Base::kText ? to.length > 1 : to.length >= from.length;
}

bool KeepsIntegers(const ColumnType& from, const ColumnType& to) {
  if (from.is_unsigned == to.is_unsigned) return to.length >= from.length;
  return from.is_unsigned && to.length > from.length;
}

bool KeepsDecimals(const ColumnType& from, const ColumnType& to) {
  return to.scale >= from.scale && to.length - to.scale >= from.length - from.scale &&
         (from.is_unsigned || !to.is_unsigned);
}

}  // namespace

bool ColumnType::HasCharset() const {
  return IsString(base) || base == Base::kEnum || base == Base::kSet;
}

ColumnDefinition* Definition::Find(const std::string& name) {
  const auto found = std::find_if(
      columns.begin(), columns.end(),
      [&](const ColumnDefinition& column) { return absl::EqualsIgnoreCase(column.name, name); });
  return found == columns.end() ? nullptr : &*found;
}

const ColumnDefinition* Definition::Find(const std::string& name) const {
  return const_cast<Definition*>(this)->Find(name);  // NOLINT: it changes nothing
}

void Definition::InheritCharset(uint16_t of_database) {
  if (collation == 0) collation = of_database;
  for (ColumnDefinition& column : columns) {
    if (column.type.HasCharset() && column.type.collation == 0) column.type.collation = collation;
  }
}

ColumnType TypeOf(const binlog::Column& column) {
  ColumnType type;
  type.collation = column.collation;
  type.is_unsigned = column.is_unsigned;
  type.labels = column.labels;
  type.length = column.metadata;
  const uint32_t width = BytesOfCharacter(column.collation);
  switch (column.type) {
    case Logged::kTiny:
    case Logged::kShort:
    case Logged::kInt24:
    case Logged::kLong:
    case Logged::kLongLong:
      type.base = Base::kInteger;
      type.length = IntegerBytes(column.type);
      break;
    case Logged::kNewDecimal:
      type.base = Base::kDecimal;
      type.length = column.metadata >> 8;
      type.scale = static_cast<uint8_t>(column.metadata);
      break;
    case Logged::kString:
    case Logged::kVarchar:
    case Logged::kVarcharCompressed:
      if (width == 0) break;
      type.base = column.type == Logged::kString ? Base::kChar : Base::kVarchar;
      type.length = column.metadata / width;
      break;
    case Logged::kBlob:
    case Logged::kBlobCompressed:
      type.base = Base::kText;
      break;
    default:
      type.base = OtherBaseOf(column.type);
  }
  return type;
}

bool KeepsValues(const ColumnType& from, const ColumnType& to) {
  if (from.base == Base::kOther || to.base == Base::kOther) return false;
  if (IsString(from.base) && IsString(to.base)) return KeepsStrings(from, to);
  if (from.base != to.base) return false;
  switch (from.base) {
    case Base::kInteger:
      return KeepsIntegers(from, to);
    case Base::kDecimal:
      return KeepsDecimals(from, to);
    case Base::kTime:
    case Base::kDateTime:
    case Base::kTimestamp:
      return to.length >= from.length;
    case Base::kEnum:  // the labels that there were keep their numbers
      return to.labels.size() >= from.labels.size() &&
             std::equal(from.labels.begin(), from.labels.end(), to.labels.begin());
    case Base::kBit:
      return to.length >= from.length;
    case Base::kSet:
      return from.labels == to.labels;
    default:
      return true;
  }
}

std::string Disagreement(const Definition& definition, const binlog::Table& table) {
  const std::vector<ColumnDefinition>& columns = definition.columns;
  if (columns.size() != table.columns.size()) {
    return absl::StrCat("the binlog has rows of ", table.columns.size(), " columns, and ",
                        columns.size(), " are known");
  }
  for (size_t i = 0; i < columns.size(); ++i) {
    const binlog::Column& logged = table.columns[i];
    if (!Agrees(columns[i].type, logged)) {
      return absl::StrCat("column ", i + 1, " has type ", static_cast<int>(logged.type), " (",
                          logged.metadata, ") in the binlog, which isn't what is known of ",
                          columns[i].name);
    }
    if (columns[i].nullable.has_value() && *columns[i].nullable != logged.nullable) {
      return absl::StrCat("column ", i + 1, logged.nullable ? " may" : " can't",
                          " be NULL in the binlog, which isn't what is known of ", columns[i].name);
    }
  }
  return "";
}

void FillIn(const Definition& definition, binlog::Table& table) {
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const ColumnDefinition& known = definition.columns[i];
    binlog::Column& column = table.columns[i];
    column.name = known.name;
    if (!table.signs_known) column.is_unsigned = known.type.is_unsigned;
    if (column.collation == 0) column.collation = known.type.collation;
    if (column.labels.empty()) column.labels = known.type.labels;
  }
  table.primary_key.clear();
  for (const std::string& name : definition.primary_key) {
    for (size_t i = 0; i < table.columns.size(); ++i) {
      if (!absl::EqualsIgnoreCase(name, table.columns[i].name)) continue;
      table.primary_key.push_back(static_cast<uint32_t>(i));
    }
  }
  table.signs_known = true;
  table.names_known = true;
}

}  // namespace fundgate::schema
