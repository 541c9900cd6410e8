// How connections to the gate are encrypted, and whose are taken.
#ifndef SERVER_GATE_LISTENER_CREDENTIALS_H_
#define SERVER_GATE_LISTENER_CREDENTIALS_H_

#include <grpcpp/security/server_credentials.h>

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/log/log.h"
#include "server/security/security_log.h"
#include "server/security/settings.h"

namespace fundgate::gate {

// Plain text without a certificate in the settings. The gate's own certificate and key, and the
// callers' authorities, are read again when their files change; connections that stand stay as they
// are. A certificate that is refused is logged there, with its names. INVALID_ARGUMENT, and what
// connection::ReadGuardedFile says, for files that can't be used.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> ListenerCredentials(
    const security::Settings& settings, std::shared_ptr<security::SecurityLog> denials,
    logging::Log log, std::function<absl::Duration()> steady);

}  // namespace fundgate::gate

#endif  // SERVER_GATE_LISTENER_CREDENTIALS_H_
