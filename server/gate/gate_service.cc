#include "server/gate/gate_service.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/gate/admission.h"
#include "server/gate/check_stream.h"
#include "server/gate/convert_check.h"
#include "server/gate/guard.h"
#include "server/gate/overload.h"
#include "server/gate/stop.h"
#include "server/sequencer/mutex.h"

namespace fundgate::gate {
namespace {

// The answers of one batch as they come in, and its end once all are there.
class Batch {
 public:
  Batch(grpc::ServerUnaryReactor& reactor, v1::BatchCheckResponse& response, int size,
        Meters& meters)
      : meters_(meters), reactor_(reactor), response_(response), open_(size) {
    for (int i = 0; i < size; ++i) response_.add_decisions();
  }

  // To be filled by whoever then says that it is answered.
  v1::Decision& answer(int index) { return *response_.mutable_decisions(index); }
  void Answered() { Close(absl::OkStatus()); }

  // The whole batch fails; what was decided of it stays so. The first failure counts.
  void Failed(const absl::Status& status) {
    meters_.CallFailed(status.raw_code());
    Close(status);
  }

 private:
  void Close(const absl::Status& status) {
    std::optional<absl::Status> end;
    {
      const sequencer::MutexLock lock(mutex_);
      failure_.Update(status);
      if (--open_ == 0) end = failure_;
    }
    if (end.has_value()) reactor_.Finish(ToGrpc(*end));
  }

