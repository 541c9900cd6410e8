// Reads files that others must not read, or not write.
#ifndef CONNECTION_GUARDED_FILE_H_
#define CONNECTION_GUARDED_FILE_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace fundgate::connection {

inline constexpr size_t kMaxGuardedBytes = size_t{1} << 20;

// Who may be able to read the file. Nobody but its owner may ever be able to write it.
enum class Readers : uint8_t { kOwner, kOwnerAndGroup, kEverybody };

// The whole file, which is not empty. It belongs to root or to this process's user.
// FAILED_PRECONDITION for wrong permissions, saying which are right; INVALID_ARGUMENT if it is
// empty, too long, or no file; NOT_FOUND if it can't be opened. What stands in it is in no message.
absl::StatusOr<std::string> ReadGuardedFile(const std::string& path, Readers readers);

}  // namespace fundgate::connection

#endif  // CONNECTION_GUARDED_FILE_H_
