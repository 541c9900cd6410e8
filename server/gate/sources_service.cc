#include "server/gate/sources_service.h"

#include <utility>

#include "server/gate/convert_snapshots.h"
#include "server/gate/guard.h"

namespace fundgate::gate {

grpc::ServerUnaryReactor* SourcesService::ResnapshotSource(
    grpc::CallbackServerContext* context, const v1::ResnapshotSourceRequest* request,
    v1::ResnapshotSourceResponse* response) {
  const auto asked = Signed(backend_, *context, "Sources/ResnapshotSource", *request);
  if (!asked.ok()) return FinishNow(*context, ToGrpc(asked.status()));
  Problems problems;
  core::ResnapshotInput input = ToResnapshot(*asked, problems);
  if (!problems.empty()) return FinishNow(*context, InvalidArgument(problems));
  const SourceName source = input.source;
  return SubmitInput<core::SnapshotAnswer>(
      backend_, *context, std::move(input),
      [this, source, response](const core::SnapshotAnswer& answer) {
        *response->mutable_snapshot() = ToProto(answer.run);
        // Its feeder hears of it with the next acknowledgement: that is now.
        backend_.probes.Request({source});
        return grpc::Status::OK;
      });
}

grpc::ServerUnaryReactor* SourcesService::CancelResnapshot(
    grpc::CallbackServerContext* context, const v1::CancelResnapshotRequest* request,
    v1::CancelResnapshotResponse* response) {
  const auto asked = Signed(backend_, *context, "Sources/CancelResnapshot", *request);
  if (!asked.ok()) return FinishNow(*context, ToGrpc(asked.status()));
  Problems problems;
  core::CancelResnapshotInput input = ToCancel(*asked, problems);
  if (!problems.empty()) return FinishNow(*context, InvalidArgument(problems));
  return SubmitInput<core::SnapshotAnswer>(backend_, *context, std::move(input),
                                           [response](const core::SnapshotAnswer& answer) {
                                             *response->mutable_snapshot() = ToProto(answer.run);
                                             return grpc::Status::OK;
                                           });
}

}  // namespace fundgate::gate
