// Where the journal ends.
#ifndef SERVER_STORE_HEAD_H_
#define SERVER_STORE_HEAD_H_

#include <string>

#include "absl/status/statusor.h"
#include "server/core/records.h"
#include "server/store/database.h"
#include "server/store/hash_chain.h"

namespace fundgate::store {

// Written with every group, in its batch.
struct Head {
  core::ClockRecord clock;  // its sequence is that of the newest record
  Hash hash = kGenesis;     // of the newest record
};

inline constexpr std::string_view kHeadKey = "head";

std::string EncodeHead(const Head& head);

// The head of an empty journal if there is none yet. DATA_LOSS if it can't be read.
absl::StatusOr<Head> ReadHead(const Database& database, const rocksdb::ReadOptions& options = {});

// Reads the newest `count` records and checks that they are there without a hole, that their
// hashes follow on each other, and that the last one is the head. DATA_LOSS naming the record.
absl::Status CheckTail(const Database& database, const Head& head, uint64_t count);

}  // namespace fundgate::store

#endif  // SERVER_STORE_HEAD_H_
