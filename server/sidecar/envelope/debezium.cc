#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "fundgate/types/text.h"
#include "server/sidecar/envelope/envelopes.h"
#include "server/sidecar/envelope/values.h"

namespace fundgate::envelope {
namespace {

using Kind = Json::Kind;

// What Debezium puts in place of a large value that has not changed.
constexpr std::string_view kUnavailable = "__debezium_unavailable_value";

// The element of a list of fields that has this name; null if there is none.
const Json* FieldOf(const Json* fields, std::string_view name) {
  if (fields == nullptr || !fields->is(Kind::kArray)) return nullptr;
  for (const Json& field : fields->items) {
    if (field.TextOf("field") == name) return &field;
  }
  return nullptr;
}

absl::StatusOr<int64_t> Whole(const Json& json) {
  int64_t number = 0;
  if (json.is(Kind::kNumber) && absl::SimpleAtoi(json.text, &number)) return number;
  return absl::InvalidArgumentError("is no whole number, as its schema says");
}

// The digits after the point of a date with a time, by the name of its type.
std::optional<int> DateTimeDigits(std::string_view name) {
  if (name == "io.debezium.time.Timestamp" || name == "org.apache.kafka.connect.data.Timestamp") {
    return 3;
  }
  if (name == "io.debezium.time.MicroTimestamp") return 6;
  if (name == "io.debezium.time.NanoTimestamp") return 9;
  return std::nullopt;
}

bool IsTimeOfDay(std::string_view name) {
  return name == "io.debezium.time.Time" || name == "io.debezium.time.MicroTime" ||
         name == "io.debezium.time.NanoTime" || name == "org.apache.kafka.connect.data.Time";
}

absl::StatusOr<binlog::Value> ReadDecimal(const Json& json, const Json& schema,
                                          binlog::Arena& arena) {
  const Json* parameters = schema.Find("parameters");
  int64_t scale = -1;
  if (parameters == nullptr || !absl::SimpleAtoi(ToAbsl(parameters->TextOf("scale")), &scale) ||
      !json.is(Kind::kString)) {
    return absl::InvalidArgumentError("is a decimal whose schema has no scale");
  }
  return DecimalValue(json.text, scale, arena);
}

absl::StatusOr<binlog::Value> ReadBySchema(const Json& json, const Json& schema,
                                           binlog::Arena& arena) {
  const std::string_view name = schema.TextOf("name");
  const std::string_view type = schema.TextOf("type");
  if (name == "org.apache.kafka.connect.data.Decimal") return ReadDecimal(json, schema, arena);
  if (name == "io.debezium.data.VariableScaleDecimal") {
    return DecimalValue(json.TextOf("value"), json.WholeOf("scale"), arena);
  }
  if (name == "io.debezium.time.Date" || name == "org.apache.kafka.connect.data.Date") {
    FUNDGATE_ASSIGN_OR_RETURN(const int64_t days, Whole(json));
    return DateValue(days, arena);
  }
  if (const std::optional<int> digits = DateTimeDigits(name); digits.has_value()) {
    FUNDGATE_ASSIGN_OR_RETURN(const int64_t units, Whole(json));
    return DateTimeValue(units, *digits, arena);
  }
  if (IsTimeOfDay(name)) {
    return absl::InvalidArgumentError("is a time of day, which isn't read here");
  }
  if (type == "float" || type == "double") {
    if (!json.is(Kind::kNumber)) return absl::InvalidArgumentError("is no number");
    return DoubleValue(json.text);
  }
  if (type == "bytes") {
    binlog::Value value = TextValue(json.text);
    value.kind = binlog::Value::Kind::kBytes;
    return value;
  }
  return PlainValue(json, arena);
}

// Where decimals are text, a number with a fraction is a FLOAT or a DOUBLE.
absl::StatusOr<binlog::Value> ReadBare(const Json& json, binlog::Arena& arena) {
  FUNDGATE_ASSIGN_OR_RETURN(const binlog::Value value, PlainValue(json, arena));
  if (value.kind == binlog::Value::Kind::kDecimal) return DoubleValue(json.text);
  return value;
}

// An image of a row; `fields` is its schema, null without one.
Image ImageOf(const Json& image, const Json* fields) {
  return [&image, fields](const std::string& column,
                          binlog::Arena& arena) -> absl::StatusOr<binlog::Value> {
    const Json* json = image.Find(column);
    if (json == nullptr || (json->is(Kind::kString) && json->text == kUnavailable)) {
      return binlog::Value();  // absent
    }
    if (json->is(Kind::kNull)) return NullValue();
    if (fields == nullptr) return ReadBare(*json, arena);
    const Json* schema = FieldOf(fields, column);
    if (schema == nullptr) return absl::InvalidArgumentError("is missing in the message's schema");
    return ReadBySchema(*json, *schema, arena);
  };
}

std::string TableOf(const Json& source) {
  const std::string_view schema = source.TextOf("schema");
  return absl::StrCat(ToAbsl(schema.empty() ? source.TextOf("db") : schema), ".",
                      ToAbsl(source.TextOf("table")));
}

// The source's own coordinates of the change; empty if it has none, as in snapshots.
std::string IdOf(const Json& source, std::string_view op) {
  if (op == "r") return "";
  if (!source.TextOf("file").empty()) {
    return absl::StrCat(source.WholeOf("server_id"), "/", ToAbsl(source.TextOf("file")), ":",
                        source.WholeOf("pos"), "/", source.WholeOf("row"));
  }
  if (source.WholeOf("lsn") != 0) return absl::StrCat("lsn:", source.WholeOf("lsn"));
  return "";
}

class Event {
 public:
  Event(const Json& payload, const Json* schema, Told& told)
      : payload_(payload), schema_(schema), told_(told) {}

