#include "server/sidecar/envelope/message_reader.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "fundgate/types/status_macros.h"
#include "fundgate/types/text.h"
#include "server/policy/fnv1a.h"
#include "server/sidecar/envelope/envelopes.h"

namespace fundgate::envelope {
namespace {

// Bytes of an event's id in the contract.
constexpr size_t kMaxIdBytes = 256;

binlog::Table MakeTable(const TopicSettings::Rows& rows, bool has_identity) {
  binlog::Table table;
  const size_t dot = rows.table.find('.');
  table.id = 1;
  table.database = rows.table.substr(0, dot);
  table.name = rows.table.substr(std::min(dot + 1, rows.table.size()));
  table.signs_known = true;
  table.names_known = true;
  const auto add = [&table](const std::string& name) {
    const auto found = std::find_if(table.columns.begin(), table.columns.end(),
                                    [&](const auto& column) { return column.name == name; });
    if (found != table.columns.end()) return static_cast<uint32_t>(found - table.columns.begin());
    table.columns.emplace_back().name = name;
    return static_cast<uint32_t>(table.columns.size() - 1);
  };
  for (const std::string& column : rows.columns) add(column);
  for (const std::string& column : rows.key) table.primary_key.push_back(add(column));
  if (has_identity) {
    table.primary_key.push_back(static_cast<uint32_t>(table.columns.size()));
    table.columns.emplace_back();
  }
  return table;
}

// Of all columns but the last, the identity itself: each adds a byte for NULL (1), a whole number
// (2) or anything else (4), and the number or the text. Gates keep it in rows' keys: frozen.
uint64_t HashOf(std::span<const binlog::Value> image) {
  using Kind = binlog::Value::Kind;
  policy::Fnv1a hash;
  for (const binlog::Value& value : image.first(image.size() - 1)) {
    if (value.kind == Kind::kNull) {
      hash.AddByte(1);
    } else if (value.kind == Kind::kInt || value.kind == Kind::kUint) {
      hash.AddByte(2);
      hash.AddNumber(static_cast<uint64_t>(value.integer), 8);
    } else {
      hash.AddByte(4);
      hash.AddText(value.text);
    }
  }
  return hash.value();
}

std::string_view Keep(std::string_view text, binlog::Arena& arena) {
  char* const room = arena.Reserve(text.size());
  return arena.Finish(std::copy(text.begin(), text.end(), room));
}

}  // namespace

std::string Message::Place() const { return absl::StrCat(topic, "/", partition, ":", offset); }

MessageReader::MessageReader(const TopicSettings& settings) : settings_(settings) {
  const bool has_identity = settings.envelope == EnvelopeKind::kJson;
  for (const TopicSettings::Rows& rows : settings.rows) {
    tables_.emplace(rows.table, MakeTable(rows, has_identity));
  }
}

absl::StatusOr<Told> MessageReader::ReadEnvelope(const Json& json) const {
  switch (settings_.envelope) {
    case EnvelopeKind::kJson:
      return ReadPlain(json, settings_.rows.front().table, settings_.columns);
    case EnvelopeKind::kDebezium:
      return ReadDebezium(json, settings_.text_decimals);
    case EnvelopeKind::kCanal:
      return ReadCanal(json);
  }
  return absl::InternalError("an envelope that isn't there");
}

absl::Status MessageReader::Read(const Message& message, binlog::TransactionListener& listener) {
  binlog::TransactionHead head;
  head.id = message.Place();
  head.committed_at = message.timestamp_ms / 1000;
  if (!message.value.has_value()) {
    FUNDGATE_RETURN_IF_ERROR(listener.OnBegin(head));
    return listener.OnEnd(binlog::TransactionEnd::kCommit);
  }
  const absl::StatusOr<Json> json = ParseJson(*message.value);
  const absl::StatusOr<Told> told = json.ok() ? ReadEnvelope(*json) : json.status();
  if (!told.ok()) {
    return TellLost(head.id, absl::StrCat("message ", head.id, ": ", told.status().message()),
                    listener);
  }
  if (!told->id.empty() && told->id.size() <= kMaxIdBytes) head.id = told->id;
  if (told->committed_at > 0) head.committed_at = told->committed_at;
  head.server_id = told->server_id;
  FUNDGATE_RETURN_IF_ERROR(listener.OnBegin(head));
  FUNDGATE_RETURN_IF_ERROR(TellRows(message, *told, listener));
  return listener.OnEnd(binlog::TransactionEnd::kCommit);
}

absl::Status MessageReader::TellLost(const std::string& id, const std::string& reason,
                                     binlog::TransactionListener& listener) const {
  binlog::TransactionHead head;
  head.id = id;
  FUNDGATE_RETURN_IF_ERROR(listener.OnBegin(head));
  for (const auto& [name, table] : tables_) {
    FUNDGATE_RETURN_IF_ERROR(TellUnreadable(name, reason, listener));
  }
  return listener.OnEnd(binlog::TransactionEnd::kCommit);
}

absl::Status MessageReader::TellUnreadable(std::string_view table, const std::string& reason,
                                           binlog::TransactionListener& listener) const {
  const size_t dot = std::min(table.find('.'), table.size());
  binlog::Unreadable unreadable;
  unreadable.kind = binlog::Unreadable::Kind::kRows;
  unreadable.database = table.substr(0, dot);
  unreadable.table = table.substr(std::min(dot + 1, table.size()));
  unreadable.reason = reason;
  return listener.OnUnreadable(unreadable);
}

absl::Status MessageReader::TellRows(const Message& message, const Told& told,
                                     binlog::TransactionListener& listener) {
  for (size_t i = 0; i < told.rows.size(); ++i) {
    FUNDGATE_RETURN_IF_ERROR(TellRow(message, told.rows[i], static_cast<uint32_t>(i), listener));
  }
  if (!tables_.contains(told.unreadable_table)) return absl::OkStatus();
  return TellUnreadable(told.unreadable_table,
                        absl::StrCat("message ", message.Place(), ": ", told.unreadable_reason),
                        listener);
}

absl::Status MessageReader::TellRow(const Message& message, const ToldRow& row, uint32_t index,
                                    binlog::TransactionListener& listener) {
  const auto found = tables_.find(row.table);
  if (found == tables_.end()) return absl::OkStatus();
  const binlog::Table& table = found->second;
  arena_.Clear();
  const auto before = ReadImage(table, row.before);
  const auto after = before.ok() ? ReadImage(table, row.after) : before;
  if (!after.ok()) {
    return TellUnreadable(
        row.table,
        absl::StrCat("message ", message.Place(), ", row ", index, ": ", after.status().message()),
        listener);
  }
  std::vector<binlog::Value> identified = *after;
  if (settings_.envelope == EnvelopeKind::kJson) AddIdentity(message, table, identified);
  binlog::RowChange change;
  change.operation = row.operation;
  change.table = &table;
  change.before = *before;
  change.after = identified;
  change.index = index;
  return listener.OnRow(change);
}

absl::StatusOr<std::vector<binlog::Value>> MessageReader::ReadImage(const binlog::Table& table,
                                                                    const Image& image) {
  using Kind = binlog::Value::Kind;
  std::vector<binlog::Value> values;
  if (image == nullptr) return values;
  values.reserve(table.columns.size());
  for (const binlog::Column& column : table.columns) {
    if (column.name.empty()) continue;  // the identity, which comes last
    absl::StatusOr<binlog::Value> value = image(column.name, arena_);
    binlog::Value& read = values.emplace_back();
    if (value.ok()) {
      read = *value;
    } else {
      read.kind = Kind::kUnreadable;
      std::string why(value.status().message());
      read.text = Keep(std::string_view(why.c_str(), why.size() + 1), arena_);
      read.text.remove_suffix(1);
    }
  }
  for (const uint32_t index : table.primary_key) {
    const Kind kind = index < values.size() ? values[index].kind : Kind::kText;
    if (kind != Kind::kNull && kind != Kind::kAbsent && kind != Kind::kUnreadable) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("column ", table.columns[index].name, " of its key ",
                     kind == Kind::kUnreadable ? ToAbsl(values[index].text) : "is missing"));
  }
  return values;
}

void MessageReader::AddIdentity(const Message& message, const binlog::Table& table,
                                std::vector<binlog::Value>& image) {
  binlog::Value& identity = image.emplace_back();
  identity.kind = binlog::Value::Kind::kText;
  const bool has_key = table.primary_key.size() > 1;
  const std::string text = has_key ? absl::StrFormat("%016x", HashOf(image)) : message.Place();
  identity.text = Keep(text, arena_);
}

}  // namespace fundgate::envelope
