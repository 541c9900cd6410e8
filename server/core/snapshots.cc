#include "server/core/snapshots.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/core/books.h"
#include "server/core/event_posting.h"
#include "server/core/gaps.h"
#include "server/core/suspects.h"
#include "server/core/verification/verification.h"

namespace fundgate::core {
namespace {

const SourceTable* FindTable(const SourceDefinition& source, const std::string& name) {
  const auto found = std::find_if(source.tables.begin(), source.tables.end(),
                                  [&name](const SourceTable& table) { return table.name == name; });
  return found == source.tables.end() ? nullptr : &*found;
}

const SnapshotTable* FindTable(const SnapshotRun& run, const std::string& name) {
  const auto found =
      std::find_if(run.tables.begin(), run.tables.end(),
                   [&name](const SnapshotTable& table) { return table.name == name; });
  return found == run.tables.end() ? nullptr : &*found;
}

// One that there is.
SnapshotTable& MutableTable(SnapshotRun& run, const std::string& name) {
  return *std::find_if(run.tables.begin(), run.tables.end(),
                       [&name](const SnapshotTable& table) { return table.name == name; });
}

// All of the source's tables from their beginning, or those that `only` names.
std::vector<SnapshotTable> TablesFrom(const SourceDefinition& source,
                                      const std::set<std::string>* only) {
  std::vector<SnapshotTable> tables;
  for (const SourceTable& table : source.tables) {
    if (only == nullptr || only->contains(table.name)) tables.emplace_back().name = table.name;
  }
  return tables;
}

void BeginFromTheStart(SnapshotRun& run, const SourceDefinition& source) {
  std::set<std::string> names;
  for (const SnapshotTable& table : run.tables) names.insert(table.name);
  run.run += 1;
  run.state = SnapshotState::kRequested;
  run.begun_at = run.ended_at = absl::InfiniteFuture();
  run.mapping_version = source.mapping_version;
  run.tables = TablesFrom(source, run.is_whole ? nullptr : &names);
  run.swept_to = KeyId();
  run.rows = run.corrected = run.taken_back = run.violations = run.gaps_healed = 0;
  run.problem.clear();
}

void End(SnapshotRun& run, SnapshotState state, absl::Time now) {
  run.state = state;
  run.ended_at = now;
}

bool IsUnderWay(const SnapshotRun* run) {
  return run != nullptr &&
         (run->state == SnapshotState::kReading || run->state == SnapshotState::kSweeping);
}

// What the source says until the run has read it all is no news of what lies between.
void MarkAllUnproven(Draft& draft, const SourceDefinition& source, const SnapshotStep& step) {
  const std::string reason = absl::StrCat("its tables are being read anew by run ", step.run + 1,
                                          ": what happened before that began is not known yet");
  for (const MovementKind& kind : source.emits) {
    MarkGap(draft, {kind, AccountId(), OrderId()}, source.name, reason);
  }
  for (const std::string& fact : source.facts) {
    MarkGap(draft, {MovementKind(fact), AccountId(), OrderId()}, source.name, reason);
  }
}

// ---- The sweep ----

class Sweep {
 public:
  Sweep(Draft& draft, const SourceDefinition& source)
      : draft_(draft), source_(source), run_(draft.Mutable<SnapshotRuns>(source.name)) {}

  // True once nothing is left.
  bool Step() {
    size_t left = kMaxSweptKeys;
    for (const MovementKind& kind : Kinds()) {
      if (kind < run_.swept_to.kind) continue;
      const KeyId after =
          run_.swept_to.kind == kind ? run_.swept_to : KeyId{kind, IdempotencyKey()};
      const std::vector<KeyId> keys = draft_.KeysAfterBefore(after, left);
      for (const KeyId& key : keys) {
        if (key.kind != kind) break;
        LookAt(key);
        run_.swept_to = key;
        --left;
      }
      if (left == 0) return false;
    }
    return true;
  }

