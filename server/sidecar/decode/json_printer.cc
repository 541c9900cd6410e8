#include <cmath>
#include <ostream>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "fundgate/types/text.h"
#include "server/sidecar/binlog/charset.h"
#include "server/sidecar/decode/printer.h"
#include "server/sidecar/decode/words.h"

namespace fundgate::decode {
namespace {

using binlog::RowChange;
using binlog::Value;

void AppendBytes(std::string& out, std::string_view bytes) {
  std::string encoded;
  absl::Base64Escape(ToAbsl(bytes), &encoded);
  absl::StrAppend(&out, "{\"base64\":\"", encoded, "\"}");
}

// `text` is UTF-8.
void AppendString(std::string& out, std::string_view text) {
  out += '"';
  for (const char character : text) {
    const auto code = static_cast<unsigned char>(character);
    if (character == '"' || character == '\\') {
      out += '\\';
      out += character;
    } else if (code >= 0x20) {
      out += character;
    } else {
      absl::StrAppend(&out, "\\u", absl::Hex(code, absl::kZeroPad4));
    }
  }
  out += '"';
}

void AppendText(std::string& out, std::string_view text) {
  if (binlog::IsUtf8(text)) {
    AppendString(out, text);
  } else {
    AppendBytes(out, text);
  }
}

// A member's name can't be anything but a string: what isn't UTF-8 in it is escaped.
void AppendName(std::string& out, std::string_view name) {
  AppendString(out, binlog::IsUtf8(name) ? std::string(name) : absl::CHexEscape(ToAbsl(name)));
  out += ':';
}

void AppendValue(std::string& out, const Value& value) {
  switch (value.kind) {
    case Value::Kind::kAbsent:
    case Value::Kind::kNull:
      out += "null";
      break;
    case Value::Kind::kInt:
      absl::StrAppend(&out, value.integer);
      break;
    case Value::Kind::kUint:
      absl::StrAppend(&out, static_cast<uint64_t>(value.integer));
      break;
    case Value::Kind::kFloat:
    case Value::Kind::kDouble:
      if (std::isfinite(value.real)) {
        out += RealText(value);
      } else {
        AppendString(out, RealText(value));  // JSON has no number for it
      }
      break;
    case Value::Kind::kBytes:
      AppendBytes(out, value.text);
      break;
    default:
      AppendText(out, value.text);
  }
}

void AppendImage(std::string& out, std::string_view name, const binlog::Table& table,
                 std::span<const Value> values) {
  if (values.empty()) return;
  out += ',';
  AppendName(out, name);
  out += '{';
  bool first = true;
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i].kind == Value::Kind::kAbsent) continue;
    if (!first) out += ',';
    first = false;
    AppendName(out, ColumnName(table, i));
    AppendValue(out, values[i]);
  }
  out += '}';
}

void AppendMember(std::string& out, std::string_view name, std::string_view text) {
  if (out.back() != '{') out += ',';
  AppendName(out, name);
  AppendText(out, text);
}

class JsonPrinter : public Printer {
 public:
  JsonPrinter(std::ostream& out, bool only_with_rows)
      : out_(out), only_with_rows_(only_with_rows) {}

  absl::Status OnBegin(const binlog::TransactionHead& head) override {
    head_ = "{";
    AppendMember(head_, "id", head.id);
    AppendMember(head_, "time", TimeText(head.committed_at));
    absl::StrAppend(&head_, ",\"server_id\":", head.server_id);
    if (!head.xa_id.empty()) AppendMember(head_, "xa", head.xa_id);
    head_ += ",\"rows\":[";
    open_ = true;
    first_row_ = true;
    statements_.clear();
    unreadable_.clear();
    if (!only_with_rows_) PrintHead();
    return absl::OkStatus();
  }

  absl::Status OnRow(const RowChange& row) override {
    PrintHead();
    line_ = first_row_ ? "{" : ",{";
    first_row_ = false;
    AppendMember(line_, "table", absl::StrCat(row.table->database, ".", row.table->name));
    AppendMember(line_, "op", WordOf(row.operation));
    AppendImage(line_, "before", *row.table, row.before);
    AppendImage(line_, "after", *row.table, row.after);
    line_ += '}';
    out_ << line_;
    return absl::OkStatus();
  }

  absl::Status OnStatement(std::string_view database, std::string_view sql) override {
    if (only_with_rows_) return absl::OkStatus();
    statements_ += statements_.empty() ? "{" : ",{";
    AppendMember(statements_, "database", database);
    AppendMember(statements_, "sql", sql);
    statements_ += '}';
    return absl::OkStatus();
  }

  absl::Status OnUnreadable(const binlog::Unreadable& unreadable) override {
    PrintHead();
    unreadable_ += unreadable_.empty() ? "{" : ",{";
    AppendMember(unreadable_, "kind", WordOf(unreadable.kind));
    AppendMember(unreadable_, "database", unreadable.database);
    AppendMember(unreadable_, "table", unreadable.table);
    AppendMember(unreadable_, "reason", unreadable.reason);
    unreadable_ += '}';
    return absl::OkStatus();
  }

  absl::Status OnEnd(binlog::TransactionEnd end) override {
    Close(WordOf(end));
    return absl::OkStatus();
  }

  void Finish() override { Close("missing"); }

 private:
  void PrintHead() {
    out_ << head_;
    head_.clear();
  }

  void Close(std::string_view end) {
    if (open_ && head_.empty()) {
      out_ << ']';
      if (!statements_.empty()) out_ << ",\"statements\":[" << statements_ << ']';
      if (!unreadable_.empty()) out_ << ",\"unreadable\":[" << unreadable_ << ']';
      out_ << ",\"end\":\"" << end << "\"}\n";
    }
    open_ = false;
  }

  std::ostream& out_;
  bool only_with_rows_;
  bool open_ = false;
  bool first_row_ = true;
  std::string head_;  // not printed yet
  std::string line_;
  std::string statements_;
  std::string unreadable_;
};

}  // namespace

std::unique_ptr<Printer> MakeJsonPrinter(std::ostream& out, bool only_with_rows) {
  return std::make_unique<JsonPrinter>(out, only_with_rows);
}

}  // namespace fundgate::decode
