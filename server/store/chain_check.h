// The journal's hash chain of a stopped store, checked without a policy and without judging.
#ifndef SERVER_STORE_CHAIN_CHECK_H_
#define SERVER_STORE_CHAIN_CHECK_H_

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "fundgate/types/ids.h"
#include "server/store/store.h"
#include "server/store/view.h"

namespace fundgate::store {

struct ChainReport {
  JournalCut cut;         // where the journal begins
  Sequence last = 0;      // the newest record whose hash follows on all before it
  std::string last_hash;  // 32 bytes; empty if there is none
  Sequence damaged = 0;   // the first record that is not what was written; 0: all are sound
  std::string damage;     // what is wrong with it, and what to do; empty if nothing is
};

// Told of each sound record, in order. Of a journal that was cut also of the first one and of the
// last that was dropped, whose hashes are kept.
using ChainVisit = std::function<void(Sequence sequence, std::string_view hash)>;

// Reads the whole journal. Damage is no error: see the report. FAILED_PRECONDITION if a process has
// the store open, or if it is of another format; what Database::Open says if it can't be opened.
// Reads only; of `options` the folder alone counts.
absl::StatusOr<ChainReport> CheckChain(const Options& options, const ChainVisit& visit);

}  // namespace fundgate::store

#endif  // SERVER_STORE_CHAIN_CHECK_H_
