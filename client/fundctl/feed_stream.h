// One stream of the Ingest service, from its grant to its end.
#ifndef CLIENT_FUNDCTL_FEED_STREAM_H_
#define CLIENT_FUNDCTL_FEED_STREAM_H_

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/fundctl/position_chain.h"
#include "fundgate/v1/ingest.grpc.pb.h"

namespace fundgate::fundctl {

// Sends what it is given and answers by itself when the gate asks for a probe: a thread of its own
// reads the acknowledgements.
//
// Thread safety: used by one thread.
class FeedStream {
 public:
  // `chain` has just begun from a grant.
  FeedStream(v1::Ingest::Stub& stub, PositionChain chain);
  ~FeedStream();  // gives up what is under way
  FeedStream(const FeedStream&) = delete;
  FeedStream& operator=(const FeedStream&) = delete;

  // Sends an event and waits until it is durable at the gate. `*sent` is what went out, for FateOf.
  // DEADLINE_EXCEEDED if no acknowledgement came in time, else the status with which the gate ended
  // the stream; after any failure the stream is of no more use.
  absl::Status Send(v1::Event event, absl::Duration timeout, v1::IngestRequest* sent);

  // Sends a probe and waits for a word from the gate. Fails as Send does.
  absl::Status Probe(absl::Duration timeout);

  // Ends it and waits until the gate has taken everything.
  absl::Status Close(absl::Duration timeout);

  std::string position();

 private:
  using Lock = std::unique_lock<std::mutex>;

  void ReadAcks();
  template <typename Condition>
  absl::Status Await(Lock& lock, absl::Duration timeout, Condition arrived);
  absl::Status Finish();

  grpc::ClientContext call_;
  const std::unique_ptr<grpc::ClientReaderWriter<v1::IngestRequest, v1::IngestAck>> stream_;
  bool finished_ = false;  // the owner's thread alone

  std::mutex mutex_;  // over everything below, and over writing to the stream
  std::condition_variable changed_;
  PositionChain chain_;
  std::string acknowledged_;  // the position of the newest acknowledgement
  uint64_t heard_ = 0;        // acknowledgements
  bool ended_ = false;        // by the gate

  std::thread reader_;  // last: it uses all of the above
};

}  // namespace fundgate::fundctl

#endif  // CLIENT_FUNDCTL_FEED_STREAM_H_
