#include "tests/gate/test_feeder.h"

#include <gtest/gtest.h>

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace fundgate::gate::testing {

TestFeeder::TestFeeder(const std::shared_ptr<grpc::Channel>& channel, std::string source)
    : source_(std::move(source)), stub_(v1::Ingest::NewStub(channel)) {
  grpc::ClientContext context;
  v1::GetPositionRequest request;
  request.set_source(source_);
  v1::GetPositionResponse response;
  const grpc::Status status = stub_->GetPosition(&context, request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  epoch_ = response.epoch();
  position_ = response.position();
  gate_time_ = response.gate_time();
  const size_t colon = position_.rfind(':');
  if (colon != std::string::npos) {
    EXPECT_TRUE(absl::SimpleAtoi(position_.substr(colon + 1), &offset_)) << position_;
  }
  stream_ = stub_->Ingest(&context_);
  reader_ = std::thread([this] { ReadAcks(); });
  Probe();
}

TestFeeder::~TestFeeder() { Finish(); }

v1::IngestRequest TestFeeder::ProbeRequest() const {
  v1::IngestRequest request;
  request.set_source(source_);
  request.set_epoch(epoch_);
  request.set_previous_position(position_);
  request.set_position(position_);
  request.mutable_probe()->set_head_position(position_);
  *request.mutable_probe()->mutable_read_after() = gate_time_;
  return request;
}

void TestFeeder::Happened(const std::string& kind, const std::string& key, const std::string& order,
                          int64_t amount) {
  v1::IngestRequest request;
  v1::Event& event = *request.add_events();
  v1::MovementEvent& movement = *event.mutable_movement();
  movement.set_kind(kind);
  movement.mutable_row()->set_table(kind);
  movement.mutable_row()->set_primary_key(key);
  v1::Contribution& row = *movement.mutable_after();
  row.set_status(v1::MOVEMENT_STATUS_HAPPENED);
  row.set_idempotency_key(key);
  row.set_account_id("m1");
  row.set_order_id(order);
  row.mutable_amount()->set_currency_code("CNY");
  row.mutable_amount()->set_minor_units(amount);
  Send(std::move(request));
}

void TestFeeder::Send(v1::IngestRequest request, bool await) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (request.source().empty()) request.set_source(source_);
  if (request.epoch() == 0) request.set_epoch(epoch_);
  if (request.previous_position().empty()) request.set_previous_position(position_);
  if (request.position().empty()) {
    if (request.events_size() > 0) ++offset_;
    request.set_position(request.events_size() > 0 ? absl::StrCat(source_, ":", offset_)
                                                   : position_);
  }
  for (v1::Event& event : *request.mutable_events()) {
    if (event.event_id().empty()) event.set_event_id(request.position());
  }
  position_ = request.position();
  const uint64_t mine = ++sent_;
  stream_->Write(request);
  if (await) changed_.wait(lock, [&] { return ended_ || acknowledged_ >= mine; });
}

void TestFeeder::Probe() {
  std::unique_lock<std::mutex> lock(mutex_);
  const uint64_t mine = ++sent_;
  stream_->Write(ProbeRequest());
  changed_.wait(lock, [&] { return ended_ || acknowledged_ >= mine; });
}

void TestFeeder::AnswerProbes(bool answer) {
  const std::lock_guard<std::mutex> lock(mutex_);
  answer_probes_ = answer;
}

int TestFeeder::probes_asked() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return probes_asked_;
}

void TestFeeder::AwaitProbesAsked(int count) {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [&] { return ended_ || probes_asked_ >= count; });
}

void TestFeeder::ReadAcks() {
  v1::IngestAck ack;
  while (stream_->Read(&ack)) {
    const std::lock_guard<std::mutex> lock(mutex_);
    gate_time_ = ack.gate_time();
    if (ack.probe_now()) {
      ++probes_asked_;
      if (answer_probes_) {
        ++sent_;
        stream_->Write(ProbeRequest());
      }
    } else {
      ++acknowledged_;
    }
    changed_.notify_all();
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

grpc::Status TestFeeder::Finish() {
  if (std::exchange(finished_, true)) return grpc::Status::OK;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stream_->WritesDone();
  }
  reader_.join();
  return stream_->Finish();
}

}  // namespace fundgate::gate::testing
