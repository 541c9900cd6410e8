#include "client/fundctl/feeder.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace fundgate::fundctl {
namespace {

absl::Status ToAbsl(const grpc::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

// The offset in "NAME:OFFSET"; 0 before the first event.
absl::StatusOr<uint64_t> OffsetOf(const std::string& position) {
  if (position.empty()) return 0;
  uint64_t offset = 0;
  const size_t colon = position.rfind(':');
  if (colon != std::string::npos && absl::SimpleAtoi(position.substr(colon + 1), &offset)) {
    return offset;
  }
  return absl::FailedPreconditionError(
      absl::StrCat("the source is at \"", position, "\", which is no position of a report source"));
}

}  // namespace

Feeder::Feeder(const std::shared_ptr<grpc::Channel>& channel, std::string source)
    : source_(std::move(source)), stub_(v1::Ingest::NewStub(channel)) {}

absl::StatusOr<std::unique_ptr<Feeder>> Feeder::Open(const std::shared_ptr<grpc::Channel>& channel,
                                                     const std::string& source) {
  std::unique_ptr<Feeder> feeder(new Feeder(channel, source));
  grpc::ClientContext call;
  v1::GetPositionRequest request;
  request.set_source(source);
  v1::GetPositionResponse response;
  const grpc::Status status = feeder->stub_->GetPosition(&call, request, &response);
  if (!status.ok()) return ToAbsl(status);
  const absl::StatusOr<uint64_t> offset = OffsetOf(response.position());
  if (!offset.ok()) return offset.status();
  feeder->epoch_ = response.epoch();
  feeder->offset_ = *offset;
  feeder->position_ = response.position();
  feeder->gate_time_ = response.gate_time();
  feeder->stream_ = feeder->stub_->Ingest(&feeder->call_);
  feeder->reader_ = std::thread([raw = feeder.get()] { raw->ReadAcks(); });
  return feeder;
}

Feeder::~Feeder() {
  if (!finished_) {
    call_.TryCancel();
    if (reader_.joinable()) reader_.join();
    if (stream_ != nullptr) (void)stream_->Finish();
  }
}

v1::IngestRequest Feeder::NewRequest() const {
  v1::IngestRequest request;
  request.set_source(source_);
  request.set_epoch(epoch_);
  request.set_previous_position(position_);
  request.set_position(position_);
  return request;
}

void Feeder::ReadAcks() {
  v1::IngestAck ack;
  while (stream_->Read(&ack)) {
    const std::lock_guard<std::mutex> lock(mutex_);
    gate_time_ = ack.gate_time();
    if (ack.probe_now()) {
      (void)WriteProbe();
    } else {
      ++acks_;
    }
    changed_.notify_all();
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

// With the lock held. Everything sent so far is the head, because this source sends it itself.
bool Feeder::WriteProbe() {
  v1::IngestRequest request = NewRequest();
  request.mutable_probe()->set_head_position(position_);
  *request.mutable_probe()->mutable_read_after() = gate_time_;
  ++requests_;
  return stream_->Write(request);
}

absl::Status Feeder::WriteAndAwait(std::optional<v1::Event> event) {
  std::unique_lock<std::mutex> lock(mutex_);
  v1::IngestRequest request = NewRequest();
  if (event.has_value()) {
    request.set_position(absl::StrCat(source_, ":", ++offset_));
    event->set_event_id(request.position());
    *request.add_events() = *std::move(event);
  }
  request.mutable_probe()->set_head_position(request.position());
  *request.mutable_probe()->mutable_read_after() = gate_time_;
  const uint64_t mine = ++requests_;
  const bool written = !ended_ && stream_->Write(request);
  position_ = request.position();
  changed_.wait(lock, [this, mine, written] { return !written || ended_ || acks_ >= mine; });
  if (acks_ >= mine) return absl::OkStatus();
  return absl::UnavailableError("the gate has ended the stream");
}

absl::Status Feeder::Send(v1::Event event) { return WriteAndAwait(std::move(event)); }

absl::Status Feeder::Probe() { return WriteAndAwait(std::nullopt); }

absl::Status Feeder::Close() {
  if (finished_) return absl::OkStatus();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    (void)stream_->WritesDone();
  }
  reader_.join();
  finished_ = true;
  return ToAbsl(stream_->Finish());
}

void Feeder::Cancel() { call_.TryCancel(); }

}  // namespace fundgate::fundctl
