#include "server/store/journal_scan.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "server/store/journal_cut.h"
#include "server/store/journal_record.h"
#include "server/store/keys.h"

namespace fundgate::store {
namespace {

// An error of reading names the record that was wanted.
absl::Status ReadError(const rocksdb::Status& status, Sequence wanted) {
  return FromRocks(status, absl::StrCat("journal record ", wanted, " can't be read"));
}

absl::Status Missing(Sequence sequence, Sequence last) {
  return absl::DataLossError(
      absl::StrCat("journal record ", sequence, " is missing; the journal should end with ", last));
}

// The hash that the record `first` is tied to.
absl::StatusOr<Hash> HashBefore(const Database& database, const rocksdb::ReadOptions& options,
                                const JournalCut& cut, Sequence first, Sequence last) {
  if (first == cut.first) return TieOf(cut);
  FUNDGATE_ASSIGN_OR_RETURN(const std::optional<std::string> before,
                            database.Get(kJournal, SequenceKey(first - 1), options));
  if (!before.has_value()) return Missing(first - 1, last);
  return HashOfJournalValue(first - 1, *before);
}

}  // namespace

absl::Status ScanJournal(const Database& database, const rocksdb::ReadOptions& options,
                         Sequence first, Sequence last,
                         const std::function<bool(const JournalEntry&)>& visit) {
  FUNDGATE_ASSIGN_OR_RETURN(const JournalCut cut, ReadJournalCut(database, options));
  Sequence expected = std::max(first, cut.first);
  if (expected > last + 1) return absl::OkStatus();
  HashChain chain;
  FUNDGATE_ASSIGN_OR_RETURN(Hash previous, HashBefore(database, options, cut, expected, last));
  const std::unique_ptr<rocksdb::Iterator> stored = database.Iterate(kJournal, options);
  for (stored->Seek(SequenceKey(expected)); stored->Valid(); stored->Next(), ++expected) {
    const std::optional<Sequence> found = ParseSequenceKey(AsView(stored->key()));
    if (found != expected) break;
    if (expected > last) {
      return absl::DataLossError(absl::StrCat("there is a journal record ", expected,
                                              " beyond the head, which is ", last));
    }
    FUNDGATE_ASSIGN_OR_RETURN(
        const JournalEntry entry,
        DecodeJournalValue(expected, AsView(stored->value()), previous, chain));
    std::copy_n(entry.hash.begin(), kHashBytes, previous.begin());
    if (!visit(entry)) return absl::OkStatus();
  }
  FUNDGATE_RETURN_IF_ERROR(ReadError(stored->status(), expected));
  return expected == last + 1 ? absl::OkStatus() : Missing(expected, last);
}

}  // namespace fundgate::store
