// The small records that are always in memory, in their column family: a letter says which kind,
// and the rest of the key is the encoded id.
#ifndef SERVER_STORE_RESIDENT_RECORDS_H_
#define SERVER_STORE_RESIDENT_RECORDS_H_

#include <string>

#include "absl/status/status.h"
#include "rocksdb/write_batch.h"
#include "server/core/changes.h"
#include "server/core/state.h"
#include "server/store/database.h"

namespace fundgate::store {

// Adds the resident part of the changes to the batch, but for the clock and policies.
void PutResident(const Database& database, const core::Changes& changes,
                 rocksdb::WriteBatch& batch);

// Puts one stored resident record into its place. DATA_LOSS if it can't be read.
absl::Status TakeResident(std::string_view key, std::string_view value, core::Resident& resident);

}  // namespace fundgate::store

#endif  // SERVER_STORE_RESIDENT_RECORDS_H_
