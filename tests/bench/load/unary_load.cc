#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/bench/load/grpc_load.h"
#include "tests/bench/load/requests.h"

namespace fundgate::bench {
namespace {

struct CheckMethod {
  using Request = v1::CheckRequest;
  using Response = v1::Decision;

  static size_t Checks(const Plan& /*plan*/) { return 1; }
  static void FillNext(Movements& movements, size_t /*checks*/, Request& request) {
    Fill(movements.Next(), request);
  }
  static auto Call(v1::Gate::Stub& stub, grpc::ClientContext& context, const Request& request,
                   grpc::CompletionQueue& queue) {
    return stub.AsyncCheck(&context, request, &queue);
  }
  static std::string ProblemOf(const Plan& plan, const Response& response) {
    return bench::ProblemOf(plan, response);
  }
};

struct BatchMethod {
  using Request = v1::BatchCheckRequest;
  using Response = v1::BatchCheckResponse;

  static size_t Checks(const Plan& plan) { return plan.batch; }
  static void FillNext(Movements& movements, size_t checks, Request& request) {
    while (static_cast<size_t>(request.requests_size()) < checks) request.add_requests();
    for (v1::CheckRequest& one : *request.mutable_requests()) Fill(movements.Next(), one);
  }
  static auto Call(v1::Gate::Stub& stub, grpc::ClientContext& context, const Request& request,
                   grpc::CompletionQueue& queue) {
    return stub.AsyncBatchCheck(&context, request, &queue);
  }
  static std::string ProblemOf(const Plan& plan, const Response& response) {
    if (static_cast<size_t>(response.decisions_size()) != plan.batch)
      return "decisions are missing";
    std::string problem;
    for (const v1::Decision& decision : response.decisions()) {
      if (problem.empty()) problem = bench::ProblemOf(plan, decision);
    }
    return problem;
  }
};

// The calls of one thread, a closed loop.
template <typename Method>
class Calls {
 public:
  Calls(const Plan& plan, size_t number, size_t outstanding, const Window& window)
      : plan_(plan),
        checks_(Method::Checks(plan)),
        window_(window),
        stubs_(Connect(plan.address, plan.connections)),
        movements_(absl::StrCat(plan.name, "-", number), plan.spread, plan.seed + number,
                   plan.shop),
        calls_(outstanding) {}

  Result Run() {
    for (Call& call : calls_) Ask(call);
    const Clock::time_point late = window_.end() + Plan::kPatience;
    const auto deadline = std::chrono::system_clock::now() + (late - Clock::now());
    void* tag = nullptr;
    bool ok = false;
    while (under_way_ > 0) {
      if (queue_.AsyncNext(&tag, &ok, deadline) != grpc::CompletionQueue::GOT_EVENT) break;
      Heard(*static_cast<Call*>(tag));
    }
    if (under_way_ > 0) GiveUp();
    queue_.Shutdown();
    while (queue_.Next(&tag, &ok)) {
    }
    return std::move(result_);
  }

 private:
  struct Call {
    typename Method::Request request;
    typename Method::Response response;
    grpc::Status status;
    std::optional<grpc::ClientContext> context;
    std::unique_ptr<grpc::ClientAsyncResponseReader<typename Method::Response>> reader;
    Clock::time_point asked;
  };

  void Ask(Call& call) {
    Method::FillNext(movements_, checks_, call.request);
    call.reader.reset();  // it lives in its context
    call.context.emplace();
    call.asked = Clock::now();
    v1::Gate::Stub& stub = *stubs_[next_stub_++ % stubs_.size()];
    call.reader = Method::Call(stub, *call.context, call.request, queue_);
    call.reader->Finish(&call.response, &call.status, &call);
    ++under_way_;
  }

  void Heard(Call& call) {
    --under_way_;
    if (window_.Holds(call.asked)) Note(call);
    if (!window_.IsOver(Clock::now())) Ask(call);
  }

  void Note(const Call& call) {
    if (!call.status.ok()) {
      const std::string& why = call.status.error_message();
      return result_.Failed(why.empty() ? "the call failed" : why);
    }
    const std::string problem = Method::ProblemOf(plan_, call.response);
    if (!problem.empty()) return result_.Failed(problem);
    result_.Answered(call.asked, checks_);
    if (result_.message_bytes == 0) result_.message_bytes = call.response.ByteSizeLong();
  }

  void GiveUp() {
    for (Call& call : calls_) call.context->TryCancel();
    for (; under_way_ > 0; --under_way_) result_.Failed("not answered in time");
  }

  const Plan& plan_;
  const size_t checks_;
  const Window window_;
  const std::vector<std::unique_ptr<v1::Gate::Stub>> stubs_;
  grpc::CompletionQueue queue_;
  Movements movements_;
  std::vector<Call> calls_;
  size_t next_stub_ = 0;
  size_t under_way_ = 0;
  Result result_;
};

template <typename Method>
Result Load(const Plan& plan) {
  const Window window(plan);
  std::vector<Result> results(plan.threads);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < plan.threads; ++i) {
    const size_t outstanding = (plan.outstanding + plan.threads - 1 - i) / plan.threads;
    threads.emplace_back([&plan, &window, &results, i, outstanding] {
      results[i] = Calls<Method>(plan, i, outstanding, window).Run();
    });
  }
  Result all;
  for (size_t i = 0; i < plan.threads; ++i) {
    threads[i].join();
    all.Merge(results[i]);
  }
  return all;
}

}  // namespace

Result LoadChecks(const Plan& plan) {
  return plan.rate > 0 ? LoadOpenly(plan) : Load<CheckMethod>(plan);
}
Result LoadBatches(const Plan& plan) { return Load<BatchMethod>(plan); }

}  // namespace fundgate::bench
