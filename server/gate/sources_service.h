// The service of sources: reading their tables anew.
#ifndef SERVER_GATE_SOURCES_SERVICE_H_
#define SERVER_GATE_SOURCES_SERVICE_H_

#include "fundgate/v1/sources.grpc.pb.h"
#include "server/gate/backend.h"

namespace fundgate::gate {

class SourcesService final : public v1::Sources::CallbackService {
 public:
  explicit SourcesService(const Backend& backend) : backend_(backend) {}

  grpc::ServerUnaryReactor* ResnapshotSource(grpc::CallbackServerContext* context,
                                             const v1::ResnapshotSourceRequest* request,
                                             v1::ResnapshotSourceResponse* response) override;
  grpc::ServerUnaryReactor* CancelResnapshot(grpc::CallbackServerContext* context,
                                             const v1::CancelResnapshotRequest* request,
                                             v1::CancelResnapshotResponse* response) override;

 private:
  const Backend& backend_;
};

}  // namespace fundgate::gate

#endif  // SERVER_GATE_SOURCES_SERVICE_H_
