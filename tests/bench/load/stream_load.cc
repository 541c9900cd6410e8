#include <grpcpp/grpcpp.h>

#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/bench/load/grpc_load.h"
#include "tests/bench/load/requests.h"

namespace fundgate::bench {
namespace {

// One stream and the thread that works it: writes as long as fewer than so many checks wait for
// their answer, and reads all the time.
class StreamOfChecks {
 public:
  StreamOfChecks(const Plan& plan, size_t number, size_t outstanding, const Window& window)
      : window_(window),
        stubs_(Connect(plan.address, 1)),
        movements_(absl::StrCat(plan.name, "-", number), plan.spread, plan.seed + number,
                   plan.shop),
        asked_(outstanding) {
    for (size_t slot = 0; slot < outstanding; ++slot) free_.push_back(slot);
  }

  Result Run() {
    stream_ = stubs_.front()->AsyncStreamChecks(&context_, &queue_, Tag(Step::kOpen));
    void* tag = nullptr;
    bool ok = false;
    while (!ended_ && queue_.Next(&tag, &ok)) Took(*static_cast<const Step*>(tag), ok);
    queue_.Shutdown();
    while (queue_.Next(&tag, &ok)) {
    }
    return std::move(result_);
  }

 private:
  enum class Step { kOpen, kWrite, kRead, kWritesDone, kFinish };

  static void* Tag(Step step) {
    static Step steps[] = {Step::kOpen, Step::kWrite, Step::kRead, Step::kWritesDone,
                           Step::kFinish};
    return &steps[static_cast<size_t>(step)];
  }

  void Took(Step step, bool ok) {
    switch (step) {
      case Step::kOpen:
        stream_->Read(&decision_, Tag(Step::kRead));
        return WriteOn();
      case Step::kWrite:
        writing_ = false;
        return ok ? WriteOn() : void();
      case Step::kRead:
        if (!ok) return stream_->Finish(&status_, Tag(Step::kFinish));
        Heard();
        stream_->Read(&decision_, Tag(Step::kRead));
        return WriteOn();
      case Step::kWritesDone:
        return;
      case Step::kFinish:
        if (!status_.ok()) result_.Failed(status_.error_message());
        ended_ = true;
        return;
    }
  }

  void WriteOn() {
    if (writing_ || done_) return;
    if (window_.IsOver(Clock::now())) {
      if (free_.size() < asked_.size()) return;  // all answers first
      done_ = true;
      return stream_->WritesDone(Tag(Step::kWritesDone));
    }
    if (free_.empty()) return;
    const size_t slot = free_.front();
    free_.pop_front();
    Fill(movements_.Next(), request_);
    request_.set_request_id(absl::StrCat(slot));
    asked_[slot] = Clock::now();
    writing_ = true;
    stream_->Write(request_, Tag(Step::kWrite));
  }

  void Heard() {
    size_t slot = 0;
    if (!absl::SimpleAtoi(decision_.request_id(), &slot) || slot >= asked_.size()) {
      return result_.Failed("an answer to nothing");
    }
    free_.push_back(slot);
    if (!window_.Holds(asked_[slot])) return;
    if (decision_.verdict() != v1::VERDICT_ALLOW) return result_.Failed("not allowed");
    result_.Answered(asked_[slot], 1);
  }

  const Window window_;
  const std::vector<std::unique_ptr<v1::Gate::Stub>> stubs_;
  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::ClientAsyncReaderWriter<v1::CheckRequest, v1::Decision>> stream_;
  Movements movements_;
  v1::CheckRequest request_;
  v1::Decision decision_;
  std::vector<Clock::time_point> asked_;
  std::deque<size_t> free_;  // slots of asked_ that wait for no answer
  bool writing_ = false;
  bool done_ = false;
  bool ended_ = false;
  grpc::Status status_;
  Result result_;
};

}  // namespace

Result LoadStreams(const Plan& plan) {
  const Window window(plan);
  std::vector<Result> results(plan.threads);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < plan.threads; ++i) {
    const size_t outstanding = (plan.outstanding + plan.threads - 1 - i) / plan.threads;
    threads.emplace_back([&plan, &window, &results, i, outstanding] {
      results[i] = StreamOfChecks(plan, i, outstanding, window).Run();
    });
  }
  Result all;
  for (size_t i = 0; i < plan.threads; ++i) {
    threads[i].join();
    all.Merge(results[i]);
  }
  return all;
}

}  // namespace fundgate::bench
