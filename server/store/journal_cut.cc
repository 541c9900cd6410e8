#include "server/store/journal_cut.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "server/core/decision.h"
#include "server/store/keys.h"
#include "server/store/records.h"

namespace fundgate::store {

// Found by the type of the record, as those of fields.h.
template <typename A>
void Fields(A& a, FieldsOf<A, JournalCut>& r) {
  a(r.first, r.before_hash, r.origin_hash, r.begun, r.ended, r.cut_at, r.signature);
}

namespace {

constexpr size_t kReadahead = size_t{2} << 20;

// The first record whose input time isn't before `time`; times never go back.
absl::StatusOr<Sequence> FirstFrom(const View& view, Sequence first, absl::Time time) {
  Sequence last = view.resident().clock.sequence + 1;
  while (first < last) {
    const Sequence middle = first + (last - first) / 2;
    FUNDGATE_ASSIGN_OR_RETURN(const JournalEntry entry, view.GetJournalEntry(middle));
    if (entry.input.time < time) {
      first = middle + 1;
    } else {
      last = middle;
    }
  }
  return first;
}

// A record that must stay, and for whom.
struct Needed {
  Sequence sequence = std::numeric_limits<Sequence>::max();
  std::string by;

  void Add(Sequence wanted, std::string_view who) {
    if (wanted >= sequence) return;
    sequence = wanted;
    by = std::string(who);
  }
  void AddDecision(std::optional<Sequence> stands_in, const core::KeyId& key) {
    if (!stands_in.has_value() || *stands_in >= sequence) return;
    Add(*stands_in, absl::StrCat("the key ", key.kind.value(), " ", key.key.value()));
  }
};

// The oldest record that a decision of a kept key stands in. A key that comes later stands in later
// records.
absl::Status AddKeys(const Database& database, Needed& needed) {
  rocksdb::ReadOptions all;
  all.fill_cache = false;  // or all keys would pass through it, and nothing else stay
  all.readahead_size = kReadahead;
  const std::unique_ptr<rocksdb::Iterator> stored = database.Iterate(kKeys, all);
  for (stored->SeekToFirst(); stored->Valid(); stored->Next()) {
    const std::optional<core::KeyId> id = ParseMovementKey(AsView(stored->key()));
    if (!id.has_value()) return absl::DataLossError("keys: a key can't be read");
    FUNDGATE_ASSIGN_OR_RETURN(const core::KeyRecord record,
                              DecodeRecord<core::KeyRecord>(AsView(stored->value())));
    if (record.decision.has_value() && !record.decision->id.empty()) {
      needed.AddDecision(record.decision->id.sequence(), *id);
    }
    for (const core::PastGeneration& past : record.past) {
      needed.AddDecision(core::SequenceOfDecision(past.decision_id), *id);
    }
    if (!record.hold.has_value()) continue;
    for (const std::string& decision : record.hold->decisions) {
      needed.AddDecision(core::SequenceOfDecision(decision), *id);
    }
  }
  return FromRocks(stored->status(), "reading keys");
}

}  // namespace

absl::StatusOr<JournalCut> ReadJournalCut(const Database& database,
                                          const rocksdb::ReadOptions& options) {
  FUNDGATE_ASSIGN_OR_RETURN(const std::optional<std::string> bytes,
                            database.Get(kMeta, kCutKey, options));
  if (!bytes.has_value()) return JournalCut{};
  absl::StatusOr<JournalCut> cut = DecodeRecord<JournalCut>(*bytes);
  if (cut.ok() && cut->first > 1 && cut->before_hash.size() == kHashBytes &&
      cut->origin_hash.size() == kHashBytes) {
    return cut;
  }
  return absl::DataLossError(
      "where the journal begins can't be read. Keep this directory for the inquiry and restore the "
      "newest backup before it");
}

Hash TieOf(const JournalCut& cut) {
  Hash hash = kGenesis;
  if (cut.exists()) std::copy_n(cut.before_hash.begin(), kHashBytes, hash.begin());
  return hash;
}

absl::StatusOr<CutPlan> PlanCut(const Database& database, const View& view,
                                const CutOptions& options) {
  // The view may be older than the newest cut; what it reads of records is the same.
  FUNDGATE_ASSIGN_OR_RETURN(const JournalCut present, ReadJournalCut(database, {}));
  CutPlan plan{present, {}};
  plan.report.first = present.first;
  // The newest record always stays: the head and new anchors rest on it.
  FUNDGATE_ASSIGN_OR_RETURN(Sequence old_enough, FirstFrom(view, present.first, options.before));
  old_enough = std::min(old_enough, view.resident().clock.sequence);
  if (old_enough < present.first + std::max<Sequence>(options.fewest, 1)) return plan;

  Needed needed;
  if (options.keep_from > 0) needed.Add(options.keep_from, "who carries the journal outward");
  FUNDGATE_RETURN_IF_ERROR(AddKeys(database, needed));
  const Sequence allowed = std::max(present.first, std::min(old_enough, needed.sequence));
  plan.report.held_back = old_enough - allowed;
  if (plan.report.held_back > 0) plan.report.needed_by = needed.by;
  const Sequence first = std::min(allowed, present.first + std::max<Sequence>(options.most, 1));
  if (first < present.first + std::max<Sequence>(options.fewest, 1)) return plan;

  FUNDGATE_ASSIGN_OR_RETURN(const JournalEntry last_dropped, view.GetJournalEntry(first - 1));
  if (!present.exists()) {
    FUNDGATE_ASSIGN_OR_RETURN(const JournalEntry origin, view.GetJournalEntry(1));
    plan.cut.origin_hash = origin.hash;
    plan.cut.begun = origin.input.time;
  }
  plan.cut.first = first;
  plan.cut.before_hash = last_dropped.hash;
  plan.cut.ended = last_dropped.input.time;
  plan.cut.cut_at = options.now;
  plan.cut.signature.clear();
  if (options.seal) FUNDGATE_RETURN_IF_ERROR(options.seal(plan.cut));
  plan.report.first = first;
  plan.report.dropped = first - present.first;
  return plan;
}

void PutCut(const Database& database, const JournalCut& cut, rocksdb::WriteBatch& batch) {
  (void)batch.Put(database.family(kMeta), AsSlice(kCutKey), EncodeRecord(cut));
  (void)batch.DeleteRange(database.family(kJournal), SequenceKey(0), SequenceKey(cut.first));
}

void GiveRoomBack(Database& database, Sequence first, std::atomic<bool>* stopping) {
  const std::string begin = SequenceKey(0);
  const std::string end = SequenceKey(first);
  const rocksdb::Slice from(begin);
  const rocksdb::Slice to(end);
  rocksdb::CompactRangeOptions beside;
  beside.exclusive_manual_compaction = false;
  beside.canceled = stopping;
  // What fails here is done by RocksDB itself, later.
  (void)database.db().CompactRange(beside, database.family(kJournal), &from, &to);
}

}  // namespace fundgate::store
