#include "server/store/rocks_view.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "server/store/head.h"
#include "server/store/journal_cut.h"
#include "server/store/journal_record.h"
#include "server/store/journal_scan.h"
#include "server/store/keys.h"
#include "server/store/record_places.h"
#include "server/store/records.h"

namespace fundgate::store {
namespace {

template <typename Record>
absl::StatusOr<std::optional<Record>> Decoded(absl::StatusOr<std::optional<std::string>> bytes) {
  if (!bytes.ok()) return bytes.status();
  if (!bytes->has_value()) return std::optional<Record>();
  FUNDGATE_ASSIGN_OR_RETURN(Record record, DecodeRecord<Record>(**bytes));
  return std::optional<Record>(std::move(record));
}

}  // namespace

RocksView::RocksView(std::shared_ptr<Database> database, const rocksdb::Snapshot* snapshot,
                     core::Resident resident)
    : database_(std::move(database)), snapshot_(snapshot), resident_(std::move(resident)) {}

RocksView::~RocksView() {
  if (snapshot_ != nullptr) database_->db().ReleaseSnapshot(snapshot_);
}

rocksdb::ReadOptions RocksView::AtSnapshot() const {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot_;
  return options;
}

absl::Status RocksView::Answer(const core::AnyLookup& lookup) const {
  return std::visit(
      [this]<typename Kind>(const core::Lookup<Kind>& asked) -> absl::Status {
        using Place = PlaceOf<Kind>;
        FUNDGATE_ASSIGN_OR_RETURN(
            asked.found, Decoded<typename Kind::Record>(
                             database_->Get(Place::kTable, Place::Key(asked.id), AtSnapshot())));
        return absl::OkStatus();
      },
      lookup);
}

absl::StatusOr<core::PolicyRecord> RocksView::GetPolicy(uint64_t version) const {
  FUNDGATE_ASSIGN_OR_RETURN(
      std::optional<core::PolicyRecord> policy,
      Decoded<core::PolicyRecord>(database_->Get(kPolicies, SequenceKey(version), AtSnapshot())));
  if (policy.has_value()) return *std::move(policy);
  return absl::NotFoundError(absl::StrCat("there is no policy version ", version));
}

absl::StatusOr<JournalEntry> RocksView::GetJournalEntry(Sequence sequence) const {
  FUNDGATE_ASSIGN_OR_RETURN(const std::optional<std::string> value,
                            database_->Get(kJournal, SequenceKey(sequence), AtSnapshot()));
  if (!value.has_value() || sequence > resident_.clock.sequence) {
    return absl::NotFoundError(absl::StrCat("there is no journal record ", sequence));
  }
  FUNDGATE_ASSIGN_OR_RETURN(const JournalCut cut, GetJournalCut());
  if (sequence < cut.first) {
    return absl::NotFoundError(
        absl::StrCat("journal record ", sequence, " was dropped with all before ", cut.first));
  }
  Hash previous = TieOf(cut);
  if (sequence > cut.first) {
    FUNDGATE_ASSIGN_OR_RETURN(const std::optional<std::string> before,
                              database_->Get(kJournal, SequenceKey(sequence - 1), AtSnapshot()));
    FUNDGATE_ASSIGN_OR_RETURN(previous, HashOfJournalValue(sequence - 1, before.value_or("")));
  }
  HashChain chain;
  return DecodeJournalValue(sequence, *value, previous, chain);
}

absl::StatusOr<std::vector<core::PolicyRecord>> RocksView::ListPolicies() const {
  std::vector<core::PolicyRecord> policies;
  auto stored = database_->Iterate(kPolicies, AtSnapshot());
  for (stored->SeekToFirst(); stored->Valid(); stored->Next()) {
    FUNDGATE_ASSIGN_OR_RETURN(core::PolicyRecord policy,
                              DecodeRecord<core::PolicyRecord>(AsView(stored->value())));
    policies.push_back(std::move(policy));
  }
  FUNDGATE_RETURN_IF_ERROR(FromRocks(stored->status(), "reading policies"));
  return policies;
}

absl::StatusOr<JournalCut> RocksView::GetJournalCut() const {
  return ReadJournalCut(*database_, AtSnapshot());
}

absl::Status RocksView::ScanJournal(Sequence first,
                                    const std::function<bool(const JournalEntry&)>& visit) const {
  return store::ScanJournal(*database_, AtSnapshot(), first, resident_.clock.sequence, visit);
}

template <typename Kind>
absl::StatusOr<std::vector<typename Kind::Record>> RocksView::NewestOf(size_t limit) const {
  using Place = PlaceOf<Kind>;
  const std::string prefix = Place::Prefix();
  std::vector<typename Kind::Record> records;
  auto stored = database_->Iterate(Place::kTable, AtSnapshot());
  // Ids are names: none begins with a byte of 0xFF.
  for (stored->SeekForPrev(prefix + '\xFF');
       stored->Valid() && stored->key().starts_with(prefix) && records.size() < limit;
       stored->Prev()) {
    FUNDGATE_ASSIGN_OR_RETURN(typename Kind::Record record,
                              DecodeRecord<typename Kind::Record>(AsView(stored->value())));
    records.push_back(std::move(record));
  }
  FUNDGATE_RETURN_IF_ERROR(FromRocks(stored->status(), Kind::kName));
  return records;
}

absl::StatusOr<std::vector<core::Violation>> RocksView::ListViolations(size_t limit) const {
  return NewestOf<core::Violations>(limit);
}

absl::StatusOr<std::vector<core::Group>> RocksView::ListGroups(size_t limit) const {
  return NewestOf<core::Groups>(limit);
}

absl::StatusOr<std::vector<View::BreakerChange>> RocksView::ListBreakerChanges(
    const std::string& scope, const std::optional<core::BreakerChangeId>& last,
    size_t limit) const {
  using Place = PlaceOf<core::BreakerChanges>;
  std::string prefix = Place::Prefix();
  if (!scope.empty()) {
    KeyWriter write(prefix);
    write(scope);
  }
  // Keys sort by scope: of all scopes the newest are picked out.
  const auto comes_first = [](const core::BreakerChangeId& a, const core::BreakerChangeId& b) {
    return a.sequence != b.sequence ? a.sequence > b.sequence : a.scope < b.scope;
  };
  const auto is_newer = [&](const BreakerChange& a, const BreakerChange& b) {
    return comes_first(a.first, b.first);
  };
  std::vector<BreakerChange> newest;  // a heap with the oldest on top
  auto stored = database_->Iterate(Place::kTable, AtSnapshot());
  for (stored->Seek(prefix); stored->Valid() && stored->key().starts_with(prefix); stored->Next()) {
    std::optional<core::BreakerChangeId> id = Place::Parse(AsView(stored->key()));
    if (!id.has_value()) return absl::DataLossError("history of breakers: a key can't be read");
    if (last.has_value() && !comes_first(*last, *id)) continue;
    const bool is_full = newest.size() == limit;
    if (is_full && !comes_first(*id, newest.front().first)) continue;
    FUNDGATE_ASSIGN_OR_RETURN(core::Breaker breaker,
                              DecodeRecord<core::Breaker>(AsView(stored->value())));
    if (is_full) {
      std::pop_heap(newest.begin(), newest.end(), is_newer);
      newest.pop_back();
    }
    newest.emplace_back(*std::move(id), std::move(breaker));
    std::push_heap(newest.begin(), newest.end(), is_newer);
  }
  FUNDGATE_RETURN_IF_ERROR(FromRocks(stored->status(), "reading the history of breakers"));
  std::sort_heap(newest.begin(), newest.end(), is_newer);
  return newest;
}

absl::Status RocksView::ScanHolds(core::HoldState state,
                                  const std::optional<core::HoldEntry>& after,
                                  const std::function<bool(const core::HoldEntry&)>& visit) const {
  using Place = PlaceOf<core::HoldQueue>;
  const std::string prefix = Place::Prefix();
  auto stored = database_->Iterate(Place::kTable, AtSnapshot());
  const core::HoldEntry first{state, absl::InfinitePast(), {}};
  for (stored->Seek(Place::Key(after.value_or(first))); stored->Valid(); stored->Next()) {
    if (!stored->key().starts_with(prefix)) break;
    const std::optional<core::HoldEntry> entry = Place::Parse(AsView(stored->key()));
    if (!entry.has_value()) return absl::DataLossError("holds: a key can't be read");
    if (entry->state != state) break;
    if (entry == after) continue;
    if (!visit(*entry)) break;
  }
  return FromRocks(stored->status(), "reading holds");
}

absl::Status RocksView::ScanTimers(absl::Time until,
                                   const std::function<bool(const core::Timer&)>& visit) const {
  using Place = PlaceOf<core::Timers>;
  const std::string prefix = Place::Prefix();
  auto stored = database_->Iterate(Place::kTable, AtSnapshot());
  for (stored->Seek(prefix); stored->Valid() && stored->key().starts_with(prefix); stored->Next()) {
    const std::optional<core::Timer> timer = Place::Parse(AsView(stored->key()));
    if (!timer.has_value()) return absl::DataLossError("timers: a key can't be read");
    if (timer->at > until || !visit(*timer)) break;
  }
  return FromRocks(stored->status(), "reading timers");
}

absl::Status RocksView::ScanBooks(
    const AccountId& account,
    const std::function<bool(const core::BookId&, const core::Book&)>& visit) const {
  using Place = PlaceOf<core::Books>;
  // Keys begin with the account.
  std::string prefix;
  KeyWriter write(prefix);
  write(account);
  auto stored = database_->Iterate(Place::kTable, AtSnapshot());
  for (stored->Seek(prefix); stored->Valid() && stored->key().starts_with(prefix); stored->Next()) {
    const std::optional<core::BookId> id = Place::Parse(AsView(stored->key()));
    if (!id.has_value()) return absl::DataLossError("books: a key can't be read");
    FUNDGATE_ASSIGN_OR_RETURN(const core::Book book,
                              DecodeRecord<core::Book>(AsView(stored->value())));
    if (!visit(*id, book)) break;
  }
  return FromRocks(stored->status(), "reading books");
}

}  // namespace fundgate::store
