#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "fundgate/types/text.h"
#include "server/sidecar/envelope/envelopes.h"
#include "server/sidecar/envelope/values.h"

namespace fundgate::envelope {
namespace {

using Kind = Json::Kind;

// java.sql.Types
enum class JdbcType : int64_t {
  kBit = -7,
  kTinyint = -6,
  kBigint = -5,
  kLongVarbinary = -4,
  kVarbinary = -3,
  kBinary = -2,
  kInteger = 4,
  kSmallint = 5,
  kFloat = 6,
  kReal = 7,
  kDouble = 8,
  kBlob = 2004,
};

absl::StatusOr<binlog::Value> ReadByType(std::string_view text, int64_t type,
                                         binlog::Arena& arena) {
  switch (static_cast<JdbcType>(type)) {
    case JdbcType::kBit:
    case JdbcType::kTinyint:
    case JdbcType::kSmallint:
    case JdbcType::kInteger:
    case JdbcType::kBigint: {
      absl::StatusOr<binlog::Value> value = NumberValue(text, arena);
      const bool is_whole = value.ok() && (value->kind == binlog::Value::Kind::kInt ||
                                           value->kind == binlog::Value::Kind::kUint);
      if (is_whole) return value;
      return absl::InvalidArgumentError("is no whole number, as its sqlType says");
    }
    case JdbcType::kFloat:
    case JdbcType::kReal:
    case JdbcType::kDouble:
      return DoubleValue(text);
    case JdbcType::kLongVarbinary:
    case JdbcType::kVarbinary:
    case JdbcType::kBinary:
    case JdbcType::kBlob: {
      binlog::Value value = TextValue(text);
      value.kind = binlog::Value::Kind::kBytes;
      return value;
    }
  }
  return TextValue(text);
}

// What `over` has is taken from there, all else from `fields`. Both and `types` may be null.
Image ImageOf(const Json* over, const Json& fields, const Json* types) {
  return [over, &fields, types](const std::string& column,
                                binlog::Arena& arena) -> absl::StatusOr<binlog::Value> {
    const Json* json = over != nullptr ? over->Find(column) : nullptr;
    if (json == nullptr) json = fields.Find(column);
    if (json == nullptr) return binlog::Value();  // absent
    if (!json->is(Kind::kString)) return PlainValue(*json, arena);
    return ReadByType(json->text, types != nullptr ? types->WholeOf(column) : 0, arena);
  };
}

absl::Status ReadRows(const Json& message, binlog::RowOperation operation, Told& told,
                      const std::string& table) {
  const Json* data = message.Find("data");
  const Json* old = message.Find("old");
  const Json* types = message.Find("sqlType");
  if (data == nullptr || !data->is(Kind::kArray)) {
    return absl::InvalidArgumentError("its \"data\" is no list of rows");
  }
  const bool is_update = operation == binlog::RowOperation::kUpdate;
  if (is_update &&
      (old == nullptr || !old->is(Kind::kArray) || old->items.size() != data->items.size())) {
    return absl::InvalidArgumentError(
        "its \"old\" doesn't have one entry for each row of \"data\"");
  }
  for (size_t i = 0; i < data->items.size(); ++i) {
    const Json& fields = data->items[i];
    if (!fields.is(Kind::kObject)) return absl::InvalidArgumentError("a row of \"data\" is none");
    ToldRow row;
    row.operation = operation;
    row.table = table;
    if (operation != binlog::RowOperation::kInsert) {
      row.before = ImageOf(is_update ? &old->items[i] : nullptr, fields, types);
    }
    if (operation != binlog::RowOperation::kDelete) row.after = ImageOf(nullptr, fields, types);
    told.rows.push_back(std::move(row));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Told> ReadCanal(const Json& message) {
  const std::string_view type = message.TextOf("type");
  const Json* is_ddl = message.Find("isDdl");
  if (type.empty() || message.TextOf("database").empty() || is_ddl == nullptr) {
    return absl::InvalidArgumentError(
        "it is no flat message of canal: \"type\", \"database\" or \"isDdl\" is missing (set "
        "canal.mq.flatMessage = true)");
  }
  const std::string table =
      absl::StrCat(ToAbsl(message.TextOf("database")), ".", ToAbsl(message.TextOf("table")));
  Told told;
  told.committed_at = message.WholeOf("es") / 1000;
  absl::Status read;
  if (type == "INSERT") {
    read = ReadRows(message, binlog::RowOperation::kInsert, told, table);
  } else if (type == "UPDATE") {
    read = ReadRows(message, binlog::RowOperation::kUpdate, told, table);
  } else if (type == "DELETE") {
    read = ReadRows(message, binlog::RowOperation::kDelete, told, table);
  } else if (!is_ddl->boolean || type == "TRUNCATE" || type == "ERASE") {
    told.unreadable_table = table;
    told.unreadable_reason = absl::StrCat(ToAbsl(type), ", which has no rows");
  }
  if (!read.ok()) return read;
  return told;
}

}  // namespace fundgate::envelope
