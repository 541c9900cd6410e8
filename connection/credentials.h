// How a caller connects to the gate.
#ifndef CONNECTION_CREDENTIALS_H_
#define CONNECTION_CREDENTIALS_H_

#include <memory>

#include "absl/status/statusor.h"
#include "connection/security.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"

namespace fundgate::connection {

// Credentials for a channel; what else the channel needs goes into `arguments`. Certificates and
// keys are read again when their files change, at most some seconds later; the token at the next
// call.
//
// INVALID_ARGUMENT for what doesn't go together: a token or a certificate of the caller's is never
// sent without TLS. What connection::ReadGuardedFile says of the files: a key may be readable for
// its owner and group, a token for its owner alone.
absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeCredentials(
    const Security& security, grpc::ChannelArguments& arguments);

}  // namespace fundgate::connection

#endif  // CONNECTION_CREDENTIALS_H_
