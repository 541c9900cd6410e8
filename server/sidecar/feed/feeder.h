// Feeds the gate with the transactions of one source, from a grant to a loss or an end.
#ifndef SERVER_SIDECAR_FEED_FEEDER_H_
#define SERVER_SIDECAR_FEED_FEEDER_H_

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "fundgate/v1/ingest.grpc.pb.h"
#include "server/sidecar/feed/counters.h"
#include "server/sidecar/feed/gate_stream.h"
#include "server/sidecar/feed/request_builder.h"
#include "server/sidecar/feed/transaction.h"

namespace fundgate::feed {

struct FeederOptions {
  absl::Duration probe_every = absl::Milliseconds(500);
  // Positions of transactions without events wait so long for others, or for a probe.
  absl::Duration linger = absl::Milliseconds(100);
  // A gate that acknowledges nothing for so long is given up.
  absl::Duration patience = absl::Seconds(15);
  StreamWindow window;
  size_t queued_bytes_max = 8 << 20;  // of events in memory that wait to be sent
  size_t queued_transactions_max = 20'000;
  RequestLimits limits;
  uint64_t snapshot_run = 0;  // the run that is carried out; if the gate wants another one, it ends
};

// Sends what it is given, many transactions in one request while the gate is busy, at once when it
// is idle; and probes, on a beat and whenever the gate asks: it notes the gate's time, reads the
// head of the source's primary and sends both with the next request.
//
// Threads of its own: one that sends, one that probes, one that reads acknowledgements.
// Thread safety: Push, HoldProbes and Drain from one thread.
class Feeder {
 public:
  // What it needs from outside. Both are called on threads of the feeder.
  struct Outside {
    // The head of the primary, as the text of a position. A failure is told by who reads it: no
    // probe is sent then, and the source gets stale. DATA_LOSS and FAILED_PRECONDITION end the
    // feeder: there is another server or another primary.
    std::function<absl::StatusOr<std::string>()> read_head;
    // The gate ended the stream, or the feeder gave up: Push won't take more.
    std::function<void()> on_end;
  };

  Feeder(v1::Ingest::Stub& stub, RequestBuilder builder, google::protobuf::Timestamp granted_at,
         const FeederOptions& options, Counters& counters, Outside outside);
  ~Feeder();  // gives up what isn't acknowledged
  Feeder(const Feeder&) = delete;
  Feeder& operator=(const Feeder&) = delete;

  // Takes a transaction; waits while too much of what was taken isn't sent yet. Once the stream has
  // ended it fails with how it ended.
  absl::Status Push(Transaction transaction);

  // True: no probe is sent until it is false again, and one that waits is dropped; something that
  // was read can't be told yet.
  void HoldProbes(bool holds);

  // Sends the rest, waits until everything is acknowledged, at most so long, and ends the stream.
  // OK if the gate has everything; else how the stream ended. Nothing may be pushed afterwards.
  absl::Status Drain(absl::Duration timeout);

  // Everything that the gate has acknowledged.
  std::string acknowledged() const { return stream_.acknowledged(); }
  // Of what was pushed, the steps of the run that reads tables anew.
  uint64_t acknowledged_steps() const { return stream_.acknowledged_steps(); }
  // True once the gate has said that it wants that run no more: it is over.
  bool is_run_over() const;

 private:
  using Lock = std::unique_lock<std::mutex>;

  void Send();
  bool AwaitWork(Lock& lock);
  bool IsTimeToSend();
  absl::Status Fill(std::deque<Transaction> taken);
  void SendRequest();
  void Probe();
  absl::Status ReadHead(v1::Probe& probe);
  void HearOfRun(uint64_t run);
  void Fail(absl::Status status);
  void JoinAll();

  const FeederOptions options_;
  const PositionForm form_;
  Counters& counters_;
  const Outside outside_;

  RequestBuilder builder_;                 // the sender's alone
  std::optional<absl::Time> moves_since_;  // the sender's: positions wait since then

  mutable std::mutex mutex_;  // over all below
  std::condition_variable changed_;
  std::deque<Transaction> queue_;
  size_t queued_ = 0;        // transactions that aren't in a request yet: of queue_, or taken out
  size_t queued_bytes_ = 0;  // of these
  std::optional<v1::Probe> probe_;  // to be sent
  bool probe_asked_ = false;        // by the gate
  bool holds_probes_ = false;
  bool draining_ = false;  // send the rest, then stop
  bool sent_all_ = false;  // the sender has stopped
  bool run_over_ = false;  // see is_run_over
  bool ended_ = false;     // the stream has, or the feeder gave up
  absl::Status failure_;   // why the feeder gave up, if it did

  GateStream stream_;
  std::thread sender_;
  std::thread prober_;
};

}  // namespace fundgate::feed

#endif  // SERVER_SIDECAR_FEED_FEEDER_H_
