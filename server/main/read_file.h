// Files that an option names.
#ifndef SERVER_MAIN_READ_FILE_H_
#define SERVER_MAIN_READ_FILE_H_

#include <fstream>
#include <iterator>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace fundgate::main {

// INVALID_ARGUMENT, with the option, if it is empty or can't be read.
inline absl::StatusOr<std::string> ReadFile(const std::string& option, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (!text.empty()) return text;
  return absl::InvalidArgumentError(absl::StrCat(option, ": ", path, " is empty or can't be read"));
}

}  // namespace fundgate::main

#endif  // SERVER_MAIN_READ_FILE_H_
