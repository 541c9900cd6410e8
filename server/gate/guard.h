// Lets calls in, or ends them: the first line of every handler.
#ifndef SERVER_GATE_GUARD_H_
#define SERVER_GATE_GUARD_H_

#include <grpcpp/grpcpp.h>

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "fundgate/types/status_macros.h"
#include "server/gate/access.h"
#include "server/gate/unary.h"

namespace fundgate::gate {

// Null if the caller may make this call; otherwise ends it.
inline grpc::ServerUnaryReactor* Refuse(const Backend& backend,
                                        grpc::CallbackServerContext& context,
                                        std::string_view rpc) {
  const absl::StatusOr<Call> call = backend.access.Admit(context, rpc);
  return call.ok() ? nullptr : FinishNow(context, ToGrpc(call.status()));
}

// A stream that ends at once.
template <typename Reactor>
class RefusedStream final : public Reactor {
 public:
  explicit RefusedStream(const absl::Status& status) { this->Finish(ToGrpc(status)); }

 private:
  void OnDone() override { delete this; }
};

// The same for streams.
template <typename Reactor>
Reactor* RefuseStream(const Backend& backend, grpc::CallbackServerContext& context,
                      std::string_view rpc) {
  const absl::StatusOr<Call> call = backend.access.Admit(context, rpc);
  return call.ok() ? nullptr : new RefusedStream<Reactor>(call.status());
}

// Who does what the call asks for. What Access::Admit and Call::Actor say.
inline absl::StatusOr<std::string> ActorOf(const Backend& backend,
                                           const grpc::CallbackServerContext& context,
                                           std::string_view rpc, std::string_view named) {
  FUNDGATE_ASSIGN_OR_RETURN(const Call call, backend.access.Admit(context, rpc));
  return call.Actor(named);
}

// What the caller sees of sensitive values.
inline Sight SightOf(const Backend& backend, const grpc::CallbackServerContext& context,
                     std::string_view rpc) {
  return backend.access.SightOf(context, rpc);
}

// A copy of the request with that actor.
template <typename Request>
absl::StatusOr<Request> Signed(const Backend& backend, const grpc::CallbackServerContext& context,
                               std::string_view rpc, const Request& request) {
  FUNDGATE_ASSIGN_OR_RETURN(std::string actor, ActorOf(backend, context, rpc, request.actor()));
  Request copy = request;
  copy.set_actor(std::move(actor));
  return copy;
}

}  // namespace fundgate::gate

#endif  // SERVER_GATE_GUARD_H_
