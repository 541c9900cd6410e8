// The service that reports what was paid: pays all orders, so that they can be refunded, and proves
// all the time that there is nothing more to know. With --rows it reports more payments meanwhile,
// as a sidecar would. Prints what it saw as one line of JSON when it is terminated.
#include <grpcpp/grpcpp.h>
#include <pthread.h>
#include <sys/prctl.h>

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <deque>
#include <fstream>
#include <iostream>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "fundgate/v1/ingest.grpc.pb.h"
#include "tests/bench/load/histogram.h"
#include "tests/bench/load/movements.h"
#include "tests/bench/load/plan.h"

namespace fundgate::bench {
namespace {

constexpr char kSource[] = "ledger";
constexpr std::chrono::milliseconds kProbePeriod{500};
constexpr size_t kRowsOfTransaction = 20;
constexpr size_t kMostUnacknowledged = 2000;  // requests

// The count in a position "ledger:COUNT"; 0 at the very beginning.
uint64_t OffsetOf(const std::string& position) {
  uint64_t offset = 0;
  const size_t colon = position.rfind(':');
  if (colon != std::string::npos && !absl::SimpleAtoi(position.substr(colon + 1), &offset))
    return 0;
  return offset;
}

struct Settings {
  std::string address;
  std::string ready_file;
  double rows = 0;  // a second
};

// One stream of Ingest: this thread sends, another hears.
class Feeder {
 public:
  explicit Feeder(const Settings& settings)
      : settings_(settings),
        stub_(v1::Ingest::NewStub(
            grpc::CreateChannel(settings.address, grpc::InsecureChannelCredentials()))) {}

  // Until `End` or an error, which it says.
  std::string Run();

  // Any thread.
  void End() {
    const std::lock_guard<std::mutex> lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }

  std::string Report() {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto micros = [this](double share) {
      return static_cast<double>(latencies_.At(share)) / 1000;
    };
    const std::chrono::duration<double> length = Clock::now() - begun_;
    return absl::StrFormat(
        "{\"rows\": %d, \"rows_per_second\": %.1f, \"p50\": %.1f, \"p99\": %.1f, \"max\": %.1f}",
        rows_, static_cast<double>(rows_) / length.count(), micros(0.5), micros(0.99),
        static_cast<double>(latencies_.max()) / 1000);
  }

 private:
  struct Sent {
    uint64_t offset = 0;
    size_t rows = 0;  // that are counted
    Clock::time_point due;
  };

  std::string Open();
  void PayAllOrders();
  void FeedUntilEnded();
  void AddPayment(size_t order, int64_t amount, v1::IngestRequest& request);
  void Send(v1::IngestRequest request, Clock::time_point due);
  void SendProbe();
  void AwaitAcknowledged();
  void Hear();

  const Settings settings_;
  const std::unique_ptr<v1::Ingest::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::IngestRequest, v1::IngestAck>> stream_;
  uint64_t epoch_ = 0;
  uint64_t offset_ = 0;
  uint64_t payments_ = 0;
  std::string position_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Sent> unacknowledged_;
  google::protobuf::Timestamp gate_time_;
  bool probe_wanted_ = false;
  bool broken_ = false;
  bool ended_ = false;
  uint64_t rows_ = 0;  // acknowledged, of those that --rows wants
  Histogram latencies_;
  Clock::time_point begun_ = Clock::now();
};

std::string Feeder::Run() {
  if (std::string problem = Open(); !problem.empty()) return problem;
  std::thread listener([this] { Hear(); });
  if (position_.empty()) PayAllOrders();
  SendProbe();
  AwaitAcknowledged();
  if (!settings_.ready_file.empty()) std::ofstream(settings_.ready_file) << "ready\n";
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    begun_ = Clock::now();
  }
  FeedUntilEnded();
  stream_->WritesDone();
  AwaitAcknowledged();
  context_.TryCancel();
  listener.join();
  const grpc::Status status = stream_->Finish();
  const bool is_end = status.ok() || status.error_code() == grpc::StatusCode::CANCELLED;
  return is_end ? "" : status.error_message();
}

std::string Feeder::Open() {
  grpc::ClientContext context;
  v1::GetPositionRequest request;
  request.set_source(kSource);
  v1::GetPositionResponse response;
  const grpc::Status status = stub_->GetPosition(&context, request, &response);
  if (!status.ok()) return status.error_message();
  epoch_ = response.epoch();
  position_ = response.position();
  gate_time_ = response.gate_time();
  offset_ = OffsetOf(position_);
  stream_ = stub_->Ingest(&context_);
  return "";
}

void Feeder::AddPayment(size_t order, int64_t amount, v1::IngestRequest& request) {
  v1::Event& event = *request.add_events();
  event.set_event_id(absl::StrCat("payments/", epoch_, "/", payments_++));
  v1::MovementEvent& movement = *event.mutable_movement();
  movement.set_kind("payment");
  v1::Contribution& paid = *movement.mutable_after();
  paid.set_status(v1::MOVEMENT_STATUS_HAPPENED);
  paid.set_idempotency_key(absl::StrCat("p-", epoch_, "-", payments_));
  paid.set_account_id(AccountOf(order));
  paid.set_order_id(NameOf(order));
  paid.mutable_amount()->set_currency_code(std::string(kCurrency));
  paid.mutable_amount()->set_minor_units(amount);
}

void Feeder::PayAllOrders() {
  constexpr size_t kAtOnce = 1000;
  for (size_t first = 0; first < kOrders; first += kAtOnce) {
    v1::IngestRequest request;
    for (size_t i = first; i < first + kAtOnce; ++i) AddPayment(i, kPaid, request);
    Send(std::move(request), Clock::time_point::max());
  }
}

void Feeder::FeedUntilEnded() {
  const auto gap = settings_.rows > 0
                       ? std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(
                             static_cast<double>(kRowsOfTransaction) / settings_.rows))
                       : Clock::duration::max();
  Clock::time_point next_rows = Clock::now();
  Clock::time_point next_probe = Clock::now() + kProbePeriod;
  size_t order = 0;
  while (true) {
    {
      std::unique_lock<std::mutex> lock(mutex_);
      const Clock::time_point due =
          settings_.rows > 0 ? std::min(next_rows, next_probe) : next_probe;
      changed_.wait_until(lock, due, [this] { return ended_ || broken_ || probe_wanted_; });
      if (ended_ || broken_) return;
      if (std::exchange(probe_wanted_, false)) next_probe = Clock::now();
    }
    if (settings_.rows > 0 && next_rows <= Clock::now()) {
      v1::IngestRequest request;
      for (size_t i = 0; i < kRowsOfTransaction; ++i) {
        AddPayment(order++ % kOrders, 1, request);
      }
      Send(std::move(request), next_rows);
      next_rows += gap;
    }
    if (next_probe <= Clock::now()) {
      SendProbe();
      next_probe = Clock::now() + kProbePeriod;
    }
  }
}

