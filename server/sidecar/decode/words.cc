#include "server/sidecar/decode/words.h"

#include <charconv>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace fundgate::decode {

std::string_view WordOf(binlog::RowOperation operation) {
  switch (operation) {
    case binlog::RowOperation::kInsert:
      return "insert";
    case binlog::RowOperation::kUpdate:
      return "update";
    case binlog::RowOperation::kDelete:
      return "delete";
  }
  return "";
}

std::string_view WordOf(binlog::TransactionEnd end) {
  switch (end) {
    case binlog::TransactionEnd::kCommit:
      return "commit";
    case binlog::TransactionEnd::kRollback:
      return "rollback";
    case binlog::TransactionEnd::kXaPrepare:
      return "xa_prepare";
    case binlog::TransactionEnd::kXaCommit:
      return "xa_commit";
    case binlog::TransactionEnd::kXaRollback:
      return "xa_rollback";
    case binlog::TransactionEnd::kCutOff:
      return "cut_off";
  }
  return "";
}

std::string_view WordOf(binlog::Unreadable::Kind kind) {
  switch (kind) {
    case binlog::Unreadable::Kind::kStatement:
      return "statement";
    case binlog::Unreadable::Kind::kRows:
      return "rows";
    case binlog::Unreadable::Kind::kUnknownEvent:
      return "unknown_event";
    case binlog::Unreadable::Kind::kIncident:
      return "incident";
    case binlog::Unreadable::Kind::kDefinition:
      return "definition";
  }
  return "";
}

std::string ColumnName(const binlog::Table& table, size_t index) {
  const std::string& name = table.columns[index].name;
  return name.empty() ? absl::StrCat("@", index + 1) : name;
}

std::string TimeText(int64_t seconds) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixSeconds(seconds),
                          absl::UTCTimeZone());
}

std::string OneLine(std::string_view text, bool quotes) {
  std::string line;
  for (const char character : text) {
    const auto code = static_cast<unsigned char>(character);
    if (character == '\n') {
      line += "\\n";
    } else if (code < 0x20 || code == 0x7f) {
      absl::StrAppend(&line, "\\x", absl::Hex(code, absl::kZeroPad2));
    } else {
      if (character == '\\' || (quotes && character == '\'')) line += '\\';
      line += character;
    }
  }
  return line;
}

std::string RealText(const binlog::Value& value) {
  char digits[64];
  const std::to_chars_result result =
      value.kind == binlog::Value::Kind::kFloat
          ? std::to_chars(digits, digits + sizeof(digits), static_cast<float>(value.real))
          : std::to_chars(digits, digits + sizeof(digits), value.real);
  return {digits, result.ptr};
}

}  // namespace fundgate::decode
