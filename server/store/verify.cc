#include "server/store/verify.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "fundgate/types/text.h"
#include "server/store/head.h"
#include "server/store/record_places.h"
#include "server/store/records.h"
#include "server/store/replay.h"
#include "server/store/rocks_view.h"
#include "server/store/stored_state.h"

namespace fundgate::store {
namespace {

constexpr Sequence kProgressEvery = 10'000;

// Compares what is stored of one kind with what the replay made.
template <typename Kind>
absl::Status CompareKind(const Database& database, const core::MemoryState& state,
                         VerifyReport& report) {
  using Place = PlaceOf<Kind>;
  const auto& replayed = state.of<Kind>();
  size_t stored_count = 0;
  auto stored = database.Iterate(Place::kTable);
  const std::string prefix = Place::Prefix();
  for (stored->Seek(prefix); stored->Valid(); stored->Next(), ++stored_count) {
    if (!stored->key().starts_with(prefix)) break;
    const auto id = Place::Parse(AsView(stored->key()));
    if (!id.has_value()) {
      return absl::DataLossError(absl::StrCat(ToAbsl(Kind::kName), ": a key can't be read"));
    }
    const absl::StatusOr<typename Kind::Record> record =
        DecodeRecord<typename Kind::Record>(AsView(stored->value()));
    if (!record.ok()) return record.status();
    const auto found = replayed.find(*id);
    if (found == replayed.end() || !(found->second == *record)) {
      report.difference =
          absl::StrCat(ToAbsl(Kind::kName), ": stored record ", stored->key().ToString(true),
                       " is not what the journal makes of it");
      return absl::OkStatus();
    }
  }
  FUNDGATE_RETURN_IF_ERROR(FromRocks(stored->status(), Kind::kName));
  report.compared += stored_count;
  if (stored_count != replayed.size()) {
    report.difference = absl::StrCat(ToAbsl(Kind::kName), ": ", stored_count,
                                     " records are stored, the journal makes ", replayed.size());
  }
  return absl::OkStatus();
}

// Every record in `records` is of a kind that is compared.
absl::Status CheckLetters(const Database& database, VerifyReport& report) {
  std::string letters;
  core::StoredKinds::ForEach([&letters]<typename Kind>(Kind) {
    if (PlaceOf<Kind>::kTable == kRecords) letters.push_back(Kind::kLetter);
  });
  auto stored = database.Iterate(kRecords);
  for (stored->SeekToFirst(); stored->Valid(); stored->Next()) {
    const std::string_view key = AsView(stored->key());
    if (!key.empty() && letters.find(key.front()) != std::string::npos) continue;
    report.difference = absl::StrCat("records: stored record ", stored->key().ToString(true),
                                     " is of no known kind");
    break;
  }
  return FromRocks(stored->status(), "records");
}

absl::Status CompareRest(const RocksView& view, const core::MemoryState& state,
                         VerifyReport& report) {
  const core::Resident& stored = view.resident();
  const core::Resident& replayed = state.resident();
  const bool same = stored.clock == replayed.clock &&
                    stored.policy_version == replayed.policy_version &&
                    static_cast<const core::ResidentTables&>(stored) == replayed;
  if (!same) {
    report.difference = "sources, breakers, gaps, alerts or the clock differ from the journal's";
  }
  FUNDGATE_ASSIGN_OR_RETURN(const std::vector<core::PolicyRecord> policies, view.ListPolicies());
  if (policies != state.policies()) report.difference = "policies differ from the journal's";
  report.compared += policies.size();
  return absl::OkStatus();
}

absl::Status CompareState(const Database& database, const RocksView& view,
                          const core::MemoryState& state, VerifyReport& report) {
  absl::Status failed;
  core::StoredKinds::ForEach([&]<typename Kind>(Kind) {
    if (failed.ok() && report.difference.empty()) {
      failed = CompareKind<Kind>(database, state, report);
    }
  });
  FUNDGATE_RETURN_IF_ERROR(failed);
  if (report.difference.empty()) FUNDGATE_RETURN_IF_ERROR(CheckLetters(database, report));
  return report.difference.empty() ? CompareRest(view, state, report) : absl::OkStatus();
}

}  // namespace

namespace {

// All that a database holds but the journal, in memory.
absl::StatusOr<core::MemoryState> LoadAll(const Database& database, const RocksView& view) {
  core::MemoryState state;
  const core::Resident& resident = view.resident();
  FUNDGATE_ASSIGN_OR_RETURN(const std::vector<core::PolicyRecord> policies, view.ListPolicies());
  for (const core::PolicyRecord& policy : policies) {
    core::Changes applied;
    applied.policy_record = policy;
    applied.policy = resident.policy;  // of the newest in the end
    state.Absorb(applied);
  }
  // One by one: they are as many as there are keys.
  const auto absorb = [&state]<typename Kind>(Kind, typename Kind::Id id,
                                              typename Kind::Record record) {
    core::Changes one;
    one.Put<Kind>(std::move(id), std::move(record));
    state.Absorb(one);
  };
  core::ResidentKinds::ForEach([&]<typename Kind>(Kind) {
    for (const auto& [id, record] : resident.of<Kind>()) absorb(Kind(), id, record);
  });
  absl::Status failed;
  core::StoredKinds::ForEach([&]<typename Kind>(Kind) {
    using Place = PlaceOf<Kind>;
    auto stored = database.Iterate(Place::kTable);
    const std::string prefix = Place::Prefix();
    for (stored->Seek(prefix); failed.ok() && stored->Valid(); stored->Next()) {
      if (!stored->key().starts_with(prefix)) break;
      auto id = Place::Parse(AsView(stored->key()));
      absl::StatusOr<typename Kind::Record> record =
          DecodeRecord<typename Kind::Record>(AsView(stored->value()));
      if (!id.has_value() || !record.ok()) {
        failed = absl::DataLossError(absl::StrCat(ToAbsl(Kind::kName), " can't be read"));
      } else {
        absorb(Kind(), *std::move(id), *std::move(record));
      }
    }
    if (failed.ok()) failed = FromRocks(stored->status(), Kind::kName);
  });
  FUNDGATE_RETURN_IF_ERROR(failed);
  core::Changes clock;
  clock.clock = resident.clock;
  state.Absorb(clock);
  return state;
}

// What a replay of `view`'s journal begins with: nothing, or a copy's state.
absl::StatusOr<std::unique_ptr<Replay>> Begin(const Options& options, const RocksView& view,
                                              const std::string& since, VerifyReport& report) {
  FUNDGATE_ASSIGN_OR_RETURN(const JournalCut cut, view.GetJournalCut());
  if (since.empty()) {
    FUNDGATE_RETURN_IF_ERROR(Replay::CanBegin(cut));
    return std::make_unique<Replay>(options.compile_policy);
  }
  Options of_copy = options;
  of_copy.directory = since;
  FUNDGATE_ASSIGN_OR_RETURN(std::unique_ptr<Database> opened,
                            Database::Open(of_copy, Database::Access::kReadOnly));
  const std::shared_ptr<Database> database(std::move(opened));
  FUNDGATE_ASSIGN_OR_RETURN(core::Resident resident,
                            LoadResident(*database, options.compile_policy));
  const RocksView copy(database, nullptr, std::move(resident));
  FUNDGATE_ASSIGN_OR_RETURN(const Head head, ReadHead(*database));
  report.since = head.clock.sequence;
  if (report.since + 1 < cut.first) {
    return absl::FailedPreconditionError(absl::StrCat(
        since, " ends with record ", report.since, ", and ", options.directory, " begins with ",
        cut.first, ": the records between them were dropped; name a newer copy"));
  }
  std::string there = report.since + 1 == cut.first ? cut.before_hash : "";
  if (there.empty() && report.since > 0) {
    const absl::StatusOr<JournalEntry> same = view.GetJournalEntry(report.since);
    if (!same.ok() && !absl::IsNotFound(same.status())) return same.status();
    if (same.ok()) there = same->hash;
  }
  if (report.since > 0 && there != AsBytes(head.hash)) {
    return absl::FailedPreconditionError(absl::StrCat(since, " is no copy of ", options.directory,
                                                      ": record ", report.since,
                                                      ", its newest, is not the same there"));
  }
  FUNDGATE_ASSIGN_OR_RETURN(core::MemoryState state, LoadAll(*database, copy));
  return std::make_unique<Replay>(options.compile_policy, std::move(state));
}

}  // namespace

absl::StatusOr<VerifyReport> VerifyByReplay(const Options& options, const VerifyProgress& progress,
                                            const std::string& since) {
  FUNDGATE_ASSIGN_OR_RETURN(std::unique_ptr<Database> opened,
                            Database::Open(options, Database::Access::kReadOnly));
  const std::shared_ptr<Database> database(std::move(opened));
  FUNDGATE_ASSIGN_OR_RETURN(core::Resident resident,
                            LoadResident(*database, options.compile_policy));
  const RocksView view(database, nullptr, std::move(resident));
  FUNDGATE_ASSIGN_OR_RETURN(const Head head, ReadHead(*database));

  VerifyReport report;
  report.head_hash = ToHex(head.hash);
  FUNDGATE_ASSIGN_OR_RETURN(const std::unique_ptr<Replay> replay,
                            Begin(options, view, since, report));
  report.records = report.since;
  absl::Status failed;
  FUNDGATE_RETURN_IF_ERROR(view.ScanJournal(report.since + 1, [&](const JournalEntry& entry) {
    failed = replay->Apply(entry);
    report.difference = replay->difference();
    report.records = entry.sequence;
    if (progress && entry.sequence % kProgressEvery == 0) {
      progress(entry.sequence, head.clock.sequence);
    }
    return failed.ok() && report.difference.empty();
  }));
  FUNDGATE_RETURN_IF_ERROR(failed);
  if (!report.difference.empty()) return report;
  FUNDGATE_RETURN_IF_ERROR(CheckTail(*database, head, 1));
  FUNDGATE_RETURN_IF_ERROR(CompareState(*database, view, replay->state(), report));
  return report;
}

}  // namespace fundgate::store
