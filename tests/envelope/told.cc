#include "tests/envelope/told.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "fundgate/types/text.h"

namespace fundgate::envelope::testing {
namespace {

using Kind = binlog::Value::Kind;

std::string ImageText(const binlog::Table& table, std::span<const binlog::Value> image) {
  std::vector<std::string> columns;
  for (size_t i = 0; i < image.size(); ++i) {
    const std::string& name = table.columns[i].name;
    columns.push_back(absl::StrCat(name.empty() ? "*" : name, "=", ToText(image[i])));
  }
  return absl::StrJoin(columns, " ");
}

}  // namespace

std::string ToText(const binlog::Value& value) {
  const auto named = [&value](const char* kind) {
    return absl::StrCat(kind, " ", ToAbsl(value.text));
  };
  switch (value.kind) {
    case Kind::kAbsent:
      return "absent";
    case Kind::kNull:
      return "null";
    case Kind::kInt:
      return absl::StrCat("int ", value.integer);
    case Kind::kUint:
      return absl::StrCat("uint ", static_cast<uint64_t>(value.integer));
    case Kind::kDouble:
      return absl::StrCat("double ", value.real);
    case Kind::kDecimal:
      return named("decimal");
    case Kind::kBytes:
      return named("bytes");
    case Kind::kDate:
      return named("date");
    case Kind::kDateTime:
      return named("datetime");
    case Kind::kUnreadable:
      // Expressions read it as a C string.
      EXPECT_EQ(*(value.text.data() + value.text.size()), '\0');
      return named("unreadable");
    default:
      return named("text");
  }
}

absl::Status Notes::OnBegin(const binlog::TransactionHead& head) {
  lines.push_back(
      absl::StrCat("begin ", head.id, " by ", head.server_id, " at ", head.committed_at));
  return absl::OkStatus();
}

absl::Status Notes::OnRow(const binlog::RowChange& row) {
  const char* const operations[] = {"insert", "update", "delete"};
  std::string line = absl::StrCat(operations[static_cast<int>(row.operation)], " ",
                                  row.table->database, ".", row.table->name, " #", row.index);
  if (!row.before.empty()) absl::StrAppend(&line, " [", ImageText(*row.table, row.before), "]");
  if (!row.after.empty()) absl::StrAppend(&line, " ", ImageText(*row.table, row.after));
  lines.push_back(std::move(line));
  const auto image = row.after.empty() ? row.before : row.after;
  std::vector<std::string> key;
  for (const uint32_t column : row.table->primary_key) key.push_back(ToText(image[column]));
  keys.push_back(absl::StrJoin(key, ","));
  return absl::OkStatus();
}

absl::Status Notes::OnStatement(std::string_view /*database*/, std::string_view /*sql*/) {
  ADD_FAILURE() << "messages have no statements";
  return absl::OkStatus();
}

absl::Status Notes::OnUnreadable(const binlog::Unreadable& unreadable) {
  lines.push_back(absl::StrCat("unreadable ", ToAbsl(unreadable.database), ".",
                               ToAbsl(unreadable.table), " ", unreadable.reason));
  return absl::OkStatus();
}

absl::Status Notes::OnEnd(binlog::TransactionEnd end) {
  EXPECT_EQ(end, binlog::TransactionEnd::kCommit);
  lines.emplace_back("end");
  return absl::OkStatus();
}

Notes Hear(const TopicSettings& settings, std::optional<std::string_view> value, int64_t offset) {
  Notes notes;
  MessageReader reader(settings);
  const absl::Status status = reader.Read({"orders", 3, offset, 1'000'500, value}, notes);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_FALSE(notes.lines.empty());
  EXPECT_EQ(notes.lines.back(), "end");
  return notes;
}

std::vector<std::string> Rows(const Notes& notes) {
  return {notes.lines.begin() + 1, notes.lines.end() - 1};
}

}  // namespace fundgate::envelope::testing
