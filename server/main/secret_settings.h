// What stands in files because nobody else may see it.
#ifndef SERVER_MAIN_SECRET_SETTINGS_H_
#define SERVER_MAIN_SECRET_SETTINGS_H_

#include <string>

#include "absl/status/statusor.h"

namespace fundgate::main {

// The one line of a file that its owner alone may read. INVALID_ARGUMENT, naming the `option` that
// says where it is, if it isn't so or if the file is empty.
absl::StatusOr<std::string> ReadSecret(const std::string& option, const std::string& path);

// A receiver's address: as it is, or, where it is a secret itself, in a file: "@/etc/pager.url". As
// ReadSecret.
absl::StatusOr<std::string> ReadAddress(const std::string& option, const std::string& word);

}  // namespace fundgate::main

#endif  // SERVER_MAIN_SECRET_SETTINGS_H_
