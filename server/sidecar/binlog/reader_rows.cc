// Table maps, and the rows that refer to them.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "server/sidecar/binlog/cached_map.h"
#include "server/sidecar/binlog/inflate.h"
#include "server/sidecar/binlog/reader.h"

namespace fundgate::binlog {
namespace {

constexpr uint64_t kEndOfStatement = 0x0001;  // a flag of a row event
// More maps than any statement has: what is beyond it at the end of one is of no use any more.
constexpr size_t kMaxMaps = 4096;

struct RowsKind {
  RowOperation operation = RowOperation::kInsert;
  bool has_extra_data = false;  // version 2
  bool compressed = false;
};

RowsKind KindOf(EventType type) {
  switch (type) {
    case EventType::kUpdateRowsV1:
      return {RowOperation::kUpdate, false, false};
    case EventType::kDeleteRowsV1:
      return {RowOperation::kDelete, false, false};
    case EventType::kWriteRows:
      return {RowOperation::kInsert, true, false};
    case EventType::kUpdateRows:
      return {RowOperation::kUpdate, true, false};
    case EventType::kDeleteRows:
      return {RowOperation::kDelete, true, false};
    case EventType::kWriteRowsCompressedV1:
      return {RowOperation::kInsert, false, true};
    case EventType::kUpdateRowsCompressedV1:
      return {RowOperation::kUpdate, false, true};
    case EventType::kDeleteRowsCompressedV1:
      return {RowOperation::kDelete, false, true};
    case EventType::kWriteRowsCompressed:
      return {RowOperation::kInsert, true, true};
    case EventType::kUpdateRowsCompressed:
      return {RowOperation::kUpdate, true, true};
    case EventType::kDeleteRowsCompressed:
      return {RowOperation::kDelete, true, true};
    default:
      return {};
  }
}

// The number that means "no table": an event that only ends its statement.
bool MeansNoTable(uint64_t id) {
  return id == 0xffffff || id == 0xffffffff || id == 0xffffffffffff;
}

}  // namespace

absl::Status Reader::ApplyTableMap(std::span<const uint8_t> body) {
  if (!open_) {
    FUNDGATE_RETURN_IF_ERROR(Begin(false));
    implicit_ = true;
  }
  has_content_ = true;
  Bytes in(body);
  const uint64_t id = ReadTableId(in, *format_, EventType::kTableMap);
  if (!in.ok()) return Damaged("it is too short");
  std::unique_ptr<CachedMap>& map = maps_[id];
  // After a statement the same bytes may mean another table.
  const bool is_known = map != nullptr && map->statements == statements_;
  if (is_known && std::ranges::equal(map->body, body)) return absl::OkStatus();
  absl::StatusOr<MappedTable> mapped = ReadTableMap(
      body, checksum_held_, *format_, options_.assumed_collation, decoder_.transcoder());
  if (!mapped.ok()) return Placed(mapped.status());
  map = std::make_unique<CachedMap>();
  map->body.assign(body.begin(), body.end());
  map->mapped = *std::move(mapped);
  map->statements = statements_;
  Table& table = map->mapped.table;
  map->mapped.wanted = !options_.wants_table || options_.wants_table(table.database, table.name);
  if (!map->mapped.wanted || options_.describer == nullptr) return absl::OkStatus();
  // What can't be read needs no names.
  if (!map->mapped.unreadable.empty()) return absl::OkStatus();
  FUNDGATE_RETURN_IF_ERROR(options_.describer->Describe(table));
  PlanRows(map->mapped);
  return absl::OkStatus();
}

absl::Status Reader::ApplyRows(std::span<const uint8_t> body) {
  Bytes in(body);
  const uint64_t id = ReadTableId(in, *format_, header_.type);
  const uint64_t flags = in.Little(2);
  if (KindOf(header_.type).has_extra_data) {
    const uint64_t size = in.Little(2);  // its own two bytes included
    if (size < 2) in.Fail();
    in.Take(size - 2);
  }
  if (!in.ok()) return Damaged("it is too short");
  if (!MeansNoTable(id)) {
    const auto found = maps_.find(id);
    if (found == maps_.end()) {
      return Damaged(absl::StrCat("it has rows of table number ", id,
                                  ", but no table map with that number came before"));
    }
    if (!open_) return Damaged("rows stand outside of a transaction");
    FUNDGATE_RETURN_IF_ERROR(ApplyImages(*found->second, in));
  }
  return (flags & kEndOfStatement) != 0 ? EndOfStatement() : absl::OkStatus();
}

absl::Status Reader::EndOfStatement() {
  annotation_.clear();
  if (maps_.size() > kMaxMaps) maps_.clear();
  return open_ && implicit_ ? End(TransactionEnd::kCommit) : absl::OkStatus();
}

absl::Status Reader::ApplyImages(CachedMap& map, Bytes& in) {
  const RowsKind kind = KindOf(header_.type);
  const Table& table = map.mapped.table;
  const uint64_t columns = in.Packed();
  if (columns != table.columns.size()) {
    return Damaged(absl::StrCat("its rows have ", columns, " columns, but the table map of ",
                                table.database, ".", table.name, " has ", table.columns.size()));
  }
  const std::span<const uint8_t> first = in.Take((columns + 7) / 8);
  const std::span<const uint8_t> second =
      kind.operation == RowOperation::kUpdate ? in.Take((columns + 7) / 8) : first;
  if (!in.ok()) return Damaged("it is too short for its maps of columns");
  has_content_ = true;
  if (map.changed_in != transactions_ && in.left() > 0) {
    map.changed_in = transactions_;
    // A map that was read again after a statement doesn't know that its table is in already.
    std::pair<std::string, std::string> name(table.database, table.name);
    if (std::ranges::find(changed_, name) == changed_.end()) changed_.push_back(std::move(name));
  }
  if (!map.mapped.unreadable.empty()) return TellUndecodable(map, map.mapped.unreadable);
  if (!kind.compressed) return TellRows(map, kind.operation, first, second, in);
  const absl::Status inflated = InflateEvent(in.rest(), inflated_);
  if (!inflated.ok()) return Placed(inflated);
  return TellRows(map, kind.operation, first, second, Bytes(inflated_));
}

absl::Status Reader::TellRows(CachedMap& map, RowOperation operation,
                              std::span<const uint8_t> present_before,
                              std::span<const uint8_t> present_after, Bytes in) {
  const MappedTable& mapped = map.mapped;
  RowChange row = {.operation = operation, .table = &mapped.table, .statement = annotation_};
  const bool has_before = operation != RowOperation::kInsert;
  const bool has_after = operation != RowOperation::kDelete;
  while (in.left() > 0) {
    const size_t left = in.left();
    bool fits = true;
    if (mapped.wanted) {
      arena_.Clear();
      if (has_before) fits = decoder_.Decode(mapped, present_before, in, arena_, before_);
      if (fits && has_after) fits = decoder_.Decode(mapped, present_after, in, arena_, after_);
    } else {
      if (has_before) fits = decoder_.Skip(mapped, present_before, in);
      if (fits && has_after) fits = decoder_.Skip(mapped, present_after, in);
    }
    if (!fits) {
      // Bytes that are as the server wrote them weren't understood; others are damaged.
      if (checksum_held_) return TellUndecodable(map, decoder_.problem());
      return Damaged(decoder_.problem());
    }
    // Rows without any column would never come to an end.
    if (in.left() == left) return Damaged("its rows have no columns, but bytes follow");
    row.index = row_index_++;
    if (!mapped.wanted) continue;
    if (has_before) row.before = before_;
    if (has_after) row.after = after_;
    FUNDGATE_RETURN_IF_ERROR(listener_.OnRow(row));
  }
  return absl::OkStatus();
}

absl::Status Reader::TellUndecodable(const CachedMap& map, const std::string& why) {
  const Table& table = map.mapped.table;
  return TellUnreadable(Unreadable::Kind::kRows, table.database, table.name, why);
}

absl::Status Reader::ApplyPartialRows(std::span<const uint8_t> body) {
  Bytes in(body);
  const uint64_t id = ReadTableId(in, *format_, header_.type);
  const uint64_t flags = in.Little(2);
  const auto found = maps_.find(id);
  if (!in.ok() || found == maps_.end() || !open_)
    return Damaged("it has rows of a table that no table map named before");
  const Table& table = found->second->mapped.table;
  FUNDGATE_RETURN_IF_ERROR(TellUnreadable(Unreadable::Kind::kUnknownEvent, table.database,
                                          table.name,
                                          "updates of parts of JSON documents can't be read; set"
                                          " binlog_row_value_options='' at the server"));
  return (flags & kEndOfStatement) != 0 ? EndOfStatement() : absl::OkStatus();
}

}  // namespace fundgate::binlog
