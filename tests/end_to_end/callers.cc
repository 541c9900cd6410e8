#include "tests/end_to_end/callers.h"

#include <gtest/gtest.h>

#include <utility>

namespace fundgate::end_to_end {

struct Callers::Call {
  size_t place = 0;
  grpc::ClientContext context;
  Answer answer;
  std::unique_ptr<grpc::ClientAsyncResponseReader<v1::Decision>> reader;
};

Callers::Callers(const std::string& address, int connections) {
  for (int i = 0; i < connections; ++i) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    stubs_.push_back(v1::Gate::NewStub(
        grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments)));
  }
}

Callers::~Callers() {
  for (const auto& call : calls_) call->context.TryCancel();
  while (!calls_.empty()) Next();
  queue_.Shutdown();
}

void Callers::Ask(const v1::CheckRequest& request) {
  auto call = std::make_unique<Call>();
  call->place = calls_.size();
  call->answer.request = request;
  v1::Gate::Stub& stub = *stubs_[next_stub_++ % stubs_.size()];
  call->reader = stub.AsyncCheck(&call->context, request, &queue_);
  call->reader->Finish(&call->answer.decision, &call->answer.status, call.get());
  calls_.push_back(std::move(call));
}

Answer Callers::Next() {
  void* tag = nullptr;
  bool ok = false;
  EXPECT_TRUE(queue_.Next(&tag, &ok));
  const size_t place = static_cast<Call*>(tag)->place;
  const std::unique_ptr<Call> call = std::move(calls_[place]);
  if (place + 1 != calls_.size()) {
    calls_[place] = std::move(calls_.back());
    calls_[place]->place = place;
  }
  calls_.pop_back();
  return std::move(call->answer);
}

std::vector<Answer> Callers::AskAll(const std::vector<v1::CheckRequest>& requests) {
  for (const v1::CheckRequest& request : requests) Ask(request);
  std::vector<Answer> answers;
  while (under_way() > 0) answers.push_back(Next());
  return answers;
}

}  // namespace fundgate::end_to_end