 private:
  // Of movements that rows of the run's tables may be.
  std::set<MovementKind> Kinds() const {
    std::set<MovementKind> kinds;
    for (const SnapshotTable& read : run_.tables) {
      const SourceTable* table = FindTable(source_, read.name);
      if (table == nullptr) continue;
      for (const std::string& name : table->emits) {
        if (draft_.policy().FindMovement(MovementKind(name)) != nullptr) kinds.emplace(name);
      }
    }
    return kinds;
  }

  void LookAt(const KeyId& key) {
    const KeyRecord* record = draft_.FindKey(key);
    if (record == nullptr) return;
    const std::vector<RowContribution> rows = record->rows;
    std::set<RowId> looked_at;
    for (const RowContribution& row : rows) {
      if (row.source != source_.name || row.line.amount <= 0) continue;
      if (!looked_at.insert(row.row).second) continue;
      const SnapshotTable* table = FindTable(run_, row.row.table);
      if (table == nullptr) continue;
      if (row.seen_run != run_.run && MayBeGone(*table, row)) {
        TakeBack(key, row);
      } else if (run_.history && run_.is_whole) {
        Suspect(key, row);
      }
    }
  }

  static bool MayBeGone(const SnapshotTable& table, const RowContribution& row) {
    return !table.unreadable_lost && std::find(table.unreadable.begin(), table.unreadable.end(),
                                               row.row.primary_key) == table.unreadable.end();
  }

  void TakeBack(const KeyId& key, const RowContribution& row) {
    Contribution gone;
    gone.status = MovementStatus::kHappened;
    gone.key = key.key;
    gone.account = row.account;
    gone.line = row.line;
    gone.currency = row.amount.currency;
    gone.part_key = row.part_key;
    Event event;
    event.id = absl::StrCat("snapshot-", run_.run, "-gone");
    event.snapshot = true;
    event.body = MovementEvent{key.kind, row.row, 0, std::move(gone), std::nullopt};
    const auto& change = std::get<MovementEvent>(event.body);
    if (!PostRow(draft_, source_, event, change, *draft_.policy().FindMovement(key.kind), key.key,
                 change.before, std::nullopt)) {
      return;
    }
    VerifyEvent(draft_, source_, event);
    run_.taken_back += 1;
  }

  // Now that all is read: does what it counts for fit?
  void Suspect(const KeyId& key, const RowContribution& row) {
    const std::optional<Deltas> deltas =
        DeltasBetween(draft_.policy(), *draft_.policy().FindMovement(key.kind),
                      Line{row.line.order, 0, {}}, row.line);
    if (!deltas.has_value()) return;
    SuspectInvariants(draft_, *deltas, row.account, row.amount.currency, source_.name,
                      row.event_id);
  }

  Draft& draft_;
  const SourceDefinition& source_;
  SnapshotRun& run_;
};

// Gaps of the kind that are older than this record are healed; 0: none is.
Sequence HealedBefore(const SourceDefinition& source, const SnapshotRun& run,
                      const std::string& kind) {
  std::optional<Sequence> begun_at;
  bool is_known = false;
  const auto include = [&](const SourceTable& table) {
    const SnapshotTable* read = FindTable(run, table.name);
    const Sequence begun = read == nullptr || read->unreadable_lost ? 0 : read->begun_at;
    begun_at = std::min(begun_at.value_or(begun), begun);
  };
  for (const SourceTable& table : source.tables) {
    if (!std::binary_search(table.emits.begin(), table.emits.end(), kind)) continue;
    is_known = true;
    include(table);
  }
  // Of what no table of the source may be (any more), all of them say enough.
  if (!is_known) std::for_each(source.tables.begin(), source.tables.end(), include);
  return begun_at.value_or(0);
}

void Finish(Draft& draft, const SourceDefinition& source) {
  SnapshotRun& run = draft.Mutable<SnapshotRuns>(source.name);
  std::vector<GapScope> healed;
  draft.ForEach<Gaps>([&](const GapScope& scope, const Gap& gap) {
    const bool is_ours = gap.source == source.name ||
                         std::binary_search(gap.also.begin(), gap.also.end(), source.name);
    if (is_ours && gap.newest < HealedBefore(source, run, scope.kind.value())) {
      healed.push_back(scope);
    }
  });
  for (const GapScope& scope : healed) HealGap(draft, scope, source.name);
  run.gaps_healed = healed.size();
  End(run, SnapshotState::kDone, draft.now());
}

absl::Status CheckTables(const SourceDefinition& source, const ResnapshotInput& input) {
  if (source.tables.empty()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "source: ", source.name.value(),
        " has no tables that can be read anew: it reports by itself or is read from topics"));
  }
  for (const std::string& name : input.tables) {
    if (FindTable(source, name) != nullptr) continue;
    std::string known;
    for (const SourceTable& table : source.tables) {
      absl::StrAppend(&known, known.empty() ? "" : ", ", table.name);
    }
    return absl::NotFoundError(absl::StrCat("tables: source ", source.name.value(),
                                            " maps no table ", name, "; it maps ", known));
  }
  if (input.begin_anew && !input.tables.empty()) {
    return absl::InvalidArgumentError(
        "begin_anew: what lies between is only made up for by reading all tables; name none");
  }
  return absl::OkStatus();
}

}  // namespace

