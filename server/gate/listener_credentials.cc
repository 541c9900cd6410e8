#include "server/gate/listener_credentials.h"

#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <optional>
#include <string>
#include <utility>

#include "fundgate/types/status_macros.h"
#include "server/security/client_authorities.h"
#include "server/security/reloaded.h"

namespace fundgate::gate {
namespace {

namespace tls = grpc::experimental;

// How often gRPC looks whether the gate's own certificate has changed.
constexpr unsigned int kReloadSeconds = 1;

using Authorities = security::Reloaded<security::ClientAuthorities>;

std::string TextOf(grpc::string_ref text) { return {text.data(), text.size()}; }

// Judges the certificate of each connection at the end of its handshake, in gRPC's stead: what dies
// within the TLS library is seen by nobody, and so could be neither named nor counted. That the
// caller holds the certificate's key the handshake itself has proven.
class HandshakeJudge final : public tls::ExternalCertificateVerifier {
 public:
  HandshakeJudge(std::unique_ptr<Authorities> authorities, bool optional,
                 std::shared_ptr<security::SecurityLog> denials)
      : authorities_(std::move(authorities)), optional_(optional), denials_(std::move(denials)) {}

  bool Verify(tls::TlsCustomVerificationCheckRequest* connection,
              std::function<void(grpc::Status)> /*later*/, grpc::Status* answer) override {
    *answer = grpc::Status::OK;
    const std::string certificate = TextOf(connection->peer_cert());
    if (certificate.empty() && optional_) return true;
    std::optional<v1::Denial> denial =
        authorities_->Get()->Refuse(certificate, TextOf(connection->peer_cert_full_chain()));
    if (!denial.has_value()) return true;
    *answer = {grpc::StatusCode::UNAUTHENTICATED, denial->message()};
    denials_->Add(*std::move(denial));
    return true;
  }

  void Cancel(tls::TlsCustomVerificationCheckRequest* /*connection*/) override {}

 private:
  const std::unique_ptr<Authorities> authorities_;
  const bool optional_;
  const std::shared_ptr<security::SecurityLog> denials_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> ListenerCredentials(
    const security::Settings& settings, std::shared_ptr<security::SecurityLog> denials,
    logging::Log log, std::function<absl::Duration()> steady) {
  if (!settings.encrypts()) return grpc::InsecureServerCredentials();
  const std::string& key =
      settings.key_file.empty() ? settings.certificate_file : settings.key_file;
  FUNDGATE_RETURN_IF_ERROR(security::CheckOwnCertificate(settings.certificate_file, key));
  tls::TlsServerCredentialsOptions options(std::make_shared<tls::FileWatcherCertificateProvider>(
      key, settings.certificate_file, kReloadSeconds));
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  if (!settings.client_authorities_file.empty()) {
    FUNDGATE_ASSIGN_OR_RETURN(
        std::unique_ptr<Authorities> authorities,
        Authorities::Open(settings.client_authorities_file, security::ClientAuthorities::Read,
                          std::move(log), std::move(steady)));
    options.set_cert_request_type(GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_BUT_DONT_VERIFY);
    options.set_certificate_verifier(tls::ExternalCertificateVerifier::Create<HandshakeJudge>(
        std::move(authorities), settings.certificates_optional, std::move(denials)));
  }
  return tls::TlsServerCredentials(options);
}

}  // namespace fundgate::gate
