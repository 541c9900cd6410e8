// Reading the journal in order, hash by hash.
#ifndef SERVER_STORE_JOURNAL_SCAN_H_
#define SERVER_STORE_JOURNAL_SCAN_H_

#include <functional>

#include "absl/status/status.h"
#include "fundgate/types/ids.h"
#include "server/store/database.h"
#include "server/store/view.h"

namespace fundgate::store {

// Calls `visit` with each record from `first` on, or from where the journal begins, in order, until
// it returns false or `last` was visited, which the head says is the newest. Nothing if `first` is
// beyond it.
//
// DATA_LOSS with the first record that is missing, can't be read, isn't what was hashed, or lies
// beyond the head. What was visited before it is sound.
absl::Status ScanJournal(const Database& database, const rocksdb::ReadOptions& options,
                         Sequence first, Sequence last,
                         const std::function<bool(const JournalEntry&)>& visit);

}  // namespace fundgate::store

#endif  // SERVER_STORE_JOURNAL_SCAN_H_
