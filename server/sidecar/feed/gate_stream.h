// One stream of the Ingest service, from its grant to its end.
#ifndef SERVER_SIDECAR_FEED_GATE_STREAM_H_
#define SERVER_SIDECAR_FEED_GATE_STREAM_H_

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "fundgate/v1/ingest.grpc.pb.h"

namespace fundgate::feed {

// What may be unacknowledged: requests, and the events in them. A request is sent if any of both is
// left, so one may have more events. A gate judges in order: a check waits behind all of these.
struct StreamWindow {
  size_t requests = 16;
  size_t events = 2000;
};

// Sends requests, at most a window of them unacknowledged, and reads the acknowledgements on a
// thread of its own.
//
// Thread safety: Write and Finish from one thread at a time; everything else from any.
class GateStream {
 public:
  // Called on the stream's thread; must not block nor call the stream, but
  // for Cancel.
  struct Listener {
    std::function<void()> on_probe_now;  // the gate asks for a probe at once
    std::function<void()> on_end;        // nothing more will be acknowledged
    // An acknowledgement says which run the gate wants to read tables anew; 0: none.
    std::function<void(uint64_t run)> on_snapshot_run = nullptr;
  };

  // `granted_at` is the gate's time of the grant, `granted` the position that it gave.
  GateStream(v1::Ingest::Stub& stub, google::protobuf::Timestamp granted_at, std::string granted,
             const StreamWindow& window, Listener listener);
  ~GateStream();  // gives up what is under way
  GateStream(const GateStream&) = delete;
  GateStream& operator=(const GateStream&) = delete;

  // Waits until less than the window is unacknowledged, then sends. False if the stream has
  // ended: Finish() says why.
  bool Write(const v1::IngestRequest& request);

  // Waits until everything is acknowledged, at most so long, then ends the stream and says how it
  // ended: OK if all was acknowledged, else what the gate said, UNAVAILABLE if it said nothing.
  absl::Status Finish(absl::Duration timeout);

  // Ends it now, whatever is under way.
  void Cancel() { call_.TryCancel(); }

  // The gate's time of the newest acknowledgement, or of the grant.
  google::protobuf::Timestamp gate_time() const;
  // The position of the newest acknowledgement, or of the grant.
  std::string acknowledged() const;
  // Acknowledged requests that were steps of a run that reads tables anew.
  uint64_t acknowledged_steps() const;
  // How long the oldest unacknowledged request has waited since the gate's last word; zero if none
  // waits.
  absl::Duration Waiting(absl::Time now) const;

 private:
  using Lock = std::unique_lock<std::mutex>;

  void ReadAcks();

  struct Sent {
    size_t events = 0;
    bool is_step = false;  // of a run that reads tables anew
  };

  const StreamWindow window_;
  const Listener listener_;
  grpc::ClientContext call_;
  const std::unique_ptr<grpc::ClientReaderWriter<v1::IngestRequest, v1::IngestAck>> stream_;

  mutable std::mutex mutex_;  // over all below
  std::condition_variable changed_;
  google::protobuf::Timestamp gate_time_;
  std::string acknowledged_;
  absl::Time heard_;            // the gate's last word, or when a request began to wait; our clock
  std::deque<Sent> under_way_;  // sent and not acknowledged, in order
  size_t events_under_way_ = 0;
  uint64_t acknowledged_steps_ = 0;
  bool ended_ = false;  // by the gate or the connection
  bool finished_ = false;
  absl::Status end_;  // once finished

  std::thread reader_;  // last: it uses all of the above
};

}  // namespace fundgate::feed

#endif  // SERVER_SIDECAR_FEED_GATE_STREAM_H_
