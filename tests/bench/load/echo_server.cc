// The ceiling: a gRPC server that answers each check with a ready-made ALLOW of the size that
// Fundgate's has, and does nothing else. Serves until it is terminated.
#include <grpcpp/grpcpp.h>
#include <pthread.h>

#include <csignal>
#include <cstdio>
#include <deque>
#include <fstream>
#include <iostream>
#include <memory>
#include <mutex>
#include <string>

#include "absl/strings/str_cat.h"
#include "fundgate/v1/gate.grpc.pb.h"

namespace fundgate::bench {
namespace {

// More answers of a stream than this wait for nothing: the stream is read on when they are written.
constexpr size_t kMostQueued = 1024;

void Put(int64_t nanoseconds, google::protobuf::Timestamp& time) {
  constexpr int64_t kSecond = 1'000'000'000;
  time.set_seconds(nanoseconds / kSecond);
  time.set_nanos(static_cast<int32_t>(nanoseconds % kSecond));
}

// What Fundgate says under the worked example, in the same fields.
v1::Decision MakeAllow() {
  constexpr int64_t kNow = 1'800'000'000'123'456'789;
  constexpr int64_t kMinute = 60'000'000'000;
  const std::string id = "d0000000000012345";
  v1::Decision allow;
  allow.set_decision_id(id);
  allow.set_verdict(v1::VERDICT_ALLOW);
  allow.set_checkpoint("refund");
  allow.set_policy_version(1);
  Put(kNow, *allow.mutable_decided_at());
  Put(kNow + 2 * kMinute, *allow.mutable_valid_until());
  v1::SourceFreshness& source = *allow.add_sources();
  source.set_name("ledger");
  source.set_position("ledger:1");
  Put(kNow, *source.mutable_as_of());
  allow.set_sequence(0x12345);
  v1::Reservation& reservation = *allow.mutable_reservation();
  reservation.set_decision_id(id);
  reservation.set_state(v1::RESERVATION_STATE_PENDING);
  reservation.set_checkpoint("refund");
  *reservation.mutable_valid_until() = allow.valid_until();
  Put(kNow + 10 * kMinute, *reservation.mutable_overdue_at());
  return allow;
}

void Answer(const v1::CheckRequest& request, v1::Decision& decision) {
  static const v1::Decision kAllow = MakeAllow();
  decision = kAllow;
  decision.set_request_id(request.request_id());
  decision.set_idempotency_key(request.idempotency_key());
  decision.set_account_id(request.account_id());
  v1::Reservation& reservation = *decision.mutable_reservation();
  reservation.set_account_id(request.account_id());
  reservation.set_idempotency_key(request.idempotency_key());
  *reservation.mutable_amount() = request.amount();
  reservation.add_order_ids(request.order_id());
}

// Reads and writes at the same time.
class EchoStream final : public grpc::ServerBidiReactor<v1::CheckRequest, v1::Decision> {
 public:
  EchoStream() { StartRead(&request_); }

 private:
  void OnReadDone(bool ok) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (ok) {
      Answer(request_, queue_.emplace_back());
      reading_ = queue_.size() < kMostQueued;
      if (reading_) StartRead(&request_);
    } else {
      reading_ = false;
      ended_ = true;
    }
    WriteOn();
  }

  void OnWriteDone(bool ok) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    writing_ = false;
    queue_.pop_front();
    if (!ok) ended_ = true;
    if (!reading_ && !ended_) {
      reading_ = true;
      StartRead(&request_);
    }
    WriteOn();
  }

  void OnDone() override { delete this; }

  void WriteOn() {
    if (writing_ || finished_) return;
    if (!queue_.empty()) {
      writing_ = true;
      StartWrite(&queue_.front());
    } else if (ended_) {
      finished_ = true;
      Finish(grpc::Status::OK);
    }
  }

  std::mutex mutex_;
  v1::CheckRequest request_;
  std::deque<v1::Decision> queue_;
  bool reading_ = true;
  bool writing_ = false;
  bool ended_ = false;
  bool finished_ = false;
};

class EchoService final : public v1::Gate::CallbackService {
 public:
  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext* context,
                                  const v1::CheckRequest* request,
                                  v1::Decision* response) override {
    Answer(*request, *response);
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  grpc::ServerUnaryReactor* BatchCheck(grpc::CallbackServerContext* context,
                                       const v1::BatchCheckRequest* request,
                                       v1::BatchCheckResponse* response) override {
    for (const v1::CheckRequest& one : request->requests()) Answer(one, *response->add_decisions());
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  grpc::ServerBidiReactor<v1::CheckRequest, v1::Decision>* StreamChecks(
      grpc::CallbackServerContext* /*context*/) override {
    return new EchoStream();
  }
};

int Serve(const std::string& port_file) {
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);

  EchoService service;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) {
    std::cerr << "bench_echo: can't listen\n";
    return 1;
  }
  std::ofstream(port_file + ".new") << port << "\n";
  if (std::rename((port_file + ".new").c_str(), port_file.c_str()) != 0) return 1;
  int signal = 0;
  sigwait(&ending, &signal);
  server->Shutdown(std::chrono::system_clock::now());
  return 0;
}

}  // namespace
}  // namespace fundgate::bench

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "Usage: bench_echo PORT_FILE\n";
    return 2;
  }
  return fundgate::bench::Serve(argv[1]);
}
