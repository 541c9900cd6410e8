#include "connection/options.h"

#include <CLI/CLI.hpp>

namespace fundgate::connection {

void DeclareSecurity(CLI::App& app, Security& security) {
  app.add_option("--tls-ca", security.authorities_file,
                 "Connect by TLS; the file says who signs the gate's certificate")
      ->envname("FUNDGATE_TLS_CA")
      ->type_name("FILE");
  app.add_option("--tls-cert", security.certificate_file,
                 "One's own certificate, which says who one is")
      ->envname("FUNDGATE_TLS_CERT")
      ->type_name("FILE");
  app.add_option("--tls-key", security.key_file,
                 "Its key; if not given, it stands in the certificate's file too")
      ->envname("FUNDGATE_TLS_KEY")
      ->type_name("FILE");
  app.add_option("--tls-server-name", security.server_name,
                 "The name that the gate's certificate must have; if not given, the address's host")
      ->envname("FUNDGATE_TLS_SERVER_NAME")
      ->type_name("NAME");
  app.add_option("--token-file", security.token_file,
                 "A bearer token, which says who one is; sent by TLS alone")
      ->envname("FUNDGATE_TOKEN_FILE")
      ->type_name("FILE");
}

}  // namespace fundgate::connection
