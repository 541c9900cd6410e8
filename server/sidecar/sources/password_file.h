// A secret that stands in a file.
#ifndef SERVER_SIDECAR_SOURCES_PASSWORD_FILE_H_
#define SERVER_SIDECAR_SOURCES_PASSWORD_FILE_H_

#include <string>

#include "absl/status/statusor.h"

namespace fundgate::sources {

// The file's first line, which must be its only one; an end of line after it is no part of it.
// Read anew at each connection, so that a password can be changed without a restart. Failures, each
// a sentence that names the file and what to do, never its content:
//   NOT_FOUND            there is no such file, or it can't be opened
//   PERMISSION_DENIED    others than its owner may read or write it
//   INVALID_ARGUMENT     it is no plain file, empty, longer than 4096 bytes, or has more lines
absl::StatusOr<std::string> ReadPasswordFile(const std::string& path);

}  // namespace fundgate::sources

#endif  // SERVER_SIDECAR_SOURCES_PASSWORD_FILE_H_
