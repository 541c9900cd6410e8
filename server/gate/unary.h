// Unary calls that are one input of the sequencer.
#ifndef SERVER_GATE_UNARY_H_
#define SERVER_GATE_UNARY_H_

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <functional>
#include <optional>
#include <utility>
#include <variant>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/core/input.h"
#include "server/core/outcome.h"
#include "server/gate/backend.h"
#include "server/gate/grpc_status.h"
#include "server/gate/meters.h"

namespace fundgate::gate {

// What is left until the caller's deadline; nothing if it set none.
inline std::optional<absl::Duration> TimeLeft(std::chrono::system_clock::time_point deadline) {
  if (deadline == std::chrono::system_clock::time_point::max()) return std::nullopt;
  return absl::FromChrono(deadline - std::chrono::system_clock::now());
}

inline grpc::ServerUnaryReactor* FinishNow(grpc::CallbackServerContext& context,
                                           grpc::Status status) {
  grpc::ServerUnaryReactor* reactor = context.DefaultReactor();
  reactor->Finish(std::move(status));
  return reactor;
}

// The same with an error, which is counted.
inline grpc::ServerUnaryReactor* FailNow(const Backend& backend,
                                         grpc::CallbackServerContext& context,
                                         grpc::Status status) {
  backend.meters.CallFailed(status.error_code());
  return FinishNow(context, std::move(status));
}

// The answer, or why there is none: the machinery failed, or the input was refused.
inline absl::StatusOr<core::Answer> Taken(absl::StatusOr<core::Answer> answer) {
  if (!answer.ok()) return answer;
  if (const auto* refusal = std::get_if<core::Refusal>(&*answer)) return refusal->status;
  return answer;
}

// Hands `body` to the sequencer and ends the call with what `reply` makes of an answer of the type
// `Answer`. `reply` runs on one of the sequencer's threads; it fills the response.
template <typename Answer, typename Body>
grpc::ServerUnaryReactor* SubmitInput(const Backend& backend, grpc::CallbackServerContext& context,
                                      Body body, std::function<grpc::Status(const Answer&)> reply) {
  if (backend.draining) return FailNow(backend, context, DrainingStatus());
  grpc::ServerUnaryReactor* reactor = context.DefaultReactor();
  const auto fail = [reactor, &meters = backend.meters](const absl::Status& status) {
    meters.CallFailed(status.raw_code());
    reactor->Finish(ToGrpc(status));
  };
  core::Input input;
  input.body = std::move(body);
  // Handlers hold no lock, so that this thread may do it all.
  const absl::Status submitted = backend.sequencer.SubmitHere(
      std::move(input), TimeLeft(context.deadline()),
      [reactor, fail, reply = std::move(reply)](absl::StatusOr<core::Answer> answer) {
        answer = Taken(std::move(answer));
        if (!answer.ok()) return fail(answer.status());
        reactor->Finish(reply(std::get<Answer>(*answer)));
      });
  if (!submitted.ok()) fail(submitted);
  return reactor;
}

// Hands work that may take long to a worker, which ends the call with the status it returns.
inline grpc::ServerUnaryReactor* OnWorker(const Backend& backend,
                                          grpc::CallbackServerContext& context,
                                          std::function<grpc::Status()> work) {
  grpc::ServerUnaryReactor* reactor = context.DefaultReactor();
  const absl::Status submitted =
      backend.workers.Submit([reactor, work = std::move(work)] { reactor->Finish(work()); });
  if (!submitted.ok()) reactor->Finish(ToGrpc(submitted));
  return reactor;
}

// Size of a page: 100 by default, at most 1000. Negative ones are a problem.
inline size_t PageSize(int32_t asked, Problems& problems) {
  if (asked < 0 || asked > 1000) problems.Add("page_size", "must be 1 to 1000, or 0 for 100");
  return asked <= 0 ? 100 : static_cast<size_t>(asked);
}

}  // namespace fundgate::gate

#endif  // SERVER_GATE_UNARY_H_
