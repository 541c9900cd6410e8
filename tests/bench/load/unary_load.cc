#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/bench/load/grpc_load.h"
#include "tests/bench/load/requests.h"

namespace fundgate::bench {
namespace {

// How long answers are waited for once all is asked.
constexpr std::chrono::seconds kPatience{10};
// Calls of an open loop that may be under way; one more is an error.
constexpr size_t kMostCalls = 20'000;

// Empty for the decision that the plan's movements must get.
std::string Problem(const Plan& plan, const v1::Decision& decision) {
  const bool is_old = plan.shop.keys == Keys::kOld;
  const bool is_right = is_old ? decision.verdict() == v1::VERDICT_BLOCK &&
                                     decision.reasons(0).code() == v1::REASON_CODE_ALREADY_MOVED
                               : decision.verdict() == v1::VERDICT_ALLOW;
  if (is_right) return "";
  return absl::StrCat(is_old ? "not known to have moved: " : "not allowed: ",
                      decision.reasons().empty() ? "" : decision.reasons(0).message());
}

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
    return Problem(plan, response);
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
      if (problem.empty()) problem = Problem(plan, decision);
    }
    return problem;
  }
};

// The calls of one thread: in a closed loop that thread alone asks and hears; in an open loop one
// more asks.
template <typename Method>
class Calls {
 public:
  Calls(const Plan& plan, size_t number, size_t outstanding, const Window& window)
      : plan_(plan),
        checks_(Method::Checks(plan)),
        outstanding_(outstanding),
        window_(window),
        stubs_(Connect(plan.address, plan.connections)),
        movements_(absl::StrCat(plan.name, "-", number), plan.spread, plan.seed + number,
                   plan.shop) {}

  Result Run() {
    std::optional<std::thread> asker;
    if (plan_.rate > 0) {
      asker.emplace([this] { AskAsTheyCome(); });
    } else {
      for (size_t i = 0; i < outstanding_; ++i) Ask(*Free(), Clock::now());
    }
    Hear();
    if (asker.has_value()) asker->join();
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

  // A call that isn't under way; null if too many are.
  Call* Free() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (free_.empty()) {
      if (all_.size() == kMostCalls) return nullptr;
      all_.push_back(std::make_unique<Call>());
      free_.push_back(all_.back().get());
    }
    Call* call = free_.back();
    free_.pop_back();
    ++under_way_;
    return call;
  }

  void Ask(Call& call, Clock::time_point asked) {
    Method::FillNext(movements_, checks_, call.request);
    call.reader.reset();  // it lives in its context
    call.context.emplace();
    call.asked = asked;
    v1::Gate::Stub& stub = *stubs_[next_stub_++ % stubs_.size()];
    call.reader = Method::Call(stub, *call.context, call.request, queue_);
    call.reader->Finish(&call.response, &call.status, &call);
  }

  void AskAsTheyCome() {
    Arrivals arrivals(plan_.rate / static_cast<double>(plan_.threads), plan_.seed);
    std::unique_lock<std::mutex> waiting(arrival_mutex_);
    for (; !window_.IsOver(arrivals.next()); arrivals.Advance()) {
      while (Clock::now() < arrivals.next()) arrival_.wait_until(waiting, arrivals.next());
      Call* call = Free();
      if (call != nullptr) {
        Ask(*call, arrivals.next());
      } else {
        const std::lock_guard<std::mutex> lock(mutex_);
        result_.Failed("too many calls are under way");
      }
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    all_asked_ = true;
  }

  // Until all is asked and answered.
  void Hear() {
    const Clock::time_point late = window_.end() + kPatience;
    const auto deadline = std::chrono::system_clock::now() + (late - Clock::now());
    void* tag = nullptr;
    bool ok = false;
    while (!Finished()) {
      if (queue_.AsyncNext(&tag, &ok, deadline) != grpc::CompletionQueue::GOT_EVENT) break;
      Heard(*static_cast<Call*>(tag));
    }
    if (!Finished()) GiveUp();
    queue_.Shutdown();
    while (queue_.Next(&tag, &ok)) {
    }
  }

  bool Finished() {
    const std::lock_guard<std::mutex> lock(mutex_);
    const bool all_asked = plan_.rate > 0 ? all_asked_ : window_.IsOver(Clock::now());
    return all_asked && under_way_ == 0;
  }

  void Heard(Call& call) {
    if (window_.Holds(call.asked)) {
      const std::string problem =
          call.status.ok() ? Method::ProblemOf(plan_, call.response) : call.status.error_message();
      const std::lock_guard<std::mutex> lock(mutex_);
      if (problem.empty() && call.status.ok()) {
        result_.Answered(call.asked, checks_);
        if (result_.message_bytes == 0) result_.message_bytes = call.response.ByteSizeLong();
      } else {
        result_.Failed(problem.empty() ? "the call failed" : problem);
      }
    }
    if (plan_.rate == 0 && !window_.IsOver(Clock::now())) return Ask(call, Clock::now());
    const std::lock_guard<std::mutex> lock(mutex_);
    free_.push_back(&call);
    --under_way_;
  }

  void GiveUp() {
    for (const auto& call : all_) {
      if (call->context.has_value()) call->context->TryCancel();
    }
    for (; under_way_ > 0; --under_way_) result_.Failed("not answered in time");
  }

  const Plan& plan_;
  const size_t checks_;
  const size_t outstanding_;
  const Window window_;
  const std::vector<std::unique_ptr<v1::Gate::Stub>> stubs_;
  grpc::CompletionQueue queue_;

  // The thread that asks.
  Movements movements_;
  size_t next_stub_ = 0;
  std::mutex arrival_mutex_;
  std::condition_variable arrival_;  // nobody notifies: it waits for the time

  // Both, under `mutex_`.
  std::mutex mutex_;
  std::vector<std::unique_ptr<Call>> all_;
  std::vector<Call*> free_;
  size_t under_way_ = 0;
  bool all_asked_ = false;
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

Result LoadChecks(const Plan& plan) { return Load<CheckMethod>(plan); }
Result LoadBatches(const Plan& plan) { return Load<BatchMethod>(plan); }

}  // namespace fundgate::bench
