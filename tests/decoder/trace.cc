#include "tests/decoder/trace.h"

#include "absl/strings/str_cat.h"
#include "fundgate/types/text.h"
#include "server/sidecar/decode/words.h"

namespace fundgate::decoder_testing {
namespace {

using binlog::Value;

std::string ImageText(const binlog::Table& table, std::span<const Value> values) {
  std::string text;
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i].kind == Value::Kind::kAbsent) continue;
    absl::StrAppend(&text, " ", decode::ColumnName(table, i), "=",
                    ValueText(values[i]).value_or("NULL"));
  }
  return text;
}

}  // namespace

std::optional<std::string> ValueText(const Value& value) {
  switch (value.kind) {
    case Value::Kind::kAbsent:
      return "(absent)";
    case Value::Kind::kNull:
      return std::nullopt;
    case Value::Kind::kInt:
      return absl::StrCat(value.integer);
    case Value::Kind::kUint:
      return absl::StrCat(static_cast<uint64_t>(value.integer));
    case Value::Kind::kFloat:
    case Value::Kind::kDouble:
      return decode::RealText(value);
    default:
      return std::string(value.text);
  }
}

absl::Status Trace::OnBegin(const binlog::TransactionHead& head) {
  lines.push_back("begin " + head.id);
  heads.push_back(head);
  return answer;
}

absl::Status Trace::OnRow(const binlog::RowChange& row) {
  const std::string before = ImageText(*row.table, row.before);
  const std::string after = ImageText(*row.table, row.after);
  lines.push_back(absl::StrCat(ToAbsl(decode::WordOf(row.operation)), " ", row.table->database, ".",
                               row.table->name, before,
                               row.before.empty() || row.after.empty() ? "" : " ->", after));
  annotations.emplace_back(row.statement);
  indexes.push_back(row.index);
  return answer;
}

absl::Status Trace::OnStatement(std::string_view /*database*/, std::string_view sql) {
  lines.push_back(absl::StrCat("statement ", ToAbsl(sql)));
  return answer;
}

absl::Status Trace::OnUnreadable(const binlog::Unreadable& unreadable) {
  lines.push_back(absl::StrCat("unreadable ", ToAbsl(decode::WordOf(unreadable.kind)), " ",
                               ToAbsl(unreadable.database), ".", ToAbsl(unreadable.table)));
  reasons.push_back(unreadable.reason);
  return answer;
}

absl::Status Trace::OnEnd(binlog::TransactionEnd end) {
  lines.push_back(absl::StrCat("end ", ToAbsl(decode::WordOf(end))));
  return answer;
}

}  // namespace fundgate::decoder_testing
