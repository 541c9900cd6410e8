#include "tests/fuzz/stream_promises.h"

#include <iconv.h>

#include <cstdint>
#include <map>
#include <span>

#include "server/sidecar/binlog/charset.h"
#include "tests/fuzz/fuzzer.h"

namespace fundgate::fuzz {
namespace {

using binlog::Value;

// Reads all of it.
void Touch(std::string_view text) {
  static volatile uint8_t sum = 0;
  uint8_t all = sum;
  for (const char character : text) all = static_cast<uint8_t>(all + character);
  sum = all;
}

void ExpectUtf8(std::string_view text) { Expect(binlog::IsUtf8(text), "a text is UTF-8"); }

void ExpectDecimal(std::string_view text) {
  Expect(!text.empty() && text.find_first_not_of("-.0123456789") == std::string_view::npos &&
             text.rfind('-') == (text.front() == '-' ? 0 : std::string_view::npos) &&
             text.find('.') == text.rfind('.') && text.back() != '.',
         "a decimal has digits, at most one point and a sign at its beginning");
}

void ExpectValue(const Value& value) {
  Touch(value.text);
  switch (value.kind) {
    case Value::Kind::kAbsent:
    case Value::Kind::kNull:
    case Value::Kind::kInt:
    case Value::Kind::kUint:
    case Value::Kind::kFloat:
    case Value::Kind::kDouble:
      Expect(value.text.empty(), "what isn't a text has none");
      break;
    case Value::Kind::kBytes:
      break;
    case Value::Kind::kDecimal:
      ExpectDecimal(value.text);
      break;
    case Value::Kind::kText:
    case Value::Kind::kEnum:
    case Value::Kind::kSet:
      ExpectUtf8(value.text);
      break;
    case Value::Kind::kDate:
    case Value::Kind::kTime:
    case Value::Kind::kDateTime:
    case Value::Kind::kTimestamp:
      Expect(value.text.size() >= 8 &&
                 value.text.find_first_not_of("-:. 0123456789") == std::string_view::npos,
             "dates and times are digits with marks between them");
      break;
    case Value::Kind::kUnreadable:
      Expect(false, "a binlog has no values that aren't understood: its rows come as Unreadable");
  }
}

void ExpectImage(std::span<const Value> values, bool there, size_t columns) {
  Expect(values.size() == (there ? columns : 0), "an image has a value for each column, or isn't");
  for (const Value& value : values) ExpectValue(value);
}

// The C library loads the code of a character set when it is first opened, and unloads it when
// nobody has it open any more: that would be most of a run's time. So these are never closed.
const std::map<std::string_view, iconv_t>& OpenCharacterSets() {
  static const auto& open = *new std::map<std::string_view, iconv_t>([] {
    std::map<std::string_view, iconv_t> opened;
    for (uint16_t collation = 1; collation < 256; ++collation) {
      const char* name = binlog::CharsetOf(collation).iconv_name;
      if (name != nullptr && !opened.contains(name)) opened[name] = ::iconv_open("UTF-8", name);
    }
    return opened;
  }());
  return open;
}

}  // namespace

// They are looked at: what nobody looks at, the compiler keeps no pointer to, which is a leak then.
StreamPromises::StreamPromises() {
  Expect(!OpenCharacterSets().empty(), "collations have character sets");
}

absl::Status StreamPromises::OnBegin(const binlog::TransactionHead& head) {
  Expect(!open_, "a transaction doesn't begin inside another");
  Expect(!head.id.empty(), "a transaction has a name");
  ExpectUtf8(head.xa_id);
  open_ = true;
  any_row_ = false;
  return absl::OkStatus();
}

absl::Status StreamPromises::OnRow(const binlog::RowChange& row) {
  Expect(open_, "rows come inside a transaction");
  Expect(!any_row_ || row.index > last_index_, "indexes of rows rise");
  any_row_ = true;
  last_index_ = row.index;
  const size_t columns = row.table->columns.size();
  ExpectImage(row.before, row.operation != binlog::RowOperation::kInsert, columns);
  ExpectImage(row.after, row.operation != binlog::RowOperation::kDelete, columns);
  for (const uint32_t index : row.table->primary_key)
    Expect(index < columns, "a primary key is made of columns");
  Touch(row.statement);
  ++rows_;
  return absl::OkStatus();
}

absl::Status StreamPromises::OnStatement(std::string_view database, std::string_view sql) {
  Expect(open_, "statements come inside a transaction");
  Touch(database);
  Touch(sql);
  return absl::OkStatus();
}

absl::Status StreamPromises::OnUnreadable(const binlog::Unreadable& unreadable) {
  Expect(open_, "what can't be read comes inside a transaction");
  Touch(unreadable.database);
  Touch(unreadable.table);
  Expect(!unreadable.reason.empty(), "what can't be read has a reason");
  ++unreadable_;
  return absl::OkStatus();
}

absl::Status StreamPromises::OnEnd(binlog::TransactionEnd) {
  Expect(open_, "a transaction ends once");
  open_ = false;
  return absl::OkStatus();
}

}  // namespace fundgate::fuzz
