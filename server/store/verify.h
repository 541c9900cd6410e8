// Proof that the stored state is what the journal says.
#ifndef SERVER_STORE_VERIFY_H_
#define SERVER_STORE_VERIFY_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "fundgate/types/ids.h"
#include "server/store/store.h"

namespace fundgate::store {

struct VerifyReport {
  Sequence since = 0;      // the newest record of the copy that the replay began with; 0: none
  Sequence records = 0;    // the journal's newest record; all hashes up to it follow on each other
  uint64_t compared = 0;   // stored records that equal what the replay made
  std::string head_hash;   // of the newest record, hexadecimal
  std::string difference;  // empty if all agree; otherwise the first record that differs
};

// Told now and then how far the replay is.
using VerifyProgress = std::function<void(Sequence done, Sequence total)>;

// Replays the journal from its first record into an empty state in memory, compares every answer
// with the recorded one, and at the end every stored record with what the replay made. Reads only.
//
// The directory must belong to a stopped gate, or be a checkpoint: FAILED_PRECONDITION if a process
// has it open, or if the journal was written by another logic version. DATA_LOSS if a record is
// damaged or missing, naming it. A difference is no error: see the report.
//
// A journal whose oldest records were dropped is FAILED_PRECONDITION; `since` names a copy of the
// directory, of a stopped gate or a checkpoint, that was made after the last dropped record. The
// replay then begins with the copy's state, which is believed; what is proven is that the records
// that came after it, and they alone, make of it what is stored. FAILED_PRECONDITION for a copy of
// another journal, or one that is older than the first kept record.
absl::StatusOr<VerifyReport> VerifyByReplay(const Options& options, const VerifyProgress& progress,
                                            const std::string& since = "");

}  // namespace fundgate::store

#endif  // SERVER_STORE_VERIFY_H_
