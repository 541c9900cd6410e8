// A world whose source has tables that are read anew: "ledger", of a table for each kind.
#ifndef TESTS_CORE_SNAPSHOT_WORLD_H_
#define TESTS_CORE_SNAPSHOT_WORLD_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/core/snapshots.h"
#include "tests/core/world.h"

namespace fundgate::core::testing {

inline const SourceName kLedger("ledger");

// The tables of "ledger" are named as the kinds that their rows are.
inline void WithTables(Policy& policy) {
  SourceDefinition& source = policy.sources.front();
  for (const MovementKind& kind : source.emits) {
    source.tables.push_back({kind.value(), {kind.value()}});
  }
}

class SnapshotWorld : public World {
 public:
  explicit SnapshotWorld(const std::function<void(Policy&)>& adjust = nullptr)
      : World([&adjust](Policy& policy) {
          WithTables(policy);
          if (adjust) adjust(policy);
        }) {}

  const SnapshotRun& run() const { return state().resident().of<core::SnapshotRuns>().at(kLedger); }
  size_t gaps() const { return state().resident().of<core::Gaps>().size(); }

  SnapshotAnswer Want(std::vector<std::string> tables = {}, bool history = false) {
    return Get<SnapshotAnswer>(
        ResnapshotInput{kLedger, std::move(tables), history, false, "ann", "to heal"});
  }

  IngestInput NewStep() {
    const Source& source = state().resident().of<core::Sources>().at(kLedger);
    IngestInput input;
    input.source = kLedger;
    input.epoch = source.epoch;
    input.mapping_version = source.mapping_version;
    input.previous = input.position = source.position;
    input.snapshot.emplace().run = run().run;
    return input;
  }

  // Rows of a table as they stand: number and contents.
  void Read(const std::string& table, const std::vector<std::pair<int, Row>>& rows,
            bool is_last = true) {
    Advance(absl::Milliseconds(1));
    IngestInput input = NewStep();
    input.snapshot->table = table;
    input.snapshot->is_last = is_last;
    input.snapshot->rows = rows.size();
    input.snapshot->cursor = rows.empty() ? "" : absl::StrCat(rows.back().first);
    for (const auto& [number, row] : rows) {
      Event event = NewEvent(table, number, std::nullopt, row.ToContribution());
      event.id = absl::StrCat("snapshot-", run().run, "/", table, number, "-", ++steps_);
      event.snapshot = true;
      input.events.push_back(std::move(event));
    }
    Get<IngestAnswer>(std::move(input));
  }
  void ReadNothingOf(const std::vector<std::string>& tables) {
    for (const std::string& table : tables) Read(table, {});
  }

  // Until the run is over; how many steps that took.
  int Sweep() {
    int steps = 0;
    while (run().is_active() && steps < 1000) {
      Advance(absl::Milliseconds(1));
      IngestInput input = NewStep();
      input.snapshot->sweeps = true;
      Get<IngestAnswer>(std::move(input));
      ++steps;
    }
    return steps;
  }

  void Unreadable(const std::string& kind, const std::string& account = "",
                  const std::string& order = "") {
    Event event;
    event.id = absl::StrCat("gap/", ++steps_);
    event.body =
        GapEvent{{MovementKind(kind), AccountId(account), OrderId(order)}, kind, "TRUNCATE"};
    Feed({event});
  }

 private:
  int steps_ = 0;
};

}  // namespace fundgate::core::testing

#endif  // TESTS_CORE_SNAPSHOT_WORLD_H_