  Meters& meters_;
  sequencer::Mutex mutex_;
  grpc::ServerUnaryReactor& reactor_;
  v1::BatchCheckResponse& response_;
  int open_;
  absl::Status failure_;
};

grpc::ServerUnaryReactor* FinishWith(grpc::CallbackServerContext& context, const Call& call,
                                     absl::StatusOr<v1::Decision> found, v1::Decision& response) {
  if (!found.ok()) return FinishNow(context, ToGrpc(found.status()));
  if (absl::Status allowed = call.AllowCheckpoint(found->checkpoint()); !allowed.ok()) {
    return FinishNow(context, ToGrpc(allowed));
  }
  response = *std::move(found);
  return FinishNow(context, grpc::Status::OK);
}

// Ends the call if its caller may not make it, or not at this checkpoint.
grpc::ServerUnaryReactor* RefuseAt(const Backend& backend, grpc::CallbackServerContext& context,
                                   std::string_view rpc, const std::string& checkpoint) {
  const absl::StatusOr<Call> call = backend.access.Admit(context, rpc);
  const absl::Status allowed = call.ok() ? call->AllowCheckpoint(checkpoint) : call.status();
  return allowed.ok() ? nullptr : FinishNow(context, RefusalAt(backend, checkpoint, allowed));
}

// A batch is refused as a whole.
grpc::ServerUnaryReactor* RefuseBatch(const Backend& backend, grpc::CallbackServerContext& context,
                                      const v1::BatchCheckRequest& request) {
  const absl::StatusOr<Call> call = backend.access.Admit(context, "Gate/BatchCheck");
  absl::Status allowed = call.status();
  for (const v1::CheckRequest& check : request.requests()) {
    if (allowed.ok()) allowed = call->AllowCheckpoint(check.checkpoint());
  }
  if (allowed.ok()) call->Charge(request.requests_size() - 1);
  return allowed.ok() ? nullptr : FinishNow(context, ToGrpc(allowed));
}

}  // namespace

GateService::GateService(const Backend& backend) : backend_(backend) {
  SetMessageAllocatorFor_Check(&check_messages_);
  SetMessageAllocatorFor_BatchCheck(&batch_messages_);
}

grpc::ServerUnaryReactor* GateService::Check(grpc::CallbackServerContext* context,
                                             const v1::CheckRequest* request,
                                             v1::Decision* response) {
  const absl::Duration arrived = backend_.clock.Steady();
  if (auto* refused = RefuseAt(backend_, *context, "Gate/Check", request->checkpoint())) {
    return refused;
  }
  const auto policy = PresentPolicy(backend_);
  if (!policy.ok()) return FailNow(backend_, *context, ToGrpc(policy.status()));
  if (absl::Status full = RefuseOverload(backend_, *request, context->deadline()); !full.ok()) {
    return FailNow(backend_, *context, RefusalAt(backend_, request->checkpoint(), full));
  }
  Problems problems;
  std::optional<core::CheckInput> check = Admit(**policy, *request, "", problems);
  if (!check.has_value()) return FailNow(backend_, *context, InvalidArgument(problems));
  KeepTrace(*context, *check);
  const CallTimes times{arrived, backend_.clock.Steady()};
  return SubmitInput<core::Decision>(
      backend_, *context, *std::move(check),
      [this, request, response, times](const core::Decision& decision) {
        Answer(backend_.store, *request, decision, *response);
        backend_.meters.CheckAnswered(decision, times, backend_.clock.Steady());
        return grpc::Status::OK;
      });
}

grpc::ServerUnaryReactor* GateService::BatchCheck(grpc::CallbackServerContext* context,
                                                  const v1::BatchCheckRequest* request,
                                                  v1::BatchCheckResponse* response) {
  const absl::Duration arrived = backend_.clock.Steady();
  if (auto* refused = RefuseBatch(backend_, *context, *request)) return refused;
  const auto policy = PresentPolicy(backend_);
  if (!policy.ok()) return FailNow(backend_, *context, ToGrpc(policy.status()));
  const int size = request->requests_size();
  Problems problems;
  if (size < 1 || size > kMaxBatch) {
    problems.Add("requests",
                 absl::StrCat("has ", size, " entries; 1 to ", kMaxBatch, " are allowed"));
    return FailNow(backend_, *context, InvalidArgument(problems));
  }
  if (absl::Status full = RefuseOverload(backend_, *request, context->deadline()); !full.ok()) {
    return FailNow(backend_, *context, ToGrpc(full));
  }
  std::vector<std::optional<core::CheckInput>> checks;
  checks.reserve(static_cast<size_t>(size));
  for (int i = 0; i < size; ++i) {
    checks.push_back(
        Admit(**policy, request->requests(i), absl::StrCat("requests[", i, "]."), problems));
  }
  if (!problems.empty()) return FailNow(backend_, *context, InvalidArgument(problems));
  for (std::optional<core::CheckInput>& check : checks) KeepTrace(*context, *check);

  if (backend_.draining) return FailNow(backend_, *context, DrainingStatus());

  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const auto batch = std::make_shared<Batch>(*reactor, *response, size, backend_.meters);
  const CallTimes times{arrived, backend_.clock.Steady()};
  const std::optional<absl::Duration> time_left = TimeLeft(context->deadline());
  for (int i = 0; i < size; ++i) {
    core::Input input;
    input.body = *std::move(checks[static_cast<size_t>(i)]);
    const absl::Status submitted = backend_.sequencer.Submit(
        std::move(input), time_left,
        [this, request, batch, times, i](absl::StatusOr<core::Answer> answer) {
          answer = Taken(std::move(answer));
          if (!answer.ok()) return batch->Failed(answer.status());
          const auto& decision = std::get<core::Decision>(*answer);
          Answer(backend_.store, request->requests(i), decision, batch->answer(i));
          backend_.meters.CheckAnswered(decision, times, backend_.clock.Steady());
          batch->Answered();
        });
    if (!submitted.ok()) batch->Failed(submitted);
  }
  return reactor;
}

grpc::ServerBidiReactor<v1::CheckRequest, v1::Decision>* GateService::StreamChecks(
    grpc::CallbackServerContext* context) {
  using Reactor = grpc::ServerBidiReactor<v1::CheckRequest, v1::Decision>;
  auto* refused = RefuseStream<Reactor>(backend_, *context, "Gate/StreamChecks");
  if (refused != nullptr) return refused;
  std::optional<Place> place = backend_.overload.check_streams.Take();
  if (!place.has_value()) {
    const absl::Status full = RefuseStreamOfChecks(backend_);
    backend_.meters.CallFailed(full.raw_code());
    return new RefusedStream<Reactor>(full);
  }
  return OpenCheckStream(backend_, *context, *std::move(place));
}

grpc::ServerUnaryReactor* GateService::Confirm(grpc::CallbackServerContext* context,
                                               const v1::ConfirmRequest* request,
                                               v1::Reservation* response) {
  if (auto* refused = RefuseAt(backend_, *context, "Gate/Confirm", request->checkpoint())) {
    return refused;
  }
  Problems problems;
  core::ConfirmInput input = ToConfirm(*request, problems);
  if (!problems.empty()) return FinishNow(*context, InvalidArgument(problems));
  return SubmitInput<core::ReservationAnswer>(
      backend_, *context, std::move(input),
      [this, response](const core::ReservationAnswer& answer) {
        *response = Answer(backend_.store, answer);
        return grpc::Status::OK;
      });
}

grpc::ServerUnaryReactor* GateService::Release(grpc::CallbackServerContext* context,
                                               const v1::ReleaseRequest* request,
                                               v1::Reservation* response) {
  if (auto* refused = RefuseAt(backend_, *context, "Gate/Release", request->checkpoint())) {
    return refused;
  }
  Problems problems;
  core::ReleaseInput input = ToRelease(*request, problems);
  if (!problems.empty()) return FinishNow(*context, InvalidArgument(problems));
  return SubmitInput<core::ReservationAnswer>(
      backend_, *context, std::move(input),
      [this, response](const core::ReservationAnswer& answer) {
        *response = Answer(backend_.store, answer);
        return grpc::Status::OK;
      });
}

grpc::ServerUnaryReactor* GateService::GetDecision(grpc::CallbackServerContext* context,
                                                   const v1::GetDecisionRequest* request,
                                                   v1::Decision* response) {
  const absl::StatusOr<Call> call = backend_.access.Admit(*context, "Gate/GetDecision");
  if (!call.ok()) return FinishNow(*context, ToGrpc(call.status()));
  const bool by_key = !request->account_id().empty() || !request->checkpoint().empty() ||
                      !request->idempotency_key().empty();
  Problems problems;
  if (!request->decision_id().empty()) {
    problems.Text("decision_id", request->decision_id(), 0, core::kMaxIdBytes);
    if (by_key) problems.Add("decision_id", "is enough: leave account, checkpoint and key out");
    if (!problems.empty()) return FinishNow(*context, InvalidArgument(problems));
    return FinishWith(*context, *call, FindDecision(*backend_.store.view(), request->decision_id()),
                      *response);
  }
  if (!by_key) {
    problems.Add("decision_id", "is required, or account_id, checkpoint and idempotency_key are");
    return FinishNow(*context, InvalidArgument(problems));
  }
  const core::KeyId key =
      ToKey(request->account_id(), request->checkpoint(), request->idempotency_key(), problems);
  if (!problems.empty()) return FinishNow(*context, InvalidArgument(problems));
  return FinishWith(*context, *call,
                    FindDecision(*backend_.store.view(), AccountId(request->account_id()), key),
                    *response);
}

}  // namespace fundgate::gate
