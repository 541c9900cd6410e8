#include "server/main/security_settings.h"

#include <CLI/CLI.hpp>

namespace fundgate::main {

void DeclareSecuritySettings(CLI::App& app, security::Settings& settings) {
  app.add_option("--tls-cert", settings.certificate_file,
                 "Serve by TLS with this certificate, in PEM; read again when the file changes")
      ->envname("FUNDGATE_TLS_CERT")
      ->type_name("FILE");
  app.add_option("--tls-key", settings.key_file,
                 "Its key; if not given, it stands in the certificate's file too")
      ->envname("FUNDGATE_TLS_KEY")
      ->type_name("FILE");
  app.add_option("--tls-client-ca", settings.client_authorities_file,
                 "Callers must show a certificate that these authorities signed; read again when "
                 "the file changes")
      ->envname("FUNDGATE_TLS_CLIENT_CA")
      ->type_name("FILE");
  app.add_flag("--tls-client-cert-optional", settings.certificates_optional,
               "A caller without a certificate may connect, and bring a token")
      ->envname("FUNDGATE_TLS_CLIENT_CERT_OPTIONAL");
  app.add_option("--access-file", settings.access_file,
                 "Who may do what, by certificate or token; read again when the file changes. "
                 "Without it everybody may do everything")
      ->envname("FUNDGATE_ACCESS_FILE")
      ->type_name("FILE");
}

}  // namespace fundgate::main
