#include "tests/end_to_end/breaker_life.h"

#include <gtest/gtest.h>

#include <csignal>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/time_util.h"
#include "tests/gate/gate_world.h"

namespace fundgate::end_to_end {
namespace {

using gate::testing::TestFeeder;
using google::protobuf::util::TimeUtil;

std::string PolicyIn(const std::string& folder, const std::string& policy) {
  const std::string file = folder + "/policy.yaml";
  std::ofstream(file) << policy;
  return file;
}

}  // namespace

std::string Status(const grpc::Status& status) {
  return status.ok() ? "ok" : absl::StrCat(status.error_code(), ": ", status.error_message());
}

BreakerLife::BreakerLife(const std::string& folder, const std::string& policy)
    : gate_(folder + "/data", {"--policy", PolicyIn(folder, policy)}),
      channel_(grpc::CreateChannel(gate_.address(), grpc::InsecureChannelCredentials())),
      checks_(v1::Gate::NewStub(channel_)),
      breakers_(v1::Breakers::NewStub(channel_)),
      plans_(v1::Plans::NewStub(channel_)),
      status_(v1::Status::NewStub(channel_)) {}

void BreakerLife::Kill() {
  gate_.process().Signal(SIGKILL);
  EXPECT_EQ(gate_.process().Wait(), -SIGKILL);
}

std::unique_ptr<TestFeeder> BreakerLife::Feed() {
  return std::make_unique<TestFeeder>(channel_, "ledger");
}

v1::Decision BreakerLife::Check(const std::string& key, int64_t amount, const std::string& order,
                                const std::string& channel) {
  v1::CheckRequest request = gate::testing::Refund(key, order, amount);
  if (!channel.empty()) (*request.mutable_attributes())["channel"].set_string_value(channel);
  grpc::ClientContext context;
  v1::Decision decision;
  EXPECT_EQ(Status(checks_->Check(&context, request, &decision)), "ok");
  return decision;
}

v1::Breaker BreakerLife::Get(const std::string& scope) {
  v1::GetBreakerRequest request;
  request.set_scope(scope);
  grpc::ClientContext context;
  v1::GetBreakerResponse response;
  EXPECT_EQ(Status(breakers_->GetBreaker(&context, request, &response)), "ok");
  return response.breaker();
}

void BreakerLife::Await(const std::string& scope, v1::BreakerState state, TestFeeder* feeder) {
  while (Get(scope).state() != state) {
    if (feeder != nullptr) feeder->Probe();
  }
}

void BreakerLife::Trip(const std::string& scope, v1::Verdict mode,
                       std::optional<absl::Duration> lasts, bool forced) {
  v1::TripBreakerRequest request;
  request.set_scope(scope);
  request.set_mode(mode);
  request.set_reason("incident");
  request.set_actor("ann");
  request.set_forced(forced);
  if (lasts.has_value()) {
    grpc::ClientContext context;
    v1::GetStatusResponse gate;
    EXPECT_EQ(Status(status_->GetStatus(&context, {}, &gate)), "ok");
    *request.mutable_until() =
        gate.gate_time() + TimeUtil::NanosecondsToDuration(absl::ToInt64Nanoseconds(*lasts));
  }
  grpc::ClientContext context;
  v1::TripBreakerResponse response;
  EXPECT_EQ(Status(breakers_->TripBreaker(&context, request, &response)), "ok");
}

std::pair<grpc::Status, v1::Breaker> BreakerLife::Reset(const std::string& scope,
                                                        const std::string& actor) {
  v1::ResetBreakerRequest request;
  request.set_scope(scope);
  request.set_reason("over");
  request.set_actor(actor);
  grpc::ClientContext context;
  v1::ResetBreakerResponse response;
  const grpc::Status status = breakers_->ResetBreaker(&context, request, &response);
  return {status, response.breaker()};
}

std::vector<v1::Breaker> BreakerLife::History(const std::string& scope, int page_size) {
  std::vector<v1::Breaker> all;
  v1::ListBreakerChangesRequest request;
  request.set_scope(scope);
  request.set_page_size(page_size);
  do {
    grpc::ClientContext context;
    v1::ListBreakerChangesResponse response;
    EXPECT_EQ(Status(breakers_->ListBreakerChanges(&context, request, &response)), "ok");
    all.insert(all.end(), response.changes().begin(), response.changes().end());
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  return all;
}

grpc::Status BreakerLife::RunPlan(const std::string& name, v1::Plan& plan,
                                  std::optional<absl::Duration> lasts) {
  v1::RunPlanRequest request;
  request.set_plan(name);
  request.set_reason("rows without payments");
  request.set_actor("ann");
  if (lasts.has_value()) {
    *request.mutable_lasts() = TimeUtil::NanosecondsToDuration(absl::ToInt64Nanoseconds(*lasts));
  }
  grpc::ClientContext context;
  v1::RunPlanResponse response;
  const grpc::Status status = plans_->RunPlan(&context, request, &response);
  plan = response.plan();
  return status;
}

grpc::Status BreakerLife::UndoPlan(const std::string& name, const std::string& actor,
                                   v1::Plan& plan) {
  v1::UndoPlanRequest request;
  request.set_plan(name);
  request.set_reason("mended");
  request.set_actor(actor);
  grpc::ClientContext context;
  v1::UndoPlanResponse response;
  const grpc::Status status = plans_->UndoPlan(&context, request, &response);
  plan = response.plan();
  return status;
}

}  // namespace fundgate::end_to_end
