// Judges certificates: those of connections, and the gate's own.
#ifndef SERVER_SECURITY_CLIENT_AUTHORITIES_H_
#define SERVER_SECURITY_CLIENT_AUTHORITIES_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fundgate/v1/security.pb.h"

namespace fundgate::security {

// Who signs callers' certificates. Constant. Any thread.
class ClientAuthorities {
 public:
  // From PEM. INVALID_ARGUMENT if there is no certificate in it, or something else than them.
  static absl::StatusOr<std::shared_ptr<const ClientAuthorities>> Parse(const std::string& pem,
                                                                        const std::string& file);
  static absl::StatusOr<std::shared_ptr<const ClientAuthorities>> Read(const std::string& file);

  virtual ~ClientAuthorities() = default;

  // Nothing if the certificate is valid now, made for clients, and one of the authorities leads to
  // it over those of `chain`. Otherwise why not, with the certificate's names. An empty `leaf` is
  // no certificate.
  virtual std::optional<v1::Denial> Refuse(const std::string& leaf,
                                           const std::string& chain) const = 0;
};

// Ok if the first certificate in the text is valid now and the key is its own; otherwise a sentence
// about the files.
absl::Status CheckOwnCertificate(const std::string& certificate_file, const std::string& key_file);

}  // namespace fundgate::security

#endif  // SERVER_SECURITY_CLIENT_AUTHORITIES_H_
