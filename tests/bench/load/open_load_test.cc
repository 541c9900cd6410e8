// An open loop against a server whose answers are known.
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "fundgate/v1/gate.grpc.pb.h"
#include "tests/bench/load/grpc_load.h"
#include "tests/bench/load/plan.h"

namespace fundgate::bench {
namespace {

class Answering final : public v1::Gate::CallbackService {
 public:
  Answering(v1::Verdict verdict, grpc::Status status)
      : verdict_(verdict), status_(std::move(status)) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }

  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext* context,
                                  const v1::CheckRequest* request,
                                  v1::Decision* decision) override {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      keys_.insert(request->idempotency_key());
    }
    decision->set_verdict(verdict_);
    if (verdict_ != v1::VERDICT_ALLOW) decision->add_reasons()->set_message("too much");
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(status_);
    return reactor;
  }

  Plan PlanOfLoad() const {
    Plan plan;
    plan.address = absl::StrCat("127.0.0.1:", port_);
    plan.name = "test";
    plan.rate = 2000;
    plan.warm_up = std::chrono::milliseconds(10);
    plan.length = std::chrono::milliseconds(100);
    return plan;
  }

  size_t keys() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return keys_.size();
  }

 private:
  const v1::Verdict verdict_;
  const grpc::Status status_;
  int port_ = 0;
  std::mutex mutex_;
  std::set<std::string> keys_;
  std::unique_ptr<grpc::Server> server_;  // last: it calls what stands before it
};

TEST(OpenLoop, HearsAnAnswerToEveryCheckThatCounts) {
  Answering server(v1::VERDICT_ALLOW, grpc::Status::OK);
  const Result result = LoadOpenly(server.PlanOfLoad());
  EXPECT_EQ(result.errors, 0U) << result.first_error;
  EXPECT_GT(result.checks, 0U);
  EXPECT_EQ(result.latencies.count(), result.checks);
  EXPECT_GT(result.message_bytes, 0U);
  // Those of the warm-up don't count.
  EXPECT_GE(server.keys(), result.checks);
}

TEST(OpenLoop, SharesItsCallsAmongConnections) {
  Answering server(v1::VERDICT_ALLOW, grpc::Status::OK);
  Plan plan = server.PlanOfLoad();
  plan.connections = 3;
  const Result result = LoadOpenly(plan);
  EXPECT_EQ(result.errors, 0U) << result.first_error;
  EXPECT_GT(result.checks, 0U);
}

TEST(OpenLoop, CountsWhatIsNotAllowedAsErrors) {
  Answering server(v1::VERDICT_BLOCK, grpc::Status::OK);
  const Result result = LoadOpenly(server.PlanOfLoad());
  EXPECT_GT(result.errors, 0U);
  EXPECT_EQ(result.checks, 0U);
  EXPECT_EQ(result.first_error, "not allowed: too much");
}

TEST(OpenLoop, SaysWhyACallFailed) {
  Answering server(v1::VERDICT_ALLOW, {grpc::StatusCode::RESOURCE_EXHAUSTED, "ask again later"});
  const Result result = LoadOpenly(server.PlanOfLoad());
  EXPECT_GT(result.errors, 0U);
  EXPECT_EQ(result.checks, 0U);
  EXPECT_EQ(result.first_error, "ask again later");
}

TEST(OpenLoop, SaysThatNobodyListens) {
  Plan plan;
  {
    const Answering server(v1::VERDICT_ALLOW, grpc::Status::OK);
    plan = server.PlanOfLoad();
  }
  const Result result = LoadOpenly(plan);
  EXPECT_EQ(result.errors, 1U);
  EXPECT_NE(result.first_error.find("Connection refused"), std::string::npos) << result.first_error;
}

}  // namespace
}  // namespace fundgate::bench
