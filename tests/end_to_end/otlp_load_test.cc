// A collector that comes and goes while many callers ask in every way there is: each decision that
// somebody was told arrives, in the order in which they were made, and nothing else does.
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <iostream>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "fundgate/v1/audit.grpc.pb.h"
#include "fundgate/v1/gate.grpc.pb.h"
#include "tests/end_to_end/processes.h"
#include "tests/end_to_end/span_collector.h"
#include "tests/gate/gate_world.h"
#include "tests/gate/test_feeder.h"

namespace fundgate::end_to_end {
namespace {

constexpr int kUnaryCallers = 3;
constexpr int kBatchCallers = 2;
constexpr int kStreamCallers = 2;
constexpr int kTogether = 20;  // checks of a batch, or under way in a stream

// Each caller on a connection and a thread of its own, as fast as it is answered.
class Askers {
 public:
  explicit Askers(const std::string& address) : address_(address) {
    for (int i = 0; i < kUnaryCallers; ++i) Begin([this](int caller) { AskOneByOne(caller); });
    for (int i = 0; i < kBatchCallers; ++i) Begin([this](int caller) { AskInBatches(caller); });
    for (int i = 0; i < kStreamCallers; ++i) Begin([this](int caller) { AskByStream(caller); });
  }
  ~Askers() { End(); }

  // Until each of them was told so many more.
  void AwaitMore(size_t decisions) {
    std::unique_lock<std::mutex> lock(mutex_);
    std::vector<size_t> enough;
    for (const size_t told : told_) enough.push_back(told + decisions);
    changed_.wait(lock, [&] {
      return std::equal(enough.begin(), enough.end(), told_.begin(),
                        [](size_t wanted, size_t told) { return told >= wanted; });
    });
  }
  std::set<std::string> End() {
    ending_ = true;
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    return decisions_;
  }

 private:
  template <typename Ask>
  void Begin(Ask ask) {
    const int caller = static_cast<int>(threads_.size());
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      told_.push_back(0);
    }
    threads_.emplace_back([ask, caller] { ask(caller); });
  }

  std::unique_ptr<v1::Gate::Stub> Connect() const {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return v1::Gate::NewStub(
        grpc::CreateCustomChannel(address_, grpc::InsecureChannelCredentials(), arguments));
  }
  static v1::CheckRequest NextOf(int caller, int& asked) {
    v1::CheckRequest request =
        gate::testing::Refund(absl::StrCat("k", caller, "-", asked), "o1", 1);
    request.set_request_id(absl::StrCat(asked++));
    return request;
  }
  static std::string TraceOf(int caller) {
    return absl::StrFormat("00-%032x-%016x-01", caller + 1, caller + 1);
  }

  void AskOneByOne(int caller) {
    const auto gate = Connect();
    for (int asked = 0; !ending_;) {
      grpc::ClientContext context;
      context.AddMetadata("traceparent", TraceOf(caller));
      v1::Decision decision;
      const grpc::Status status = gate->Check(&context, NextOf(caller, asked), &decision);
      ASSERT_TRUE(status.ok()) << status.error_message();
      Told(caller, decision);
    }
  }

  void AskInBatches(int caller) {
    const auto gate = Connect();
    for (int asked = 0; !ending_;) {
      v1::BatchCheckRequest batch;
      for (int i = 0; i < kTogether; ++i) *batch.add_requests() = NextOf(caller, asked);
      grpc::ClientContext context;
      context.AddMetadata("traceparent", TraceOf(caller));
      v1::BatchCheckResponse answers;
      const grpc::Status status = gate->BatchCheck(&context, batch, &answers);
      ASSERT_TRUE(status.ok()) << status.error_message();
      ASSERT_EQ(answers.decisions_size(), kTogether);
      for (const v1::Decision& decision : answers.decisions()) Told(caller, decision);
    }
  }

  void AskByStream(int caller) {
    const auto gate = Connect();
    grpc::ClientContext context;
    const auto stream = gate->StreamChecks(&context);
    for (int asked = 0; !ending_;) {
      for (int i = 0; i < kTogether; ++i) {
        v1::CheckRequest request = NextOf(caller, asked);
        (*request.mutable_attributes())["traceparent"].set_string_value(TraceOf(caller));
        ASSERT_TRUE(stream->Write(request));
      }
      for (int i = 0; i < kTogether; ++i) {
        v1::Decision decision;
        ASSERT_TRUE(stream->Read(&decision));
        Told(caller, decision);
      }
    }
    stream->WritesDone();
    const grpc::Status status = stream->Finish();
    EXPECT_TRUE(status.ok()) << status.error_message();
  }

  void Told(int caller, const v1::Decision& decision) {
    const std::lock_guard<std::mutex> lock(mutex_);
    EXPECT_TRUE(decisions_.insert(decision.decision_id()).second) << "told twice";
    ++told_[static_cast<size_t>(caller)];
    changed_.notify_all();
  }

  const std::string address_;
  std::atomic<bool> ending_{false};
  std::mutex mutex_;  // over the three below
  std::condition_variable changed_;
  std::vector<size_t> told_;  // of each caller
  std::set<std::string> decisions_;
  std::vector<std::thread> threads_;
};

std::set<std::string> InJournal(const std::shared_ptr<grpc::Channel>& channel) {
  grpc::ClientContext context;
  const auto reader = v1::Audit::NewStub(channel)->ExportTraces(&context, {});
  std::set<std::string> ids;
  for (v1::Trace trace; reader->Read(&trace);) {
    if (trace.has_decision()) ids.insert(trace.decision().decision_id());
  }
  EXPECT_TRUE(reader->Finish().ok());
  return ids;
}

TEST(OtlpLoad, EveryDecisionOfManyCallersArrivesInOrderThoughTheCollectorComesAndGoes) {
  const TemporaryFolder folder;
  SpanCollector collector;
  collector.Start();
  GateProcess gate(folder.path(), {"--otlp", collector.url(), "--check-wait", "60"});
  const auto channel = grpc::CreateChannel(gate.address(), grpc::InsecureChannelCredentials());
  gate::testing::TestFeeder feeder(channel, "ledger");
  feeder.Happened("payment", "p1", "o1", 1'000'000'000);

  Askers askers(gate.address());
  for (int round = 0; round < 4; ++round) {
    askers.AwaitMore(20);
    collector.Stop();
    const size_t known = collector.spans().size();
    askers.AwaitMore(20);
    EXPECT_EQ(collector.spans().size(), known);
    collector.Start();
    collector.AwaitCount(known + 1);
  }
  const std::set<std::string> told = askers.End();
  collector.Await(told);

  const std::vector<std::string> order = collector.order();
  EXPECT_EQ(std::set<std::string>(order.begin(), order.end()), told);
  EXPECT_EQ(InJournal(channel), told);
  // Decisions' names sort as they were made.
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
  // Under the traces of all callers.
  std::set<std::string> traces;
  for (const auto& [id, span] : collector.spans()) traces.insert(span.trace_id());
  EXPECT_EQ(traces.size(), size_t{kUnaryCallers + kBatchCallers + kStreamCallers});
  std::cout << told.size() << " decisions, by " << collector.requests() << " requests\n";
}

}  // namespace
}  // namespace fundgate::end_to_end
