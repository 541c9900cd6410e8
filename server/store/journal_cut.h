// Dropping the journal's oldest records, and what is kept of them.
//
// Where the journal begins stands in the family `default` under `cut`, written in the same batch as
// the deletion: a crash leaves the journal as it was before, or cut.
#ifndef SERVER_STORE_JOURNAL_CUT_H_
#define SERVER_STORE_JOURNAL_CUT_H_

#include <atomic>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "rocksdb/write_batch.h"
#include "server/store/database.h"
#include "server/store/hash_chain.h"
#include "server/store/store.h"
#include "server/store/view.h"

namespace fundgate::store {

inline constexpr std::string_view kCutKey = "cut";

// The beginning of a journal that was never cut if there is none. DATA_LOSS if it can't be read.
absl::StatusOr<JournalCut> ReadJournalCut(const Database& database,
                                          const rocksdb::ReadOptions& options);

// What the first kept record is tied to.
Hash TieOf(const JournalCut& cut);

// The cut that is to be made, and what is to be told of it; nothing is dropped yet.
struct CutPlan {
  JournalCut cut;
  CutReport report;
};

// `view` is of the same database. What View's reading says, and `options.seal`.
absl::StatusOr<CutPlan> PlanCut(const Database& database, const View& view,
                                const CutOptions& options);

void PutCut(const Database& database, const JournalCut& cut, rocksdb::WriteBatch& batch);

// Has RocksDB take apart the tables of what lies before `first`. Views that are older read on. Ends
// early once `stopping` says so, if it isn't null.
void GiveRoomBack(Database& database, Sequence first, std::atomic<bool>* stopping);

}  // namespace fundgate::store

#endif  // SERVER_STORE_JOURNAL_CUT_H_
