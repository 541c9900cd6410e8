// The options of a command line that say how to connect to the gate securely.
#ifndef CONNECTION_OPTIONS_H_
#define CONNECTION_OPTIONS_H_

#include "connection/security.h"

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name
class App;
}  // namespace CLI

namespace fundgate::connection {

// --tls-ca, --tls-cert, --tls-key, --tls-server-name and --token-file, and their names in the
// environment.
void DeclareSecurity(CLI::App& app, Security& security);

}  // namespace fundgate::connection

#endif  // CONNECTION_OPTIONS_H_