Answer Resnapshot(Draft& draft, const ResnapshotInput& input) {
  const SourceDefinition* source = draft.policy().FindSource(input.source);
  if (source == nullptr) {
    return Refusal{absl::NotFoundError(
        absl::StrCat("source: the policy has no source \"", input.source.value(), "\""))};
  }
  if (absl::Status status = CheckTables(*source, input); !status.ok()) {
    return Refusal{std::move(status)};
  }
  const SnapshotRun* known = draft.Find<SnapshotRuns>(input.source);
  if (known != nullptr && known->is_active()) {
    return Refusal{absl::FailedPreconditionError(
        absl::StrCat("source: run ", known->run, " of ", input.source.value(),
                     " is not over yet; wait for it, or cancel it"))};
  }
  SnapshotRun run;
  run.run = known == nullptr ? 0 : known->run;
  const std::set<std::string> names(input.tables.begin(), input.tables.end());
  run.tables = TablesFrom(*source, names.empty() ? nullptr : &names);
  run.is_whole = run.tables.size() == source->tables.size();
  run.history = input.history;
  run.begin_anew = input.begin_anew;
  run.actor = input.actor;
  run.reason = input.reason;
  run.requested_at = draft.now();
  BeginFromTheStart(run, *source);
  draft.Put<SnapshotRuns>(input.source, run);
  return SnapshotAnswer{std::move(run)};
}

Answer CancelResnapshot(Draft& draft, const CancelResnapshotInput& input) {
  const SnapshotRun* known = draft.Find<SnapshotRuns>(input.source);
  if (known == nullptr || !known->is_active()) {
    return Refusal{absl::FailedPreconditionError(absl::StrCat(
        "source: no run of \"", input.source.value(), "\" is under way: there is none to cancel"))};
  }
  SnapshotRun& run = draft.Mutable<SnapshotRuns>(input.source);
  run.problem = absl::StrCat("cancelled by ", input.actor, ": ", input.reason);
  End(run, SnapshotState::kCancelled, draft.now());
  return SnapshotAnswer{run};
}

void PrepareRun(Draft& draft, const SourceDefinition& source) {
  const SnapshotRun* known = draft.Find<SnapshotRuns>(source.name);
  if (known != nullptr && known->is_active()) {
    if (known->mapping_version == source.mapping_version) return;
    SnapshotRun& run = draft.Mutable<SnapshotRuns>(source.name);
    BeginFromTheStart(run, source);
    if (run.tables.empty()) End(run, SnapshotState::kCancelled, draft.now());
    return;
  }
  if (!source.begins_with_snapshot || source.tables.empty() ||
      !draft.ReadSource(source.name).position.empty()) {
    return;
  }
  SnapshotRun run;
  run.run = known == nullptr ? 0 : known->run;
  run.is_whole = run.history = run.begin_anew = true;
  run.actor = "policy";
  run.reason = "the source was never read";
  run.requested_at = draft.now();
  BeginFromTheStart(run, source);
  draft.Put<SnapshotRuns>(source.name, std::move(run));
}

