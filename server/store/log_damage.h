// Damage in a write-ahead log that a crash can't explain.
#ifndef SERVER_STORE_LOG_DAMAGE_H_
#define SERVER_STORE_LOG_DAMAGE_H_

#include <string>

#include "absl/status/status.h"

namespace fundgate::store {

// Recovery reads each log up to the first record that it can't read, and takes what comes after for
// never written: so a crash of the machine leaves it. A changed byte in the middle looks the same,
// and would take back everything acknowledged since. This tells the two apart:
//
// DATA_LOSS, naming file and byte, if behind what can't be read there is a record that can, and no
// sector is missing between them (nothing orders the sectors of what was not synced), or if a
// record that is there in full isn't what its checksum says and no sector of it is missing (a write
// that power cut short leaves zeros from some sector on). UNAVAILABLE if a log can't be read.
//
// Of a store that nobody has open. The format is LevelDB's: blocks of 32 KiB; a record has a masked
// CRC-32C over what follows its length, two bytes of length, one of type (whole, first, middle,
// last of several).
absl::Status FindLogDamage(const std::string& directory);

}  // namespace fundgate::store

#endif  // SERVER_STORE_LOG_DAMAGE_H_
