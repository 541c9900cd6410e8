#include "tests/client/fake_ingest.h"

#include <chrono>

namespace fundgate::testing {

grpc::Status FakeIngest::GetPosition(grpc::ServerContext* /*context*/,
                                     const v1::GetPositionRequest* request,
                                     v1::GetPositionResponse* response) {
  if (request->source() != "ledger") {
    return {grpc::StatusCode::NOT_FOUND,
            "the policy knows no source \"" + request->source() + "\"; nearest: \"ledger\""};
  }
  const std::lock_guard lock(mutex_);
  response->set_position(position_);
  response->set_epoch(++epoch_);
  response->mutable_gate_time()->set_seconds(time_++);
  return grpc::Status::OK;
}

grpc::Status FakeIngest::Ingest(
    grpc::ServerContext* context,
    grpc::ServerReaderWriter<v1::IngestAck, v1::IngestRequest>* stream) {
  v1::IngestRequest request;
  while (stream->Read(&request)) {
    v1::IngestAck ack;
    bool broken = false;
    const grpc::Status status = Take(request, &ack, &broken);
    if (!status.ok()) return status;
    if (broken) return {grpc::StatusCode::UNAVAILABLE, "the connection was lost"};
    {
      const std::lock_guard lock(mutex_);
      if (silent_) continue;
    }
    stream->Write(ack);
  }
  (void)context;
  return grpc::Status::OK;
}

grpc::Status FakeIngest::Take(const v1::IngestRequest& request, v1::IngestAck* ack, bool* broken) {
  const std::lock_guard lock(mutex_);
  if (request.events_size() > 0) ++batches_;
  if (request.events_size() > 0 && batches_ == take_over_before_) ++epoch_;
  if (request.epoch() != epoch_) return {grpc::StatusCode::ABORTED, "a newer epoch was granted"};
  if (request.previous_position() != position_) {
    return {grpc::StatusCode::FAILED_PRECONDITION, "the stored position is " + position_};
  }
  position_ = request.position();
  applied_.push_back(request);
  if (request.has_probe()) ++probes_;
  changed_.notify_all();
  *broken = request.events_size() > 0 && batches_ == lose_ack_of_;
  if (*broken && lost_to_another_) ++epoch_;
  ack->set_position(position_);
  ack->set_epoch(epoch_);
  ack->mutable_gate_time()->set_seconds(time_++);
  if (probes_to_ask_for_ > 0) {
    --probes_to_ask_for_;
    ack->set_probe_now(true);
  }
  return grpc::Status::OK;
}

void FakeIngest::SetPosition(const std::string& position) {
  const std::lock_guard lock(mutex_);
  position_ = position;
}

void FakeIngest::AskForProbes(int how_many) {
  const std::lock_guard lock(mutex_);
  probes_to_ask_for_ = how_many;
}

void FakeIngest::TakeOverBefore(int batch) {
  const std::lock_guard lock(mutex_);
  take_over_before_ = batch;
}

void FakeIngest::LoseAckOf(int batch) {
  const std::lock_guard lock(mutex_);
  lose_ack_of_ = batch;
}

void FakeIngest::LoseAckAndTakeOver(int batch) {
  const std::lock_guard lock(mutex_);
  lose_ack_of_ = batch;
  lost_to_another_ = true;
}

void FakeIngest::StaySilent() {
  const std::lock_guard lock(mutex_);
  silent_ = true;
}

std::vector<v1::IngestRequest> FakeIngest::applied() {
  const std::lock_guard lock(mutex_);
  return applied_;
}

std::vector<std::string> FakeIngest::event_ids() {
  std::vector<std::string> ids;
  for (const v1::IngestRequest& request : applied()) {
    for (const v1::Event& event : request.events()) ids.push_back(event.event_id());
  }
  return ids;
}

std::string FakeIngest::position() {
  const std::lock_guard lock(mutex_);
  return position_;
}

uint64_t FakeIngest::epoch() {
  const std::lock_guard lock(mutex_);
  return epoch_;
}

bool FakeIngest::WaitForProbes(int how_many) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(10),
                           [this, how_many] { return probes_ >= how_many; });
}

bool FakeIngest::WaitForPosition(const std::string& position) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(10),
                           [this, &position] { return position_ == position; });
}

}  // namespace fundgate::testing