void Feeder::Send(v1::IngestRequest request, Clock::time_point due) {
  request.set_source(kSource);
  request.set_epoch(epoch_);
  request.set_previous_position(position_);
  if (!request.events().empty()) position_ = absl::StrCat(kSource, ":", ++offset_);
  request.set_position(position_);
  {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return broken_ || unacknowledged_.size() < kMostUnacknowledged; });
    if (!request.events().empty()) {
      const bool counts = due != Clock::time_point::max();
      unacknowledged_.push_back(
          {offset_, counts ? static_cast<size_t>(request.events_size()) : 0, due});
    }
  }
  stream_->Write(request);
}

void Feeder::SendProbe() {
  v1::IngestRequest request;
  request.mutable_probe()->set_head_position(position_);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    *request.mutable_probe()->mutable_read_after() = gate_time_;
  }
  Send(std::move(request), Clock::time_point::max());
}

void Feeder::AwaitAcknowledged() {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [this] { return broken_ || unacknowledged_.empty(); });
}

void Feeder::Hear() {
  v1::IngestAck ack;
  while (stream_->Read(&ack)) {
    const std::lock_guard<std::mutex> lock(mutex_);
    gate_time_ = ack.gate_time();
    probe_wanted_ = probe_wanted_ || ack.probe_now();
    const uint64_t applied = OffsetOf(ack.position());
    while (!unacknowledged_.empty()) {
      const Sent& first = unacknowledged_.front();
      if (first.offset > applied) break;
      if (first.rows > 0) {
        rows_ += first.rows;
        latencies_.Add((Clock::now() - first.due).count());
      }
      unacknowledged_.pop_front();
    }
    changed_.notify_all();
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  broken_ = true;
  changed_.notify_all();
}

int Main(int argc, char** argv) {
  Settings settings;
  CLI::App app("Reports what was paid, and proves it, until it is terminated", "bench_feeder");
  app.add_option("--address", settings.address, "HOST:PORT of the gate")->required();
  app.add_option("--ready-file", settings.ready_file, "Made once all orders can be refunded");
  app.add_option("--rows", settings.rows, "More payments a second, in transactions of 20")
      ->check(CLI::Range(0.0, 1e6));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);
  prctl(PR_SET_TIMERSLACK, 1);

  Feeder feeder(settings);
  std::thread waiter([&feeder, &ending] {
    int signal = 0;
    sigwait(&ending, &signal);
    feeder.End();
  });
  const std::string problem = feeder.Run();
  pthread_kill(waiter.native_handle(), SIGTERM);
  waiter.join();
  if (!problem.empty()) {
    std::cerr << "bench_feeder: " << problem << "\n";
    return 1;
  }
  std::cout << feeder.Report() << "\n";
  return 0;
}

}  // namespace
}  // namespace fundgate::bench

int main(int argc, char** argv) { return fundgate::bench::Main(argc, argv); }
