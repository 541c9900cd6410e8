// How TLS is spoken to a source.
#ifndef SERVER_SIDECAR_SOURCES_TLS_SETTINGS_H_
#define SERVER_SIDECAR_SOURCES_TLS_SETTINGS_H_

#include <string>

namespace fundgate::sources {

// Files are PEM; empty: none.
struct TlsSettings {
  std::string ca_file;    // who may have signed the server's certificate; empty: the system's
  std::string cert_file;  // the client's own certificate, with key_file
  std::string key_file;
};

}  // namespace fundgate::sources

#endif  // SERVER_SIDECAR_SOURCES_TLS_SETTINGS_H_
