#include "server/sidecar/feed/gate_stream.h"

#include <utility>

#include "absl/time/clock.h"

namespace fundgate::feed {

GateStream::GateStream(v1::Ingest::Stub& stub, google::protobuf::Timestamp granted_at,
                       std::string granted, const StreamWindow& window, Listener listener)
    : window_(window),
      listener_(std::move(listener)),
      stream_(stub.Ingest(&call_)),
      gate_time_(std::move(granted_at)),
      acknowledged_(std::move(granted)),
      heard_(absl::Now()),
      reader_([this] { ReadAcks(); }) {}

GateStream::~GateStream() {
  call_.TryCancel();
  (void)Finish(absl::ZeroDuration());
}

bool GateStream::Write(const v1::IngestRequest& request) {
  {
    Lock lock(mutex_);
    changed_.wait(lock, [this] {
      return ended_ || (under_way_.size() < window_.requests && events_under_way_ < window_.events);
    });
    if (ended_ || finished_) return false;
    if (under_way_.empty()) heard_ = absl::Now();
    const auto events = static_cast<size_t>(request.events_size());
    under_way_.push_back({events, request.has_snapshot()});
    events_under_way_ += events;
  }
  // A failed write shows in the stream's end, which the reader meets.
  return stream_->Write(request);
}

absl::Status GateStream::Finish(absl::Duration timeout) {
  Lock lock(mutex_);
  if (std::exchange(finished_, true)) return end_;
  const auto all_acknowledged = [this] { return ended_ || under_way_.empty(); };
  if (!changed_.wait_for(lock, absl::ToChronoNanoseconds(timeout), all_acknowledged)) {
    call_.TryCancel();
  }
  const bool complete = under_way_.empty();
  lock.unlock();
  (void)stream_->WritesDone();
  reader_.join();
  const grpc::Status status = stream_->Finish();
  lock.lock();
  if (!complete || !status.ok()) {
    end_ = status.ok() ? absl::UnavailableError("the gate ended the stream")
                       : absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                                      status.error_message());
  }
  return end_;
}

google::protobuf::Timestamp GateStream::gate_time() const {
  const Lock lock(mutex_);
  return gate_time_;
}

std::string GateStream::acknowledged() const {
  const Lock lock(mutex_);
  return acknowledged_;
}

uint64_t GateStream::acknowledged_steps() const {
  const Lock lock(mutex_);
  return acknowledged_steps_;
}

absl::Duration GateStream::Waiting(absl::Time now) const {
  const Lock lock(mutex_);
  return under_way_.empty() ? absl::ZeroDuration() : now - heard_;
}

void GateStream::ReadAcks() {
  v1::IngestAck ack;
  while (stream_->Read(&ack)) {
    {
      const Lock lock(mutex_);
      gate_time_ = ack.gate_time();
      heard_ = absl::Now();
      if (!ack.probe_now()) {
        acknowledged_ = ack.position();
        if (!under_way_.empty()) {
          events_under_way_ -= under_way_.front().events;
          if (under_way_.front().is_step) ++acknowledged_steps_;
          under_way_.pop_front();
        }
      }
    }
    changed_.notify_all();
    if (ack.probe_now()) {
      listener_.on_probe_now();
    } else if (listener_.on_snapshot_run != nullptr) {
      listener_.on_snapshot_run(ack.snapshot_run());
    }
  }
  {
    const Lock lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
  listener_.on_end();
}

}  // namespace fundgate::feed
