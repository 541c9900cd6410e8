// How a gate is told to know its callers.
#ifndef SERVER_SECURITY_SETTINGS_H_
#define SERVER_SECURITY_SETTINGS_H_

#include <string>

#include "absl/status/status.h"

namespace fundgate::security {

// Names of files. All empty: calls come in plain text, and everybody may make all of them.
struct Settings {
  std::string certificate_file;         // PEM: the gate's own
  std::string key_file;                 // PEM; empty: in certificate_file too
  std::string client_authorities_file;  // PEM: who signs callers' certificates; empty: none wanted
  bool certificates_optional = false;   // a connection may come without one, and bring a token
  std::string access_file;              // YAML: who may do what

  bool encrypts() const { return !certificate_file.empty(); }
};

// What must be there for what: INVALID_ARGUMENT with a sentence that names the option. `others_in`:
// it listens where other machines reach it; `anybody`: whoever reaches it was said to be trusted.
absl::Status CheckTogether(const Settings& settings, const std::string& listen, bool others_in,
                           bool anybody);

}  // namespace fundgate::security

#endif  // SERVER_SECURITY_SETTINGS_H_
