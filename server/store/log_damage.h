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
// record that is there in full isn't what its checksum says: no sector of it is missing, and it
// doesn't end with zeros (as the last one of a log does that was brought to the disk half written).
// FAILED_PRECONDITION if a sector is missing and there is a record behind it: what reads such a log
// may leave out what is missing and go on. UNAVAILABLE if a log can't be read.
//
// Sectors that are missing hold zeros, which logs are laid out with ahead of what is written. Of a
// store that nobody has open. The format is LevelDB's: blocks of 32 KiB; a record has a masked
// CRC-32C over what follows its length, two bytes of length, one of type (whole, first, middle,
// last of several).
absl::Status CheckLogs(const std::string& directory);

// The same, before a recovery: each log in which something follows a missing sector is ended there
// instead. Nobody has heard of what goes, as a sync would have brought all of it. With
// `accepts_damage` there is none, and a log that was changed is ended as well. Starting again does
// no harm. Under the store's lock.
absl::Status PrepareLogs(const std::string& directory, bool accepts_damage);

}  // namespace fundgate::store

#endif  // SERVER_STORE_LOG_DAMAGE_H_
