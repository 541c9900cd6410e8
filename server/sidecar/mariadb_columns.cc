#include "server/sidecar/mariadb_columns.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "fundgate/types/text.h"

namespace fundgate::sidecar {
namespace {

using Kind = binlog::Value::Kind;

// What SELECT's text of a type is.
enum class Form : uint8_t {
  kWhole,
  kFloat,
  kDouble,
  kDecimal,
  kText,
  kBytes,
  kEnum,
  kSet,
  kDate,
  kTime,
  kDateTime,
  kTimestamp,
  kUnknown,
};

struct TypeForm {
  std::string_view data_type;
  Form form;
};

constexpr std::array kForms = {
    TypeForm{"tinyint", Form::kWhole},      TypeForm{"smallint", Form::kWhole},
    TypeForm{"mediumint", Form::kWhole},    TypeForm{"int", Form::kWhole},
    TypeForm{"bigint", Form::kWhole},       TypeForm{"year", Form::kWhole},
    TypeForm{"bit", Form::kWhole},          TypeForm{"float", Form::kFloat},
    TypeForm{"double", Form::kDouble},      TypeForm{"decimal", Form::kDecimal},
    TypeForm{"char", Form::kText},          TypeForm{"varchar", Form::kText},
    TypeForm{"tinytext", Form::kText},      TypeForm{"text", Form::kText},
    TypeForm{"mediumtext", Form::kText},    TypeForm{"longtext", Form::kText},
    TypeForm{"json", Form::kText},          TypeForm{"binary", Form::kBytes},
    TypeForm{"varbinary", Form::kBytes},    TypeForm{"tinyblob", Form::kBytes},
    TypeForm{"blob", Form::kBytes},         TypeForm{"mediumblob", Form::kBytes},
    TypeForm{"longblob", Form::kBytes},     TypeForm{"uuid", Form::kBytes},
    TypeForm{"inet4", Form::kBytes},        TypeForm{"inet6", Form::kBytes},
    TypeForm{"geometry", Form::kBytes},     TypeForm{"point", Form::kBytes},
    TypeForm{"linestring", Form::kBytes},   TypeForm{"polygon", Form::kBytes},
    TypeForm{"multipoint", Form::kBytes},   TypeForm{"multilinestring", Form::kBytes},
    TypeForm{"multipolygon", Form::kBytes}, TypeForm{"geometrycollection", Form::kBytes},
    TypeForm{"enum", Form::kEnum},          TypeForm{"set", Form::kSet},
    TypeForm{"date", Form::kDate},          TypeForm{"time", Form::kTime},
    TypeForm{"datetime", Form::kDateTime},  TypeForm{"timestamp", Form::kTimestamp},
};

Form FormOf(const MariadbColumn& column) {
  const auto* found = std::find_if(kForms.begin(), kForms.end(), [&column](const TypeForm& entry) {
    return entry.data_type == column.data_type;
  });
  return found == kForms.end() ? Form::kUnknown : found->form;
}

bool IsUnsigned(const MariadbColumn& column) {
  return column.data_type == "year" || column.data_type == "bit" ||
         absl::StrContains(column.column_type, "unsigned");
}

constexpr char kUnreadable[] =
    "its type is none that a snapshot can read; only its changes can be read";

binlog::Value Whole(const MariadbColumn& column, const std::string& text) {
  binlog::Value value;
  if (IsUnsigned(column)) {
    uint64_t number = 0;
    value.kind = absl::SimpleAtoi(text, &number) ? Kind::kUint : Kind::kUnreadable;
    value.integer = static_cast<int64_t>(number);
  } else {
    value.kind = absl::SimpleAtoi(text, &value.integer) ? Kind::kInt : Kind::kUnreadable;
  }
  if (value.kind == Kind::kUnreadable) value.text = kUnreadable;
  return value;
}

// ZEROFILL writes zeros that the binlog doesn't.
std::string_view WithoutZerofill(std::string_view text) {
  while (text.size() > 1 && text[0] == '0' && text[1] != '.') text.remove_prefix(1);
  return text;
}

int64_t NumberOfLabels(const MariadbColumn& column, std::string_view text) {
  const std::vector<std::string>& labels = column.labels;
  const auto place = [&labels](std::string_view label) {
    return std::find(labels.begin(), labels.end(), label) - labels.begin();
  };
  const auto count = static_cast<std::ptrdiff_t>(labels.size());
  if (FormOf(column) == Form::kEnum) return place(text) < count ? place(text) + 1 : 0;
  uint64_t bits = 0;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    const std::ptrdiff_t label = place(text.substr(0, comma));
    if (label < count) bits |= uint64_t{1} << label;
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return static_cast<int64_t>(bits);
}

// 0 for a zero timestamp.
int64_t SecondsOf(std::string_view text) {
  absl::Time time;
  std::string error;
  return absl::ParseTime("%Y-%m-%d %H:%M:%E*S", ToAbsl(text), absl::UTCTimeZone(), &time, &error)
             ? absl::ToUnixSeconds(time)
             : 0;
}

// Which literals a column of a key takes.
enum class KeyForm : uint8_t { kNumber, kText, kBytes, kWords, kNone };

KeyForm KeyFormOf(const MariadbColumn& column) {
  switch (FormOf(column)) {
    case Form::kWhole:
    case Form::kDecimal:
      return KeyForm::kNumber;
    case Form::kText:
      return KeyForm::kText;
    case Form::kBytes:
      return column.data_type == "uuid" || absl::StartsWith(column.data_type, "inet")
                 ? KeyForm::kWords
                 : KeyForm::kBytes;
    case Form::kDate:
    case Form::kTime:
    case Form::kDateTime:
    case Form::kTimestamp:
      return KeyForm::kWords;
    default:
      return KeyForm::kNone;
  }
}

bool IsName(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_';
  });
}

}  // namespace

