// StreamChecks: checks as they come, decisions in any order. `place` is the stream's own.
#ifndef SERVER_GATE_CHECK_STREAM_H_
#define SERVER_GATE_CHECK_STREAM_H_

#include <grpcpp/grpcpp.h>

#include "fundgate/v1/check.pb.h"
#include "server/gate/backend.h"
#include "server/gate/places.h"

namespace fundgate::gate {

grpc::ServerBidiReactor<v1::CheckRequest, v1::Decision>* OpenCheckStream(
    const Backend& backend, grpc::CallbackServerContext& context, Place place);

}  // namespace fundgate::gate

#endif  // SERVER_GATE_CHECK_STREAM_H_
