// The gate's Ingest service as a feeder sees it: one position, epochs, and what a test makes it do.
#ifndef TESTS_SIDECAR_FAKE_GATE_H_
#define TESTS_SIDECAR_FAKE_GATE_H_

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "fundgate/v1/ingest.grpc.pb.h"

namespace fundgate::feed::testing {

// Applies a request only if it follows on what is stored, as the gate does; its time is one second
// more with each acknowledgement. Listens on a free port of its own.
//
// Thread safety: all methods may be called from any threads at once.
class FakeGate final : public v1::Ingest::Service {
 public:
  explicit FakeGate(const std::string& position = "");
  ~FakeGate() override;

  v1::Ingest::Stub& stub() { return *stub_; }

  // While it holds back, requests are read and applied, but not acknowledged.
  void HoldBack(bool hold);
  // Sends a request for a probe, once a stream is there.
  void AskForProbe();
  // Ends the stream with this status before the next request is applied.
  void EndWith(grpc::Status status);

  std::vector<v1::IngestRequest> applied() const;
  std::string position() const;
  // Waits for it; false after ten seconds.
  bool WaitUntil(const std::function<bool(const std::vector<v1::IngestRequest>&)>& applied);

 private:
  grpc::Status Ingest(grpc::ServerContext* context,
                      grpc::ServerReaderWriter<v1::IngestAck, v1::IngestRequest>* stream) override;
  v1::IngestAck NextAck();

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string position_;
  int64_t time_ = 100;
  bool holding_ = false;
  std::vector<v1::IngestAck> held_;
  grpc::Status end_;
  std::vector<v1::IngestRequest> applied_;
  grpc::ServerReaderWriter<v1::IngestAck, v1::IngestRequest>* stream_ = nullptr;

  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::Ingest::Stub> stub_;
};

}  // namespace fundgate::feed::testing

#endif  // TESTS_SIDECAR_FAKE_GATE_H_
