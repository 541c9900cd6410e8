// Where a copy of a store leads back to, read without a policy and without judging.
#ifndef SERVER_STORE_STORED_POINT_H_
#define SERVER_STORE_STORED_POINT_H_

#include <cstdint>
#include <string>

#include "absl/container/btree_map.h"
#include "absl/status/statusor.h"
#include "server/core/records.h"
#include "server/store/hash_chain.h"

namespace fundgate::store {

struct StoredPoint {
  int format_version = 0;
  core::ClockRecord clock;  // its sequence is that of the newest record
  Hash hash = kGenesis;     // of the newest record
  uint64_t policy_version = 0;
  absl::btree_map<SourceName, core::Source> sources;
};

// Of a stopped store or a checkpoint. Says what Database::Open says if it can't be opened, and
// DATA_LOSS if it can't be read.
absl::StatusOr<StoredPoint> ReadStoredPoint(const std::string& directory);

}  // namespace fundgate::store

#endif  // SERVER_STORE_STORED_POINT_H_
