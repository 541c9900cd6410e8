// Errors as gRPC carries them, with the standard details of google.rpc.
#ifndef SERVER_GATE_GRPC_STATUS_H_
#define SERVER_GATE_GRPC_STATUS_H_

#include <grpcpp/support/status.h>

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/gate/problems.h"

namespace fundgate::gate {

// When it is worth asking a full gate again.
inline constexpr absl::Duration kRetryDelay = absl::Milliseconds(100);

// The same status, with when it is worth calling again; for RESOURCE_EXHAUSTED.
absl::Status WithRetryDelay(absl::Status status, absl::Duration delay);

// The same code and message, cut where too long to travel. RESOURCE_EXHAUSTED carries a
// google.rpc.RetryInfo of its own delay, or of kRetryDelay.
grpc::Status ToGrpc(const absl::Status& status);

// What a call is told that comes while the gate drains: nothing of it has happened.
inline grpc::Status DrainingStatus() {
  return {grpc::StatusCode::UNAVAILABLE, "the gate is shutting down; connect again"};
}

// INVALID_ARGUMENT with a google.rpc.BadRequest that names each bad field, and as many of them in
// the message as fit. Details travel in the call's trailers, which hold 8 KiB: what would not fit
// is counted in the last violation. `about` goes before the message, as "request_id r-7: ".
grpc::Status InvalidArgument(const Problems& problems, const std::string& about = "");

}  // namespace fundgate::gate

#endif  // SERVER_GATE_GRPC_STATUS_H_
