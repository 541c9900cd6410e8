// The optional part of TABLE_MAP: fields of a type, a length and their data, which
// binlog_row_metadata turns on. Character sets, labels and signs are counted over the columns that
// can have them, so which columns those are decides everything here.
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "server/sidecar/binlog/arena.h"
#include "server/sidecar/binlog/table_map.h"

namespace fundgate::binlog {
namespace {

// Written by servers: never renumber.
enum class Field : uint8_t {
  kSigns = 1,
  kDefaultCharset = 2,
  kColumnCharsets = 3,
  kColumnNames = 4,
  kSetLabels = 5,
  kEnumLabels = 6,
  kSimpleKey = 8,
  kKeyWithPrefixes = 9,
  kLabelDefaultCharset = 10,
  kLabelColumnCharsets = 11,
};

bool IsNumeric(ColumnType type, bool mariadb) {
  switch (type) {
    case ColumnType::kTiny:
    case ColumnType::kShort:
    case ColumnType::kInt24:
    case ColumnType::kLong:
    case ColumnType::kLongLong:
    case ColumnType::kNewDecimal:
    case ColumnType::kFloat:
    case ColumnType::kDouble:
      return true;
    case ColumnType::kYear:
      return mariadb;
    default:
      return false;
  }
}

bool IsCharacter(ColumnType type, bool mariadb) {
  switch (type) {
    case ColumnType::kString:
    case ColumnType::kVarString:
    case ColumnType::kVarchar:
    case ColumnType::kTinyBlob:
    case ColumnType::kMediumBlob:
    case ColumnType::kLongBlob:
    case ColumnType::kBlob:
    case ColumnType::kVarcharCompressed:
    case ColumnType::kBlobCompressed:
      return true;
    case ColumnType::kGeometry:
      return mariadb;
    default:
      return false;
  }
}

bool HasLabels(ColumnType type) { return type == ColumnType::kEnum || type == ColumnType::kSet; }

absl::Status Damaged(const Table& table, const char* what) {
  return absl::DataLossError(
      absl::StrCat("the table map of ", table.database, ".", table.name, " has damaged ", what));
}

class MetadataReader {
 public:
  MetadataReader(bool mariadb, Table& table) : mariadb_(mariadb), table_(table) {}

  absl::Status Read(Field field, Bytes data) {
    switch (field) {
      case Field::kSigns:
        return ReadSigns(data);
      case Field::kDefaultCharset:
        return ReadDefaultCharset(data, Characters());
      case Field::kColumnCharsets:
        return ReadColumnCharsets(data, Characters());
      case Field::kColumnNames:
        return ReadNames(data);
      case Field::kSetLabels:
        return ReadLabels(data, ColumnType::kSet);
      case Field::kEnumLabels:
        return ReadLabels(data, ColumnType::kEnum);
      case Field::kSimpleKey:
        return ReadKey(data, false);
      case Field::kKeyWithPrefixes:
        return ReadKey(data, true);
      case Field::kLabelDefaultCharset:
        return ReadDefaultCharset(data, Labelled());
      case Field::kLabelColumnCharsets:
        return ReadColumnCharsets(data, Labelled());
    }
    return absl::OkStatus();  // what later servers add doesn't change how rows are read
  }

 private:
  std::vector<Column*> Characters() {
    std::vector<Column*> found;
    for (Column& column : table_.columns) {
      if (IsCharacter(column.type, mariadb_)) found.push_back(&column);
    }
    return found;
  }

  std::vector<Column*> Labelled() {
    std::vector<Column*> found;
    for (Column& column : table_.columns) {
      if (HasLabels(column.type)) found.push_back(&column);
    }
    return found;
  }

  absl::Status ReadSigns(Bytes data) {
    const std::span<const uint8_t> bits = data.rest();
    size_t number = 0;
    for (Column& column : table_.columns) {
      if (!IsNumeric(column.type, mariadb_)) continue;
      if (number / 8 >= bits.size()) return Damaged(table_, "signs");
      // The first column's bit is the most significant one.
      column.is_unsigned = (bits[number / 8] >> (7 - number % 8) & 1) != 0;
      ++number;
    }
    if (bits.size() != (number + 7) / 8) return Damaged(table_, "signs");
    table_.signs_known = true;
    return absl::OkStatus();
  }

