// Feeds a report source, through lost connections and other feeders.
#ifndef CLIENT_FUNDCTL_FEEDER_H_
#define CLIENT_FUNDCTL_FEEDER_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/fundctl/feed_stream.h"
#include "fundgate/v1/ingest.grpc.pb.h"
#include "grpcpp/channel.h"

namespace fundgate::fundctl {

// A source has one feeder at a time: the newest one fences off those before, and is fenced off by
// the next.
//
// Thread safety: used by one thread.
class Feeder {
 public:
  // Each wait for the gate lasts at most `timeout`.
  Feeder(const std::shared_ptr<grpc::Channel>& channel, std::string source, absl::Duration timeout);

  // Sends an event and waits until it is durable. Sets the event's id. If the stream is lost or
  // fenced off, it starts over from the position that the gate has and sends the event again only
  // if it wasn't applied, a few times at most. Failures:
  //   NOT_FOUND            the policy knows no such source
  //   FAILED_PRECONDITION  the source isn't one that reports by itself
  //   ABORTED              another feeder came in between, and whether the event was applied can't
  //                        be told: it was not sent again
  //   UNAVAILABLE, DEADLINE_EXCEEDED  the gate doesn't answer; whether the event was applied isn't
  //                        known
  absl::Status Send(const v1::Event& event);

  // Proves the source past now. Fails as Send does; after UNAVAILABLE, ABORTED and
  // DEADLINE_EXCEEDED the next call starts over.
  absl::Status Probe();

  // Ends the stream after everything that was sent has been taken.
  absl::Status Close();

  // The last position sent; empty before the first call.
  std::string position() const;

 private:
  absl::StatusOr<v1::GetPositionResponse> Open();

  const std::string source_;
  const absl::Duration timeout_;
  const std::unique_ptr<v1::Ingest::Stub> stub_;
  std::unique_ptr<FeedStream> stream_;  // null before the first call and after a failure
};

// True if starting over may help: the stream was lost or fenced off.
bool MayStartOver(const absl::Status& status);

}  // namespace fundgate::fundctl

#endif  // CLIENT_FUNDCTL_FEEDER_H_
