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
  Sequence records = 0;    // journal records, all of whose hashes follow on each other
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
absl::StatusOr<VerifyReport> VerifyByReplay(const Options& options, const VerifyProgress& progress);

}  // namespace fundgate::store

#endif  // SERVER_STORE_VERIFY_H_
