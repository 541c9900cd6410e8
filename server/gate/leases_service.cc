#include "server/gate/leases_service.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "server/gate/convert_decision.h"
#include "server/gate/convert_leases.h"
#include "server/gate/convert_values.h"
#include "server/gate/guard.h"
#include "server/gate/stop.h"

namespace fundgate::gate {
namespace {

// How soon callers ask again, at the latest, while a breaker keeps them from having a lease.
constexpr absl::Duration kAskWhileStopped = absl::Seconds(30);

// Who holds the leases of this call: the process that the request names, and, where callers are
// authenticated, whose process it is before it. So nobody ends or charges another's lease, whatever
// it calls itself. An error if the caller may not make the call, or not at this checkpoint.
absl::StatusOr<std::string> HolderOf(const Backend& backend,
                                     const grpc::CallbackServerContext& context,
                                     std::string_view rpc, const std::string& checkpoint,
                                     const std::string& named) {
  FUNDGATE_ASSIGN_OR_RETURN(const Call call, backend.access.Admit(context, rpc));
  FUNDGATE_RETURN_IF_ERROR(call.AllowCheckpoint(checkpoint));
  FUNDGATE_ASSIGN_OR_RETURN(const std::string caller, call.Actor(""));
  return caller.empty() ? named : absl::StrCat(caller, "/", named);
}

// While something stops the checkpoint: that nobody may use an older lease. It is over some time,
// so that callers come again soon.
void FillStop(const Backend& backend, const std::string& checkpoint,
              v1::TakeLeaseResponse& response) {
  const std::optional<Stop> stop = StopOf(backend, checkpoint);
  if (!stop.has_value()) return;
  response.set_stopped_by(stop->scope);
  if (response.renew_after().seconds() < absl::ToInt64Seconds(kAskWhileStopped)) return;
  *response.mutable_renew_after() = ToProto(kAskWhileStopped);
}

}  // namespace

grpc::ServerUnaryReactor* LeasesService::TakeLease(grpc::CallbackServerContext* context,
                                                   const v1::TakeLeaseRequest* request,
                                                   v1::TakeLeaseResponse* response) {
  absl::StatusOr<std::string> holder =
      HolderOf(backend_, *context, "Leases/TakeLease", request->checkpoint(), request->holder());
  if (!holder.ok()) return FinishNow(*context, ToGrpc(holder.status()));
  Problems problems;
  core::GrantLeaseInput input = ToGrant(*request, problems);
  if (!problems.empty()) return FinishNow(*context, InvalidArgument(problems));
  input.holder = *std::move(holder);
  const auto policy = PresentPolicy(backend_);
  if (!policy.ok()) return FinishNow(*context, ToGrpc(policy.status()));
  const core::CheckpointDefinition* checkpoint = (*policy)->FindCheckpoint(input.checkpoint);
  if (checkpoint == nullptr) {
    return FinishNow(*context, {grpc::StatusCode::NOT_FOUND,
                                absl::StrCat("checkpoint: the policy has no checkpoint \"",
                                             request->checkpoint(), "\"")});
  }
  FillAnswers(*checkpoint, *response);
  *response->mutable_gate_time() = ToProto(backend_.sequencer.Now());
  if (!checkpoint->lease.has_value()) return FinishNow(*context, grpc::Status::OK);
  return SubmitInput<core::LeaseAnswer>(
      backend_, *context, std::move(input),
      [this, request, response](const core::LeaseAnswer& answer) {
        if (answer.lease.id.empty()) {  // nothing is left, or nothing may be allowed now
          FillStop(backend_, request->checkpoint(), *response);
          return grpc::Status::OK;
        }
        *response->mutable_lease() = ToProto(answer.lease);
        *response->mutable_gate_time() = ToProto(answer.lease.granted_at);
        return grpc::Status::OK;
      });
}

grpc::ServerUnaryReactor* LeasesService::ReportAllowed(grpc::CallbackServerContext* context,
                                                       const v1::ReportAllowedRequest* request,
                                                       v1::Decision* response) {
  const std::string& checkpoint = request->check().checkpoint();
  absl::StatusOr<std::string> holder =
      HolderOf(backend_, *context, "Leases/ReportAllowed", checkpoint, request->holder());
  if (!holder.ok()) return FinishNow(*context, ToGrpc(holder.status()));
  Problems problems;
  core::ReportLeaseInput input = ToReport(*request, backend_.sequencer.Now(), problems);
  if (!problems.empty()) return FinishNow(*context, InvalidArgument(problems));
  input.holder = *std::move(holder);
  const core::CheckInput check = input.check;
  return SubmitInput<core::Decision>(
      backend_, *context, std::move(input), [response, check](const core::Decision& decision) {
        *response = ToProto(decision);
        *response->mutable_reservation() = NewReservation(decision, check);
        return grpc::Status::OK;
      });
}

}  // namespace fundgate::gate
