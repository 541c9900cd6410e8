#include "server/gate/convert_events.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/gate/convert_snapshots.h"
#include "server/gate/convert_values.h"

namespace fundgate::gate {
namespace {

core::MovementStatus ToStatus(v1::MovementStatus status, const std::string& field,
                              Problems& problems) {
  switch (status) {
    case v1::MOVEMENT_STATUS_NONE:
      return core::MovementStatus::kNone;
    case v1::MOVEMENT_STATUS_HAPPENED:
      return core::MovementStatus::kHappened;
    case v1::MOVEMENT_STATUS_IN_PROGRESS:
      return core::MovementStatus::kInProgress;
    case v1::MOVEMENT_STATUS_FAILED:
      return core::MovementStatus::kFailed;
    default:
      problems.Add(field, "is required: NONE, HAPPENED, IN_PROGRESS or FAILED");
      return core::MovementStatus::kNone;
  }
}

v1::MovementStatus ToProto(core::MovementStatus status) {
  switch (status) {
    case core::MovementStatus::kNone:
      return v1::MOVEMENT_STATUS_NONE;
    case core::MovementStatus::kHappened:
      return v1::MOVEMENT_STATUS_HAPPENED;
    case core::MovementStatus::kInProgress:
      return v1::MOVEMENT_STATUS_IN_PROGRESS;
    case core::MovementStatus::kFailed:
      return v1::MOVEMENT_STATUS_FAILED;
  }
  return v1::MOVEMENT_STATUS_UNSPECIFIED;
}

void ToParts(const v1::Contribution& row, const std::string& field, core::Line& line,
             Problems& problems) {
  if (row.parts_size() > static_cast<int>(kMaxParts)) {
    problems.Add(field, absl::StrCat("has more than ", kMaxParts, " entries"));
  }
  for (const auto& [name, part] : row.parts()) {
    const std::string part_field = absl::StrCat(field, "[", name, "]");
    line.parts.emplace_back(name, ToMoney(part, 0, part_field, problems).minor_units);
    if (part.currency_code() != row.amount().currency_code()) {
      problems.Add(part_field + ".currency_code", "must be the amount's");
    }
  }
  std::sort(line.parts.begin(), line.parts.end());
}

core::Contribution ToContribution(const v1::Contribution& row, const std::string& field,
                                  Problems& problems) {
  core::Contribution converted;
  converted.status = ToStatus(row.status(), field + ".status", problems);
  // A row that says nothing about a movement may be otherwise empty.
  const bool named = converted.status != core::MovementStatus::kNone;
  const size_t least = named ? 1 : 0;
  problems.Text(field + ".idempotency_key", row.idempotency_key(), least, core::kMaxIdBytes);
  problems.Text(field + ".account_id", row.account_id(), least, core::kMaxIdBytes);
  problems.Text(field + ".order_id", row.order_id(), 0, core::kMaxIdBytes);
  problems.Text(field + ".part_key", row.part_key(), 0, core::kMaxIdBytes);
  converted.key = IdempotencyKey(row.idempotency_key());
  converted.account = AccountId(row.account_id());
  converted.line.order = OrderId(row.order_id());
  converted.part_key = row.part_key();
  if (named || row.has_amount()) {
    const Money amount = ToMoney(row.amount(), 0, field + ".amount", problems);
    converted.currency = amount.currency;
    converted.line.amount = amount.minor_units;
  }
  ToParts(row, field + ".parts", converted.line, problems);
  converted.attributes = ToAttributes(row.attributes(), field + ".attributes", problems);
  return converted;
}

core::RowId ToRow(const v1::EventRow& row, const std::string& field, Problems& problems) {
  problems.Text(field + ".table", row.table(), 1, kMaxTableBytes);
  problems.Text(field + ".primary_key", row.primary_key(), 1, kMaxPrimaryKeyBytes);
  return {row.table(), row.primary_key()};
}

core::MovementEvent ToMovement(const v1::MovementEvent& event, const std::string& field,
                               Problems& problems) {
  core::MovementEvent converted;
  problems.Text(field + ".kind", event.kind(), 1, kMaxFieldNameBytes);
  converted.kind = MovementKind(event.kind());
  if (event.has_row()) {
    converted.row = ToRow(event.row(), field + ".row", problems);
    converted.image_hash = event.row().image_hash();
  }
  if (event.has_before()) {
    converted.before = ToContribution(event.before(), field + ".before", problems);
  }
  if (event.has_after()) {
    converted.after = ToContribution(event.after(), field + ".after", problems);
  }
  if (!event.has_before() && !event.has_after()) {
    problems.Add(field, "has neither `before` nor `after`: at least one is required");
  }
  return converted;
}

core::FactEvent ToFact(const v1::Fact& fact, const std::string& field, Problems& problems) {
  problems.Text(field + ".name", fact.name(), 1, kMaxFieldNameBytes);
  problems.Text(field + ".key", fact.key(), 1, core::kMaxIdBytes);
  problems.Text(field + ".account_id", fact.account_id(), 0, core::kMaxIdBytes);
  core::FactEvent converted{fact.name(), fact.key(), AccountId(fact.account_id()), {}, {}, {}};
  if (fact.has_row()) converted.row = ToRow(fact.row(), field + ".row", problems);
  if (fact.has_before()) {
    converted.before = ToAttributes(fact.before().fields(), field + ".before.fields", problems);
  }
  if (!fact.deleted()) {
    converted.after = ToAttributes(fact.fields(), field + ".fields", problems);
  } else if (!fact.has_before() || !fact.fields().empty()) {
    problems.Add(field, "is deleted: then it has `before` and no `fields`");
  }
  return converted;
}

core::RowChange ToChange(v1::RowChange change, const std::string& field, Problems& problems) {
  switch (change) {
    case v1::ROW_CHANGE_INSERT:
      return core::RowChange::kInsert;
    case v1::ROW_CHANGE_UPDATE:
      return core::RowChange::kUpdate;
    case v1::ROW_CHANGE_DELETE:
      return core::RowChange::kDelete;
    default:
      problems.Add(field, "is required: INSERT, UPDATE or DELETE");
      return core::RowChange::kUpdate;
  }
}

core::GuardEvent ToGuarded(const v1::GuardedChange& change, const std::string& field,
                           Problems& problems) {
  problems.Text(field + ".guard", change.guard(), 1, kMaxFieldNameBytes);
  problems.Text(field + ".account_id", change.account_id(), 0, core::kMaxIdBytes);
  problems.Text(field + ".idempotency_key", change.idempotency_key(), 0, core::kMaxIdBytes);
  core::GuardEvent converted;
  converted.guard = change.guard();
  converted.row = ToRow(change.row(), field + ".row", problems);
  converted.image_hash = change.row().image_hash();
  converted.change = ToChange(change.change(), field + ".change", problems);
  converted.account = AccountId(change.account_id());
  converted.key = IdempotencyKey(change.idempotency_key());
  if (change.columns().empty() || change.columns_size() > static_cast<int>(kMaxGuardedColumns)) {
    problems.Add(field + ".columns", absl::StrCat("has ", change.columns_size(), " entries; 1 to ",
                                                  kMaxGuardedColumns, " are allowed"));
  }
  for (const v1::GuardedColumn& column : change.columns()) {
    problems.Text(field + ".columns.name", column.name(), 1, kMaxFieldNameBytes);
    problems.Text(field + ".columns.before", column.before(), 0, kMaxShownBytes);
    problems.Text(field + ".columns.after", column.after(), 0, kMaxShownBytes);
    core::GuardedColumn& changed = converted.columns.emplace_back();
    changed.name = column.name();
    if (column.has_before()) changed.before = column.before();
    if (column.has_after()) changed.after = column.after();
  }
  return converted;
}

core::GapEvent ToGap(const v1::Gap& gap, const std::string& field, Problems& problems) {
  problems.Text(field + ".movement_kind", gap.movement_kind(), 1, kMaxFieldNameBytes);
  problems.Text(field + ".account_id", gap.account_id(), 0, core::kMaxIdBytes);
  problems.Text(field + ".order_id", gap.order_id(), 0, core::kMaxIdBytes);
  problems.Text(field + ".table", gap.table(), 0, kMaxTableBytes);
  problems.Text(field + ".reason", gap.reason(), 1, kMaxReasonBytes);
  problems.Text(field + ".idempotency_key", gap.idempotency_key(), 0, core::kMaxIdBytes);
  core::GapEvent converted{
      {MovementKind(gap.movement_kind()), AccountId(gap.account_id()), OrderId(gap.order_id())},
      gap.table(),
      gap.reason()};
  if (gap.has_row()) converted.row = ToRow(gap.row(), field + ".row", problems);
  return converted;
}

core::EventOrigin ToOrigin(const v1::EventOrigin& origin, const std::string& field,
                           Problems& problems) {
  problems.Text(field + ".statement", origin.statement(), 0, kMaxStatementBytes);
  if (origin.marker_size() > static_cast<int>(kMaxMarks)) {
    problems.Add(field + ".marker", absl::StrCat("has more than ", kMaxMarks, " entries"));
  }
  core::EventOrigin converted{origin.server_id(), origin.statement(), {}};
  for (const auto& [name, mark] : origin.marker()) {
    const std::string mark_field = absl::StrCat(field, ".marker[", name, "]");
    problems.Text(mark_field + "'s name", name, 1, kMaxFieldNameBytes);
    problems.Text(mark_field, mark, 0, kMaxMarkBytes);
    converted.marks.emplace_back(name, mark);
  }
  std::sort(converted.marks.begin(), converted.marks.end());
  return converted;
}

void FillOrigin(const core::EventOrigin& origin, v1::EventOrigin& proto) {
  proto.set_server_id(origin.server_id);
  proto.set_statement(origin.statement);
  for (const auto& [name, mark] : origin.marks) (*proto.mutable_marker())[name] = mark;
}

v1::Contribution ToProto(const core::Contribution& row) {
  v1::Contribution proto;
  proto.set_status(ToProto(row.status));
  proto.set_idempotency_key(row.key.value());
  proto.set_account_id(row.account.value());
  proto.set_order_id(row.line.order.value());
  if (!row.currency.empty()) {
    *proto.mutable_amount() = gate::ToProto(Money{row.currency, row.line.amount});
  }
  proto.set_part_key(row.part_key);
  for (const auto& [name, part] : row.line.parts) {
    (*proto.mutable_parts())[name] = gate::ToProto(Money{row.currency, part});
  }
  FillAttributes(row.attributes, *proto.mutable_attributes());
  return proto;
}

void FillMovement(const core::MovementEvent& movement, v1::MovementEvent& proto) {
  proto.set_kind(movement.kind.value());
  if (!movement.row.table.empty()) {
    proto.mutable_row()->set_table(movement.row.table);
    proto.mutable_row()->set_primary_key(movement.row.primary_key);
    proto.mutable_row()->set_image_hash(movement.image_hash);
  }
  if (movement.before.has_value()) *proto.mutable_before() = ToProto(*movement.before);
  if (movement.after.has_value()) *proto.mutable_after() = ToProto(*movement.after);
}

void FillFact(const core::FactEvent& fact, v1::Fact& proto) {
  proto.set_name(fact.name);
  proto.set_key(fact.key);
  proto.set_account_id(fact.account.value());
  if (!fact.row.table.empty()) {
    proto.mutable_row()->set_table(fact.row.table);
    proto.mutable_row()->set_primary_key(fact.row.primary_key);
  }
  if (fact.before.has_value()) {
    FillAttributes(*fact.before, *proto.mutable_before()->mutable_fields());
  }
  if (fact.after.has_value()) FillAttributes(*fact.after, *proto.mutable_fields());
  proto.set_deleted(!fact.after.has_value());
}

v1::RowChange ToProto(core::RowChange change) {
  switch (change) {
    case core::RowChange::kInsert:
      return v1::ROW_CHANGE_INSERT;
    case core::RowChange::kUpdate:
      return v1::ROW_CHANGE_UPDATE;
    case core::RowChange::kDelete:
      return v1::ROW_CHANGE_DELETE;
  }
  return v1::ROW_CHANGE_UNSPECIFIED;
}

void FillGuarded(const core::GuardEvent& change, v1::GuardedChange& proto) {
  proto.set_guard(change.guard);
  proto.mutable_row()->set_table(change.row.table);
  proto.mutable_row()->set_primary_key(change.row.primary_key);
  proto.mutable_row()->set_image_hash(change.image_hash);
  proto.set_change(ToProto(change.change));
  proto.set_account_id(change.account.value());
  proto.set_idempotency_key(change.key.value());
  for (const core::GuardedColumn& column : change.columns) {
    v1::GuardedColumn& changed = *proto.add_columns();
    changed.set_name(column.name);
    if (column.before.has_value()) changed.set_before(*column.before);
    if (column.after.has_value()) changed.set_after(*column.after);
  }
}

void FillGap(const core::GapEvent& gap, v1::Gap& proto) {
  proto.set_movement_kind(gap.scope.kind.value());
  proto.set_account_id(gap.scope.account.value());
  proto.set_order_id(gap.scope.order.value());
  proto.set_table(gap.table);
  proto.set_reason(gap.reason);
  if (!gap.row.table.empty()) {
    proto.mutable_row()->set_table(gap.row.table);
    proto.mutable_row()->set_primary_key(gap.row.primary_key);
  }
}

}  // namespace

core::Event ToEvent(const v1::Event& event, const std::string& field, Problems& problems) {
  core::Event converted;
  problems.Text(field + ".event_id", event.event_id(), 1, kMaxEventIdBytes);
  converted.id = absl::StrCat(event.event_id(), "/", event.row_index());
  if (event.has_occurred_at()) {
    converted.occurred_at = ToTime(event.occurred_at(), field + ".occurred_at", problems);
  }
  converted.snapshot = event.snapshot();
  if (event.has_origin()) converted.origin = ToOrigin(event.origin(), field + ".origin", problems);
  switch (event.content_case()) {
    case v1::Event::kMovement:
      converted.body = ToMovement(event.movement(), field + ".movement", problems);
      break;
    case v1::Event::kFact:
      converted.body = ToFact(event.fact(), field + ".fact", problems);
      break;
    case v1::Event::kGap:
      converted.body = ToGap(event.gap(), field + ".gap", problems);
      break;
    case v1::Event::kGuarded:
      converted.body = ToGuarded(event.guarded(), field + ".guarded", problems);
      break;
    case v1::Event::CONTENT_NOT_SET:
      problems.Add(field, "has no content: set one of movement, fact, gap, guarded");
      break;
  }
  return converted;
}

core::IngestInput ToIngest(const v1::IngestRequest& request, Problems& problems) {
  core::IngestInput input;
  problems.Text("source", request.source(), 1, kMaxFieldNameBytes);
  input.source = SourceName(request.source());
  if (request.epoch() == 0) problems.Add("epoch", "is required: the one that GetPosition granted");
  input.epoch = request.epoch();
  input.previous =
      ToPosition(request.previous_position(), kMaxPositionBytes, "previous_position", problems);
  input.position = ToPosition(request.position(), kMaxPositionBytes, "position", problems);
  input.mapping_version = request.mapping_version();
  if (request.events_size() > kMaxEvents) {
    problems.Add("events", absl::StrCat("has ", request.events_size(), " entries; at most ",
                                        kMaxEvents, " are allowed"));
    return input;
  }
  input.events.reserve(static_cast<size_t>(request.events_size()));
  for (int i = 0; i < request.events_size(); ++i) {
    input.events.push_back(ToEvent(request.events(i), absl::StrCat("events[", i, "]"), problems));
  }
  if (request.has_snapshot()) {
    input.snapshot = ToStep(request.snapshot(), "snapshot", problems);
  }
  input.inside_transaction = request.inside_transaction();
  const bool brings_rows = std::any_of(input.events.begin(), input.events.end(),
                                       [](const core::Event& event) { return event.snapshot; });
  const bool brings_changes = std::any_of(input.events.begin(), input.events.end(),
                                          [](const core::Event& event) { return !event.snapshot; });
  if (input.snapshot.has_value() ? brings_changes : brings_rows) {
    problems.Add(
        "events",
        "rows as they stand (Event.snapshot) come in a request with `snapshot`, changes in "
        "one without it");
  }
  if (request.has_probe()) {
    const v1::Probe& probe = request.probe();
    if (!probe.has_read_after()) {
      problems.Add("probe.read_after", "is required: the gate_time of the newest answer received");
    }
    input.probe = {
        ToPosition(probe.head_position(), kMaxPositionBytes, "probe.head_position", problems),
        ToTime(probe.read_after(), "probe.read_after", problems)};
  }
  return input;
}

core::GrantEpochInput ToGrantEpoch(const v1::GetPositionRequest& request, Problems& problems) {
  problems.Text("source", request.source(), 1, kMaxFieldNameBytes);
  return {SourceName(request.source()), request.coordinates_changed(), request.mapping_version()};
}

v1::Event ToProto(const core::Event& event) {
  v1::Event proto;
  proto.set_snapshot(event.snapshot);
  const size_t slash = event.id.rfind('/');
  uint32_t row_index = 0;
  if (slash != std::string::npos && absl::SimpleAtoi(event.id.substr(slash + 1), &row_index)) {
    proto.set_event_id(event.id.substr(0, slash));
    proto.set_row_index(row_index);
  } else {
    proto.set_event_id(event.id);
  }
  if (event.occurred_at != absl::InfinitePast()) {
    *proto.mutable_occurred_at() = gate::ToProto(event.occurred_at);
  }
  if (event.origin != core::EventOrigin()) FillOrigin(event.origin, *proto.mutable_origin());
  if (const auto* movement = std::get_if<core::MovementEvent>(&event.body)) {
    FillMovement(*movement, *proto.mutable_movement());
  } else if (const auto* fact = std::get_if<core::FactEvent>(&event.body)) {
    FillFact(*fact, *proto.mutable_fact());
  } else if (const auto* guarded = std::get_if<core::GuardEvent>(&event.body)) {
    FillGuarded(*guarded, *proto.mutable_guarded());
  } else {
    FillGap(std::get<core::GapEvent>(event.body), *proto.mutable_gap());
  }
  return proto;
}

v1::IngestSummary ToSummary(const core::IngestInput& batch, uint64_t violations) {
  v1::IngestSummary proto;
  proto.set_source(batch.source.value());
  proto.set_epoch(batch.epoch);
  proto.set_previous_position(batch.previous.ToString());
  proto.set_position(batch.position.ToString());
  proto.set_mapping_version(batch.mapping_version);
  proto.set_events(static_cast<uint32_t>(batch.events.size()));
  proto.set_gaps(static_cast<uint32_t>(
      std::count_if(batch.events.begin(), batch.events.end(), [](const core::Event& event) {
        return std::holds_alternative<core::GapEvent>(event.body);
      })));
  proto.set_violations(static_cast<uint32_t>(violations));
  if (batch.snapshot.has_value()) *proto.mutable_snapshot() = ToProto(*batch.snapshot);
  proto.set_inside_transaction(batch.inside_transaction);
  if (batch.probe.has_value()) {
    proto.mutable_probe()->set_head_position(batch.probe->head.ToString());
    *proto.mutable_probe()->mutable_read_after() = gate::ToProto(batch.probe->read_after);
  }
  return proto;
}

}  // namespace fundgate::gate