absl::Status CheckStep(Draft& draft, const SourceDefinition& source, const SnapshotStep& step) {
  const auto refused = [&](std::string_view why) {
    return absl::FailedPreconditionError(absl::StrCat(
        "snapshot: ", std::string(why), "; ask for the source's orders with GetPosition"));
  };
  const SnapshotRun* run = draft.Find<SnapshotRuns>(source.name);
  const bool was_last = step.sweeps && run != nullptr && run->state == SnapshotState::kDone;
  if (run == nullptr || (!run->is_active() && !was_last)) return refused("no run is under way");
  if (run->run != step.run) return refused(absl::StrCat("run ", run->run, " is under way now"));
  if (was_last) return absl::OkStatus();  // one that was on its way when the run ended
  if (!step.problem.empty()) return absl::OkStatus();
  if (step.begins_anew) {
    return run->is_whole ? absl::OkStatus() : refused("only a run over all tables may jump");
  }
  if (step.sweeps) {
    return run->state == SnapshotState::kSweeping ? absl::OkStatus()
                                                  : refused("there are tables that are not read");
  }
  const SnapshotTable* table = FindTable(*run, step.table);
  if (table == nullptr || table->done) {
    return refused(absl::StrCat("table \"", step.table, "\" is not to be read"));
  }
  return absl::OkStatus();
}

void BeginStep(Draft& draft, const SourceDefinition& source, const SnapshotStep& step) {
  SnapshotRun& run = draft.Mutable<SnapshotRuns>(source.name);
  if (!step.problem.empty()) return;
  if (step.begins_anew) {
    MarkAllUnproven(draft, source, step);
    BeginFromTheStart(run, source);
    run.begin_anew = false;
    return;
  }
  if (step.sweeps) return;
  if (run.state == SnapshotState::kRequested) {
    run.state = SnapshotState::kReading;
    run.begun_at = draft.now();
  }
  SnapshotTable& table = MutableTable(run, step.table);
  if (table.begun_at == 0) table.begun_at = draft.sequence();
}

void EndStep(Draft& draft, const SourceDefinition& source, const SnapshotStep& step) {
  SnapshotRun& run = draft.Mutable<SnapshotRuns>(source.name);
  if (!step.problem.empty()) {
    run.problem = step.problem;
    return End(run, SnapshotState::kFailed, draft.now());
  }
  if (step.begins_anew) return;
  if (step.sweeps) {
    if (!run.is_active()) return;
    const bool is_over = Sweep(draft, source).Step();
    run.violations += draft.found_violations().size();
    if (is_over) Finish(draft, source);
    return;
  }
  run.violations += draft.found_violations().size();
  SnapshotTable& table = MutableTable(run, step.table);
  table.cursor = step.cursor;
  table.rows += step.rows;
  if (step.expected_rows > 0) table.expected_rows = step.expected_rows;
  table.done = step.is_last;
  run.rows += step.rows;
  if (std::all_of(run.tables.begin(), run.tables.end(),
                  [](const SnapshotTable& each) { return each.done; })) {
    run.state = SnapshotState::kSweeping;
  }
}

const SnapshotRun* RunOver(Draft& draft, const SourceName& source, const std::string& table) {
  const SnapshotRun* run = draft.Find<SnapshotRuns>(source);
  return IsUnderWay(run) && FindTable(*run, table) != nullptr ? run : nullptr;
}

void NoteUnreadable(Draft& draft, const SourceName& source, const RowId& row) {
  if (RunOver(draft, source, row.table) == nullptr) return;
  SnapshotTable& table = MutableTable(draft.Mutable<SnapshotRuns>(source), row.table);
  if (table.unreadable.size() >= kMaxUnreadableRows) {
    table.unreadable_lost = true;
  } else if (std::find(table.unreadable.begin(), table.unreadable.end(), row.primary_key) ==
             table.unreadable.end()) {
    table.unreadable.push_back(row.primary_key);
  }
}

bool IsBeingRead(Draft& draft, const std::vector<SourceName>& sources) {
  return std::any_of(sources.begin(), sources.end(), [&draft](const SourceName& source) {
    return IsUnderWay(draft.Find<SnapshotRuns>(source));
  });
}

}  // namespace fundgate::core
