#include <algorithm>
#include <ostream>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "fundgate/types/text.h"
#include "server/sidecar/decode/printer.h"
#include "server/sidecar/decode/words.h"

namespace fundgate::decode {
namespace {

using binlog::RowChange;
using binlog::Value;

bool IsPrintable(std::string_view bytes) {
  return std::ranges::all_of(bytes, [](char byte) { return byte >= 0x20 && byte < 0x7f; });
}

std::string Quoted(std::string_view text) { return absl::StrCat("'", OneLine(text, true), "'"); }

void AppendValue(std::string& line, const Value& value) {
  switch (value.kind) {
    case Value::Kind::kAbsent:
      break;
    case Value::Kind::kNull:
      line += "NULL";
      break;
    case Value::Kind::kInt:
      absl::StrAppend(&line, value.integer);
      break;
    case Value::Kind::kUint:
      absl::StrAppend(&line, static_cast<uint64_t>(value.integer));
      break;
    case Value::Kind::kFloat:
    case Value::Kind::kDouble:
      line += RealText(value);
      break;
    case Value::Kind::kDecimal:
      line += value.text;
      break;
    case Value::Kind::kBytes:
      // Whether these are characters, and which, isn't known.
      if (IsPrintable(value.text)) {
        absl::StrAppend(&line, "b", Quoted(value.text));
      } else {
        absl::StrAppend(&line, "x'", absl::BytesToHexString(ToAbsl(value.text)), "'");
      }
      break;
    default:
      line += Quoted(value.text);
  }
}

void AppendImage(std::string& line, const binlog::Table& table, std::span<const Value> values) {
  std::string_view separator = "";
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i].kind == Value::Kind::kAbsent) continue;
    absl::StrAppend(&line, ToAbsl(separator), ColumnName(table, i), "=");
    AppendValue(line, values[i]);
    separator = ", ";
  }
}

class TextPrinter : public Printer {
 public:
  TextPrinter(std::ostream& out, bool only_with_rows)
      : out_(out), only_with_rows_(only_with_rows) {}

  absl::Status OnBegin(const binlog::TransactionHead& head) override {
    head_ = absl::StrCat("transaction ", head.id, ", ", TimeText(head.committed_at), ", server ",
                         head.server_id);
    if (!head.xa_id.empty()) absl::StrAppend(&head_, ", XA ", head.xa_id);
    head_ += '\n';
    open_ = true;
    if (!only_with_rows_) PrintHead();
    return absl::OkStatus();
  }

  absl::Status OnRow(const RowChange& row) override {
    PrintHead();
    line_.clear();
    absl::StrAppend(&line_, "  ", ToAbsl(WordOf(row.operation)), " ", row.table->database, ".",
                    row.table->name, "\n");
    if (!row.before.empty()) {
      line_ += "    before: ";
      AppendImage(line_, *row.table, row.before);
      line_ += '\n';
    }
    if (!row.after.empty()) {
      line_ += "    after:  ";
      AppendImage(line_, *row.table, row.after);
      line_ += '\n';
    }
    out_ << line_;
    return absl::OkStatus();
  }

  absl::Status OnStatement(std::string_view database, std::string_view sql) override {
    if (only_with_rows_) return absl::OkStatus();
    out_ << absl::StrCat("  statement in ", database.empty() ? "no database" : ToAbsl(database),
                         ": ", OneLine(sql, false), "\n");
    return absl::OkStatus();
  }

  absl::Status OnUnreadable(const binlog::Unreadable& unreadable) override {
    PrintHead();
    const std::string_view any = "*";
    out_ << absl::StrCat("  UNREADABLE ", ToAbsl(WordOf(unreadable.kind)), " (",
                         ToAbsl(unreadable.database.empty() ? any : unreadable.database), ".",
                         ToAbsl(unreadable.table.empty() ? any : unreadable.table),
                         "): ", OneLine(unreadable.reason, false), "\n");
    return absl::OkStatus();
  }

  absl::Status OnEnd(binlog::TransactionEnd end) override {
    Close(WordOf(end));
    return absl::OkStatus();
  }

  void Finish() override { Close("missing: the file ends inside the transaction"); }

 private:
  void PrintHead() {
    out_ << head_;
    head_.clear();
  }

  void Close(std::string_view end) {
    if (open_ && head_.empty()) out_ << "  end: " << end << "\n";
    open_ = false;
  }

  std::ostream& out_;
  bool only_with_rows_;
  bool open_ = false;
  std::string head_;  // not printed yet
  std::string line_;
};

}  // namespace

std::unique_ptr<Printer> MakeTextPrinter(std::ostream& out, bool only_with_rows) {
  return std::make_unique<TextPrinter>(out, only_with_rows);
}

}  // namespace fundgate::decode
