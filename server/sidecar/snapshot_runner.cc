#include "server/sidecar/snapshot_runner.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "server/sidecar/mapping/row_identity.h"

namespace fundgate::sidecar {
namespace {

constexpr size_t kMaxProblemBytes = 1024;  // in the contract

// What the gate knows of the row beside what it says: it is no change, and nobody says when it came
// to be so.
void MakeRowAsItStands(const std::string& table, const std::string& primary_key, v1::Event& event) {
  event.set_snapshot(true);
  event.clear_occurred_at();
  event.clear_origin();
  if (!event.has_gap() || primary_key.size() > mapping::kMaxPrimaryKeyBytes) return;
  event.mutable_gap()->mutable_row()->set_table(table);
  event.mutable_gap()->mutable_row()->set_primary_key(primary_key);
}

}  // namespace

SnapshotRunner::SnapshotRunner(v1::SnapshotOrder order, mapping::RowMapper& mapper,
                               SnapshotOptions options, const Log& log,
                               std::function<absl::Time()> now)
    : order_(std::move(order)),
      mapper_(mapper),
      options_(std::move(options)),
      log_(log),
      now_(std::move(now)) {}

size_t SnapshotRunner::RowsOfChunk() const {
  if (options_.rows_per_second == 0) return rows_;
  // Some chunks a second, so that the load is an even one.
  const size_t share = std::max<size_t>(1, options_.rows_per_second / 10);
  return std::min(rows_, share);
}

std::optional<TableTask> SnapshotRunner::Next() {
  if (given_up_) return std::nullopt;
  if (sink_.is_over()) {
    given_up_ = true;
    log_.Info("the tables are read, and what they feed is known again",
              {{"run", absl::StrCat(order_.run())}});
    return std::nullopt;
  }
  if (order_.tables().empty()) {
    Sweep();
    return std::nullopt;
  }
  if (StepsUnderWay() >= kStepsUnderWay || now_() < due_) return std::nullopt;
  asked_at_ = now_();
  const v1::SnapshotTableOrder& table = order_.tables(0);
  return TableTask{table.table(), table.cursor(), RowsOfChunk(), kMaxBytes};
}

// Its failure shows in the next step.
void SnapshotRunner::Sweep() {
  while (StepsUnderWay() < kSweepsUnderWay) {
    Step step;
    step.said.set_run(order_.run());
    step.said.set_sweeps(true);
    if (!Push(std::move(step)).ok()) return;
  }
}

SnapshotRunner::Step SnapshotRunner::NewStep(const TableTask& task, const TableChunk& chunk) const {
  Step step;
  step.said.set_run(order_.run());
  step.said.set_table(task.table);
  step.said.set_cursor(order_.tables(0).cursor());
  step.said.set_expected_rows(chunk.expected_rows);
  return step;
}

absl::Status SnapshotRunner::Map(const TableTask& task, const TableChunk& chunk, size_t row,
                                 Step& step) {
  const std::span<const binlog::Value> values = chunk.values_of(chunk.rows[row]);
  binlog::RowChange change;
  change.operation = binlog::RowOperation::kInsert;
  change.table = &chunk.definition;
  change.after = values;
  change.index = static_cast<uint32_t>(row);
  std::vector<v1::Event> events;
  FUNDGATE_RETURN_IF_ERROR(mapper_.AppendEvents(change, &events));
  const std::string primary_key = mapping::PrimaryKeyText(chunk.definition, values);
  for (v1::Event& event : events) {
    if (event.has_guarded()) continue;  // nobody changed it
    MakeRowAsItStands(task.table, primary_key, event);
    step.bytes += event.ByteSizeLong();
    step.events.push_back(std::move(event));
  }
  return absl::OkStatus();
}

absl::Status SnapshotRunner::Take(const TableTask& task, const TableChunk& chunk) {
  v1::SnapshotTableOrder& table = *order_.mutable_tables(0);
  if (chunk.expected_rows > 0) expected_rows_ = chunk.expected_rows;
  binlog::TransactionHead head;
  head.id = absl::StrCat("snapshot-", order_.run(), "-", task.table, "-", table.rows());
  mapper_.Begin(head);
  Step step = NewStep(task, chunk);
  for (size_t row = 0; row < chunk.rows.size(); ++row) {
    if (step.events.size() >= options_.events_of_step || step.bytes >= options_.bytes_of_step) {
      FUNDGATE_RETURN_IF_ERROR(Push(std::exchange(step, NewStep(task, chunk))));
    }
    if (const absl::Status mapped = Map(task, chunk, row, step); !mapped.ok()) {
      return GiveUp(task, mapped);
    }
    table.set_cursor(chunk.cursors[row]);
    table.set_rows(table.rows() + 1);
    step.said.set_cursor(table.cursor());
    step.said.set_rows(step.said.rows() + 1);
  }
  step.said.set_is_last(chunk.is_last);
  FUNDGATE_RETURN_IF_ERROR(Push(std::move(step)));
  const absl::Time now = now_();
  const double share =
      absl::FDivDuration(kChunkTime, std::max(now - asked_at_, absl::Milliseconds(1)));
  const size_t least = std::max(kMinRows, rows_ / 2);
  rows_ = std::clamp(static_cast<size_t>(static_cast<double>(task.rows) * share), least,
                     std::max(least, std::min(kMaxRows, rows_ * 2)));
  // Not to be cut again: that costs a connection.
  if (chunk.bytes > 0) {
    rows_ = std::clamp<size_t>(kMaxBytes / 2 * chunk.rows.size() / chunk.bytes, 1, rows_);
  }
  if (options_.rows_per_second > 0) {
    due_ = std::max(due_, asked_at_) +
           absl::Seconds(1) * chunk.rows.size() / static_cast<int64_t>(options_.rows_per_second);
  }
  TellProgress(task, chunk);
  if (chunk.is_last) {
    order_.mutable_tables()->DeleteSubrange(0, 1);
    expected_rows_ = told_rows_ = 0;
  }
  return absl::OkStatus();
}

absl::Status SnapshotRunner::Push(Step step) {
  feed::Transaction transaction{
      {}, absl::UnixEpoch(), feed::StagedEvents(size_t{64} << 20, options_.spill_folder)};
  for (v1::Event& event : step.events) {
    FUNDGATE_RETURN_IF_ERROR(transaction.events.Append(std::move(event)));
  }
  transaction.snapshot = std::move(step.said);
  ++pushed_;
  return sink_.push(std::move(transaction));
}

absl::Status SnapshotRunner::GiveUp(const TableTask& task, const absl::Status& why) {
  given_up_ = true;
  log_.Error("a table can't be read anew: set this right and ask again",
             {{"table", task.table}, {"reason", std::string(why.message())}});
  Step step;
  step.said.set_run(order_.run());
  step.said.set_problem(mapping::CutText(absl::StrCat(task.table, ": ", std::string(why.message())),
                                         kMaxProblemBytes));
  return Push(std::move(step));
}

void SnapshotRunner::TellProgress(const TableTask& task, const TableChunk& chunk) {
  const absl::Time now = now_();
  const uint64_t rows = order_.tables(0).rows();
  if (told_at_ == absl::InfinitePast()) {
    told_at_ = now;
    told_rows_ = rows;
  }
  if (now - told_at_ < kTellEvery && !chunk.is_last) return;
  const double seconds = std::max(absl::ToDoubleSeconds(now - told_at_), 0.001);
  const auto rate =
      static_cast<uint64_t>(static_cast<double>(rows - std::min(rows, told_rows_)) / seconds);
  const bool knows_rest = rate > 0 && expected_rows_ > rows;
  log_.Info(
      chunk.is_last ? "read a table to its end" : "reading a table",
      {{"table", task.table},
       {"rows", absl::StrCat(rows)},
       {"of_about", absl::StrCat(std::max(expected_rows_, rows))},
       {"rows_per_second", absl::StrCat(rate)},
       {"left",
        knows_rest ? absl::FormatDuration(absl::Seconds((expected_rows_ - rows) / rate)) : "0"}});
  told_at_ = now;
  told_rows_ = rows;
}

}  // namespace fundgate::sidecar
