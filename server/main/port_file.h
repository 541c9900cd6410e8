// A file that says which port was taken, for whoever let the system choose.
#ifndef SERVER_MAIN_PORT_FILE_H_
#define SERVER_MAIN_PORT_FILE_H_

#include <string>

#include "absl/status/status.h"

namespace fundgate::main {

// Writes it whole or not at all: somebody waits for the file to appear. Nothing if `path` is empty.
// INVALID_ARGUMENT naming the option if it can't be written.
absl::Status WritePort(const std::string& option, const std::string& path, int port);

}  // namespace fundgate::main

#endif  // SERVER_MAIN_PORT_FILE_H_