std::string Quoted(std::string_view name) {
  return absl::StrCat("`", absl::StrReplaceAll(ToAbsl(name), {{"`", "``"}}), "`");
}

std::vector<std::string> LabelsOf(std::string_view column_type) {
  std::vector<std::string> labels;
  if (column_type.rfind("enum(", 0) != 0 && column_type.rfind("set(", 0) != 0) return labels;
  for (size_t at = column_type.find('(') + 1; at < column_type.size() && column_type[at] == '\'';
       ++at) {
    std::string& label = labels.emplace_back();
    for (++at; at < column_type.size(); ++at) {
      const bool is_quote = column_type[at] == '\'';
      if (is_quote && (at + 1 == column_type.size() || column_type[at + 1] != '\'')) break;
      if (is_quote) ++at;
      label += column_type[at];
    }
    ++at;  // the quote; then a comma or the end
  }
  return labels;
}

std::string Selected(const MariadbColumn& column) {
  const std::string name = Quoted(column.name);
  const std::string& type = column.data_type;
  if (type == "year") return absl::StrCat("CAST(", name, " AS UNSIGNED)");
  if (type == "bit") return absl::StrCat(name, "+0");
  // MySQL has no cast to DOUBLE before 8.0.17; adding 0 would lose the sign of a zero.
  if (type == "float" || type == "double") return absl::StrCat(name, " * 1e0");
  if (type == "uuid") return absl::StrCat("UNHEX(REPLACE(", name, ", '-', ''))");
  if (type == "inet4" || type == "inet6") return absl::StrCat("INET6_ATON(", name, ")");
  return name;
}

binlog::Value ValueOf(const MariadbColumn& column, const std::optional<std::string>& text) {
  binlog::Value value;
  value.kind = Kind::kNull;
  if (!text.has_value()) return value;
  const Form form = FormOf(column);
  if (form == Form::kWhole) return Whole(column, *text);
  value.text = *text;
  switch (form) {
    case Form::kFloat:
    case Form::kDouble:
      value.kind = form == Form::kFloat ? Kind::kFloat : Kind::kDouble;
      value.text = absl::SimpleAtod(*text, &value.real) ? std::string_view() : kUnreadable;
      if (!value.text.empty()) value.kind = Kind::kUnreadable;
      if (form == Form::kFloat) value.real = static_cast<float>(value.real);
      break;
    case Form::kDecimal:
      value.kind = Kind::kDecimal;
      value.text = WithoutZerofill(*text);
      break;
    case Form::kText:
      value.kind = Kind::kText;
      break;
    case Form::kBytes:
      value.kind = Kind::kBytes;
      break;
    case Form::kEnum:
    case Form::kSet:
      value.kind = form == Form::kEnum ? Kind::kEnum : Kind::kSet;
      value.integer = NumberOfLabels(column, *text);
      break;
    case Form::kDate:
      value.kind = Kind::kDate;
      break;
    case Form::kTime:
      value.kind = Kind::kTime;
      break;
    case Form::kDateTime:
      value.kind = Kind::kDateTime;
      break;
    case Form::kTimestamp:
      value.kind = Kind::kTimestamp;
      value.integer = SecondsOf(*text);
      break;
    case Form::kWhole:
    case Form::kUnknown:
      value.kind = Kind::kUnreadable;
      value.text = kUnreadable;
  }
  return value;
}

absl::StatusOr<std::string> CursorExpression(const MariadbColumn& column) {
  const std::string name = Quoted(column.name);
  switch (KeyFormOf(column)) {
    case KeyForm::kNumber:
      return absl::StrCat("HEX(CAST(", name, "+0 AS CHAR))");
    case KeyForm::kText:
    case KeyForm::kBytes:
      return absl::StrCat("HEX(", name, ")");
    case KeyForm::kWords:
      return absl::StrCat("HEX(CAST(", name, " AS CHAR CHARACTER SET utf8mb4))");
    case KeyForm::kNone:
      break;
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "column ", column.name, " of the primary key is ", column.column_type,
      ", whose rows can't be gone through in the key's order; give the table another key"));
}

absl::StatusOr<std::string> Literal(const MariadbColumn& column, std::string_view cursor) {
  const auto is_hex = [](char c) { return absl::ascii_isxdigit(static_cast<unsigned char>(c)); };
  const absl::Status bad = absl::InvalidArgumentError(
      absl::StrCat("\"", ToAbsl(cursor), "\" is no place in column ", column.name));
  if (cursor.size() % 2 != 0 || !std::all_of(cursor.begin(), cursor.end(), is_hex)) return bad;
  const std::string text = absl::HexStringToBytes(ToAbsl(cursor));
  const auto consists_of = [&text](absl::string_view allowed) {
    return !text.empty() && text.find_first_not_of(std::string(allowed)) == std::string::npos;
  };
  switch (KeyFormOf(column)) {
    case KeyForm::kNumber:
      return consists_of("-0123456789.") ? absl::StatusOr<std::string>(text) : bad;
    case KeyForm::kWords:
      return consists_of("0123456789abcdefABCDEF:.- ")
                 ? absl::StatusOr<std::string>("'" + text + "'")
                 : bad;
    case KeyForm::kBytes:
      return absl::StrCat("x'", ToAbsl(cursor), "'");
    case KeyForm::kText:
      if (!IsName(column.charset) || !IsName(column.collation)) return bad;
      return absl::StrCat("_", column.charset, " x'", ToAbsl(cursor), "' COLLATE ",
                          column.collation);
    case KeyForm::kNone:
      break;
  }
  return bad;
}

}  // namespace fundgate::sidecar
