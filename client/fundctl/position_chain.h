// What a report source sends next: positions that follow on each other. No I/O.
#ifndef CLIENT_FUNDCTL_POSITION_CHAIN_H_
#define CLIENT_FUNDCTL_POSITION_CHAIN_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "fundgate/v1/ingest.pb.h"

namespace fundgate::fundctl {

// A report source is a service that says itself what happened: it is its own primary, so the head
// of its stream is the last position that it has sent. Positions are NAME:OFFSET, one more for each
// event, and an event's id is its position.
//
// Thread safety: none; the owner locks.
class PositionChain {
 public:
  explicit PositionChain(std::string source) : source_(std::move(source)) {}

  // Goes on from what the gate has granted. FAILED_PRECONDITION, with nothing changed, if the
  // stored position isn't one NAME:OFFSET: another kind of feeder was here.
  absl::Status Begin(const v1::GetPositionResponse& granted);

  // The event as a transaction of its own, with a probe. From now on it counts as sent.
  v1::IngestRequest Next(v1::Event event);

  // A probe alone: nothing has happened since the last position.
  v1::IngestRequest Probe() const;

  // The gate's time in it is what the next probe is read after.
  void Heard(const v1::IngestAck& ack) { gate_time_ = ack.gate_time(); }

  const std::string& position() const { return position_; }  // the last one sent

 private:
  v1::IngestRequest NewRequest() const;

  const std::string source_;
  uint64_t epoch_ = 0;
  std::string name_;  // of the positions
  uint64_t offset_ = 0;
  std::string position_;
  google::protobuf::Timestamp gate_time_;
};

// What became of a request that was never acknowledged.
enum class Fate { kNotApplied, kApplied, kUnknown };

// Judged by the grant that followed it. kUnknown if another feeder had been granted an epoch in
// between, so that the position that is stored now may be of its making.
Fate FateOf(const v1::IngestRequest& sent, const v1::GetPositionResponse& granted);

}  // namespace fundgate::fundctl

#endif  // CLIENT_FUNDCTL_POSITION_CHAIN_H_
