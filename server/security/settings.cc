#include "server/security/settings.h"

#include "absl/strings/str_cat.h"

namespace fundgate::security {

absl::Status CheckTogether(const Settings& settings, const std::string& listen, bool others_in,
                           bool anybody) {
  if (!settings.encrypts()) {
    const char* given = !settings.key_file.empty()                  ? "--tls-key"
                        : !settings.client_authorities_file.empty() ? "--tls-client-ca"
                        : !settings.access_file.empty()             ? "--access-file"
                                                                    : nullptr;
    if (given != nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat(given, " needs --tls-cert: who somebody is, is learned over TLS alone"));
    }
  }
  if (settings.certificates_optional && settings.client_authorities_file.empty()) {
    return absl::InvalidArgumentError(
        "--tls-client-cert-optional says something about --tls-client-ca, which is missing");
  }
  if (!others_in || anybody) return absl::OkStatus();
  if (!settings.encrypts()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "listening on ", listen,
        " lets other machines in, and calls would come in plain text. Give --tls-cert and "
        "--tls-key (TLS) and --access-file (who may do what), or listen on 127.0.0.1. "
        "--insecure-listen takes everybody's calls, if the network itself keeps others out"));
  }
  if (settings.access_file.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "listening on ", listen,
        " lets other machines in, and everybody could do everything. Give --access-file (who may "
        "do what), or listen on 127.0.0.1. --insecure-listen takes everybody's calls"));
  }
  return absl::OkStatus();
}

}  // namespace fundgate::security
