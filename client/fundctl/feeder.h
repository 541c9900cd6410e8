// Feeds a report source: positions that follow on each other, probes when the gate asks.
#ifndef CLIENT_FUNDCTL_FEEDER_H_
#define CLIENT_FUNDCTL_FEEDER_H_

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fundgate/v1/ingest.grpc.pb.h"
#include "grpcpp/channel.h"

namespace fundgate::fundctl {

// A report source is a service that says itself what happened: it is its own primary, so the head
// of its stream is the last position it has sent. Positions are NAME:OFFSET.
//
// Being fed by a new feeder fences off the one before. Send, Probe and Cancel may be called from
// any thread; Close only when no other call is under way. A thread of its own reads
// acknowledgements and answers when the gate asks for a probe. When the gate ends the stream, calls
// return UNAVAILABLE and Close says why.
class Feeder {
 public:
  // Asks for the position to go on from and opens the stream.
  static absl::StatusOr<std::unique_ptr<Feeder>> Open(const std::shared_ptr<grpc::Channel>& channel,
                                                      const std::string& source);
  ~Feeder();

  // Sends one event as a transaction of its own, with a probe, and waits until it is durable at the
  // gate. Sets the event's id.
  absl::Status Send(v1::Event event);

  // Sends a probe alone and waits until it is applied.
  absl::Status Probe();

  // Ends the stream after everything sent was acknowledged.
  absl::Status Close();

  // Ends it from another thread, at once.
  void Cancel();

  const std::string& position() const { return position_; }

 private:
  Feeder(const std::shared_ptr<grpc::Channel>& channel, std::string source);

  absl::Status WriteAndAwait(std::optional<v1::Event> event);
  bool WriteProbe();
  void ReadAcks();
  v1::IngestRequest NewRequest() const;

  const std::string source_;
  const std::unique_ptr<v1::Ingest::Stub> stub_;
  grpc::ClientContext call_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::IngestRequest, v1::IngestAck>> stream_;
  std::thread reader_;

  std::mutex mutex_;  // over everything below, and over writing to the stream
  std::condition_variable changed_;
  uint64_t epoch_ = 0;
  uint64_t offset_ = 0;
  std::string position_;
  google::protobuf::Timestamp gate_time_;  // of the newest acknowledgement
  uint64_t requests_ = 0;                  // sent
  uint64_t acks_ = 0;                      // received for requests
  bool ended_ = false;
  bool finished_ = false;
};

}  // namespace fundgate::fundctl

#endif  // CLIENT_FUNDCTL_FEEDER_H_
