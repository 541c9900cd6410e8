#include "tests/sidecar/fake_gate.h"

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"

namespace fundgate::feed::testing {

FakeGate::FakeGate(const std::string& position) : position_(position) {
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  stub_ = v1::Ingest::NewStub(grpc::CreateCustomChannel(
      absl::StrCat("127.0.0.1:", port), grpc::InsecureChannelCredentials(), arguments));
}

FakeGate::~FakeGate() { server_->Shutdown(std::chrono::system_clock::now()); }

v1::IngestAck FakeGate::NextAck() {
  v1::IngestAck ack;
  ack.set_position(position_);
  ack.mutable_gate_time()->set_seconds(time_++);
  return ack;
}

grpc::Status FakeGate::Ingest(grpc::ServerContext* /*context*/,
                              grpc::ServerReaderWriter<v1::IngestAck, v1::IngestRequest>* stream) {
  v1::IngestRequest request;
  {
    const std::lock_guard lock(mutex_);
    stream_ = stream;
  }
  grpc::Status end;
  while (stream->Read(&request)) {
    const std::lock_guard lock(mutex_);
    end = end_;
    if (end.ok() && request.previous_position() != position_) {
      end = {grpc::StatusCode::FAILED_PRECONDITION, "the stored position is " + position_};
    }
    if (!end.ok()) break;
    position_ = request.position();
    applied_.push_back(request);
    changed_.notify_all();
    if (holding_) {
      held_.push_back(NextAck());
    } else {
      stream->Write(NextAck());
    }
  }
  const std::lock_guard lock(mutex_);
  stream_ = nullptr;
  return end;
}

void FakeGate::HoldBack(bool hold) {
  const std::lock_guard lock(mutex_);
  holding_ = hold;
  if (hold) return;
  for (const v1::IngestAck& ack : std::exchange(held_, {})) stream_->Write(ack);
}

void FakeGate::AskForProbe() {
  const std::lock_guard lock(mutex_);
  v1::IngestAck ack = NextAck();
  ack.set_probe_now(true);
  if (stream_ != nullptr) stream_->Write(ack);
}

void FakeGate::EndWith(grpc::Status status) {
  const std::lock_guard lock(mutex_);
  end_ = std::move(status);
}

std::vector<v1::IngestRequest> FakeGate::applied() const {
  const std::lock_guard lock(mutex_);
  return applied_;
}

std::string FakeGate::position() const {
  const std::lock_guard lock(mutex_);
  return position_;
}

bool FakeGate::WaitUntil(
    const std::function<bool(const std::vector<v1::IngestRequest>&)>& applied) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(10),
                           [this, &applied] { return applied(applied_); });
}

}  // namespace fundgate::feed::testing
