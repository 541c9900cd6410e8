// The service that feeders of sources call.
#ifndef SERVER_GATE_INGEST_SERVICE_H_
#define SERVER_GATE_INGEST_SERVICE_H_

#include <cstddef>

#include "fundgate/v1/ingest.grpc.pb.h"
#include "server/gate/backend.h"

namespace fundgate::gate {

// Batches of one stream that may be under way or unacknowledged at once; past it the stream isn't
// read on. With the bound on a message's size it bounds the memory of a feeder.
inline constexpr size_t kMaxBatchesOfStream = 32;

class IngestService final : public v1::Ingest::CallbackService {
 public:
  explicit IngestService(const Backend& backend) : backend_(backend) {}

  grpc::ServerBidiReactor<v1::IngestRequest, v1::IngestAck>* Ingest(
      grpc::CallbackServerContext* context) override;
  grpc::ServerUnaryReactor* GetPosition(grpc::CallbackServerContext* context,
                                        const v1::GetPositionRequest* request,
                                        v1::GetPositionResponse* response) override;

 private:
  const Backend& backend_;
};

}  // namespace fundgate::gate

#endif  // SERVER_GATE_INGEST_SERVICE_H_
