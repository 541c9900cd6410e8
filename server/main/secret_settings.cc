#include "server/main/secret_settings.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "connection/guarded_file.h"

namespace fundgate::main {

absl::StatusOr<std::string> ReadSecret(const std::string& option, const std::string& path) {
  absl::StatusOr<std::string> secret =
      connection::ReadGuardedFile(path, connection::Readers::kOwner);
  if (!secret.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(option, ": ", secret.status().message()));
  }
  absl::StripAsciiWhitespace(&*secret);
  if (!secret->empty()) return secret;
  return absl::InvalidArgumentError(absl::StrCat(option, ": ", path, " is empty"));
}

absl::StatusOr<std::string> ReadAddress(const std::string& option, const std::string& word) {
  return absl::StartsWith(word, "@") ? ReadSecret(option, word.substr(1)) : word;
}

}  // namespace fundgate::main
