#include "server/main/port_file.h"

#include <cstdio>
#include <fstream>

#include "absl/strings/str_cat.h"

namespace fundgate::main {

absl::Status WritePort(const std::string& option, const std::string& path, int port) {
  if (path.empty()) return absl::OkStatus();
  const std::string unfinished = path + ".new";
  std::ofstream file(unfinished);
  file << port << "\n";
  file.close();
  if (file.good() && std::rename(unfinished.c_str(), path.c_str()) == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("can't write ", option, " ", path));
}

}  // namespace fundgate::main
