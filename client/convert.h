// Between the client's value types and the messages of the contract: one conversion each way.
#ifndef CLIENT_CONVERT_H_
#define CLIENT_CONVERT_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "fundgate/client.h"
#include "fundgate/v1/check.pb.h"
#include "fundgate/v1/gate.pb.h"
#include "fundgate/v1/money.pb.h"
#include "fundgate/v1/reservation.pb.h"
#include "grpcpp/support/status.h"

namespace fundgate::client {

v1::Money ToProto(const Money& money);
v1::CheckRequest ToProto(const CheckRequest& request);

absl::Time FromProto(const google::protobuf::Timestamp& time);
Reservation FromProto(const v1::Reservation& message);

// A verdict that this version doesn't know is HOLD. `start_before` stays unset: the caller knows
// when it asked.
Decision FromProto(const v1::Decision& message);

// The status with its sentence and, for a malformed request, each bad field.
absl::Status FromGrpc(const grpc::Status& status);

// How long the gate asks to wait (google.rpc.RetryInfo); none if it doesn't say.
std::optional<absl::Duration> RetryHintOf(const grpc::Status& status);

// A breaker over everything, or over the whole checkpoint, that the gate names where it refuses to
// take a check (google.rpc.ErrorInfo): nothing may be allowed without asking.
struct Stop {
  std::string scope;
  Verdict verdict = Verdict::kHold;
};
std::optional<Stop> StopOf(const grpc::Status& status);

}  // namespace fundgate::client

#endif  // CLIENT_CONVERT_H_