  // A collation for all, then (number of the column, collation) for those that differ.
  absl::Status ReadDefaultCharset(Bytes data, const std::vector<Column*>& columns) {
    const uint64_t usual = data.Packed();
    for (Column* column : columns) column->collation = static_cast<uint16_t>(usual);
    while (data.ok() && data.left() > 0) {
      const uint64_t number = data.Packed();
      const uint64_t collation = data.Packed();
      if (number >= columns.size()) return Damaged(table_, "character sets");
      columns[number]->collation = static_cast<uint16_t>(collation);
    }
    return data.ok() ? absl::OkStatus() : Damaged(table_, "character sets");
  }

  absl::Status ReadColumnCharsets(Bytes data, const std::vector<Column*>& columns) {
    for (Column* column : columns) column->collation = static_cast<uint16_t>(data.Packed());
    return data.ok() && data.left() == 0 ? absl::OkStatus() : Damaged(table_, "character sets");
  }

  absl::Status ReadNames(Bytes data) {
    for (Column& column : table_.columns) column.name = data.Text(data.Packed());
    if (!data.ok() || data.left() != 0) return Damaged(table_, "column names");
    table_.names_known = true;
    return absl::OkStatus();
  }

  absl::Status ReadLabels(Bytes data, ColumnType type) {
    for (Column& column : table_.columns) {
      if (column.type != type) continue;
      const uint64_t count = data.Packed();
      // A label takes a byte at least, so that a damaged count can't ask for much.
      if (count > data.left()) return Damaged(table_, "labels");
      column.labels.reserve(count);
      for (uint64_t i = 0; i < count; ++i) column.labels.emplace_back(data.Text(data.Packed()));
    }
    return data.ok() && data.left() == 0 ? absl::OkStatus() : Damaged(table_, "labels");
  }

  absl::Status ReadKey(Bytes data, bool with_prefixes) {
    table_.primary_key.clear();
    while (data.ok() && data.left() > 0) {
      const uint64_t index = data.Packed();
      if (with_prefixes) data.Packed();
      if (index >= table_.columns.size()) return Damaged(table_, "primary key");
      table_.primary_key.push_back(static_cast<uint32_t>(index));
    }
    return data.ok() ? absl::OkStatus() : Damaged(table_, "primary key");
  }

  bool mariadb_;
  Table& table_;
};

// Labels come in the column's character set. Those that can't be converted are dropped together:
// the column's values then are numbers.
void ConvertLabels(Transcoder& transcoder, Column& column) {
  const Charset& charset = CharsetOf(column.collation);
  Arena arena;
  for (std::string& label : column.labels) {
    arena.Clear();
    const std::optional<std::string_view> text =
        charset.encoding == Encoding::kBinary ? label : transcoder.ToUtf8(charset, label, arena);
    if (!text.has_value()) {
      column.labels.clear();
      return;
    }
    if (text->data() != label.data()) label = std::string(*text);
  }
}

}  // namespace

absl::Status ReadTableMetadata(std::span<const uint8_t> metadata, bool mariadb,
                               Transcoder& transcoder, Table& table) {
  Bytes in(metadata);
  MetadataReader reader(mariadb, table);
  while (in.left() > 0) {
    const auto field = static_cast<Field>(in.Byte());
    const std::span<const uint8_t> data = in.Take(in.Packed());
    if (!in.ok()) return Damaged(table, "optional metadata");
    FUNDGATE_RETURN_IF_ERROR(reader.Read(field, Bytes(data)));
  }
  for (Column& column : table.columns) {
    if (!column.labels.empty()) ConvertLabels(transcoder, column);
  }
  return absl::OkStatus();
}

}  // namespace fundgate::binlog