  absl::Status Read(std::string_view op, std::string table) {
    ToldRow row;
    row.table = std::move(table);
    const bool has_before = op == "u" || op == "d";
    const bool has_after = op != "d";
    row.operation = !has_before ? binlog::RowOperation::kInsert
                    : has_after ? binlog::RowOperation::kUpdate
                                : binlog::RowOperation::kDelete;
    if (has_before) {
      FUNDGATE_ASSIGN_OR_RETURN(row.before, ImageNamed("before"));
    }
    if (has_after) {
      FUNDGATE_ASSIGN_OR_RETURN(row.after, ImageNamed("after"));
    }
    told_.rows.push_back(std::move(row));
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<Image> ImageNamed(std::string_view name) const {
    const Json* image = payload_.Find(name);
    if (image == nullptr || !image->is(Kind::kObject)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "its \"", ToAbsl(name), "\" is no row: the database must log whole rows (MySQL: ",
          "binlog_row_image=FULL; PostgreSQL: REPLICA IDENTITY FULL)"));
    }
    if (schema_ == nullptr) return ImageOf(*image, nullptr);
    const Json* field = FieldOf(schema_->Find("fields"), name);
    const Json* fields = field != nullptr ? field->Find("fields") : nullptr;
    if (fields == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("its schema doesn't describe \"", ToAbsl(name), "\""));
    }
    return ImageOf(*image, fields);
  }

  const Json& payload_;
  const Json* const schema_;
  Told& told_;
};

}  // namespace

absl::StatusOr<Told> ReadDebezium(const Json& message, bool text_decimals) {
  const Json* wrapped = message.Find("payload");
  const Json* schema = wrapped != nullptr ? message.Find("schema") : nullptr;
  if (schema != nullptr && schema->is(Kind::kNull)) schema = nullptr;
  const Json& payload = wrapped != nullptr ? *wrapped : message;
  const std::string_view op = payload.TextOf("op");
  const Json* source = payload.Find("source");
  Told told;
  if (op == "m") return told;
  if (op.empty() || source == nullptr || source->TextOf("table").empty()) {
    return absl::InvalidArgumentError(
        "it is no change event of Debezium: \"op\" or \"source\" is missing");
  }
  told.id = IdOf(*source, op);
  told.committed_at = source->WholeOf("ts_ms") / 1000;
  told.server_id = static_cast<uint64_t>(source->WholeOf("server_id"));
  std::string table = TableOf(*source);
  if (op == "t") {
    told.unreadable_table = std::move(table);
    told.unreadable_reason = "TRUNCATE, which has no rows";
    return told;
  }
  if (op != "c" && op != "r" && op != "u" && op != "d") {
    return absl::InvalidArgumentError(absl::StrCat("its op \"", ToAbsl(op), "\" is unknown"));
  }
  if (schema == nullptr && !text_decimals) {
    return absl::InvalidArgumentError(
        "it has no schema, so that nothing says how amounts are written: send schemas "
        "(value.converter.schemas.enable), or set decimal.handling.mode=string and write "
        "`decimals: text` at the topic");
  }
  FUNDGATE_RETURN_IF_ERROR(Event(payload, schema, told).Read(op, std::move(table)));
  return told;
}

}  // namespace fundgate::envelope
