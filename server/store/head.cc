#include "server/store/head.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "server/store/journal_cut.h"
#include "server/store/journal_record.h"
#include "server/store/keys.h"
#include "server/store/records.h"

namespace fundgate::store {
namespace {

absl::StatusOr<std::string> ReadJournalValue(const Database& database, Sequence sequence) {
  FUNDGATE_ASSIGN_OR_RETURN(std::optional<std::string> value,
                            database.Get(kJournal, SequenceKey(sequence)));
  if (value.has_value()) return *std::move(value);
  return absl::DataLossError(
      absl::StrCat("journal record ", sequence,
                   " is missing. Keep this directory for the inquiry and restore the newest "
                   "backup before it"));
}

}  // namespace

std::string EncodeHead(const Head& head) {
  std::string bytes(AsBytes(head.hash));
  bytes.append(EncodeRecord(head.clock));
  return bytes;
}

absl::StatusOr<Head> ReadHead(const Database& database, const rocksdb::ReadOptions& options) {
  Head head;
  FUNDGATE_ASSIGN_OR_RETURN(const std::optional<std::string> bytes,
                            database.Get(kMeta, kHeadKey, options));
  if (!bytes.has_value()) return head;
  if (bytes->size() <= kHashBytes) return absl::DataLossError("the journal's head is cut short");
  std::copy_n(bytes->begin(), kHashBytes, head.hash.begin());
  FUNDGATE_ASSIGN_OR_RETURN(
      head.clock, DecodeRecord<core::ClockRecord>(std::string_view(*bytes).substr(kHashBytes)));
  return head;
}

absl::Status CheckTail(const Database& database, const Head& head, uint64_t count) {
  const Sequence last = head.clock.sequence;
  FUNDGATE_ASSIGN_OR_RETURN(const JournalCut cut, ReadJournalCut(database, {}));
  const Sequence first = std::max(cut.first, last > count ? last - count + 1 : 1);
  Hash previous = TieOf(cut);
  if (first > cut.first) {
    FUNDGATE_ASSIGN_OR_RETURN(const std::string value, ReadJournalValue(database, first - 1));
    FUNDGATE_ASSIGN_OR_RETURN(previous, HashOfJournalValue(first - 1, value));
  }
  HashChain chain;
  for (Sequence sequence = first; sequence <= last; ++sequence) {
    FUNDGATE_ASSIGN_OR_RETURN(const std::string value, ReadJournalValue(database, sequence));
    const absl::StatusOr<JournalEntry> entry = DecodeJournalValue(sequence, value, previous, chain);
    if (!entry.ok()) return entry.status();
    FUNDGATE_ASSIGN_OR_RETURN(previous, HashOfJournalValue(sequence, value));
  }
  if (previous != head.hash) {
    return absl::DataLossError(
        absl::StrCat("the journal's head is not the hash of its newest "
                     "record ",
                     last));
  }
  FUNDGATE_ASSIGN_OR_RETURN(const std::optional<std::string> beyond,
                            database.Get(kJournal, SequenceKey(last + 1)));
  if (!beyond.has_value()) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat("there is a journal record ", last + 1, " beyond the head"));
}

}  // namespace fundgate::store
