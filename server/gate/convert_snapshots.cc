#include "server/gate/convert_snapshots.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/core/snapshots.h"
#include "server/gate/convert_events.h"
#include "server/gate/convert_values.h"

namespace fundgate::gate {
namespace {

v1::SnapshotState ToProto(core::SnapshotState state) {
  switch (state) {
    case core::SnapshotState::kRequested:
      return v1::SNAPSHOT_STATE_REQUESTED;
    case core::SnapshotState::kReading:
      return v1::SNAPSHOT_STATE_READING;
    case core::SnapshotState::kSweeping:
      return v1::SNAPSHOT_STATE_SWEEPING;
    case core::SnapshotState::kDone:
      return v1::SNAPSHOT_STATE_DONE;
    case core::SnapshotState::kFailed:
      return v1::SNAPSHOT_STATE_FAILED;
    case core::SnapshotState::kCancelled:
      return v1::SNAPSHOT_STATE_CANCELLED;
  }
  return v1::SNAPSHOT_STATE_UNSPECIFIED;
}

}  // namespace

core::SnapshotStep ToStep(const v1::SnapshotStep& step, const std::string& field,
                          Problems& problems) {
  problems.Text(field + ".table", step.table(), 0, kMaxTableBytes);
  problems.Text(field + ".cursor", step.cursor(), 0, core::kMaxCursorBytes);
  problems.Text(field + ".problem", step.problem(), 0, kMaxReasonBytes);
  if (step.run() == 0) problems.Add(field + ".run", "is required: the one that is ordered");
  core::SnapshotStep converted;
  converted.run = step.run();
  converted.table = step.table();
  converted.cursor = step.cursor();
  converted.rows = step.rows();
  converted.expected_rows = step.expected_rows();
  converted.is_last = step.is_last();
  converted.sweeps = step.sweeps();
  converted.begins_anew = step.begins_anew();
  converted.problem = step.problem();
  return converted;
}

core::ResnapshotInput ToResnapshot(const v1::ResnapshotSourceRequest& request, Problems& problems) {
  problems.Text("source", request.source(), 1, kMaxFieldNameBytes);
  problems.Text("actor", request.actor(), 1, kMaxActorBytes);
  problems.Text("reason", request.reason(), 1, kMaxReasonBytes);
  if (request.tables_size() > kMaxSnapshotTables) {
    problems.Add("tables", absl::StrCat("has ", request.tables_size(), " entries; at most ",
                                        kMaxSnapshotTables, " are allowed"));
  }
  core::ResnapshotInput input;
  input.source = SourceName(request.source());
  for (const std::string& table : request.tables()) {
    problems.Text("tables", table, 1, kMaxTableBytes);
    input.tables.push_back(table);
  }
  std::sort(input.tables.begin(), input.tables.end());
  input.history = request.history();
  input.begin_anew = request.begin_anew();
  input.actor = request.actor();
  input.reason = request.reason();
  return input;
}

core::CancelResnapshotInput ToCancel(const v1::CancelResnapshotRequest& request,
                                     Problems& problems) {
  problems.Text("source", request.source(), 1, kMaxFieldNameBytes);
  problems.Text("actor", request.actor(), 1, kMaxActorBytes);
  problems.Text("reason", request.reason(), 1, kMaxReasonBytes);
  return {SourceName(request.source()), request.actor(), request.reason()};
}

v1::SnapshotStep ToProto(const core::SnapshotStep& step) {
  v1::SnapshotStep proto;
  proto.set_run(step.run);
  proto.set_table(step.table);
  proto.set_cursor(step.cursor);
  proto.set_rows(step.rows);
  proto.set_expected_rows(step.expected_rows);
  proto.set_is_last(step.is_last);
  proto.set_sweeps(step.sweeps);
  proto.set_begins_anew(step.begins_anew);
  proto.set_problem(step.problem);
  return proto;
}

v1::ResnapshotSourceRequest ToProto(const core::ResnapshotInput& input) {
  v1::ResnapshotSourceRequest proto;
  proto.set_source(input.source.value());
  for (const std::string& table : input.tables) proto.add_tables(table);
  proto.set_history(input.history);
  proto.set_begin_anew(input.begin_anew);
  proto.set_actor(input.actor);
  proto.set_reason(input.reason);
  return proto;
}

v1::CancelResnapshotRequest ToProto(const core::CancelResnapshotInput& input) {
  v1::CancelResnapshotRequest proto;
  proto.set_source(input.source.value());
  proto.set_actor(input.actor);
  proto.set_reason(input.reason);
  return proto;
}

v1::Snapshot ToProto(const core::SnapshotRun& run) {
  v1::Snapshot proto;
  proto.set_run(run.run);
  proto.set_state(ToProto(run.state));
  proto.set_history(run.history);
  proto.set_actor(run.actor);
  proto.set_reason(run.reason);
  *proto.mutable_requested_at() = ToProto(run.requested_at);
  if (run.begun_at != absl::InfiniteFuture()) {
    *proto.mutable_begun_at() = ToProto(run.begun_at);
  }
  if (run.ended_at != absl::InfiniteFuture()) {
    *proto.mutable_ended_at() = ToProto(run.ended_at);
  }
  for (const core::SnapshotTable& table : run.tables) {
    v1::SnapshotTable& shown = *proto.add_tables();
    shown.set_table(table.name);
    shown.set_rows(table.rows);
    shown.set_expected_rows(table.expected_rows);
    shown.set_done(table.done);
    shown.set_unreadable_rows(table.unreadable.size());
  }
  proto.set_rows(run.rows);
  proto.set_corrected(run.corrected);
  proto.set_taken_back(run.taken_back);
  proto.set_violations(run.violations);
  proto.set_gaps_healed(run.gaps_healed);
  proto.set_problem(run.problem);
  return proto;
}

v1::SnapshotOrder ToOrder(const core::SnapshotRun& run) {
  v1::SnapshotOrder proto;
  proto.set_run(run.run);
  proto.set_is_whole(run.is_whole);
  proto.set_begin_anew(run.begin_anew);
  for (const core::SnapshotTable& table : run.tables) {
    if (table.done) continue;
    v1::SnapshotTableOrder& order = *proto.add_tables();
    order.set_table(table.name);
    order.set_cursor(table.cursor);
    order.set_rows(table.rows);
  }
  return proto;
}

}  // namespace fundgate::gate
