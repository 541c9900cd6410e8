#include "server/store/rocks_view.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "server/store/head.h"
#include "server/store/journal_record.h"
#include "server/store/keys.h"
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

absl::StatusOr<std::optional<core::Book>> RocksView::FindBook(const core::BookId& id) const {
  return Decoded<core::Book>(database_->Get(kBooks, BookKey(id), AtSnapshot()));
}

absl::StatusOr<std::optional<core::KeyRecord>> RocksView::FindKey(const core::KeyId& id) const {
  return Decoded<core::KeyRecord>(database_->Get(kKeys, MovementKey(id), AtSnapshot()));
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
  Hash previous = kGenesis;
  if (sequence > 1) {
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

absl::Status RocksView::ScanJournal(Sequence first,
                                    const std::function<bool(const JournalEntry&)>& visit) const {
  Sequence expected = first == 0 ? 1 : first;
  HashChain chain;
  Hash previous = kGenesis;
  auto stored = database_->Iterate(kJournal, AtSnapshot());
  if (expected > 1) {
    FUNDGATE_ASSIGN_OR_RETURN(const std::optional<std::string> before,
                              database_->Get(kJournal, SequenceKey(expected - 1), AtSnapshot()));
    if (!before.has_value()) return absl::OkStatus();  // the journal ends before that
    FUNDGATE_ASSIGN_OR_RETURN(previous, HashOfJournalValue(expected - 1, *before));
  }
  for (stored->Seek(SequenceKey(expected)); stored->Valid(); stored->Next(), ++expected) {
    if (ParseSequenceKey(AsView(stored->key())) != expected) break;
    FUNDGATE_ASSIGN_OR_RETURN(
        const JournalEntry entry,
        DecodeJournalValue(expected, AsView(stored->value()), previous, chain));
    FUNDGATE_ASSIGN_OR_RETURN(previous, HashOfJournalValue(expected, AsView(stored->value())));
    if (!visit(entry)) return absl::OkStatus();
  }
  FUNDGATE_RETURN_IF_ERROR(FromRocks(stored->status(), "reading the journal"));
  if (expected == resident_.clock.sequence + 1) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("journal record ", expected,
                                          " is missing; the journal should end with ",
                                          resident_.clock.sequence));
}

absl::StatusOr<std::optional<core::Violation>> RocksView::FindViolation(
    const std::string& id) const {
  return Decoded<core::Violation>(database_->Get(kViolations, id, AtSnapshot()));
}

template <typename Record>
absl::StatusOr<std::vector<Record>> RocksView::NewestOf(Table table, size_t limit,
                                                        const char* what) const {
  std::vector<Record> records;
  auto stored = database_->Iterate(table, AtSnapshot());
  for (stored->SeekToLast(); stored->Valid() && records.size() < limit; stored->Prev()) {
    FUNDGATE_ASSIGN_OR_RETURN(Record record, DecodeRecord<Record>(AsView(stored->value())));
    records.push_back(std::move(record));
  }
  FUNDGATE_RETURN_IF_ERROR(FromRocks(stored->status(), what));
  return records;
}

absl::StatusOr<std::vector<core::Violation>> RocksView::ListViolations(size_t limit) const {
  return NewestOf<core::Violation>(kViolations, limit, "reading violations");
}

absl::StatusOr<std::optional<core::Group>> RocksView::FindGroup(const std::string& id) const {
  return Decoded<core::Group>(database_->Get(kGroups, id, AtSnapshot()));
}

absl::StatusOr<std::vector<core::Group>> RocksView::ListGroups(size_t limit) const {
  return NewestOf<core::Group>(kGroups, limit, "reading groups");
}

absl::Status RocksView::ScanHolds(core::HoldState state,
                                  const std::optional<core::HoldEntry>& after,
                                  const std::function<bool(const core::HoldEntry&)>& visit) const {
  auto stored = database_->Iterate(kHolds, AtSnapshot());
  for (stored->Seek(after.has_value() ? HoldKey(*after) : HoldsOf(state)); stored->Valid();
       stored->Next()) {
    const std::optional<core::HoldEntry> entry = ParseHoldKey(AsView(stored->key()));
    if (!entry.has_value()) return absl::DataLossError("holds: a key can't be read");
    if (entry->state != state) break;
    if (entry == after) continue;
    if (!visit(*entry)) break;
  }
  return FromRocks(stored->status(), "reading holds");
}

}  // namespace fundgate::store
